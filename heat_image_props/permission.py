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

"""What Glance lets a user do with an image, and what to do if it does not."""

from __future__ import annotations

import re

from heat_image_props import exception

# Actions that Glance's default policy leaves to the members of the project
# that owns the image (``glance/policies/image.py``); the others that are
# refused are for administrators.
_FOR_MEMBERS = frozenset(
    (
        *'add_image modify_image delete_image upload_image get_task'.split(),
        *'add_image_location deactivate reactivate communitize_image'.split(),
        *'add_member delete_member get_member get_members'.split(),
    )
)

# glance/common/exception.py, ForbiddenPublicImage and its neighbours.
_REFUSAL = re.compile(r'not authorized to complete (?P<action>\w+) action')


class NotAMember(exception.Refused):
    """The user of the stack lacks the role to do this in the project: 403.

    A reader may see images and nothing else, and what another project shares
    or publishes can only be seen and used.
    """

    def __str__(self) -> str:
        return (
            f'{super().__str__()}. By default Glance lets only those who have '
            'the role "member" in the project that owns the image do this. '
            'Let one of them update the stack, or ask for the role, for whom '
            'the stack acts (who created it)'
        )


def is_for_members(said: str) -> bool:
    """Say whether a refusal is a matter of the role, from what was said."""
    found = _REFUSAL.search(said)
    return found is not None and found['action'] in _FOR_MEMBERS
