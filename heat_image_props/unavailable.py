# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A stand-in for a resource type whose class cannot be loaded.

It takes any template and refuses every action with the reason, so that the
stacks can still be listed and shown, and nothing that they own is changed or
forgotten.
"""

from __future__ import annotations

from typing import Any
from typing import NoReturn

from heat.common import exception
from heat.engine import properties
from heat.engine import resource
from heat.engine import support

#: In the resource data of what the stand-in itself refused to create.
NEVER_MADE = 'heat_image_props.never_made'


class UnavailableResource(resource.Resource):  # type: ignore[misc]
    """A resource whose plug-in cannot be loaded."""

    support_status = support.SupportStatus(status=support.UNSUPPORTED)

    properties_schema: dict[str, Any] = {}

    #: Why there is only a stand-in; set by :func:`resource_class`.
    reason = ''

    @classmethod
    def is_service_available(cls, context: Any) -> tuple[bool, str]:
        """Have Heat refuse the type when a stack is validated.

        :param context: the request's context.
        :returns: False, and the reason.
        """
        return False, cls.reason

    def reparse(self, client_resolve: bool = True) -> None:
        """Read the properties, whatever they are called."""
        self.regenerate_info_schema(self.t)
        super().reparse(client_resolve)

    def regenerate_info_schema(self, definition: Any) -> None:
        """Make a schema that fits a definition.

        Without it, an action that comes without a validation (a rollback, or
        one that another engine has begun) fails for an "Unknown Property",
        and nobody is told the reason.

        :param definition: the resource definition, of the template.
        """
        names = definition.properties({}, self.context).data
        self.properties_schema = {
            name: properties.Schema(properties.Schema.ANY, update_allowed=True)
            for name in names
        }

    def _needs_update(self, *args: Any, **kwargs: Any) -> Any:
        # Heat would replace a failed resource, although what is behind it may
        # be alive, or else declare it complete if its properties have not
        # changed (_persist_update_no_change in heat/engine/resource.py).
        if self.status == self.FAILED:
            return True
        return super()._needs_update(*args, **kwargs)

    def get_attribute(self, key: str, *path: Any) -> NoReturn:
        """Refuse, which an output reports as its error."""
        self._refuse()

    def handle_create(self) -> NoReturn:
        """Refuse, and note that there is nothing to delete later."""
        self.data_set(NEVER_MADE, 'True')
        self._refuse()

    def handle_adopt(self, resource_data: Any = None) -> NoReturn:
        """Refuse, and note that nothing has been taken over."""
        self.data_set(NEVER_MADE, 'True')
        self._refuse()

    def handle_delete(self) -> None:
        """Refuse, unless this stand-in is all that there has ever been."""
        if self.resource_id is not None or not self.data().get(NEVER_MADE):
            self._refuse()

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise exception.ResourceTypeUnavailable(
            service_name=self.default_client_name,
            resource_type=self.type(),
            reason=self.reason,
        )

    # Heat takes an action without a handler for one with nothing to do.
    handle_check = _refuse
    handle_delete_snapshot = _refuse
    handle_restore = _refuse
    handle_resume = _refuse
    handle_snapshot = _refuse
    handle_snapshot_delete = _refuse
    handle_suspend = _refuse
    handle_update = _refuse


def resource_class(service: str, reason: str) -> type[UnavailableResource]:
    """Make the stand-in for one resource type.

    :param service: what is said to be unavailable, in Heat's message
        "Service ... is not available for resource type ..., reason: ...".
    :param reason: why, and what to do; for users.
    """
    return type(
        'UnavailableResource',
        (UnavailableResource,),
        {
            '__doc__': UnavailableResource.__doc__,
            # Every instance adds to it (heat/engine/resource.py, __init__).
            'attributes_schema': {},
            'default_client_name': service,
            'reason': reason,
        },
    )
