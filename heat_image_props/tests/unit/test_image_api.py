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

"""Tests of the requests to Glance, and of the connection they use."""

import json
import subprocess
import sys

import fixtures
import glanceclient
from keystoneauth1 import adapter
from keystoneauth1 import fixture as ksa_fixture
from keystoneauth1.identity import v3
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from requests_mock.contrib import fixture as requests_fixture

from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
IMAGE = {'id': ID, 'status': 'queued'}
AUTH = 'http://keystone.test/v3'
SOURCE = 'http://source.test:81/disk.img'


class TestImport(base.BaseTestCase):
    def test_glanceclient_is_left_to_heat(self):
        """What takes longest to import does not delay heat-engine's start."""
        script = 'import sys, heat_image_props.image_api; print(*sys.modules)'
        result = subprocess.run(
            [sys.executable, '-c', script],
            capture_output=True,
            text=True,
            check=True,
        )

        self.assertNotIn('glanceclient', result.stdout.split())


class TestRequests(base.BaseTestCase):
    """What is sent."""

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.api = self.glance.api()

    def only_request(self):
        """Return the one request that was sent."""
        self.assertEqual(1, len(self.glance.requests), self.glance.log())
        return self.glance.requests[0]

    def test_patch_has_the_media_type_and_an_array(self):
        """A change is one request of the v2.1 type, whose body is a list."""
        self.glance.add(id=ID, old='1')
        operations = [
            {'op': 'remove', 'path': '/old'},
            {'op': 'add', 'path': '/a~1b', 'value': '1'},
        ]
        after = self.api.patch(ID, iter(operations))

        sent = self.only_request()
        self.assertEqual('PATCH', sent.method)
        self.assertEqual(
            'application/openstack-images-v2.1-json-patch',
            sent.headers['Content-Type'],
        )
        self.assertEqual(operations, sent.body)
        self.assertEqual('1', after['a/b'])

    def test_media_type_survives_a_failed_request(self):
        """A refused change does not spoil the media type of the next one."""
        self.glance.add(id=ID)
        self.glance.fail('PATCH', 400)
        self.assertRaises(exception.Refused, self.api.patch, ID, [])
        self.api.patch(ID, [])

        self.assertEqual(
            [fake_glance.PATCH_TYPE] * 2,
            [sent.headers['Content-Type'] for sent in self.glance.requests],
        )

    def test_create_is_one_request(self):
        """A record is created by one POST with all that is given."""
        record = {'id': ID, 'name': 'n', 'tags': ['t'], 'key': 'välue'}
        created = self.api.create(record)

        sent = self.only_request()
        self.assertEqual(('POST', ''), (sent.method, sent.path))
        self.assertEqual(record, sent.body)
        self.assertEqual('queued', created['status'])

    def test_get_is_one_request(self):
        """An image is read by one GET and comes back as a plain dict."""
        self.glance.add(id=ID, key='value')
        image = self.api.get(ID)

        self.assertEqual('value', image['key'])
        self.assertIs(dict, type(image))
        self.assertEqual(('GET', ID), (self.only_request().method,
                                       self.only_request().path))  # fmt: skip

    def test_import_is_one_request(self):
        """An import is one POST of what is to be imported."""
        self.glance.add(id=ID, status='queued')
        request = {'method': {'name': 'web-download', 'uri': SOURCE}}
        self.assertIsNone(self.api.import_data(ID, request, SOURCE))

        sent = self.only_request()
        self.assertEqual(('POST', f'{ID}/import'), (sent.method, sent.path))
        self.assertEqual(request, sent.body)

    def test_delete_is_one_request(self):
        """An image is deleted by one DELETE."""
        self.glance.add(id=ID)
        self.assertIsNone(self.api.delete(ID))

        self.assertEqual({}, self.glance.images)
        self.assertEqual('DELETE', self.only_request().method)

    def test_tasks_come_oldest_first(self):
        """The tasks of an image are sorted by the time of their creation."""
        self.glance.add(id=ID)
        self.glance.tasks[ID] = [
            {
                'id': name,
                'status': 'success',
                'created_at': f'2026-01-0{day}T00:00:00',
            }
            for name, day in (('b', 2), ('c', 3), ('a', 1))
        ]
        self.assertEqual(
            ['a', 'b', 'c'], [task['id'] for task in self.api.tasks(ID)]
        )
        self.assertEqual(f'{ID}/tasks', self.only_request().path)


class TestRetries(base.BaseTestCase):
    """What is sent more than once."""

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.glance.add(id=ID)
        self.slept = []
        self.useFixture(fixtures.MonkeyPatch('time.sleep', self.slept.append))

    def api(self, **kwargs):
        """Return a connection as Heat makes it, with retries of its own."""
        connection = adapter.Adapter(
            session.Session(
                token_endpoint.Token(fake_glance.URL, 'token'),
                connect_retries=2,
            ),
            service_type='image',
            connect_retries=2,
            status_code_retries=2,
        )
        return image_api.ImageAPI(connection, **kwargs)

    def test_none_by_the_connection(self):
        """A request that is not answered is sent once, whatever it is."""
        api = self.api()
        for kind, request in [
            ('POST', lambda: api.create({'id': ID})),
            ('GET', lambda: api.get(ID)),
            ('PATCH', lambda: api.patch(ID, [])),
            ('DELETE', lambda: api.delete(ID)),
        ]:
            for status in (fake_glance.CUT, 503):
                self.glance.requests.clear()
                self.glance.fail(kind, status)
                self.assertRaises(exception.Unavailable, request)
                self.assertEqual([kind], self.glance.log())
        self.assertEqual([], self.slept)

    def test_a_patient_question(self):
        """A question is repeated, for whoever has no steps to wait in."""
        for status in (fake_glance.CUT, 500, 503):
            self.glance.requests.clear()
            self.glance.fail('GET', status, times=2)
            self.assertEqual(ID, self.api(is_patient=True).get(ID)['id'])
            self.assertEqual(3 * ['GET'], self.glance.log())
        self.assertEqual(3 * [1.0, 2.0], self.slept)

    def test_a_patient_question_in_vain(self):
        """It is given up soon, with the last answer."""
        self.glance.fail('GET', 503, 'away', times=99)
        error = self.assertRaises(
            exception.Unavailable, self.api(is_patient=True).get, ID
        )
        self.assertIn('away', str(error))
        self.assertEqual(3 * ['GET'], self.glance.log())

    def test_a_patient_change(self):
        """What is no question is never repeated here."""
        self.glance.fail('PATCH', 503, times=99)
        self.assertRaises(
            exception.Unavailable, self.api(is_patient=True).patch, ID, []
        )
        self.assertEqual(['PATCH'], self.glance.log())

    def test_asked_to_wait(self):
        """A short Retry-After is obeyed, and a long one ends the attempt."""
        for seconds, sent in (('7', 2), ('11', 1)):
            self.glance.requests.clear()
            self.glance.fail('GET', 429, headers={'Retry-After': seconds})
            try:
                self.api(is_patient=True).get(ID)
            except exception.Unavailable:
                self.assertEqual('11', seconds)
            self.assertEqual(sent, len(self.glance.requests))
        self.assertEqual([7.0], self.slept)

    def test_finding(self):
        """An image is looked for more than once before it is gone."""
        self.glance.fail('GET', 404, times=2)
        self.assertEqual(ID, self.api().find(ID)['id'])
        self.assertEqual(3 * ['GET'], self.glance.log())
        self.glance.images.clear()
        self.assertRaises(exception.Gone, self.api().find, ID)
        self.assertEqual(6 * ['GET'], self.glance.log())
        self.assertEqual(2 * [1.0, 2.0], self.slept)

    def test_is_not_for_ever(self):
        """A server that is silent is given up after a minute."""
        self.api().get(ID)
        self.assertEqual(60.0, self.glance.mock.last_request.timeout)


class TestConnection(base.BaseTestCase):
    """How a client of glanceclient is taken over."""

    scenarios = [
        ('plain', {'suffix': ''}),
        ('slash', {'suffix': '/'}),
        ('version', {'suffix': '/v2'}),
        ('version and slash', {'suffix': '/v2/'}),
        ('minor version', {'suffix': '/v2.9/'}),
        ('path', {'suffix': '/image'}),
        ('path and version', {'suffix': '/image/v2'}),
    ]

    def setUp(self):
        super().setUp()
        self.mock = self.useFixture(requests_fixture.Fixture())
        token = ksa_fixture.V3Token()
        service = token.add_service('image', 'glance')
        for region in ('here', 'there'):
            service.add_standard_endpoints(
                region=region,
                public=f'http://public.{region}{self.suffix}',
                internal=f'http://internal.{region}{self.suffix}',
                admin=f'http://admin.{region}{self.suffix}',
            )
        self.mock.get(AUTH, json={'version': ksa_fixture.V3Discovery(AUTH)})
        self.mock.post(
            f'{AUTH}/auth/tokens',
            json=token,
            headers={'X-Subject-Token': 'the-token'},
        )
        path = self.suffix.rstrip('/').partition('/v2')[0]
        self.url = f'http://internal.there{path}/v2/images/{ID}'
        self.session = session.Session(
            v3.Password(AUTH, username='u', password='p', project_id='x')
        )

    def client(self, **kwargs):
        """Return a client as Heat makes it."""
        return glanceclient.Client(
            '2',
            session=self.session,
            service_type='image',
            interface='internal',
            region_name='there',
            **kwargs,
        )

    def test_uses_the_endpoint_of_region_and_interface(self):
        """The request goes where the client's region and interface say."""
        self.mock.get(self.url, json=IMAGE)
        api = image_api.ImageAPI.from_client(self.client())

        self.assertEqual(IMAGE, api.get(ID))
        sent = self.mock.request_history[-1]
        self.assertEqual(self.url, sent.url)
        self.assertEqual('the-token', sent.headers['X-Auth-Token'])
        self.assertIn('heat-image-props', sent.headers['User-Agent'])

    def test_renews_a_token(self):
        """A token that has expired is renewed once, and the request sent."""
        self.mock.get(
            self.url,
            [
                {'status_code': 401},
                {'json': IMAGE},
                {'status_code': 401, 'text': 'no'},
            ],
        )
        api = image_api.ImageAPI.from_client(self.client())
        self.assertEqual(IMAGE, api.get(ID))
        error = self.assertRaises(exception.Unauthorized, api.get, ID)
        self.assertIn('(HTTP 401). The token', str(error))
        self.assertEqual(
            4,
            [sent.url for sent in self.mock.request_history].count(self.url),
        )

    def test_asks_for_no_schema(self):
        """Nothing is requested from Glance but what is asked for."""
        self.mock.post(self.url.rpartition('/')[0], json=IMAGE)
        image_api.ImageAPI.from_client(self.client()).create({'id': ID})

        self.assertEqual(
            1,
            len([
                sent
                for sent in self.mock.request_history
                if sent.hostname == 'internal.there'
            ]),
        )  # fmt: skip

    def test_takes_over_the_request_id(self):
        """The id by which operators follow a request is passed on."""
        self.mock.get(self.url, json=IMAGE)
        client = self.client(global_request_id='req-global')
        image_api.ImageAPI.from_client(client).get(ID)

        self.assertEqual(
            'req-global',
            self.mock.request_history[-1].headers['X-Openstack-Request-Id'],
        )

    def test_takes_over_an_endpoint(self):
        """An endpoint given to the client wins over the catalogue."""
        url = f'http://elsewhere.test/v2/images/{ID}'
        self.mock.get(url, json=IMAGE)
        client = self.client(
            endpoint_override=f'http://elsewhere.test{self.suffix}'
        )
        if '/image' in self.suffix:
            url = f'http://elsewhere.test/image/v2/images/{ID}'
            self.mock.get(url, json=IMAGE)
        image_api.ImageAPI.from_client(client).get(ID)

        self.assertEqual(url, self.mock.request_history[-1].url)


class TestBody(base.BaseTestCase):
    """The bytes on the wire."""

    def test_any_text_arrives(self):
        """Values beyond ASCII, quotes and controls arrive as they are."""
        glance = self.useFixture(fake_glance.FakeGlance())
        glance.add(id=ID)
        value = 'ü"\\\n\u2028é'
        glance.api().patch(ID, [{'op': 'add', 'path': '/k', 'value': value}])

        self.assertEqual(value, glance.images[ID]['k'])
        self.assertEqual(
            value, json.loads(json.dumps(glance.requests[0].body))[0]['value']
        )
