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

"""Finds the existing images that a command is about."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
from typing import Any

from keystoneauth1 import identity
from keystoneauth1 import session as ksa_session

from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import rules

# The role that Heat's and Glance's default policies take for that of an
# administrator.
_ADMIN = 'admin'


class NotOneImage(exception.ImageError):
    """A name or an id is that of no image, or of several.

    :param name: what was asked for
    :param found: the images that have the name
    """

    def __init__(self, name: str, found: Iterable[image_api.Image]) -> None:
        self.name = name
        self.found = tuple(found)
        shown = rules.shown(name)
        if self.found:
            ids = ', '.join(
                f'{image["id"]} (of project {image.get("owner")})'
                for image in self.found
            )
            super().__init__(
                f"More than one image has the name '{shown}': {ids}; use the "
                'ID'
            )
        else:
            super().__init__(f"No image found for '{shown}'")


@dataclasses.dataclass(frozen=True)
class Access:
    """Whose eyes look at the images.

    :param project_id: id of the project, or None if there is none
    :param is_admin: whether Heat takes the user for an administrator
    """

    project_id: str | None
    is_admin: bool

    @classmethod
    def of(cls, session: ksa_session.Session) -> Access:
        """Return that of a session.

        :raises: :class:`keystoneauth1.exceptions.ClientException`
        """
        if not isinstance(session.auth, identity.BaseIdentityPlugin):
            # Without Keystone there are neither projects nor roles.
            return cls(session.get_project_id(), False)
        found = session.auth.get_access(session)
        return cls(found.project_id, _ADMIN in (found.role_names or ()))

    def owns(self, image: Mapping[str, Any]) -> bool:
        """Say whether an image belongs to the project."""
        return image.get('owner') == self.project_id


def find(api: image_api.ImageAPI, name: str) -> image_api.Image:
    """Return the one image with an id or, if there is none, a name.

    A hidden image is found by its name if no other one has it.

    :raises: :class:`NotOneImage`, :class:`exception.RequestFailed`
    """
    try:
        return api.get(name)
    except exception.Gone:
        # It may be a name.
        found = _named(api, name) or _named(api, name, os_hidden='true')
    if len(found) == 1:
        return found[0]
    raise NotOneImage(name, found)


def matching(
    api: image_api.ImageAPI,
    access: Access,
    tags: Iterable[str],
    properties: Iterable[tuple[str, str]],
    *,
    hidden: bool = False,
) -> list[image_api.Image]:
    """Return the images of the project that match, by name and id.

    :param tags: tags that each has to have
    :param properties: custom properties that each has to have
    :param hidden: whether hidden images are looked at too
    :raises: :class:`exception.RequestFailed`
    """
    tags, properties = frozenset(tags), frozenset(properties)
    found = []
    for is_hidden in ('false', 'true') if hidden else ('false',):
        filters = {'os_hidden': is_hidden}
        if access.project_id:
            filters['owner'] = access.project_id
        found += [
            image
            for image in api.images(**filters)
            if tags <= frozenset(image['tags'])
            and properties <= frozenset(rules.custom(image).items())
        ]
    return sorted(found, key=lambda image: (image['name'] or '', image['id']))


def members(
    api: image_api.ImageAPI, access: Access, image: image_api.Image
) -> frozenset[str]:
    """Return the ids of the projects that an image is shared with.

    None where they are not this project's business.

    :raises: :class:`exception.RequestFailed`
    """
    if image.get('visibility') != 'shared' or not (
        access.owns(image) or access.is_admin
    ):
        return frozenset()
    return api.members(image['id'])


def _named(
    api: image_api.ImageAPI, name: str, **filters: str
) -> list[image_api.Image]:
    # Glance on MySQL compares without regard to case.
    return [
        image
        for image in api.images(name=name, **filters)
        if image['name'] == name
    ]
