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
from typing import Any
import uuid

from heat.common import exception as heat_exception
from heat.engine.clients import client_exception
from heat.engine import function
from heat.engine import resource
from heat.engine.resources.openstack.heat import none_resource
from oslo_log import log as logging

from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import managed
from heat_image_props import reconcile
from heat_image_props import redact
from heat_image_props import rules
from heat_image_props import schema

LOG = logging.getLogger(__name__)


class DeletionRefused(heat_exception.PhysicalResourceExists):  # type: ignore[misc]  # Heat is untyped
    """The image is in use just now.

    Of the type that makes Heat try a deletion again, up to its option
    ``action_retry_limit`` (``Resource.delete``).
    """

    msg_fmt = '%(message)s'


class GlanceImage(resource.Resource):  # type: ignore[misc]  # Heat is untyped
    """An image in Glance with its key and value properties.

    Glance fetches the data from a URL.  Metadata is changed in place: an
    update never creates the image again unless its identity, its formats or
    the source of its data change, or the image is gone.
    What others set on the image is left alone.
    """

    properties_schema = schema.properties_schema
    # Heat adds to this map, so it must not be shared.
    attributes_schema = dict(schema.attributes_schema)
    default_client_name = 'glance'
    entity = 'images'
    # An image that failed a check is looked at before it is replaced.
    always_replace_on_check_failed = False

    #: Whether the update that goes on follows a failure: then there is work
    #: to do even if the template did not change.
    _repair = False

    def validate(self) -> Any:
        """Refuse what Glance would not keep, all of it in one message."""
        super().validate()
        known = {
            name: self._known(name)
            for name in (
                *(schema.NAME, schema.LOCATION, schema.TAGS),
                *declaration.MAPS,
            )
        }
        offences = list(
            declaration.check(
                {
                    name: value
                    for name, value in known.items()
                    if value is not None
                }
            )
        )
        container = self.properties[schema.CONTAINER_FORMAT]
        disk = self.properties[schema.DISK_FORMAT]
        if disk and container in schema.AMAZON_FORMATS and disk != container:
            offences.append(
                rules.Offence(
                    schema.CONTAINER_FORMAT,
                    f'is {container} and goes with a disk_format of the same '
                    'name only',
                    'give both the same value',
                )
            )
        if offences:
            # The name stands in the message and is not given as a path: Heat
            # writes the colon after a path twice where it crosses RPC.
            error = exception.InvalidDeclaration(sorted(offences))
            raise heat_exception.StackValidationFailed(
                message=f'{self.stack.t.RESOURCES}.{self.name}: {error}'
            )

    def handle_create(self) -> reconcile.Reconciler:
        """Create the image record, with everything in one request."""
        declared = declaration.read(self.properties)
        chosen = self.properties[schema.IMAGE_ID]
        image_id = chosen or str(uuid.uuid4())
        if not chosen:
            # Before the request: if the answer is lost the image is not.  A
            # declared id may be that of somebody's image, so that one is
            # not ours until Glance says so.
            self.resource_id_set(image_id)
        self._record().save(diff.Managed.of(declared))
        self._create_record(
            declared,
            {
                **self._defaults(),
                'disk_format': self.properties[schema.DISK_FORMAT],
                'container_format': self.properties[schema.CONTAINER_FORMAT],
                **declared.attributes,
                **declared.properties,
                'tags': sorted(declared.tags),
                'id': image_id,
            },
        )
        self.resource_id_set(image_id)
        task = self._reconciler(
            declared, diff.Managed.of(declared), self.properties
        )
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
            return None
        after = json_snippet.properties(self.properties_schema, self.context)
        before = self._record().load() or self._managed_before()
        declared = declaration.read(after)
        task = self._reconciler(declared, before, after)
        return None if self._advance_once(task) is None else task

    def check_update_complete(self, task: reconcile.Reconciler | None) -> bool:
        """Say whether Glance holds what was written."""
        return task is None or self._advance(task)

    def handle_check(self) -> None:
        """Fail if the image is gone or differs, and change nothing."""
        if not self._has_image():
            raise exception.NoImage(self.name)
        try:
            live = self._api().get(self.resource_id)
        except exception.NotFound as error:
            raise exception.Drifted(
                self.resource_id, [f'it is gone, {error.reason}']
            ) from None
        reasons = []
        if live['status'] not in ('active', 'deactivated'):
            reasons.append(f'its status is {live["status"]}')
        # Heat checks an external resource too, which it never changes.
        if self.external_id is None:
            change = diff.compare(
                declaration.read(self.properties),
                self._record().load() or diff.Managed(),
                live,
                self._defaults(),
            )
            if change:
                reasons.append(
                    'it differs from the template in '
                    + ', '.join(map(rules.shown, change.names()))
                )
        if reasons:
            raise exception.Drifted(self.resource_id, reasons)

    def handle_delete(self) -> None:
        """Delete the image; one that is gone already is no error."""
        if not self._has_image():
            return
        try:
            self._api().delete(self.resource_id)
        except exception.NotFound:
            # That it is gone is what was wanted.
            LOG.info('Image %s is gone already', self.resource_id)
        except exception.Conflict as error:
            raise DeletionRefused(name=self.name, message=str(error)) from None
        except exception.Refused as error:
            self._delete_protected(error)

    def _delete_protected(self, error: exception.Refused) -> None:
        """Delete an image that is protected and never got any data.

        It would be in the way of every attempt to repair the stack.
        """
        live = self._api().get(self.resource_id)
        if not live.get('protected'):
            raise error
        ours = self._record().load() or diff.Managed()
        if live['status'] != 'queued' or 'protected' not in ours.attributes:
            raise exception.Protected(self.resource_id) from error
        self._api().patch(
            self.resource_id,
            diff.ImageDiff({'protected': False}).to_patch(),
        )
        self._api().delete(self.resource_id)

    def needs_replace_failed(self) -> bool:
        """Replace the image after a failure only if there is none."""
        if not self._has_image():
            return True
        try:
            return reconcile.has_ended(self._api().get(self.resource_id))
        except exception.NotFound:
            return True
        except exception.RequestFailed as error:
            # In doubt the image is alive.
            LOG.warning('%s; it is not replaced', error)
            return False

    def needs_replace(self, after_props: Any) -> bool:
        """Replace what Heat's own type only pretended to create."""
        return self._is_placeholder()

    def _needs_update(self, *args: Any, **kwargs: Any) -> bool:
        """Go through a failed update again even if nothing changed.

        Heat would declare it complete (``_persist_update_no_change``).
        """
        self._repair = self.status == self.FAILED
        return bool(super()._needs_update(*args, **kwargs)) or self._repair

    def get_live_resource_data(self) -> dict[str, Any]:
        """Return the live image, for an update with ``--converge``."""
        try:
            live = self._api().get(self.resource_id)
        except exception.NotFound:
            live = None
        if live is None or reconcile.has_ended(live):
            raise heat_exception.EntityNotFound(
                entity='Image', name=self.resource_id
            )
        return live

    def parse_live_resource_data(
        self,
        resource_properties: Any,
        resource_data: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return, by property, what is declared and differs on the image.

        A property without a difference is left out, and so is what others
        set, so that the update finds work only where there is some.
        """
        declared = declaration.read(resource_properties)
        change = diff.compare(declared, diff.Managed(), resource_data)
        found = {name: resource_data.get(name) for name in change.attributes}
        if change.tags is not None:
            found[schema.TAGS] = sorted(
                declared.tags & frozenset(resource_data['tags'])
            )
        different = {*change.properties.added, *change.properties.replaced}
        for name in declaration.MAPS:
            keys = declaration.keys(resource_properties, name)
            if different & keys:
                found[name] = {
                    key: resource_data[key]
                    for key in keys
                    if key in resource_data
                }
        return found

    def _show_resource(self) -> dict[str, Any]:
        try:
            live = self._api().get(self.resource_id)
        except exception.NotFound:
            raise client_exception.EntityMatchNotFound(
                entity='image', args=self.resource_id
            ) from None
        return redact.image(live)

    def _resolve_attribute(self, name: str) -> Any:
        if not self._has_image():
            return None
        live = self._show_resource()
        if name == schema.LIVE_PROPERTIES:
            return rules.custom(live)
        return live.get(name)

    def _create_record(
        self, declared: diff.Declared, image: Mapping[str, Any]
    ) -> None:
        """Create the image record, once whatever becomes of the answer."""
        try:
            self._api().create(image)
        except exception.Conflict:
            if self.properties[schema.IMAGE_ID]:
                raise exception.ImageIdTaken(image['id']) from None
            raise
        except exception.Unavailable as error:
            LOG.warning('%s; looking whether it exists', error)
            try:
                live = self._api().get(image['id'])
            except exception.RequestFailed:
                raise error from None
            # With a declared id it may be somebody's, and is not taken over.
            if self.properties[schema.IMAGE_ID] and (
                live['status'] != 'queued'
                or diff.compare(declared, diff.Managed(), live)
            ):
                raise exception.ImageIdTaken(image['id']) from None

    def _reconciler(
        self,
        declared: diff.Declared,
        before: diff.Managed,
        values: Mapping[str, Any],
    ) -> reconcile.Reconciler:
        return reconcile.Reconciler(
            self._api(),
            self.resource_id,
            declared,
            before,
            defaults=self._defaults(),
            source=values[schema.LOCATION],
            remember=self._record().save,
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
        try:
            return task.step()
        except exception.NotFound as error:
            if self.action == self.UPDATE:
                LOG.info('%s: it is created again', error)
                raise resource.UpdateReplace(self.name) from None
            raise

    def _api(self) -> image_api.ImageAPI:
        return image_api.ImageAPI.from_client(self.client())

    def _record(self) -> managed.Record:
        return managed.Record(self.data, self.data_set, self.data_delete)

    def _managed_before(self) -> diff.Managed:
        """Return what was set by a Heat that kept no record of it."""
        names: set[str] = set()
        for name in declaration.MAPS:
            names |= declaration.keys(self.properties, name)
        return diff.Managed(
            attributes=frozenset(
                name
                for name in declaration.BASE_ATTRIBUTES
                if self.properties[name] is not None
            ),
            properties=frozenset(names),
            tags=frozenset(
                str(tag) for tag in self.properties[schema.TAGS] or ()
            ),
        )

    def _has_image(self) -> bool:
        return self.resource_id is not None and not self._is_placeholder()

    def _is_placeholder(self) -> bool:
        """Say whether Heat's own type pretended to create this image."""
        return bool(self.data().get(none_resource.NoneResource.IS_PLACEHOLDER))

    def _known(self, name: str) -> Any:
        """Return a property without what cannot be known before creation."""
        value = self.properties[name]
        written = self.properties.data.get(name)
        whole = isinstance(written, function.Function)
        if whole and self._is_open(value, written):
            return None
        if isinstance(value, Mapping):
            return {
                key: item
                for key, item in value.items()
                if not self._is_open(item, written if whole else written[key])
            }
        if isinstance(value, list):
            same = isinstance(written, list) and len(written) == len(value)
            return [
                item
                for item, snippet in zip(
                    value, written if same else [written] * len(value)
                )
                if not self._is_open(item, snippet)
            ]
        return value

    def _is_open(self, value: Any, written: Any) -> bool:
        """Say whether a value of the template is not known yet.

        What refers to a resource that does not exist is null, or a
        stand-in; a parameter may have no value while a template alone is
        validated.  Any other null is one that the author wrote.
        """
        sources = list(function.dependencies(written))
        if value is None and isinstance(written, function.Function):
            return bool(sources) or not self.stack.strict_validate
        return any(source.action == source.INIT for source in sources)
