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
import time
from typing import Any
import uuid

from heat.common import exception as heat_exception
from heat.engine.clients import client_exception
from heat.engine import resource
from heat.engine.resources.openstack.heat import none_resource
from oslo_log import log as logging

from heat_image_props import attributes
from heat_image_props import creation
from heat_image_props import declaration
from heat_image_props import deletion
from heat_image_props import diff
from heat_image_props import effects
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import known
from heat_image_props import managed
from heat_image_props import observation
from heat_image_props import reconcile
from heat_image_props import report
from heat_image_props import schema
from heat_image_props import source
from heat_image_props import state

LOG = logging.getLogger(__name__)

# Key of the resource's data: the update in which the image was replaced.
_REPLACED = 'replaced'

# Seconds in which attributes are those of one look at the image.
_SAME_MOMENT = 1.0


class GlanceImage(resource.Resource):  # type: ignore[misc]  # Heat is untyped
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

    #: Whether the update that goes on follows a failure: then there is work
    #: to do even if the template did not change.
    _repair = False

    #: The image as it was found after a failure.
    _found: Mapping[str, Any] | None = None

    #: The properties that the update that goes on leads to.
    _after: Mapping[str, Any] | None = None

    #: The names of the properties that change in it.
    _changed: frozenset[str] = frozenset()

    #: The last look for an attribute, and when it was.
    _last: tuple[float, observation.Observation] | None = None

    #: Whether it is not known if the update that goes on needs other data.
    _is_unsure = False

    def validate(self) -> Any:
        """Refuse what Glance would not keep, all of it in one message."""
        super().validate()
        offences = declaration.check(
            *known.values(
                self.properties,
                schema.PROPERTIES,
                strict=self.stack.strict_validate,
            )
        )
        if offences:
            # The name stands in the message and is not given as a path: Heat
            # writes the colon after a path twice where it crosses RPC.
            error = exception.InvalidDeclaration(offences)
            raise heat_exception.StackValidationFailed(
                message=f'{self.stack.t.RESOURCES}.{self.name}: {error}'
            )

    def handle_create(self) -> reconcile.Reconciler:
        """Create the image record, with everything in one request."""
        values = self._given()
        declared = declaration.read(values)
        chosen = values[schema.IMAGE_ID]
        image_id = chosen or str(uuid.uuid4())
        data = source.read(values)
        ours = dataclasses.replace(
            diff.Managed.of(declared),
            asked=state.wish(data),
            data=data.fingerprint(),
        )
        task = self._reconciler(image_id, declared, ours, values)
        task.check()
        if not chosen:
            # Before the request: if the answer is lost the image is not.  A
            # declared id may be that of somebody's image, so that one is
            # not ours until Glance says so.
            self.resource_id_set(image_id)
        self._record().save(ours)
        creation.create(
            self._api(),
            {
                **declaration.INITIAL,
                'name': self.physical_resource_name(),
                'disk_format': self.properties[schema.DISK_FORMAT],
                'container_format': self.properties[schema.CONTAINER_FORMAT],
                **declared.attributes,
                **declared.properties,
                'tags': sorted(declared.tags),
                'id': image_id,
            },
            declared,
            is_chosen=bool(chosen),
        )
        self.resource_id_set(image_id)
        task.start_import()
        return task

    def check_create_complete(self, task: reconcile.Reconciler) -> bool:
        """Say whether the data has arrived."""
        return self._advance(task)

    def handle_update(
        self, json_snippet: Any, tmpl_diff: Any, prop_diff: Mapping[str, Any]
    ) -> reconcile.Reconciler | None:
        """Change in place what differs from the template."""
        if not prop_diff and not self._repair:
            self._tell('no property of the image was changed')
            return None
        after = known.given(
            json_snippet.properties(self.properties_schema, self.context)
        )
        if self._is_unsure and self._needs_other_data(after, self._given()):
            raise resource.UpdateReplace(self.name)
        task = self._reconciler(
            self.resource_id, declaration.read(after), self._ours(), after
        )
        return None if self._advance_once(task) is None else task

    def check_update_complete(self, task: reconcile.Reconciler | None) -> bool:
        """Say whether Glance holds what was written."""
        return task is None or self._advance(task)

    def handle_check(self) -> None:
        """Fail if the image is gone or differs, and change nothing."""
        if not self._has_image():
            raise exception.NoImage(self.name)
        try:
            seen = self._observe()
        except exception.NotFound as error:
            raise exception.Drifted(
                self.resource_id, [f'it is gone, {error.reason}']
            ) from None
        complaint = seen.complaint(self._given())
        reasons = [] if complaint is None else [complaint]
        # Heat checks an external resource too, which it never changes.
        if self.external_id is None:
            reasons += report.clauses(
                seen.drift(
                    self._given(), self._record().load(), self._defaults()
                )
            )
        if reasons:
            raise exception.Drifted(self.resource_id, reasons)

    def handle_adopt(self, resource_data: Any = None) -> None:
        """Take over an existing image; nothing is sent that changes it."""
        # Before the id is stored: who has it may delete the image.
        image_id, data, _ = self._get_resource_info(resource_data)
        if image_id and none_resource.NoneResource.IS_PLACEHOLDER not in (
            data or {}
        ):
            live = self._api().get(image_id)
            # An external image is that of others by its nature.
            if self.external_id is None:
                creation.check_adoptable(live, self.context)
        super().handle_adopt(resource_data)

    def handle_delete(self) -> None:
        """Delete the image; one that is gone already is no error."""
        if not self._has_image():
            return
        try:
            deletion.delete(
                self._api(),
                self.resource_id,
                self._record().load() or diff.Managed(),
                is_forced=self._is_forced(),
            )
        except exception.Conflict as error:
            raise deletion.DeletionRefused(
                name=self.name, message=str(error)
            ) from None

    def _is_forced(self) -> bool:
        """Say whether a protection is in the way of what the author wants."""
        return bool(
            self._given()[schema.FORCE_DELETE]
            or self.data().get(_REPLACED) == self._traversal()
        )

    def _traversal(self) -> str:
        return str(self.stack.current_traversal or '')

    def make_replacement(self, *args: Any, **kwargs: Any) -> Any:
        """Note whether the new template lets the old image be deleted.

        Its properties stay as they were before.  The note holds for the
        update that goes on, not for a deletion after a roll-back.
        """
        after = self._after
        if (
            after is not None
            and self._traversal()
            and (
                after[schema.FORCE_DELETE] or after[schema.PROTECTED] is False
            )
        ):
            self.data_set(_REPLACED, self._traversal())
        reasons = self._changed.intersection(effects.REPLACING)
        if reasons:
            self._add_event(
                self.UPDATE,
                self.IN_PROGRESS,
                f'replaced, as {", ".join(sorted(reasons))} changed',
            )
        return super().make_replacement(*args, **kwargs)

    def needs_replace_failed(self) -> bool:
        """Replace the image after a failure only if there is none."""
        if not self._has_image():
            return True
        try:
            self._found = self._api().get(self.resource_id)
        except exception.NotFound:
            return True
        except exception.RequestFailed as error:
            # In doubt the image is alive.
            LOG.warning('%s; it is not replaced', error)
            return False
        return state.has_ended(self._found)

    def needs_replace(self, after_props: Any) -> bool:
        """Replace what Heat's own type only pretended to create.

        And, after a failure, an image with data that is not what it is now
        declared to be.
        """
        if self._is_placeholder():
            return True
        live, self._found = self._found, None
        self._after = known.given(after_props)
        ours = self._ours()
        wanted = source.read(self._after)
        if live and not wanted and diff.REJECTED in ours.attributes:
            # There was none before it got data that was refused.
            return True
        # A failed update may have asked for other data than the properties
        # before it, which Heat keeps.
        had = ours.data or wanted.fingerprint()
        return bool(live and state.needs_other(live, wanted, had))

    def needs_replace_with_prop_diff(
        self,
        changed_properties_set: set[str],
        after_props: Any,
        before_props: Any,
    ) -> bool:
        """Replace an image that shall get other data than it has."""
        self._is_unsure = False
        self._changed = frozenset(changed_properties_set)
        if not changed_properties_set.intersection(
            (*source.IDENTITY, schema.IMAGE_HASH)
        ):
            return False
        try:
            return self._needs_other_data(
                known.given(after_props), known.given(before_props)
            )
        except exception.RequestFailed as error:
            LOG.warning('%s; the update looks again', error)
            self._is_unsure = True
            return False

    def _needs_other_data(
        self, after: Mapping[str, Any], before: Mapping[str, Any]
    ) -> bool:
        """Look whether the image has to be replaced for its data."""
        try:
            live = self._api().get(self.resource_id)
        except exception.NotFound:
            return True
        had = self._ours().data or source.read(before).fingerprint()
        return state.needs_other(live, source.read(after), had)

    def _needs_update(self, *args: Any, **kwargs: Any) -> bool:
        """Go through a failed update again even if nothing changed.

        Heat would declare it complete (``_persist_update_no_change``).
        """
        self._found = None
        self._repair = self.status == self.FAILED
        return bool(super()._needs_update(*args, **kwargs)) or self._repair

    def get_live_resource_data(self) -> observation.Observation:
        """Return the live image, for an update with ``--converge``."""
        try:
            seen = self._observe() if self._has_image() else None
        except exception.NotFound:
            seen = None
        if seen is None or state.has_ended(seen.image):
            raise heat_exception.EntityNotFound(
                entity='Image', name=self.resource_id
            )
        return seen

    def parse_live_resource_data(
        self,
        resource_properties: Any,
        resource_data: observation.Observation,
    ) -> dict[str, Any]:
        """Return, by property, what is declared and differs on the image."""
        return resource_data.differences(known.given(resource_properties))

    def _show_resource(self) -> dict[str, Any]:
        return dict(self._seen().image) if self._has_image() else {}

    def _resolve_attribute(self, name: str) -> Any:
        if not self._has_image():
            return None
        return self._seen().attribute(
            name, self._given(), self._record().load() or diff.Managed()
        )

    def _seen(self) -> observation.Observation:
        """Return a look at the image, for an attribute.

        Heat asks for all attributes one by one to show a resource; they are
        those of one moment.
        """
        now = time.monotonic()
        if self._last is not None and now - self._last[0] < _SAME_MOMENT:
            return self._last[1]
        try:
            seen = self._observe()
        except exception.NotFound:
            raise client_exception.EntityMatchNotFound(
                entity='image', args=self.resource_id
            ) from None
        self._last = (now, seen)
        return seen

    def _observe(self) -> observation.Observation:
        return observation.Observation(self._api(), self.resource_id)

    def _reconciler(
        self,
        image_id: str,
        declared: diff.Declared,
        before: diff.Managed,
        values: Mapping[str, Any],
    ) -> reconcile.Reconciler:
        return reconcile.Reconciler(
            self._api(),
            image_id,
            declared,
            before,
            defaults=self._defaults(),
            source=source.read(values),
            remember=self._record().save,
            tell=self._tell,
        )

    def _defaults(self) -> dict[str, Any]:
        """Return the values of attributes that a template does not give."""
        return {
            **declaration.DEFAULTS,
            'name': self.physical_resource_name(),
        }

    def _advance(self, task: reconcile.Reconciler) -> bool:
        """Do the next step of a task; true when there is none left."""
        delay = self._advance_once(task)
        if delay is None:
            return True
        if delay <= 1:
            return False
        raise resource.PollDelay(round(delay))

    def _advance_once(self, task: reconcile.Reconciler) -> float | None:
        self._last = None
        try:
            delay = task.step()
        except (exception.NotFound, exception.OtherData) as error:
            if self.action == self.UPDATE:
                LOG.info('%s: it is created again', error)
                raise resource.UpdateReplace(self.name) from None
            raise
        except exception.ImageError:
            if self.action == self.UPDATE and task.has_changed:
                self._tell(f'attempted before the failure: {task.summary()}')
            raise
        if delay is None and self.action == self.UPDATE:
            self._tell(task.summary())
        return delay

    def _tell(self, text: str) -> None:
        """Leave an event of the stack."""
        self._add_event(
            self.action, self.status, text[: report.MAX_REASON_LENGTH]
        )

    def _api(self) -> image_api.ImageAPI:
        return image_api.ImageAPI.from_client(self.client())

    def _record(self) -> managed.Record:
        return managed.Record(self.data, self.data_set, self.data_delete)

    def _given(self) -> dict[str, Any]:
        return known.given(self.properties)

    def _ours(self) -> diff.Managed:
        """Return what is managed, also by a Heat that kept no record."""
        return self._record().load() or declaration.managed(self._given())

    def _has_image(self) -> bool:
        return self.resource_id is not None and not self._is_placeholder()

    def _is_placeholder(self) -> bool:
        """Say whether Heat's own type pretended to create this image."""
        return bool(self.data().get(none_resource.NoneResource.IS_PLACEHOLDER))
