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

"""What Heat shows of an image and compares with it, without changing it."""

from __future__ import annotations

import time
from typing import Any

from heat.common import exception as heat_exception
from heat.engine.clients import client_exception

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import holder
from heat_image_props import known
from heat_image_props import observation
from heat_image_props import report
from heat_image_props import state

# Seconds in which attributes are those of one look at the image.
_SAME_MOMENT = 1.0


class Inspectable(holder.ImageHolder):
    """A resource that can be looked at: attributes, checks, live state."""

    #: The last look for an attribute, and when it was.
    _last: tuple[float, observation.Observation] | None = None

    def handle_check(self) -> None:
        """Fail if the image is gone or differs, and change nothing."""
        if not self._has_image():
            raise exception.NoImage(self.name)
        try:
            seen = self._observe(is_sure=True)
        except exception.Gone as error:
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

    def get_live_resource_data(self) -> observation.Observation:
        """Return the live image, for an update with ``--converge``."""
        try:
            seen = self._observe(is_sure=True) if self._has_image() else None
        except exception.Gone:
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
        except exception.Gone:
            raise client_exception.EntityMatchNotFound(
                entity='image', args=self.resource_id
            ) from None
        self._last = (now, seen)
        return seen

    def _observe(self, is_sure: bool = False) -> observation.Observation:
        """Look at the image.

        :param is_sure: whether one look must not take it for gone
        """
        return observation.Observation(
            self._api(), self.resource_id, is_sure=is_sure
        )
