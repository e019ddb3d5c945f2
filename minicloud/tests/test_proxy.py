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

"""The proxy passes everything on unchanged."""

import json
import threading

from minicloud.tests import proxy_base

_ID = proxy_base.ID
_PATH = proxy_base.PATH


class TestPassing(proxy_base.ProxyTestCase):
    def test_changes(self):
        """The log tells what a patch names; other requests have nothing."""
        patch = json.dumps([{'op': 'add', 'path': '/a~1b', 'value': 'c'}])
        self.ask('PATCH', body=patch)
        self.ask('PATCH', body='no JSON')
        self.ask('PATCH', body='[1]')
        self.ask('POST', body=patch)

        self.assertEqual(patch.encode(), self.glance.requests[0][3])
        self.assertEqual(
            [['/a~1b'], [], [], []],
            [request.changes for request in self.wire.log.since()],
        )

    def test_unchanged(self):
        """Method, path, headers and body arrive and come back as they are."""
        answer = self.ask(
            'PATCH',
            f'{_PATH}?x=%2Fy',
            b'body',
            headers={'X-Odd': 'Value', 'Host': 'glance.example'},
        )

        self.assertEqual((200, b'body'), answer)
        self.assertEqual(
            'req-1', self.response.getheader('x-openstack-request-id')
        )
        ((method, path, headers, body),) = self.glance.requests
        self.assertEqual(
            ('PATCH', f'{_PATH}?x=%2Fy', b'body'),
            (method, path, body),
        )
        self.assertEqual(
            {
                ('Host', 'glance.example'),
                ('Accept-Encoding', 'identity'),
                ('Content-Length', '4'),
                ('User-Agent', 'python heat-image-props'),
                ('X-Odd', 'Value'),
            },
            set(headers),
        )

    def test_log(self):
        """The log has what was sent and answered, as Glance's own has it."""
        self.ask('GET', f'{_PATH}?x=y')

        (request,) = self.wire.log.since(image_id=_ID, user_agent='props')

        self.assertEqual(
            ('GET', _PATH, 'x=y', 200, 'req-1'),
            (
                request.method,
                request.path,
                request.query,
                request.status,
                request.request_id,
            ),
        )

    def test_keep_alive(self):
        """A connection serves one request after the other."""
        connection = self.connect()

        for method in ('GET', 'HEAD', 'DELETE', 'PUT', 'GET'):
            status, _ = self.ask(method, connection=connection)
            self.assertIn(status, (200, 204), method)
        self.assertEqual(5, len(self.seen()))

    def test_chunked(self):
        """Chunks pass in both directions, and so does their trailer."""
        connection = self.connect()

        self.assertEqual(
            (200, b'abcde'),
            self.ask('GET', '/chunked', connection=connection),
        )
        self.assertEqual(
            (200, b'abcdef'),
            self.ask(
                'PUT',
                f'{_PATH}/file',
                iter([b'abc', b'def']),
                encode_chunked=True,
                headers={'Transfer-Encoding': 'chunked'},
                connection=connection,
            ),
        )

    def test_unknown_length(self):
        """A body that ends with the connection is passed on."""
        self.assertEqual((200, b'content'), self.ask('GET', '/unknown-length'))

    def test_large(self):
        """Data larger than any buffer passes in both directions."""
        data = bytes(range(256)) * 20_000

        self.assertEqual((200, data), self.ask('PUT', body=data))

    def test_continue(self):
        """A client that waits for 100 before it sends is told to go on."""
        connection = self.connect()
        connection.putrequest('PUT', _PATH)
        connection.putheader('Expect', '100-continue')
        connection.putheader('Content-Length', '3')
        connection.endheaders()
        line = connection.sock.recv(100)
        connection.send(b'abc')

        self.assertIn(b'100 Continue', line)
        self.assertEqual(b'abc', connection.getresponse().read())

    def test_down(self):
        """While Glance is down it is 502, and after that as before."""
        connection = self.connect()
        self.ask(connection=connection)
        self.stop_glance()
        # As a process that dies takes its connections with it.
        self.proxy.pass_on_to('127.0.0.1', 1)

        status, _ = self.ask('PUT', body=b'x' * 100_000)
        self.start_glance()

        self.assertEqual(502, status)
        self.assertEqual(200, self.ask()[0])
        self.assertIn(f'PUT {_PATH} 502', self.logged())

    def test_many(self):
        """Two hundred clients are served at once."""
        statuses = []
        barrier = threading.Barrier(200)

        def one():
            connection = self.connect()
            barrier.wait(20)
            statuses.append(self.ask(connection=connection)[0])

        self.glance.request_queue_size = 512
        self.glance.socket.listen(512)
        threads = [threading.Thread(target=one) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual([200] * 200, statuses)
        self.assertEqual(200, len(self.logged()))
