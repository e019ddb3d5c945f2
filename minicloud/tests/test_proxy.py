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

"""The proxy passes everything on unchanged, and fails as asked."""

import contextlib
import http.client
import http.server
import json
import pathlib
import threading
import time

import fixtures
from oslotest import base

from minicloud import proxy
from minicloud import requestlog
from minicloud import wire

_AGENT = {'User-Agent': 'python heat-image-props'}
_ID = '11111111-2222-3333-4444-555555555555'
_PATH = f'/v2/images/{_ID}'


class _Glance(http.server.BaseHTTPRequestHandler):
    """Answers with what it got."""

    protocol_version = 'HTTP/1.1'

    def log_message(self, format, *args):
        """Keep quiet."""

    def do_GET(self):
        """Answer as the method and the path say."""
        size = int(self.headers.get('Content-Length', 0))
        got = self.rfile.read(size)
        if self.headers.get('Transfer-Encoding') == 'chunked':
            while length := int(self.rfile.readline(), 16):
                got += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        self.server.requests.append(
            (self.command, self.path, self.headers.items(), got)
        )
        if self.path.endswith('/chunked'):
            self.send_response(200)
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            self.wfile.write(b'3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n')
            return
        if self.path.endswith('/unknown-length'):
            self.send_response(200)
            self.send_header('Connection', 'close')
            self.end_headers()
            self.wfile.write(b'content')
            return
        self.send_response(204 if self.command == 'DELETE' else 200)
        self.send_header('X-Openstack-Request-Id', 'req-1')
        if self.command == 'POST':
            self.send_header('Location', f'http://glance{_PATH}')
        if self.command != 'DELETE':
            self.send_header('Content-Length', str(len(got) or 12))
        self.end_headers()
        if self.command not in ('DELETE', 'HEAD'):
            self.wfile.write(got or b'{"id": "an"}')

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET


class ProxyTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.proxy = self.useFixture(
            proxy.ProxyServer(directory / 'faults', directory / 'log')
        )
        self.wire = wire.Wire(
            directory / 'faults', requestlog.RequestLog(directory / 'log')
        )
        self.addCleanup(
            lambda: self.assertEqual([], list(directory.glob('*.errors')))
        )
        self.start_glance()

    def start_glance(self):
        """Start what is behind the proxy."""
        self.glance = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), _Glance
        )
        self.glance.daemon_threads = True
        self.glance.requests = []
        threading.Thread(
            target=self.glance.serve_forever, args=(0.05,), daemon=True
        ).start()
        self.addCleanup(self.stop_glance)
        self.proxy.pass_on_to(*self.glance.server_address)

    def stop_glance(self):
        """Take it away; nobody listens any more."""
        self.glance.shutdown()
        self.glance.server_close()

    def connect(self):
        """Return a connection to the proxy."""
        connection = http.client.HTTPConnection(
            '127.0.0.1', self.proxy.port, timeout=20
        )
        self.addCleanup(connection.close)
        return connection

    def ask(self, method='GET', path=_PATH, body=None, connection=None, **kw):
        """Send a request and return its status and body."""
        connection = connection or self.connect()
        headers = {**_AGENT, **kw.pop('headers', {})}
        connection.request(method, path, body, headers, **kw)
        self.response = connection.getresponse()
        return self.response.status, self.response.read()

    def seen(self):
        """Return what got through, as method and path."""
        return [request[:2] for request in self.glance.requests]

    def logged(self):
        """Return what the proxy logged."""
        return [str(request) for request in self.wire.log.since()]


class TestPassing(ProxyTestCase):
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
            ('PATCH', f'{_PATH}?x=%2Fy', b'body'), (method, path, body)
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


class TestFaults(ProxyTestCase):
    def create(self, name, image_id=None):
        """Create an image."""
        image = {'name': name, **({'id': image_id} if image_id else {})}
        return self.ask('POST', '/v2/images', json.dumps(image))[0]

    def test_answer(self):
        """An answer of the proxy has status, headers and text; no more."""
        with self.wire.answer(
            429, headers={'Retry-After': '7'}, body='slow', operation='get'
        ) as fault:
            self.assertEqual((429, b'slow'), self.ask())
            self.assertEqual('7', self.response.getheader('Retry-After'))
            self.assertEqual(200, self.ask('PATCH', body=b'x')[0])
        self.assertEqual(200, self.ask()[0])

        self.assertEqual([('PATCH', _PATH), ('GET', _PATH)], self.seen())
        self.assertEqual(f'GET {_PATH} 429', self.logged()[0])
        self.assertEqual(1, fault.count)
        self.assertEqual([f'GET {_PATH}'], [str(hit) for hit in fault.hits])
        self.assertEqual(_ID, fault.hits[0].image_id)

    def test_answer_after(self):
        """A request can be done and answered as if it were not."""
        with self.wire.answer_after(504):
            self.assertEqual((504, b''), self.ask('DELETE'))

        self.assertEqual([('DELETE', _PATH)], self.seen())

    def test_garbage(self):
        """A page of a portal is no JSON."""
        with self.wire.garbage():
            status, body = self.ask()

        self.assertEqual(200, status)
        self.assertIn(b'<html>', body)

    def test_others(self):
        """Requests of others, a test's own for one, are not touched."""
        with self.wire.answer(500) as fault:
            status, _ = self.ask(headers={'User-Agent': 'test'})

        self.assertEqual((200, 0), (status, fault.count))

    def test_skip_and_times(self):
        """Some requests pass first, then so many are hit."""
        with self.wire.answer(500, skip=1, times=2) as fault:
            statuses = [self.ask()[0] for _ in range(5)]

        self.assertEqual([200, 500, 500, 200, 200], statuses)
        self.assertEqual(2, fault.count)

    def test_order(self):
        """Of several faults the first that is not used up acts."""
        with (
            self.wire.answer(500, times=1),
            self.wire.answer(503, times=1),
        ):
            statuses = [self.ask()[0] for _ in range(3)]

        self.assertEqual([500, 503, 200], statuses)

    def test_after(self):
        """A fault can wait for another operation."""
        with self.wire.answer(500, operation='get', after='patch'):
            statuses = [
                self.ask(method)[0] for method in ('GET', 'PATCH', 'GET')
            ]

        self.assertEqual([200, 200, 500], statuses)

    def test_watch(self):
        """What passes can be watched, and other faults act all the same."""
        with self.wire.watch() as seen, self.wire.answer(500) as fault:
            self.assertEqual(500, self.ask('PATCH')[0])

        self.assertEqual('patch', seen.hits[0].operation)
        self.assertEqual(1, fault.count)

    def test_image(self):
        """A fault of one image leaves the others alone."""
        with self.wire.answer(500, image_id=_ID):
            self.assertEqual(500, self.ask('POST', f'{_PATH}/import')[0])
            self.assertEqual(500, self.ask('DELETE', f'/v2/stores/a/{_ID}')[0])
            self.assertEqual(200, self.ask('GET', '/v2/images/other')[0])
            self.assertEqual(200, self.ask('GET', '/v2/info/import')[0])

    def test_name(self):
        """An image is known by its name, with and without an id of ours."""
        with self.wire.answer(500, name='mine', skip=1) as fault:
            self.assertEqual(200, self.create('mine', 'chosen'))
            self.assertEqual(500, self.ask('GET', '/v2/images/chosen')[0])
            self.assertEqual(200, self.create('other', 'another'))
            self.assertEqual(200, self.ask('GET', '/v2/images/another')[0])
        self.assertEqual(200, self.create('theirs'))
        with self.wire.answer(503, name='theirs'):
            self.assertEqual(503, self.ask()[0])
            self.assertEqual(503, self.create('theirs', 'new'))

        self.assertEqual(1, fault.count)

    def test_cut_before(self):
        """The connection is reset and nothing arrives."""
        with self.wire.cut_before(times=1):
            self.assertRaises(ConnectionResetError, self.ask)

        self.assertEqual([], self.seen())
        self.assertEqual([f'GET {_PATH} 0'], self.logged())

    def test_cut_after(self):
        """What was asked is done and the connection is reset."""
        with self.wire.cut_after(times=1):
            self.assertRaises(ConnectionResetError, self.ask, 'DELETE')

        self.assertEqual([('DELETE', _PATH)], self.seen())
        self.assertEqual([f'DELETE {_PATH} 0'], self.logged())

    def test_truncate(self):
        """One half of the body comes, with the length of the whole."""
        with self.wire.truncate():
            error = self.assertRaises(http.client.IncompleteRead, self.ask)

        self.assertEqual((6, 6), (len(error.partial), error.expected))

    def test_delay(self):
        """A request is passed on later."""
        started = time.monotonic()
        with self.wire.delay(0.3):
            self.assertEqual(200, self.ask()[0])

        self.assertGreaterEqual(time.monotonic() - started, 0.3)

    def test_wrong(self):
        """A fault for an operation that there is not is refused."""
        error = self.assertRaises(
            ValueError, self.wire.cut_before, operation='teleport'
        )

        self.assertIn('import', str(error))
        self.assertRaises(ValueError, wire.Fault, 'imaginary')


class TestHolding(ProxyTestCase):
    def begin(self):
        """Send a request whose answer is not awaited."""
        connection = self.connect()
        connection.request('DELETE', _PATH, headers=_AGENT)
        return connection

    def test_before(self):
        """A request that is held arrives when it is released."""
        with self.wire.hold_before() as fault:
            connections = [self.begin(), self.begin()]
            fault.wait_until_held(2)
            self.assertEqual([], self.seen())
            fault.release()
            for connection in connections:
                self.assertEqual(204, connection.getresponse().status)

        self.assertEqual((2, 0), (fault.count, fault.held))

    def test_before_gone(self):
        """A request whose client leaves never arrives."""
        with self.wire.hold_before() as fault:
            connection = self.begin()
            fault.wait_until_held()
            connection.close()
            fault.wait_until_left()

        self.assertEqual([], self.seen())
        self.assertEqual([f'DELETE {_PATH} 0'], self.logged())

    def test_after(self):
        """An answer that is held comes when it is released."""
        with self.wire.hold_after() as fault:
            connection = self.begin()
            fault.wait_until_held()
            self.assertEqual([('DELETE', _PATH)], self.seen())
            self.assertEqual([], self.logged())
        self.assertEqual(204, connection.getresponse().status)

        self.assertEqual([f'DELETE {_PATH} 204'], self.logged())

    def test_after_gone(self):
        """What was done is not undone when the client leaves."""
        with self.wire.hold_after(times=1) as fault:
            connection = self.begin()
            fault.wait_until_held()
            connection.close()
            fault.wait_until_left()

        self.assertEqual([('DELETE', _PATH)], self.seen())
        self.assertEqual([f'DELETE {_PATH} 0'], self.logged())

    def test_not_held(self):
        """Who waits in vain is told how many were seen."""
        with self.wire.hold_before() as fault:
            error = self.assertRaises(
                TimeoutError, fault.wait_until_held, timeout=0.1
            )
            self.assertRaises(TimeoutError, fault.wait_for_hits, timeout=0.1)

        self.assertEqual('0 of 1 held after 0 s', str(error))

    def test_stop(self):
        """A proxy that stops holds nobody."""
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        with proxy.ProxyServer(
            directory / 'faults', directory / 'log'
        ) as self.proxy:
            faults = wire.Wire(directory / 'faults', self.wire.log)
            stack = contextlib.ExitStack()
            self.addCleanup(stack.close)
            fault = stack.enter_context(faults.hold_before())
            connection = self.begin()
            fault.wait_until_held()

        self.assertRaises(
            (ConnectionError, http.client.HTTPException),
            connection.getresponse,
        )
