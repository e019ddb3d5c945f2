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

"""What is asked of Glance is told by method and path."""

from oslotest import base
import testscenarios

from minicloud import wire

_CASES = {
    'create': 'POST /v2/images',
    'list': 'GET /v2/images',
    'get': 'GET /v2/images/ID',
    'patch': 'PATCH /v2/images/ID',
    'delete': 'DELETE /v2/images/ID',
    'import': 'POST /v2/images/ID/import',
    'add-location': 'POST /v2/images/ID/locations',
    'members': 'GET /v2/images/ID/members',
    'add-member': 'POST /v2/images/ID/members',
    'remove-member': 'DELETE /v2/images/ID/members/a',
    'deactivate': 'POST /v2/images/ID/actions/deactivate',
    'reactivate': 'POST /v2/images/ID/actions/reactivate',
    'tasks': 'GET /v2/images/ID/tasks',
    'remove-from-store': 'DELETE /v2/stores/fast/ID',
    'upload': 'PUT /v2/images/ID/file',
    'download': 'GET /v2/images/ID/file',
}


class TestOperation(testscenarios.TestWithScenarios, base.BaseTestCase):
    scenarios = [
        (name, {'name': name, 'request': request})
        for name, request in _CASES.items()
    ]

    def test_operation(self):
        """A request is known by its operation and its image."""
        method, path = self.request.split()

        self.assertEqual(
            (self.name, 'ID' if 'ID' in path else None),
            wire.operation(method, path),
        )


class TestOthers(base.BaseTestCase):
    def test_info(self):
        """What the cloud offers is a matter of no image."""
        self.assertEqual(
            ('methods', None), wire.operation('GET', '/v2/info/import')
        )
        self.assertEqual(
            ('stores', None), wire.operation('GET', '/v2/info/stores')
        )

    def test_unknown(self):
        """Anything else is one of the others."""
        for path in ('/', '/v2', '/v2/images/ID/odd', '/v1/images/ID'):
            self.assertEqual(
                ('other', None), wire.operation('GET', path), path
            )
