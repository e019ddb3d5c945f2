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

"""The request log has every request, before its answer is complete."""

import pathlib

import fixtures
from oslotest import base

from minicloud import requestlog


class TestRequestLog(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        directory = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(directory, 'requests.jsonl')
        self.log = requestlog.RequestLog(self.path)

    def call(self, body=(b'',), method='GET', path='/v2/images', agent='me'):
        def application(environ, start_response):
            environ['HTTP_X_PROJECT_ID'] = 'a project'
            start_response(
                '201 Created', [('X-Openstack-Request-Id', 'req-1')]
            )
            return body

        logger = requestlog.RequestLogger(application, self.path)
        environ = {
            'REQUEST_METHOD': method,
            'SCRIPT_NAME': '',
            'PATH_INFO': path,
            'QUERY_STRING': 'limit=1',
            'HTTP_USER_AGENT': agent,
        }
        return logger(environ, lambda status, headers, exc_info=None: None)

    def test_fields(self):
        """A line tells who asked what and what came of it."""
        self.call(method='POST')

        (request,) = self.log.since()

        self.assertEqual('POST', request.method)
        self.assertEqual('/v2/images', request.path)
        self.assertEqual('limit=1', request.query)
        self.assertEqual(201, request.status)
        self.assertEqual('me', request.user_agent)
        self.assertEqual('req-1', request.request_id)
        self.assertEqual('a project', request.project)
        self.assertIsNone(request.user)
        self.assertTrue(request.is_write)
        self.assertEqual('POST /v2/images 201', str(request))

    def test_before_the_answer(self):
        """A response in one piece is logged before the server gets it."""
        body = [b'content']

        self.assertIs(body, self.call(body))

        self.assertEqual(1, len(self.log.since()))

    def test_stream(self):
        """A response of unknown length is logged when it is finished."""
        closed = []

        class Body:
            def __iter__(self):
                yield b'content'

            def close(self):
                closed.append(True)

        response = self.call(Body())

        self.assertEqual([b'content'], list(response))
        self.assertEqual([], self.log.since())
        response.close()
        self.assertEqual(1, len(self.log.since()))
        self.assertEqual([True], closed)

    def test_crash(self):
        """A request that ends in an exception is logged as a 500."""

        def application(environ, start_response):
            raise ZeroDivisionError

        logger = requestlog.RequestLogger(application, self.path)

        self.assertRaises(
            ZeroDivisionError,
            logger,
            {'REQUEST_METHOD': 'GET', 'PATH_INFO': '/'},
            None,
        )

        self.assertEqual(500, self.log.since()[0].status)

    def test_no_file(self):
        """Before the first request there is nothing, and no error."""
        self.assertEqual(0, self.log.mark())
        self.assertEqual([], self.log.since())

    def test_since(self):
        """After a mark come only later requests."""
        self.call(path='/before')
        mark = self.log.mark()
        self.call(path='/after')

        self.assertEqual(
            ['/after'], [each.path for each in self.log.since(mark)]
        )

    def test_filters(self):
        """Requests are told by image, method and user agent, combined."""
        self.call(path='/v2/images/1', agent='python-glanceclient')
        self.call(path='/v2/images/1/import', method='POST')
        self.call(path='/v2/images/11', method='POST')

        def paths(**filters):
            return [each.path for each in self.log.since(**filters)]

        self.assertEqual(
            ['/v2/images/1', '/v2/images/1/import'], paths(image_id='1')
        )
        self.assertEqual(
            ['/v2/images/1/import'], paths(image_id='1', method='POST')
        )
        self.assertEqual(['/v2/images/1'], paths(user_agent='glanceclient'))

    def test_unfinished_line(self):
        """A line that is still being written is left for the next look."""
        self.call()
        with self.path.open('a') as stream:
            stream.write('{"time": 1')

        self.assertEqual(1, len(self.log.since()))
