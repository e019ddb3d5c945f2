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

"""A Heat with a few stacks, and a Keystone, for what only asks."""

from __future__ import annotations

import json
import re
from typing import Any
import urllib.parse
import uuid

import fixtures
from keystoneauth1 import fixture as ksa_fixture

AUTH = 'http://keystone.test/v3'
HEAT = 'http://heat.test/v1/project'
PASSWORD = 'correct-horse'


class FakeHeat(fixtures.Fixture):
    """What Heat shows of stacks to one account.

    :param mock: the mock of the requests
    :ivar stacks: in the order in which they are listed
    :ivar resources: those of a stack, by the id of the stack
    :ivar global_status: the answer to who asks for all projects
    :ivar is_admin: whether the project of each stack is shown
    :ivar properties: those of the image type; None if it is hidden
    :ivar faults: status by the path that it is the answer to
    :ivar asked: the paths that were asked for, with their queries
    """

    def __init__(self, mock: Any) -> None:
        super().__init__()
        self._mock = mock
        self.stacks: list[dict[str, Any]] = []
        self.resources: dict[str, list[dict[str, Any]]] = {}
        self.global_status = 403
        self.is_admin = False
        self.properties: dict[str, Any] | None = {'property': {}}
        self.faults: dict[str, int] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def _setUp(self) -> None:
        self._mock.get(
            re.compile(f'^{re.escape(HEAT)}/'), content=self._answer
        )

    def add(self, name: str = 'golden') -> dict[str, Any]:
        """Add a stack without resources, and return it."""
        stack = {'stack_name': name, 'id': str(uuid.uuid4())}
        self.stacks.append(stack)
        self.resources[stack['id']] = []
        return stack

    def add_image(
        self,
        stack: dict[str, Any],
        image_id: str | None,
        *,
        name: str = 'image',
        status: str = 'CREATE_COMPLETE',
        kind: str = 'OS::Glance::Image',
        nested: str = '',
    ) -> None:
        """Add a resource to a stack, or to one that is nested in it."""
        path = f'{stack["stack_name"]}/{stack["id"]}'
        if nested:
            path = f'{nested}/{uuid.uuid4()}'
        self.resources[stack['id']].append(
            {
                'resource_name': name,
                'physical_resource_id': image_id,
                'resource_status': status,
                'resource_type': kind,
                'links': [
                    {'rel': 'self', 'href': f'{HEAT}/stacks/{path}/x'},
                    {'rel': 'stack', 'href': f'{HEAT}/stacks/{path}'},
                ],
            }
        )

    def _answer(self, request: Any, context: Any) -> bytes:
        parts = urllib.parse.urlsplit(request.url)
        path = parts.path[len('/v1/project') :]
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.asked.append((path, query))
        context.status_code, answer = self._serve(path, query)
        return json.dumps(answer).encode()

    def _serve(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path in self.faults:
            return self.faults[path], {'error': {'message': 'it broke'}}
        if path.startswith('/resource_types/'):
            if self.properties is None:
                said = 'OS::Glance::Image is not supported.'
                return 400, {'error': {'message': said}}
            return 200, {'properties': self.properties}
        if path == '/stacks':
            return self._list(query)
        *_, stack_id, _ = path.split('/')
        return 200, {'resources': self.resources[stack_id]}

    def _list(self, query: dict[str, str]) -> tuple[int, Any]:
        if 'global_tenant' in query and self.global_status != 200:
            return self.global_status, {'error': {'message': 'Forbidden'}}
        ids = [stack['id'] for stack in self.stacks]
        first = ids.index(query['marker']) + 1 if 'marker' in query else 0
        page = self.stacks[first : first + int(query['limit'])]
        if self.is_admin:
            page = [{**stack, 'project': 'another'} for stack in page]
        return 200, {'stacks': page}


def add_keystone(mock: Any, image: str) -> None:
    """Make Keystone answer who knows the password, with a catalogue.

    :param mock: the mock of the requests
    :param image: URL of Glance
    """
    token = ksa_fixture.V3Token(project_id='project', project_name='demo')
    for kind, url in (('image', image), ('orchestration', HEAT)):
        service = token.add_service(kind)
        service.add_standard_endpoints(public=url, region='RegionOne')
    version = ksa_fixture.V3Discovery(AUTH)
    mock.get(AUTH, json={'version': version})

    def answer(request: Any, context: Any) -> Any:
        if PASSWORD not in request.text:
            context.status_code = 401
            return {'error': {'message': 'Wrong password', 'code': 401}}
        context.headers['X-Subject-Token'] = 'token'
        context.status_code = 201
        return token if '"scope"' in request.text else ksa_fixture.V3Token()

    mock.post(f'{AUTH}/auth/tokens', json=answer)
