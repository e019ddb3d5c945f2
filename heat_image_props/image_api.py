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
from collections.abc import Mapping
import html
import json
import re
from typing import Any
from typing import TYPE_CHECKING
import urllib.parse

from glanceclient.v2 import client as glance_client
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import redact

if TYPE_CHECKING:
    import requests

Image = dict[str, Any]

_PATCH = 'application/openstack-images-v2.1-json-patch'
_RETRIABLE = frozenset((429, 500, 502, 503, 504))
_ERRORS = {404: exception.NotFound, 409: exception.Conflict}
_VERSION_SUFFIX = re.compile(r'/v2(\.\d+)?/*$')
_MARKUP = re.compile(
    r'<(?:head|title|h1)\b.*?</(?:head|title|h1)>|<[^>]*>',
    re.DOTALL | re.IGNORECASE,
)
_MOST_SAID = 800


class ImageAPI:
    """The requests for one image that this package makes.

    :param connection: adapter for the image service; its session, endpoint
        selection, credentials and retries are used
    """

    def __init__(self, connection: adapter.Adapter) -> None:
        self._connection = connection

    @classmethod
    def from_client(cls, client: glance_client.Client) -> ImageAPI:
        """Return an API that connects as a client of glanceclient does."""
        source = client.http_client
        return cls(
            adapter.Adapter(
                source.session,
                service_type=source.service_type,
                interface=source.interface,
                region_name=source.region_name,
                endpoint_override=source.endpoint_override,
                auth=source.auth,
                connect_retries=source.connect_retries,
                global_request_id=source.global_request_id,
                user_agent='heat-image-props',
            )
        )

    def create(self, image: Mapping[str, Any]) -> Image:
        """Create an image record with all its metadata, without data.

        The request is never repeated by the connection: a repetition of one
        whose answer was lost would be told that the id is taken.

        :param image: ``id``, base attributes, ``tags`` and custom properties
        :raises: :class:`exception.Conflict` if the id exists or existed
        """
        return self._json(
            'POST',
            '',
            f'create image {image["id"]}',
            json=dict(image),
            connect_retries=0,
        )

    def get(self, image_id: str) -> Image:
        """Return the image as Glance holds it.

        :raises: :class:`exception.NotFound`
        """
        return self._json('GET', image_id, f'read image {image_id}')

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
            headers={'Content-Type': _PATCH},
            data=json.dumps(list(operations)),
        )

    def import_data(
        self, image_id: str, request: Mapping[str, Any], place: str = ''
    ) -> None:
        """Make Glance fetch, or copy, the data of an image.

        The answer comes before the work is done.  The session would log the
        body of the request, and with it the URL, so it is told not to.

        :param request: ``method`` and, to choose them, stores
        :param place: URL in the request, to be kept out of messages
        """
        self._request(
            'POST',
            f'{image_id}/import',
            f'import data into image {image_id}',
            secret=place,
            log=False,
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
            log=False,
            json={'url': url},
        )

    def import_methods(self) -> list[str]:
        """Return the import methods that the cloud has enabled."""
        answer = self._json(
            'GET', '/info/import', 'read the import methods of the cloud'
        )
        return list((answer.get('import-methods') or {}).get('value') or ())

    def stores(self) -> list[str]:
        """Return the ids of the stores that data can be written to.

        There are none where Glance is configured without a choice.
        """
        try:
            answer = self._json(
                'GET', '/info/stores', 'read the stores of the cloud'
            )
        except exception.NotFound:
            return []
        return [
            store['id']
            for store in answer.get('stores') or ()
            if str(store.get('read-only')).lower() != 'true'
        ]

    def delete_from_store(self, image_id: str, store: str) -> None:
        """Delete the data of an image in one of its stores."""
        action = f'delete the data of image {image_id} from store {store}'
        self._request(
            'DELETE', f'/stores/{_segment(store, action)}/{image_id}', action
        )

    def members(self, image_id: str) -> frozenset[str]:
        """Return the ids of the projects that an image is shared with.

        :raises: :class:`exception.Refused` if its visibility is not shared
        """
        answer = self._json(
            'GET',
            f'{image_id}/members',
            f'read the members of image {image_id}',
        )
        return frozenset(
            str(member['member_id']) for member in answer.get('members') or ()
        )

    def add_member(self, image_id: str, member: str) -> None:
        """Share an image with a project.

        :raises: :class:`exception.Conflict` if it is shared with it already
        """
        self._request(
            'POST',
            f'{image_id}/members',
            f'share image {image_id} with project {member}',
            json={'member': member},
        )

    def remove_member(self, image_id: str, member: str) -> None:
        """Share an image no longer with a project.

        :raises: :class:`exception.NotFound` if it was not shared with it
        """
        action = f'share image {image_id} no longer with project {member}'
        self._request(
            'DELETE', f'{image_id}/members/{_segment(member, action)}', action
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
        the source (``_task_format`` of ``glance/db/sqlalchemy/api.py``), so
        the answer is not logged.
        """
        answer = self._json(
            'GET',
            f'{image_id}/tasks',
            f'read the tasks of image {image_id}',
            log=False,
        )
        tasks = answer.get('tasks') or []
        return sorted(tasks, key=lambda task: str(task.get('created_at')))

    def delete(self, image_id: str) -> None:
        """Delete an image and its data.

        :raises: :class:`exception.NotFound`, also for one deleted before
        """
        self._request('DELETE', image_id, f'delete image {image_id}')

    def _json(
        self, method: str, path: str, action: str, **kwargs: Any
    ) -> dict[str, Any]:
        response = self._request(method, path, action, **kwargs)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise exception.Unavailable(
                action,
                'the answer is no JSON object',
                response.status_code,
                _request_id(response),
            )
        return answer

    def _request(
        self,
        method: str,
        path: str,
        action: str,
        *,
        secret: str = '',
        **kwargs: Any,
    ) -> requests.Response:
        try:
            base = self._connection.get_endpoint() or ''
            base = _VERSION_SUFFIX.sub('', base.rstrip('/'))
            path = path if path.startswith('/') else f'/images/{path}'
            url = f'{base}/v2{path}'.rstrip('/')
            response = self._connection.request(
                url, method, raise_exc=False, **kwargs
            )
        except ksa_exceptions.ClientException as error:
            # Also from Keystone, whose 404 does not mean that the image is
            # gone.
            status = getattr(error, 'http_status', None)
            failed = (
                exception.Unavailable
                if isinstance(error, ksa_exceptions.ConnectionError)
                or status in _RETRIABLE
                else exception.Refused
            )
            raise failed(
                action, redact.mask(str(error), secret), status
            ) from None
        if response.ok:
            return response
        kind: type[exception.RequestFailed] = exception.Refused
        if response.status_code in _RETRIABLE:
            kind = exception.Unavailable
        kind = _ERRORS.get(response.status_code, kind)
        raise kind(
            action,
            _said(response, secret),
            response.status_code,
            _request_id(response),
        )


def _segment(name: str, action: str) -> str:
    """Return a name as one segment of a path.

    One of dots alone would lead to what is above, which is the image.
    """
    if not name.strip('.'):
        raise exception.NotFound(action, 'no path leads to this name')
    return urllib.parse.quote(name, safe='')


def _request_id(response: requests.Response) -> str | None:
    return response.headers.get('x-openstack-request-id')


def _said(response: requests.Response, secret: str) -> str:
    """Return what an error response says, as plain text."""
    text = response.text
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict):
        error = document.get('error', document)
        text = str(
            error.get('message') or text if isinstance(error, dict) else error
        )
    text = html.unescape(_MARKUP.sub(' ', text))
    text = redact.mask(' '.join(text.split()), secret)
    return text[:_MOST_SAID] or (response.reason or 'no reason given')
