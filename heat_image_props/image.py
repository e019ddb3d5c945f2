#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""The resource type OS::Glance::Image: its life cycle in a stack."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any
import uuid

from heat.common import exception as heat_exception
from heat.engine import resource
from heat.engine.resources.openstack.heat import none_resource
from oslo_config import cfg
from oslo_log import log as logging

from heat_image_props import advice
from heat_image_props import attributes
from heat_image_props import conf
from heat_image_props import creation
from heat_image_props import data_exception
from heat_image_props import declaration
from heat_image_props import deletion
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import holder
from heat_image_props import image_api
from heat_image_props import inspection
from heat_image_props import known
from heat_image_props import reconcile
from heat_image_props import replacement
from heat_image_props import schema
from heat_image_props import source
from heat_image_props import state

LOG = logging.getLogger(__name__)

# Seconds before the end of the stack's time at which an attempt that waits
# gives up by itself: Heat would say no more than "Timed out".
_LAST_MOMENT = 3.0


class GlanceImage(
    replacement.Replaceable, inspection.Inspectable, advice.Advisable
):
    """An image in Glance with its key and value properties.

    Glance fetches its data, or somebody uploads it.  Metadata is changed in
    place: an update never creates the image again unless its identity, its
    formats or its data change, or the image is gone.
    What others set on the image is left alone.
    """

    properties_schema = schema.properties_schema
    # Heat adds to this map, so it must not be shared.
    attributes_schema = dict(attributes.attributes_schema)
    default_client_name = 'glance'
    entity = 'images'
    # An image that failed a check is looked at before it is replaced.
    always_replace_on_check_failed = False

    def validate(self) -> Any:
        """Refuse what Glance would not keep, all of it in one message.

        And anything at all while the operator's options cannot be read.
        """
        super().validate()
        unreadable = [
            str(_misconfigured(name, error))
            for name, error in conf.unreadable(cfg.CONF).items()
        ]
        if unreadable:
            raise heat_exception.StackValidationFailed(
                message='\n'.join(unreadable)
            )
        values, unknown = known.values(
            self.properties,
            schema.PROPERTIES,
            strict=self.stack.strict_validate,
        )
        offences = declaration.check(values, unknown)
        errors: list[exception.ImageError] = []
        if offences:
            errors.append(exception.InvalidDeclaration(offences))
        unfit = self._unfit(values)
        if unfit:
            errors.append(exception.NotAsDefined(unfit))
        if errors:
            # The name stands in the message and is not given as a path: Heat
            # writes the colon after a path twice where it crosses RPC.
            text = '\n'.join(map(str, errors))
            raise heat_exception.StackValidationFailed(
                message=f'{self.stack.t.RESOURCES}.{self.name}: {text}'
            )

    def handle_create(self) -> reconcile.Reconciler:
        """Create the image record, with everything in one request."""
        values = self._given()
        declared = declaration.read(values)
        self._advise(values)
        chosen = values[schema.IMAGE_ID]
        image_id = chosen or str(uuid.uuid4())
        data = source.read(values)
        ours = dataclasses.replace(
            diff.Managed.of(declared),
            asked=state.wish(data),
            data=data.fingerprint(),
        )

        def begin() -> None:
            # Before the request: if the answer is lost the image is not.  A
            # declared id may be that of somebody's image, so that one is
            # not ours until Glance says so.
            if chosen:
                self.data_set(holder.CLAIMED, image_id)
            else:
                self.resource_id_set(image_id)
            self._record().save(ours)

        api = self._api(is_patient=False)
        task = self._reconciler(api, image_id, declared, ours, values)
        task.create(
            creation.Creation(
                api,
                {
                    **declaration.INITIAL,
                    'name': self.physical_resource_name(),
                    'disk_format': self.properties[schema.DISK_FORMAT],
                    'container_format': self.properties[
                        schema.CONTAINER_FORMAT
                    ],
                    **declared.attributes,
                    **declared.properties,
                    'tags': sorted(declared.tags),
                    'id': image_id,
                },
                declared,
                owner=self._owner(declared),
                is_chosen=bool(chosen),
                begin=begin,
                give_up=lambda: self.data_delete(holder.CLAIMED),
                done=lambda: self.resource_id_set(image_id),
            )
        )
        self._advance_once(task)
        return task

    def check_create_complete(self, task: reconcile.Reconciler) -> bool:
        """Say whether the record is made, and the data has arrived."""
        return self._advance(task)

    def handle_update(
        self, json_snippet: Any, tmpl_diff: Any, prop_diff: Mapping[str, Any]
    ) -> reconcile.Reconciler | None:
        """Change in place what differs from the template."""
        self._recover()
        if self.resource_id is None:
            raise resource.UpdateReplace(self.name)
        if not prop_diff and not self._repair:
            self._tell('no property of the image was changed')
            return None
        after = known.given(
            json_snippet.properties(self.properties_schema, self.context)
        )
        self._advise(after, self._given())
        if self._is_unsure and self._needs_other_data(after, self._given()):
            raise resource.UpdateReplace(self.name)
        task = self._reconciler(
            self._api(is_patient=False),
            self.resource_id,
            declaration.read(after),
            self._ours(),
            after,
        )
        return None if self._advance_once(task) is None else task

    def check_update_complete(self, task: reconcile.Reconciler | None) -> bool:
        """Say whether Glance holds what was written."""
        return task is None or self._advance(task)

    def handle_adopt(self, resource_data: Any = None) -> None:
        """Take over an existing image; nothing is sent that changes it."""
        # Before the id is stored: who has it may delete the image.
        image_id, data, _ = self._get_resource_info(resource_data)
        if image_id and not (data or {}).get(
            none_resource.NoneResource.IS_PLACEHOLDER
        ):
            live = self._api().find(image_id)
            # An external image is that of others by its nature.
            if self.external_id is None:
                creation.check_adoptable(live, self.context)
        super().handle_adopt(resource_data)

    def handle_delete(self) -> deletion.Deletion | None:
        """Delete the image; one that is gone already is no error."""
        self._recover()
        if not self._has_image():
            return None
        task = deletion.Deletion(
            self._api(is_patient=False),
            self.resource_id,
            self._record().load() or diff.Managed(),
            is_forced=self._is_forced(),
        )
        return None if self._delete_once(task) is None else task

    def check_delete_complete(self, task: deletion.Deletion | None) -> bool:
        """Say whether the image is gone."""
        return task is None or _is_over(self._delete_once(task))

    def _delete_once(self, task: deletion.Deletion) -> float | None:
        try:
            return task.step()
        except exception.Conflict as error:
            raise deletion.DeletionRefused(
                name=self.name, message=str(error)
            ) from None

    def _reconciler(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        declared: diff.Declared,
        before: diff.Managed,
        values: Mapping[str, Any],
    ) -> reconcile.Reconciler:
        return reconcile.Reconciler(
            api,
            image_id,
            declared,
            before,
            defaults=self._defaults(),
            source=source.read(values),
            remember=self._record().save,
            tell=self._tell,
            stall_timeout=_stall_timeout(),
        )

    def _advance(self, task: reconcile.Reconciler) -> bool:
        """Do the next step of a task; true when there is none left."""
        return _is_over(self._advance_once(task))

    def _advance_once(self, task: reconcile.Reconciler) -> float | None:
        self._last = None
        try:
            delay = task.step()
            if delay is not None and task.waits_for:
                delay = self._in_time(delay, task)
        except exception.ImageError as error:
            if self.action == self.UPDATE:
                if data_exception.needs_another(
                    error, self._given()[schema.IMAGE_ID]
                ):
                    LOG.info('%s: it is created again', error)
                    raise resource.UpdateReplace(self.name) from None
                if task.has_changed:
                    self._tell(
                        f'attempted before the failure: {task.summary()}'
                    )
            raise
        if delay is None and self.action == self.UPDATE:
            self._tell(task.summary())
        return delay

    def _in_time(self, delay: float, task: reconcile.Reconciler) -> float:
        """Return a delay that does not outlast the stack's time.

        :raises: :class:`exception.OutOfTime`
        """
        left = max(self._time_left(task) - _LAST_MOMENT, 0.0)
        if not left:
            raise exception.OutOfTime(
                self.resource_id, task.waits_for, self.stack.timeout_secs()
            )
        return min(delay, max(left, 1.0))

    def _time_left(self, task: reconcile.Reconciler) -> float:
        """Return the seconds until Heat ends what it does to the stack.

        A roll-back has as much time as the update before it.  Without
        convergence Heat keeps the beginning of the update as that of both
        (``update_task`` of ``heat/engine/stack.py``), so the time is counted
        here, from when the roll-back has come to this image.
        """
        stack = self.stack
        if stack.action == stack.ROLLBACK and not stack.convergence:
            return float(stack.timeout_secs() - task.seconds())
        return float(stack.time_remaining())


def _stall_timeout() -> float:
    """Return the operator's option, in seconds.

    :raises: :class:`exception.Misconfigured`; the log tells the operator why
    """
    try:
        return conf.import_stall_timeout(cfg.CONF)
    except cfg.Error as error:
        raise _misconfigured('import_stall_timeout', error) from None


def _misconfigured(name: str, error: cfg.Error) -> exception.Misconfigured:
    """Return what an option is that cannot be read, and log why."""
    failed = exception.Misconfigured(conf.IMAGE_GROUP, name)
    LOG.error('%s (%s)', failed, error)
    return failed


def _is_over(delay: float | None) -> bool:
    """Say whether a step was the last one; if not, have Heat wait."""
    if delay is None:
        return True
    if delay <= 1:
        return False
    raise resource.PollDelay(round(delay))
