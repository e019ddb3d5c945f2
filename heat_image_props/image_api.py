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

"""Speaks to the Image API of Glance, version 2; knows nothing of Heat.

Requests are sent by a keystoneauth adapter and not by the methods of
glanceclient: its ``images.update`` re-sends all tags with every change, can
not clear them, takes properties as keyword arguments, and validates the whole
image once per property (``glanceclient/v2/images.py``, ``schemas.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import http
import json
from typing import Any
import urllib.parse

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import patience
from heat_image_props import shape
from heat_image_props import transport

Answer = dict[str, Any]
Image = Answer

_PATCH = 'application/openstack-images-v2.1-json-patch'
_PAGE = '1000'

#: Seconds of silence after which a request for metadata definitions counts
#: as not answered; they can be done without.
DEFINITIONS_TIMEOUT = 10.0

_ACCEPTED = http.HTTPStatus.ACCEPTED


class ImageAPI(transport.Transport):
    """The requests for one image that this package makes."""

    def create(self, image: Mapping[str, Any]) -> Image:
        """Create an image record with all its metadata, without data.

        :param image: ``id``, base attributes, ``tags`` and custom properties
        :raises: :class:`exception.Conflict` if the id exists or existed
        """
        return self._json(
            'POST',
            '',
            f'create image {image["id"]}',
            shape.IMAGE,
            json=dict(image),
        )

    def get(self, image_id: str) -> Image:
        """Return the image as Glance holds it.

        :param image_id: any text, as everybody may write one into the data
            of an adoption
        :raises: :class:`exception.Gone`
        """
        action = f'read image {image_id}'
        try:
            path = _segment(image_id, action)
            return self._json('GET', path, action, shape.IMAGE)
        except exception.NotFound as error:
            raise exception.Gone(
                action, error.reason, error.status, error.request_id
            ) from None

    def find(self, image_id: str) -> Image:
        """Return the image, where one look must not take it for gone.

        :raises: :class:`exception.Gone` if none of several looks found it
        """
        return patience.repeat(
            lambda: self.get(image_id),
            exception.Gone,
            lambda: self.pause,
        )

    def images(self, **filters: str) -> Iterator[Image]:
        """Yield the images of a list, the newest first.

        Hidden ones are left out unless they are asked for.

        :param filters: members of an image and the value they shall have
        """
        question = {**filters, 'limit': _PAGE}
        while question:
            answer = self._json(
                'GET',
                f'/images?{urllib.parse.urlencode(question)}',
                'list the images',
                shape.IMAGES,
            )
            yield from answer['images']
            # A server may give fewer than asked for, and says where it ends.
            question = (
                {**question, 'marker': answer['images'][-1]['id']}
                if answer['images'] and answer.get('next')
                else {}
            )

    def patch(
        self, image_id: str, operations: Iterable[diff.Operation]
    ) -> Image:
        """Change metadata of an image by one request.

        A success means that the change was applied to what the server had
        read, not that it was kept: there is no locking between requests
        (``glance/db/sqlalchemy/api.py``, ``image_update``).

        :param operations: operations of a v2.1 image patch
        :raises: :class:`exception.Conflict` if a property to remove is gone
        """
        return self._json(
            'PATCH',
            image_id,
            f'change image {image_id}',
            shape.IMAGE,
            headers={'Content-Type': _PATCH},
            data=json.dumps(list(operations)),
        )

    def import_data(
        self, image_id: str, request: Mapping[str, Any], place: str = ''
    ) -> None:
        """Make Glance fetch, or copy, the data of an image.

        The answer comes before the work is done.

        :param request: ``method`` and, to choose them, stores
        :param place: URL in the request, to be kept out of messages
        """
        self._request(
            'POST',
            f'{image_id}/import',
            f'import data into image {image_id}',
            secret=place,
            expected=_ACCEPTED,
            json=dict(request),
        )

    def add_location(self, image_id: str, url: str) -> None:
        """Make the data at a URL that of an image, and leave it there.

        The answer comes before the work is done: Glance notes the location
        down, and reads the data once to compute its hash (``add_location``
        of ``glance/api/v2/images.py``).
        """
        self._request(
            'POST',
            f'{image_id}/locations',
            f'set the location of image {image_id}',
            secret=url,
            expected=_ACCEPTED,
            json={'url': url},
        )

    def import_methods(self) -> list[str]:
        """Return the import methods that the cloud has enabled."""
        answer = self._json(
            'GET',
            '/info/import',
            'read the import methods of the cloud',
            shape.METHODS,
        )
        return list(answer['import-methods']['value'])

    def stores(self) -> list[str]:
        """Return the ids of the stores that data can be written to.

        There are none where Glance is configured without a choice.
        """
        try:
            answer = self._json(
                'GET',
                '/info/stores',
                'read the stores of the cloud',
                shape.STORES,
            )
        except exception.NotFound:
            return []
        return [
            store['id']
            for store in answer['stores']
            if str(store.get('read-only')).lower() != 'true'
        ]

    def namespaces(self, resource_type: str, after: str = '') -> Answer:
        """Return a page of the namespaces of metadata definitions.

        :param resource_type: what they shall be associated with
        :param after: name of the last namespace of the page before
        :raises: :class:`exception.NotFound`, :class:`exception.Refused` if
            the cloud has no such API, or keeps it from this user
        """
        query = {'resource_types': resource_type, 'limit': '1000'}
        if after:
            query['marker'] = after
        return self._json(
            'GET',
            f'/metadefs/namespaces?{urllib.parse.urlencode(query)}',
            'list the metadata definitions of the cloud',
            shape.NAMESPACES,
            timeout=DEFINITIONS_TIMEOUT,
        )

    def namespace(self, name: str, resource_type: str) -> Answer:
        """Return a namespace of metadata definitions with all it defines.

        :param resource_type: whose prefix the names shall have
        :raises: :class:`exception.NotFound` if it is not there, or private
        """
        action = f'read the metadata definitions {name}'
        query = urllib.parse.urlencode({'resource_type': resource_type})
        return self._json(
            'GET',
            f'/metadefs/namespaces/{_segment(name, action)}?{query}',
            action,
            shape.NAMESPACE,
            timeout=DEFINITIONS_TIMEOUT,
        )

    def delete_from_store(self, image_id: str, store: str) -> None:
        """Delete the data of an image in one of its stores."""
        action = f'delete the data of image {image_id} from store {store}'
        self._request(
            'DELETE',
            f'/stores/{_segment(store, action)}/{image_id}',
            action,
        )

    def members(self, image_id: str) -> frozenset[str]:
        """Return the ids of the projects that an image is shared with.

        :raises: :class:`exception.Refused` if its visibility is not shared
        """
        answer = self._json(
            'GET',
            f'{image_id}/members',
            f'read the members of image {image_id}',
            shape.MEMBERS,
        )
        return frozenset(member['member_id'] for member in answer['members'])

    def add_member(self, image_id: str, member: str) -> None:
        """Share an image with a project.

        :raises: :class:`exception.Conflict` if it is shared with it already
        """
        self._json(
            'POST',
            f'{image_id}/members',
            f'share image {image_id} with project {member}',
            shape.MEMBER,
            json={'member': member},
        )

    def remove_member(self, image_id: str, member: str) -> None:
        """Share an image no longer with a project.

        :raises: :class:`exception.NotFound` if it was not shared with it
        """
        action = f'share image {image_id} no longer with project {member}'
        self._request(
            'DELETE',
            f'{image_id}/members/{_segment(member, action)}',
            action,
        )

    def set_active(self, image_id: str, active: bool) -> None:
        """Make the data of an image usable, or unusable.

        What is so already stays so (``deactivate`` and ``reactivate`` of
        ``glance/api/v2/image_actions.py``).
        """
        action = 'reactivate' if active else 'deactivate'
        self._request(
            'POST',
            f'{image_id}/actions/{action}',
            f'{action} image {image_id}',
        )

    def tasks(self, image_id: str) -> list[dict[str, Any]]:
        """Return the tasks that work or worked on an image, oldest first.

        Each task holds the request that it serves, and with it the URL of
        the source (``_task_format`` of ``glance/db/sqlalchemy/api.py``).
        """
        answer = self._json(
            'GET',
            f'{image_id}/tasks',
            f'read the tasks of image {image_id}',
            shape.TASKS,
        )
        return sorted(
            answer['tasks'], key=lambda task: str(task.get('created_at'))
        )

    def delete(self, image_id: str) -> None:
        """Delete an image and its data.

        :raises: :class:`exception.NotFound`, also for one deleted before
        """
        self._request(
            'DELETE',
            image_id,
            f'delete image {image_id}',
        )


def _segment(name: str, action: str) -> str:
    """Return a name as one segment of a path.

    One of dots alone would lead to what is above, which is the image.
    """
    if not name.strip('.'):
        raise exception.NotFound(action, 'no path leads to this name')
    return urllib.parse.quote(name, safe='')
