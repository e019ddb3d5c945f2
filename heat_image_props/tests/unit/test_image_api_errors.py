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

"""Tests of what becomes of answers that are no success, and of secrets."""

import logging
import traceback
import urllib.parse

import fixtures
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import session
from keystoneauth1 import token_endpoint

from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
SOURCE = 'http://mia:s3cr3t&%22x@source.test:81/d%20isk.img?sig=t0ken&b=1'
IMPORT = {'method': {'name': 'web-download', 'uri': SOURCE}}
SECRETS = ('mia', 's3cr3t', 't0ken')


class TestErrors(base.BaseTestCase):
    """Which error an answer becomes."""

    scenarios = [
        *(
            (str(status), {'status': status, 'error': exception.Refused})
            for status in (400, 403, 405, 410, 413, 415)
        ),
        ('401', {'status': 401, 'error': exception.Unauthorized}),
        (
            '404',
            {
                'status': 404,
                'error': exception.NotFound,
                'of_image': exception.Gone,
            },
        ),
        ('409', {'status': 409, 'error': exception.Conflict}),
        *(
            (str(status), {'status': status, 'error': exception.Unavailable})
            for status in (429, 500, 502, 503, 504)
        ),
        (
            'connection cut',
            {'status': fake_glance.CUT, 'error': exception.Unavailable},
        ),
    ]

    #: What it becomes if the image itself is asked for.
    of_image = None

    def test_is_of_the_right_class(self):
        """Every kind of request fails with the class of the status."""
        glance = self.useFixture(fake_glance.FakeGlance())
        glance.add(id=ID)
        api = glance.api()
        for kind, request in [
            ('POST', lambda: api.create({'id': ID})),
            ('GET', lambda: api.get(ID)),
            ('PATCH', lambda: api.patch(ID, [])),
            ('DELETE', lambda: api.delete(ID)),
            ('POST import', lambda: api.import_data(ID, IMPORT, SOURCE)),
            ('GET tasks', lambda: api.tasks(ID)),
        ]:
            glance.fail(kind, self.status)
            error = self.assertRaises(exception.RequestFailed, request)

            expected = self.of_image if kind == 'GET' else None
            self.assertIs(expected or self.error, type(error), kind)
            if self.status is fake_glance.CUT:
                self.assertIsNone(error.status)
                self.assertNotIn('HTTP', str(error))
            else:
                self.assertEqual(self.status, error.status)
                self.assertIn(f'HTTP {self.status}', str(error))
                self.assertEqual(fake_glance.REQUEST_ID, error.request_id)
                self.assertIn(fake_glance.REQUEST_ID, str(error))
            self.assertIn(ID, str(error))
        self.assertEqual(6, len(glance.requests))


class TestErrorText(base.BaseTestCase):
    """What is said of Glance's own words."""

    LIMIT = (
        'The limit has been exceeded on the number of allowed image '
        'properties. Attempted: 6, Maximum: 5'
    )
    QUOTED = "Attribute 'status' is read-only."
    scenarios = [
        (
            'plain text',
            {
                'status': 413,
                'body': LIMIT,
                'said': LIMIT,
                'headers': {'Content-Type': 'text/plain'},
            },
        ),
        (
            'HTML of webob',
            {
                'status': 403,
                'body': '<html>\n <head>\n  <title>403 Forbidden</title>\n '
                '</head>\n <body>\n  <h1>403 Forbidden</h1>\n  '
                'Attribute &#x27;status&#x27; is read-only.<br /><br />\n\n\n'
                ' </body>\n</html>',
                'said': QUOTED,
                'headers': {'Content-Type': 'text/html; charset=UTF-8'},
            },
        ),
        (
            'JSON of webob',
            {
                'status': 403,
                'body': {
                    'message': 'Attribute &#x27;status&#x27; is read-only.'
                    '<br /><br />\n\n\n',
                    'code': '403 Forbidden',
                    'title': 'Forbidden',
                },
                'said': QUOTED,
                'headers': {},
            },
        ),
        (
            'JSON of keystonemiddleware',
            {
                'status': 401,
                'body': {'error': {'message': QUOTED, 'code': 401}},
                'said': QUOTED,
                'headers': {},
            },
        ),
        (
            'JSON with a text as error',
            {
                'status': 500,
                'body': {'error': QUOTED},
                'said': QUOTED,
                'headers': {},
            },
        ),
        (
            'JSON list',
            {'status': 400, 'body': ['x'], 'said': '["x"]', 'headers': {}},
        ),
        (
            'empty',
            {'status': 503, 'body': b'', 'said': '', 'headers': {}},
        ),
    ]

    def test_is_plain(self):
        """The reason is what Glance says, without markup and escapes."""
        glance = self.useFixture(fake_glance.FakeGlance())
        glance.fail('GET', self.status, self.body, headers=self.headers)
        error = self.assertRaises(
            exception.RequestFailed, glance.api().get, ID
        )
        self.assertEqual(self.said or 'no reason given', error.reason)

    def test_is_cut(self):
        """An endless answer does not make an endless message."""
        glance = self.useFixture(fake_glance.FakeGlance())
        glance.fail('GET', self.status, 'x' * 100000)
        error = self.assertRaises(
            exception.RequestFailed, glance.api().get, ID
        )
        self.assertLess(len(str(error)), 1000)


class TestNoConnection(base.BaseTestCase):
    """What keeps a request from being sent at all."""

    def api(self, auth):
        """Return a connection with this kind of authentication."""
        return image_api.ImageAPI(
            adapter.Adapter(session.Session(auth), service_type='image')
        )

    def test_no_endpoint(self):
        """A catalogue without the image service is named as the cause."""
        api = self.api(None)
        error = self.assertRaises(exception.Refused, api.get, ID)
        self.assertIsNone(error.status)

    def test_no_token(self):
        """A refused token is an error of ours and not of keystoneauth."""

        class Refusing(token_endpoint.Token):
            def get_token(self, *args, **kwargs):
                raise ksa_exceptions.Unauthorized('token is revoked')

        api = self.api(Refusing(fake_glance.URL, 'token'))
        error = self.assertRaises(exception.Refused, api.get, ID)
        self.assertIn('token is revoked', str(error))

    def test_no_keystone(self):
        """A 404 of Keystone does not mean that the image is gone."""

        class Lost(token_endpoint.Token):
            def get_token(self, *args, **kwargs):
                raise ksa_exceptions.NotFound('no such path')

        api = self.api(Lost(fake_glance.URL, 'token'))
        error = self.assertRaises(exception.Refused, api.get, ID)
        self.assertNotIsInstance(error, exception.NotFound)


def _escape(url):
    return ''.join(f'&#{ord(c)};' for c in url)


class TestSecrets(base.BaseTestCase):
    """Credentials in the URL of a source."""

    scenarios = [
        ('as sent', {'echo': str}),
        ('entities', {'echo': _escape}),
        (
            'entities of the ampersand',
            {'echo': lambda url: url.replace('&', '&amp;')},
        ),
        ('in quotes', {'echo': repr}),
        ('cut', {'echo': lambda url: url[:-9]}),
        ('quoted', {'echo': urllib.parse.quote}),
        (
            'quoted as a form',
            {'echo': lambda url: urllib.parse.quote(url, safe='')},
        ),
    ]

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.glance.add(id=ID, status='queued')

    def assertKept(self, text):
        """Fail if a text holds one of the secrets."""
        for secret in SECRETS:
            self.assertNotIn(secret, text)
            self.assertNotIn(urllib.parse.quote(secret), text)

    def requests(self):
        """Return what sends the URL of the source, by kind."""
        api = self.glance.api()
        return {
            'POST import': lambda: api.import_data(ID, IMPORT, SOURCE),
            'POST locations': lambda: api.add_location(ID, SOURCE),
        }

    def test_are_not_in_an_error(self):
        """An error tells the host, even if Glance echoes the whole URL."""
        for kind, request in self.requests().items():
            for body in (
                f'<h1>400</h1>URI {self.echo(SOURCE)} is bad<br />',
                {'message': f'URI {self.echo(SOURCE)} is bad'},
            ):
                self.glance.fail(kind, 400, body)
                error = self.assertRaises(exception.Refused, request)
                self.assertKept(str(error))
                self.assertKept(error.reason)
                self.assertIn('source.test:81', str(error))
                self.assertIn('is bad', str(error))
                self.assertKept(''.join(traceback.format_exception(error)))

    def test_are_not_in_another_request_s_error(self):
        """An answer is searched for URLs whatever was asked."""
        self.glance.fail('GET', 500, f'while fetching {self.echo(SOURCE)}')
        error = self.assertRaises(
            exception.Unavailable, self.glance.api().get, ID
        )
        self.assertKept(str(error))

    def test_are_not_logged(self):
        """Neither the request nor the answer of an import is logged."""
        self.glance.api().get(ID)
        self.assertIn('/v2/images', self.log.output)
        before = len(self.log.output)
        for kind, request in self.requests().items():
            for status in (202, 400, fake_glance.CUT):
                self.glance.fail(kind, status, self.echo(SOURCE))
                try:
                    request()
                except exception.RequestFailed as error:
                    self.assertKept(str(error))
        self.assertKept(self.log.output[before:])

    def test_of_tasks_are_not_logged(self):
        """The answer about tasks, which holds the URL, is not logged."""
        self.glance.tasks[ID] = [
            {
                'id': 'x',
                'status': 'processing',
                'input': {
                    'import_req': {'method': {'uri': self.echo(SOURCE)}}
                },
            }
        ]
        self.glance.api().tasks(ID)
        self.assertKept(self.log.output)

    def test_of_an_image_are_not_logged(self):
        """What an image shows of its location is not logged."""
        self.glance.images[ID].update(
            direct_url=SOURCE, locations=[{'url': SOURCE, 'metadata': {}}]
        )
        api = self.glance.api()
        self.assertEqual(SOURCE, api.get(ID)['direct_url'])
        api.patch(ID, [{'op': 'add', 'path': '/a', 'value': '1'}])
        self.assertKept(self.log.output)
        self.assertIn(
            f'PATCH {fake_glance.URL}/v2/images/{ID}: 200', self.log.output
        )


class TestParts(base.BaseTestCase):
    """Parts of a URL that Glance quotes without the rest."""

    def test_are_not_in_an_error(self):
        """A piece of the password that was taken for a port is hidden."""
        glance = self.useFixture(fake_glance.FakeGlance())
        url = 'http://mia:s3/cr3t@source.test/x?sig=t0ken'
        glance.fail(
            'POST import', 400, "nonnumeric port: 's3', path 'cr3t', t0ken"
        )
        error = self.assertRaises(
            exception.Refused, glance.api().import_data, ID, IMPORT, url
        )
        self.assertEqual(
            "nonnumeric port: '***', path '***', ***", error.reason
        )


class TestAnyId(base.BaseTestCase):
    """An id that somebody has written into the data of an adoption."""

    def test_leads_to_no_other_place(self):
        """It is one segment of the path, and never the image of another."""
        glance = self.useFixture(fake_glance.FakeGlance())
        glance.add(id=ID)
        for way in (f'../images/{ID}', f'{ID}?x', f'{ID}#x', '..', ''):
            self.assertRaises(exception.NotFound, glance.api().get, way)
