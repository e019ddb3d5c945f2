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

"""A Glance that answers at the HTTP edge, and remembers what it was asked."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from typing import Any
import urllib.parse
import uuid

import fixtures
from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
import requests
import requests_mock
from requests_mock.contrib import fixture as requests_fixture

from heat_image_props import image_api
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import fake_glance_image
from heat_image_props.tests.unit import fake_glance_metadefs

BASE = fake_glance_image.BASE
PROJECT = fake_glance_image.PROJECT
SHOWN = fake_glance_image.SHOWN
Refusal = fake_glance_data.Refusal

URL = 'http://glance.test:9292'
REQUEST_ID = 'req-11111111-2222-3333-4444-555555555555'
PATCH_TYPE = 'application/openstack-images-v2.1-json-patch'

#: What a connection does that is cut before the answer.
CUT = object()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass
class Request:
    """One request as Glance received it.

    :ivar time: seconds on the clock of the Glance
    :ivar query: what follows the path
    """

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    time: float
    query: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        if self.path.startswith('/stores/'):
            return f'{self.method} {self.path.rpartition("/")[0]}'
        if self.path.startswith('/'):
            return f'{self.method} {self.path}'
        rest = self.path.partition('/')[2]
        return f'{self.method} {rest}'.strip()


@dataclasses.dataclass
class Fault:
    """What happens instead of the usual answer to one kind of request."""

    kind: str
    status: Any
    body: Any
    headers: dict[str, str]
    applied: bool
    skip: int
    times: int


class FakeGlance(
    fake_glance_data.DataServer,
    fake_glance_metadefs.MetadefServer,
    fixtures.Fixture,
):
    """A Glance with a few images.

    :ivar images: image by id, as ``GET`` shows it
    :ivar tasks: tasks by image id
    :ivar members: status of the projects an image is shared with, by image
        id and project; kept, as in Glance, while it is not shared
    :ivar in_use: ids of stores in which all data is in use
    :ivar is_admin: whether this user may do what only administrators may
    :ivar requests: all requests, in the order they came, but for those
    :ivar definition_requests: for metadata definitions
    :ivar page_size: most images that one answer lists
    :ivar lost_writes: number of changes to answer with 200 and to forget
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.clock = clock or Clock()
        self.images: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.members: dict[str, dict[str, str]] = {}
        self.in_use: set[str] = set()
        self.is_admin = False
        self.requests: list[Request] = []
        self.definition_requests: list[Request] = []
        self.page_size = 1000
        self.lost_writes = 0
        self._faults: list[Fault] = []

    def _setUp(self) -> None:
        self.mock = self.useFixture(requests_fixture.Fixture())
        self.mock.register_uri(
            requests_mock.ANY,
            re.compile(
                f'^{re.escape(URL)}/v2/(images|info|metadefs|stores)([/?]|$)'
            ),
            content=self._answer,
        )

    # What a test arranges.

    def add(self, **image: Any) -> str:
        """Add an image, active unless said otherwise, and return its id."""
        image_id = image.pop('id', None) or str(uuid.uuid4())
        added = {
            **copy.deepcopy(BASE),
            'id': image_id,
            'status': 'active',
            'disk_format': 'raw',
            'container_format': 'bare',
        }
        status = image.get('status', 'active')
        if status in ('active', 'deactivated'):
            fake_glance_data.hold(added, self.data)
            added['stores'] = 'fast'
        self.images[image_id] = {**added, **image}
        return image_id

    def fail(
        self,
        kind: str,
        status: Any,
        body: Any = 'it broke',
        *,
        headers: dict[str, str] | None = None,
        applied: bool = False,
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Answer a request with an error.

        :param kind: such as ``GET``, ``PATCH``, ``POST import``
        :param status: HTTP status, or :data:`CUT`
        :param applied: whether the request is carried out all the same
        :param skip: requests of this kind to answer as usual before
        :param times: requests of this kind to answer so
        """
        self._faults.append(
            Fault(kind, status, body, headers or {}, applied, skip, times)
        )

    # What a test looks at.

    def log(self) -> list[str]:
        """Return the requests in short, such as ``POST import``."""
        return [str(request) for request in self.requests]

    def sent(self, kind: str) -> list[Request]:
        """Return all requests of one kind."""
        return [item for item in self.requests if str(item) == kind]

    def api(self, **kwargs: Any) -> image_api.ImageAPI:
        """Return a connection to this Glance."""
        return image_api.ImageAPI(
            adapter.Adapter(
                session.Session(token_endpoint.Token(URL, 'token')),
                service_type='image',
                **kwargs,
            )
        )

    # The server.

    def _answer(self, sent: Any, context: Any) -> bytes:
        # The path of the mock is in lower case.
        url = urllib.parse.urlsplit(sent.url)
        path = url.path.partition('/v2')[2]
        if path.startswith('/images'):
            path = path[len('/images') :].strip('/')
        body = json.loads(sent.body) if sent.body else None
        request = Request(
            sent.method,
            path,
            body,
            dict(sent.headers),
            self.clock(),
            dict(urllib.parse.parse_qsl(url.query)),
        )
        if path.startswith('/metadefs'):
            self.definition_requests.append(request)
        else:
            self.requests.append(request)
        context.headers['x-openstack-request-id'] = REQUEST_ID
        fault = self._fault(str(request))
        if fault is not None:
            if fault.applied:
                self._serve(request)
            if fault.status is CUT:
                raise requests.exceptions.ConnectionError('connection cut')
            context.status_code = fault.status
            context.headers.update(fault.headers)
            answer = fault.body
        else:
            try:
                context.status_code, answer = self._serve(request)
            except Refusal as refusal:
                context.status_code = refusal.status
                answer = (
                    f'<html><head><title>{refusal.status}</title></head>'
                    f'<body><h1>{refusal.status}</h1>{refusal.reason}'
                    '<br /><br /></body></html>'
                )
        if isinstance(answer, bytes):
            return answer
        if isinstance(answer, str):
            context.headers.setdefault('Content-Type', 'text/html')
            return answer.encode()
        context.headers.setdefault('Content-Type', 'application/json')
        return json.dumps(answer).encode()

    def _fault(self, kind: str) -> Fault | None:
        for fault in self._faults:
            if fault.kind == kind:
                if fault.skip:
                    fault.skip -= 1
                    return None
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    def _serve(self, request: Request) -> tuple[int, Any]:
        if request.path.startswith('/'):
            return self._serve_cloud(request)
        image_id, _, rest = request.path.partition('/')
        if request.method == 'POST' and not image_id:
            return self._create(request.body)
        if request.method == 'GET' and not image_id:
            visible = filter(self._is_visible, self.images.values())
            return 200, fake_glance_image.page(
                visible, request.query, self.page_size
            )
        image = self.images.get(image_id)
        if image is None or not self._is_visible(image):
            raise Refusal(404, f'No image found with ID {image_id}')
        resource, _, name = rest.partition('/')
        serve = {
            ('GET', ''): lambda: self._show(image),
            ('PATCH', ''): lambda: self._patch(image, request),
            ('DELETE', ''): lambda: self._delete(image),
            ('GET', 'tasks'): lambda: self._tasks_of(image_id),
            ('POST', 'import'): lambda: self._import(image, request.body),
            ('POST', 'locations'): lambda: self._add_location(
                image, request.body
            ),
            ('POST', 'actions'): lambda: self._act(image, name),
            ('GET', 'members'): lambda: self._list_members(image),
            ('POST', 'members'): lambda: self._add_member(
                image, request.body['member']
            ),
            ('DELETE', 'members'): lambda: self._remove_member(
                image, urllib.parse.unquote(name)
            ),
        }.get((request.method, resource))
        if serve is None:
            raise Refusal(405, 'no such method')
        return serve()

    def _serve_cloud(self, request: Request) -> tuple[int, Any]:
        what, _, rest = request.path[1:].partition('/')
        if request.method == 'GET' and what == 'info':
            return self._info(rest)
        if request.method == 'GET' and what == 'metadefs':
            return self._serve_metadefs(rest, request.query)
        if request.method == 'DELETE' and what == 'stores':
            store, _, image_id = rest.partition('/')
            return self._delete_from_store(
                urllib.parse.unquote(store), self.images.get(image_id)
            )
        raise Refusal(405, 'no such method')

    def _is_visible(self, image: dict[str, Any]) -> bool:
        return (
            self.is_admin
            or image['owner'] == PROJECT
            or image['visibility'] in ('public', 'community')
        )

    def _show(self, image: dict[str, Any]) -> tuple[int, Any]:
        shown = copy.deepcopy(image)
        self._work(image)
        return 200, shown

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        image = {**copy.deepcopy(BASE), **body}
        image_id = image.setdefault('id', str(uuid.uuid4()))
        if image_id in self.images or image_id in self.deleted:
            raise Refusal(409, f'Image ID {image_id} already exists!')
        fake_glance_image.check(body)
        self._check_policy(body)
        if image['owner'] != PROJECT and not self.is_admin:
            raise Refusal(
                403,
                'You are not permitted to create images owned by '
                f"'{image['owner']}'",
            )
        self.images[image_id] = image
        return 201, image

    def _check_policy(self, values: dict[str, Any]) -> None:
        if values.get('visibility') == 'public' and not self.is_admin:
            raise Refusal(
                403,
                'You are not authorized to complete publicize_image action.',
            )

    def _delete(self, image: dict[str, Any]) -> tuple[int, Any]:
        if image['protected']:
            raise Refusal(403, 'Image is protected and cannot be deleted.')
        stores = fake_glance_data.stores_of(image)
        held = [store for store in stores if store in self.in_use]
        if held:
            # The other copies are gone all the same.
            image['stores'] = ','.join(held)
            raise Refusal(
                409,
                f'Image {image["id"]} could not be deleted because it is in '
                f'use: by volume-1 in {held[0]}',
            )
        del self.images[image['id']]
        self.deleted.add(image['id'])
        return 204, b''

    def _act(self, image: dict[str, Any], action: str) -> tuple[int, Any]:
        if image['status'] not in ('active', 'deactivated'):
            raise Refusal(
                403,
                f"Not allowed to {action} image in status '{image['status']}'",
            )
        self._refuse_while_busy(image)
        image['status'] = {
            'reactivate': 'active',
            'deactivate': 'deactivated',
        }[action]
        return 204, b''

    def _list_members(self, image: dict[str, Any]) -> tuple[int, Any]:
        self._check_shared(image, 'list')
        return 200, {
            'members': [
                {'member_id': member, 'status': status}
                for member, status in self._members_of(image).items()
            ]
        }

    def _add_member(
        self, image: dict[str, Any], member: str
    ) -> tuple[int, Any]:
        self._check_shared(image, 'create')
        if member in self._members_of(image):
            raise Refusal(
                409, f'Member {member} is duplicated for image {image["id"]}'
            )
        self._members_of(image)[member] = 'pending'
        return 200, {'member_id': member, 'status': 'pending'}

    def _remove_member(
        self, image: dict[str, Any], member: str
    ) -> tuple[int, Any]:
        self._check_shared(image, 'delete')
        if member not in self._members_of(image):
            raise Refusal(404, f'{member} not found in the member list')
        del self._members_of(image)[member]
        return 204, b''

    def _members_of(self, image: dict[str, Any]) -> dict[str, str]:
        return self.members.setdefault(image['id'], {})

    def _check_shared(self, image: dict[str, Any], verb: str) -> None:
        if image['visibility'] != 'shared':
            raise Refusal(
                403,
                f'Not allowed to {verb} members for image {image["id"]}: '
                'Only shared images have members.',
            )

    def _refuse_while_busy(self, image: dict[str, Any]) -> None:
        """Fail a test that writes while an import works on the image.

        Glance answers with success, and kills the import or forgets what was
        written.
        """
        if image['id'] in self._jobs:
            raise AssertionError(f'written to while busy: {image}')

    def _patch(
        self, image: dict[str, Any], request: Request
    ) -> tuple[int, Any]:
        if request.headers.get('Content-Type') != PATCH_TYPE:
            raise Refusal(415, 'Image PATCH expects Content-Type one of: ...')
        if not isinstance(request.body, list):
            raise Refusal(
                400, 'Request body must be a JSON array of operation objects.'
            )
        self._refuse_while_busy(image)
        after = copy.deepcopy(image)
        for operation in request.body:
            fake_glance_image.apply(after, operation)
        self._check_policy(
            {
                name: after[name]
                for name in after
                if after[name] != image.get(name)
            }
        )
        gives = [each for each in request.body if each['path'] == '/owner']
        if gives and not self.is_admin:
            if gives[0]['op'] == 'add':
                # Glance does it, and then refuses.
                self.images[image['id']] = after
            raise Refusal(403, "Owner can't be updated by non admin.")
        if self.lost_writes:
            self.lost_writes -= 1
        else:
            self.images[image['id']] = after
        return 200, after
