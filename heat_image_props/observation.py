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

"""What a live image is like, in the terms of a template."""

from __future__ import annotations

from collections.abc import Mapping
import functools
from typing import Any

from heat_image_props import attributes
from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props import image_api
from heat_image_props import redact
from heat_image_props import report
from heat_image_props import rules
from heat_image_props import source
from heat_image_props import state


class Observation:
    """One look at an image.

    What takes a further request is looked at when it is needed, once.

    :param api: connection to Glance
    :param image_id: the image
    :param is_sure: whether one look must not take it for gone
    :raises: :class:`exception.Gone`
    """

    def __init__(
        self, api: image_api.ImageAPI, image_id: str, *, is_sure: bool = False
    ) -> None:
        self._api = api
        self._image_id = image_id
        look = api.find if is_sure else api.get
        #: The image as Glance shows it, without credentials.
        self.image: Mapping[str, Any] = redact.image(look(image_id))

    @functools.cached_property
    def _members(self) -> frozenset[str]:
        if self.image.get('visibility') != 'shared':
            return frozenset()
        return self._api.members(self._image_id)

    def _change(
        self,
        declared: diff.Declared,
        managed: diff.Managed,
        defaults: Mapping[str, Any] | None = None,
    ) -> tuple[diff.ImageDiff, frozenset[str]]:
        """Return what differs, and the members as far as they matter."""
        members: frozenset[str] = frozenset()
        if declared.members or managed.members:
            members = self._members
        change = diff.compare(
            declared, managed, self.image, defaults or {}, members
        )
        return change, members

    def _lacking(self, wanted: source.Source) -> frozenset[str]:
        """Return the stores that should hold the data, and do not."""
        present = state.stores_of(self.image)
        if not state.has_data(self.image) or present is None:
            return frozenset()
        stores = self._api.stores() if wanted.all_stores else wanted.stores
        return frozenset(stores) - present

    def drift(
        self,
        values: Mapping[str, Any],
        managed: diff.Managed | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> report.Drift:
        """Return what is declared and differs.

        :param values: properties of the resource by name
        :param managed: what the resource has set; with it, what it should
            have removed is told too
        :param defaults: values for managed attributes no longer declared
        """
        offences = declaration.check(values)
        if offences:
            # Those of a row that an older type has left.
            return {
                offence.key: {
                    'expected': None,
                    'actual': self.image.get(offence.key),
                }
                for offence in offences
            }
        declared = declaration.read(values)
        change, members = self._change(
            declared, managed or diff.Managed(), defaults
        )
        found = report.drift(change, self.image, declared, members)
        wanted = source.read(values)
        lacking = self._lacking(wanted)
        if lacking:
            present = state.stores_of(self.image) or frozenset()
            found['stores'] = {
                'expected': sorted(present | lacking),
                'actual': sorted(present),
            }
        digest = wanted.digest
        if (
            digest is not None
            and state.has_data(self.image)
            and not state.is_busy(self.image)
            and not digest.matches(self.image)
        ):
            found['image_hash'] = {
                'expected': digest.value,
                'actual': digest.live(self.image),
            }
        return dict(sorted(found.items()))

    def complaint(self, values: Mapping[str, Any]) -> str | None:
        """Return why the data of the image is not there, or None.

        :param values: properties of the resource by name
        """
        status = self.image['status']
        if state.has_data(self.image):
            return None
        if status == 'queued' and not source.read(values):
            # Somebody else will upload it.
            return None
        return f'its status is {status}'

    def attribute(
        self,
        name: str,
        values: Mapping[str, Any],
        managed: diff.Managed,
    ) -> Any:
        """Return an attribute of the resource.

        :param values: properties of the resource by name
        :param managed: what the resource has set
        """
        if name == attributes.LIVE_PROPERTIES:
            return rules.custom(self.image)
        if name == attributes.MANAGED_PROPERTIES:
            return {
                key: value
                for key, value in rules.custom(self.image).items()
                if key in managed.properties
            }
        if name == attributes.DRIFT:
            return self.drift(values)
        if name == attributes.STORES:
            stores = state.stores_of(self.image)
            return None if stores is None else sorted(stores)
        return self.image.get(name)

    def differences(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return, by property, what is declared and differs, as it is.

        A property without a difference is left out, and so is what others
        set, so that an update finds work only where there is some.

        :param values: properties of the resource by name
        """
        if declaration.check(values):
            # Those of a row that an older type has left; an update refuses
            # them by itself.
            return {}
        declared = declaration.read(values)
        change, members = self._change(declared, diff.Managed())
        found = {
            name: self.image.get(glance)
            for name, glance in declaration.BASE_ATTRIBUTES.items()
            if glance in change.attributes
        }
        if change.tags is not None:
            found['tags'] = sorted(
                declared.tags & frozenset(self.image['tags'])
            )
        if change.members:
            found['members'] = sorted(declared.members & members)
        if change.active is not None:
            found[diff.ACTIVE] = not change.active
        wanted = source.read(values)
        if self._lacking(wanted):
            if wanted.all_stores:
                found['all_stores'] = False
            else:
                found['stores'] = sorted(
                    state.stores_of(self.image) or frozenset()
                )
        different = {*change.properties.added, *change.properties.replaced}
        for name in declaration.MAPS:
            keys = declaration.keys(values, name)
            if different & keys:
                found[name] = {
                    key: self.image[key] for key in keys if key in self.image
                }
        for name in different.intersection(declaration.NAMED):
            if values.get(name) is not None:
                found[name] = self.image.get(name)
        return found
