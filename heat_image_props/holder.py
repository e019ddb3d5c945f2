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

"""What every operation on the resource needs: its image, and its record."""

from __future__ import annotations

from typing import Any

from heat.engine.resources.openstack.heat import none_resource

from heat_image_props import creation
from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props import discreet
from heat_image_props import image_api
from heat_image_props import known
from heat_image_props import managed
from heat_image_props import report

#: Key of the resource's data: the declared id that Glance is asked for.
CLAIMED = 'claimed'


class ImageHolder(discreet.DiscreetResource):
    """A resource of Heat that has an image, or has none yet."""

    def _owner(self, declared: diff.Declared) -> str:
        """Return the id of the project that a new image belongs to."""
        return str(declared.attributes.get('owner', self.context.project_id))

    def _recover(self) -> None:
        """Take possession of an image whose creation was interrupted.

        :raises: :class:`exception.RequestFailed`
        """
        claimed = self.data().get(CLAIMED)
        if self.resource_id is not None or not claimed:
            return
        declared = declaration.read(self._given())
        if creation.is_ours(
            self._api(),
            claimed,
            declared,
            self._owner(declared),
        ):
            self.resource_id_set(claimed)

    def _tell(self, text: str) -> None:
        """Leave an event of the stack."""
        self._add_event(
            self.action, self.status, text[: report.MAX_REASON_LENGTH]
        )

    def _api(self, is_patient: bool = True) -> image_api.ImageAPI:
        """Return a connection, for steps if it is not patient."""
        return image_api.ImageAPI.from_client(
            self.client(), is_patient=is_patient
        )

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

    def _defaults(self) -> dict[str, Any]:
        """Return the values of attributes that a template does not give."""
        return {
            **declaration.DEFAULTS,
            'name': self.physical_resource_name(),
        }
