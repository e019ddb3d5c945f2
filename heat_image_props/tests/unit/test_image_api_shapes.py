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

"""Tests of answers that are a success, and not one of Glance."""

import testscenarios

from heat_image_props import exception
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
IMAGE = {'id': ID, 'status': 'active'}
TASK = {'id': 'x', 'status': 'success'}

#: Each request that is answered with JSON: its kind, its status, how it is
#: sent, and an answer that is the least of what Glance gives.
REQUESTS = {
    'get': ('GET', 200, lambda api: api.get(ID), IMAGE),
    'images': ('GET', 200, lambda api: [*api.images()], {'images': [IMAGE]}),
    'create': ('POST', 201, lambda api: api.create({'id': ID}), IMAGE),
    'patch': ('PATCH', 200, lambda api: api.patch(ID, []), IMAGE),
    'add_member': (
        'POST members',
        200,
        lambda api: api.add_member(ID, 'p'),
        {'member_id': 'p'},
    ),
    'members': (
        'GET members',
        200,
        lambda api: api.members(ID),
        {'members': [{'member_id': 'p'}]},
    ),
    'tasks': ('GET tasks', 200, lambda api: api.tasks(ID), {'tasks': [TASK]}),
    'stores': (
        'GET /info/stores',
        200,
        lambda api: api.stores(),
        {'stores': [{'id': 'fast'}]},
    ),
    'import_methods': (
        'GET /info/import',
        200,
        lambda api: api.import_methods(),
        {'import-methods': {'value': ['web-download']}},
    ),
}

#: Bodies that are no answer to any request, and what is said of them.
NO_ANSWERS = {
    'HTML': ('<html>hello</html>', 'is no JSON object'),
    'truncated': (b'{"id": "1111', 'is no JSON object'),
    'empty': (b'', 'is no JSON object'),
    'no UTF-8': (b'\xff\xfe{}', 'is no JSON object'),
    'nested without end': (b'[' * 100000, 'is no JSON object'),
    'null': (b'null', 'is no JSON object'),
    'a list': (['x'], 'is no JSON object'),
    'a text': (b'"x"', 'is no JSON object'),
    'a number': (b'1', 'is no JSON object'),
    'an empty object': ({}, 'the answer has no "'),
    'another object': ({'hello': 'world'}, 'the answer has no "'),
}


def _wrong(request, document, said):
    """Return a scenario with an answer that is nearly right."""
    return (
        f'{request}, {said}',
        {'request': request, 'body': document, 'said': said},
    )


class TestNoAnswer(base.BaseTestCase):
    """Whatever is answered with success in the place of Glance."""

    scenarios = [
        *testscenarios.multiply_scenarios(
            [(name, {'request': name}) for name in REQUESTS],
            [
                (name, {'body': body, 'said': said})
                for name, (body, said) in NO_ANSWERS.items()
            ],
        ),
        *(
            _wrong(request, document, said)
            for request in ('get', 'create', 'patch')
            for document, said in (
                ({'status': 'active'}, 'the answer has no "id"'),
                ({'id': ID}, 'the answer has no "status"'),
                ({**IMAGE, 'id': 1}, '"id" in the answer is no text'),
                (
                    {**IMAGE, 'status': None},
                    '"status" in the answer is no text',
                ),
                ({**IMAGE, 'tags': 1}, '"tags" in the answer is no list'),
                (
                    {**IMAGE, 'tags': ['a', {}]},
                    'an item of "tags" in the answer is no text',
                ),
                (
                    {**IMAGE, 'direct_url': 1},
                    '"direct_url" in the answer is no text',
                ),
                (
                    {**IMAGE, 'locations': [{}]},
                    'an item of "locations" in the answer has no "url"',
                ),
                (
                    {**IMAGE, 'os_glance_import_task': []},
                    '"os_glance_import_task" in the answer is no text',
                ),
            )
        ),
        _wrong(
            'add_member',
            {'member_id': 7},
            '"member_id" in the answer is no text',
        ),
        *(
            _wrong(request, {name: document}, said)
            for request, name in (
                ('images', 'images'),
                ('members', 'members'),
                ('tasks', 'tasks'),
                ('stores', 'stores'),
            )
            for document, said in (
                (None, f'"{name}" in the answer is no list'),
                ({}, f'"{name}" in the answer is no list'),
                (
                    ['x'],
                    f'an item of "{name}" in the answer is no JSON object',
                ),
                ([{}], f'an item of "{name}" in the answer has no "'),
            )
        ),
        _wrong(
            'images',
            {'images': [IMAGE], 'next': 1},
            '"next" in the answer is no text',
        ),
        _wrong(
            'tasks',
            {'tasks': [TASK, {**TASK, 'message': {}}]},
            '"message" in an item of "tasks" in the answer is no text',
        ),
        *(
            _wrong('import_methods', {'import-methods': document}, said)
            for document, said in (
                (None, '"import-methods" in the answer is no JSON object'),
                ({}, '"import-methods" in the answer has no "value"'),
                (
                    {'value': 'x'},
                    '"value" in "import-methods" in the answer is no list',
                ),
                (
                    {'value': [1]},
                    'an item of "value" in "import-methods" in the answer '
                    'is no text',
                ),
            )
        ),
    ]

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.glance.add(id=ID)
        self.kind, self.status, self.ask, self.right = REQUESTS[self.request]

    def test_is_unavailable(self):
        """Whether the request was carried out is not known; it is said so."""
        self.glance.fail(self.kind, self.status, self.body)
        error = self.assertRaises(
            exception.Unavailable, self.ask, self.glance.api()
        )
        self.assertEqual(self.status, error.status)
        self.assertIn(self.said, error.reason)
        self.assertIn(fake_glance.REQUEST_ID, str(error))


class TestAnswer(base.BaseTestCase):
    """What Glance answers."""

    scenarios = [(name, {'request': name}) for name in REQUESTS]

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.kind, self.status, self.ask, self.right = REQUESTS[self.request]

    def test_is_taken(self):
        """The least that Glance gives is enough, whatever stands beside it."""
        nothing = {'tags': None, 'locations': None, 'direct_url': None}
        for body in (
            self.right,
            {**self.right, 'more': {'x': []}},
            {**nothing, **self.right},
        ):
            self.glance.fail(self.kind, self.status, body)
            self.ask(self.glance.api())
        self.assertEqual(3, len(self.glance.requests))
