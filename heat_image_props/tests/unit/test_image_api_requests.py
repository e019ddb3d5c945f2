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

"""Tests of the requests to Glance that are not about its metadata."""

import urllib.parse

from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from requests_mock.contrib import fixture as requests_fixture

from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
SOURCE = 'http://mia:s3cr3t@source.test:81/disk.img?sig=t0ken'


def connect():
    """Return a connection to a Glance of which each test says what it does."""
    return image_api.ImageAPI(
        adapter.Adapter(
            session.Session(token_endpoint.Token(fake_glance.URL, 'token')),
            service_type='image',
        )
    )


class TestDefinitions(base.BaseTestCase):
    """Requests for metadata definitions."""

    def setUp(self):
        super().setUp()
        self.mock = self.useFixture(requests_fixture.Fixture())

    def test_list(self):
        """A page begins after the last namespace of the one before."""
        url = f'{fake_glance.URL}/v2/metadefs/namespaces'
        self.mock.get(url, json={'namespaces': []})
        api = connect()
        self.assertEqual({'namespaces': []}, api.namespaces('A::B'))
        api.namespaces('A::B', 'C::D &')
        queries = [
            urllib.parse.parse_qs(each.query, keep_blank_values=True)
            for each in self.mock.request_history
        ]
        self.assertEqual(
            [
                {'resource_types': ['a::b'], 'limit': ['1000']},
                {
                    'resource_types': ['a::b'],
                    'limit': ['1000'],
                    'marker': ['c::d &'],
                },
            ],
            queries,
        )

    def test_namespace(self):
        """A name is one segment of the path, and the wait is short."""
        url = f'{fake_glance.URL}/v2/metadefs/namespaces/A%2FB%3F'
        self.mock.get(url, json={'namespace': 'A/B?'})
        self.assertEqual(
            {'namespace': 'A/B?'}, connect().namespace('A/B?', 'C')
        )
        sent = self.mock.last_request
        self.assertEqual('resource_type=c', sent.query)
        self.assertEqual(image_api.DEFINITIONS_TIMEOUT, sent.timeout)

    def test_name_of_dots(self):
        """No path leads to a name of dots."""
        self.assertRaises(exception.NotFound, connect().namespace, '..', 'C')
        self.assertEqual([], self.mock.request_history)


class TestOneRequest(base.BaseTestCase):
    """Requests whose answer is of no interest."""

    scenarios = [
        (
            f'{call} {number}',
            {'call': call, 'arguments': arguments, 'method': method,
             'path': path, 'body': body, 'status': status, 'answer': answer},
        )
        for number, (
            call, arguments, method, path, body, status, answer
        ) in enumerate([
            (
                'add_location', (SOURCE,),
                'POST', f'/images/{ID}/locations', {'url': SOURCE}, 202, '',
            ),
            (
                'add_member', ('a b/c',),
                'POST', f'/images/{ID}/members', {'member': 'a b/c'},
                200, '{"member_id": "a b/c"}',
            ),
            (
                'remove_member', ('a b/c%?',),
                'DELETE', f'/images/{ID}/members/a%20b%2Fc%25%3F', None,
                204, '',
            ),
            (
                'delete_from_store', ('fast/2',),
                'DELETE', f'/stores/fast%2F2/{ID}', None, 204, '',
            ),
            (
                'set_active', (True,),
                'POST', f'/images/{ID}/actions/reactivate', None, 204, '',
            ),
            (
                'set_active', (False,),
                'POST', f'/images/{ID}/actions/deactivate', None, 204, '',
            ),
        ])
    ]  # fmt: skip

    def setUp(self):
        super().setUp()
        self.mock = self.useFixture(requests_fixture.Fixture())
        self.url = f'{fake_glance.URL}/v2{self.path}'
        self.send = getattr(connect(), self.call)

    def test_is_one_request(self):
        """There is one request, and nothing is made of the answer."""
        sent = self.mock.request(
            self.method, self.url, status_code=self.status, text=self.answer
        )
        self.assertIsNone(self.send(ID, *self.arguments))
        self.assertEqual(1, sent.call_count)
        self.assertEqual(self.url, sent.last_request.url)
        self.assertEqual(
            self.body,
            sent.last_request.json() if sent.last_request.body else None,
        )

    def test_is_not_believed(self):
        """A success that Glance does not answer with is none."""
        self.mock.request(
            self.method,
            self.url,
            status_code=200,
            text='<html>Please log in.</html>',
            headers={'X-Openstack-Request-Id': 'req-1'},
        )
        error = self.assertRaises(
            exception.Unavailable, self.send, ID, *self.arguments
        )
        self.assertIn('(HTTP 200, req-1)', str(error))

    def test_is_refused(self):
        """A refusal says what was attempted, for which image."""
        for status, error in [
            (403, exception.Refused),
            (404, exception.NotFound),
            (409, exception.Conflict),
            (503, exception.Unavailable),
        ]:
            self.mock.request(
                self.method, self.url, status_code=status, text='no'
            )
            found = self.assertRaises(error, self.send, ID, *self.arguments)
            self.assertIn(ID, str(found))
            self.assertNotIn('t0ken', str(found))


class TestNoPath(base.BaseTestCase):
    """Names that would lead to another place."""

    def test_dots_are_never_sent(self):
        """A name of dots alone is one that nothing has."""
        mock = self.useFixture(requests_fixture.Fixture())
        api = connect()
        for call in (api.remove_member, api.delete_from_store):
            for name in ('.', '..', ''):
                error = self.assertRaises(exception.NotFound, call, ID, name)
                self.assertIn(ID, str(error))
        self.assertEqual([], mock.request_history)


class TestOffers(base.BaseTestCase):
    """What the cloud says of itself and of an image."""

    METHODS = ('import_methods', '/info/import')
    STORES = ('stores', '/info/stores')
    MEMBERS = ('members', f'/images/{ID}/members')
    scenarios = [
        (
            f'{call} {number}',
            {'call': call, 'path': path, 'answer': answer, 'found': found},
        )
        for number, ((call, path), answer, found) in enumerate(
            [
                (
                    METHODS,
                    {'import-methods': {'type': 'array', 'value': ['a', 'b']}},
                    ['a', 'b'],
                ),
                (METHODS, {'import-methods': {'value': []}}, []),
                (
                    STORES,
                    {
                        'stores': [
                            {'id': 'fast', 'default': 'true'},
                            {'id': 'slow'},
                            {'id': 'http', 'read-only': 'true'},
                            {'id': 'ceph', 'read-only': 'false'},
                            {'id': 'cold', 'read-only': True},
                        ]
                    },
                    ['fast', 'slow', 'ceph'],
                ),
                (STORES, {'stores': []}, []),
                (
                    MEMBERS,
                    {
                        'members': [
                            {'member_id': 'p', 'status': 'pending'},
                            {'member_id': 'q', 'status': 'rejected'},
                        ]
                    },
                    {'p', 'q'},
                ),
                (MEMBERS, {'members': []}, frozenset()),
            ]
        )
    ]

    def setUp(self):
        super().setUp()
        self.mock = self.useFixture(requests_fixture.Fixture())
        self.url = f'{fake_glance.URL}/v2{self.path}'
        self.arguments = (ID,) if 'images' in self.path else ()

    def ask(self):
        """Return what the cloud says."""
        return getattr(connect(), self.call)(*self.arguments)

    def test_is_read(self):
        """The answer to one GET is read, as far as it is there."""
        sent = self.mock.get(self.url, json=self.answer)
        self.assertEqual(self.found, self.ask())
        self.assertEqual(1, sent.call_count)

    def test_is_not_there(self):
        """A cloud without a choice of stores has none to choose from."""
        self.mock.get(self.url, status_code=404, text='no')
        if self.call == 'stores':
            self.assertEqual([], self.ask())
        else:
            self.assertRaises(exception.NotFound, self.ask)

    def test_is_refused(self):
        """Any other refusal is none of these answers."""
        self.mock.get(self.url, status_code=403, text='no')
        self.assertRaises(exception.Refused, self.ask)
