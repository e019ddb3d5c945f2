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
import uuid

import fixtures
from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
import requests
import requests_mock
from requests_mock.contrib import fixture as requests_fixture

from heat_image_props import image_api

URL = 'http://glance.test:9292'
REQUEST_ID = 'req-11111111-2222-3333-4444-555555555555'
PATCH_TYPE = 'application/openstack-images-v2.1-json-patch'

#: What a connection does that is cut before the answer.
CUT = object()

#: What every image has.
BASE = {
    'name': None,
    'status': 'queued',
    'visibility': 'shared',
    'protected': False,
    'os_hidden': False,
    'min_disk': 0,
    'min_ram': 0,
    'disk_format': None,
    'container_format': None,
    'tags': [],
    'size': None,
    'checksum': None,
    'owner': 'test_tenant_id',
}
_READ_ONLY = frozenset(('id', 'status', 'size', 'checksum', 'owner'))


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
    """

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    time: float

    def __str__(self) -> str:
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


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class FakeGlance(fixtures.Fixture):
    """A Glance with a few images.

    :ivar images: image by id, as ``GET`` shows it
    :ivar tasks: tasks by image id
    :ivar requests: all requests, in the order they came
    :ivar import_looks: ``GET`` requests until an import ends
    :ivar import_error: message with which an import fails, or None
    :ivar lost_writes: number of changes to answer with 200 and to forget
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.clock = clock or Clock()
        self.images: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.tasks: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[Request] = []
        self.import_looks = 2
        self.import_error: str | None = None
        self.lost_writes = 0
        self._faults: list[Fault] = []
        self._running: dict[str, int] = {}

    def _setUp(self) -> None:
        self.mock = self.useFixture(requests_fixture.Fixture())
        self.mock.register_uri(
            requests_mock.ANY,
            re.compile(f'^{re.escape(URL)}/v2/images(/|$)'),
            content=self._answer,
        )

    # What a test arranges.

    def add(self, **image: Any) -> str:
        """Add an image, active unless said otherwise, and return its id."""
        image_id = image.pop('id', None) or str(uuid.uuid4())
        self.images[image_id] = {
            **copy.deepcopy(BASE),
            'id': image_id,
            'status': 'active',
            **image,
        }
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
        path = sent.path.partition('/v2/images')[2].strip('/')
        body = json.loads(sent.body) if sent.body else None
        request = Request(
            sent.method, path, body, dict(sent.headers), self.clock()
        )
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
        image_id, _, rest = request.path.partition('/')
        if request.method == 'POST' and not image_id:
            return self._create(request.body)
        if image_id not in self.images:
            raise Refusal(404, f'No image found with ID {image_id}')
        image = self.images[image_id]
        if request.method == 'GET' and not rest:
            shown = copy.deepcopy(image)
            self._work(image)
            return 200, shown
        if request.method == 'GET' and rest == 'tasks':
            return 200, {'tasks': self.tasks.get(image_id, [])}
        if request.method == 'POST' and rest == 'import':
            return self._import(image, request.body)
        if request.method == 'PATCH':
            return self._patch(image, request)
        if request.method == 'DELETE':
            if image['protected']:
                raise Refusal(403, 'Image is protected and cannot be deleted.')
            del self.images[image_id]
            self.deleted.add(image_id)
            return 204, b''
        raise Refusal(405, 'no such method')

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        image = {**copy.deepcopy(BASE), **body}
        image_id = image.setdefault('id', str(uuid.uuid4()))
        if image_id in self.images or image_id in self.deleted:
            raise Refusal(409, f'Image ID {image_id} already exists!')
        _check_text(body)
        self.images[image_id] = image
        return 201, image

    def _import(self, image: dict[str, Any], body: Any) -> tuple[int, Any]:
        if image['status'] != 'queued' or 'os_glance_import_task' in image:
            raise Refusal(409, 'Image has active task')
        task = {
            'id': str(uuid.uuid4()),
            'type': 'api_image_import',
            'status': 'processing',
            'message': '',
            'created_at': f'2026-01-01T00:00:{len(self.requests):02}',
            'input': {'import_req': body},
        }
        self.tasks.setdefault(image['id'], []).insert(0, task)
        image['os_glance_import_task'] = task['id']
        self._running[image['id']] = self.import_looks
        return 202, b''

    def _work(self, image: dict[str, Any]) -> None:
        """Let a running import come one look nearer to its end."""
        if image['id'] not in self._running:
            return
        self._running[image['id']] -= 1
        if self._running[image['id']] > 0:
            image['status'] = 'importing'
            return
        del self._running[image['id']]
        del image['os_glance_import_task']
        task = self.tasks[image['id']][0]
        if self.import_error is None:
            image.update(status='active', size=3, checksum='c' * 32)
            task.update(status='success')
        else:
            image.update(status='queued')
            task.update(status='failure', message=self.import_error)

    def _patch(
        self, image: dict[str, Any], request: Request
    ) -> tuple[int, Any]:
        if request.headers.get('Content-Type') != PATCH_TYPE:
            raise Refusal(415, 'Image PATCH expects Content-Type one of: ...')
        if not isinstance(request.body, list):
            raise Refusal(
                400, 'Request body must be a JSON array of operation objects.'
            )
        after = copy.deepcopy(image)
        for operation in request.body:
            _apply(after, operation)
        if self.lost_writes:
            self.lost_writes -= 1
        else:
            self.images[image['id']] = after
        return 200, after


def _check_text(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in BASE and not isinstance(value, str):
            raise Refusal(400, f'{value!r} is not of type &#x27;string&#x27;')


def _apply(image: dict[str, Any], operation: dict[str, Any]) -> None:
    """Apply one operation as Glance does, strictly."""
    pointer = operation['path']
    name = pointer[1:].replace('~1', '/').replace('~0', '~')
    if pointer[:1] != '/' or '/' in pointer[1:]:
        raise Refusal(400, f'Invalid JSON pointer: {pointer}')
    if name in _READ_ONLY or name.startswith('os_glance'):
        raise Refusal(403, f"Attribute '{name}' is read-only.")
    kind = operation['op']
    if kind == 'remove':
        if name in BASE:
            raise Refusal(403, f'Property {name} may not be removed.')
        if name not in image:
            raise Refusal(409, f'Property {name} does not exist.')
        del image[name]
        return
    if kind not in ('add', 'replace'):
        raise Refusal(400, f'Invalid operation: `{kind}`.')
    if kind == 'replace' and name not in image:
        raise Refusal(409, f'Property {name} does not exist.')
    _check_text({name: operation['value']})
    image[name] = operation['value']
