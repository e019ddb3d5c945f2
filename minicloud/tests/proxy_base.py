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

"""The base of tests of the proxy: one, and a server behind it."""

import http.client
import http.server
import pathlib
import threading

import fixtures
from oslotest import base

from minicloud import proxy
from minicloud import requestlog
from minicloud import wire

AGENT = {'User-Agent': 'python heat-image-props'}
ID = '11111111-2222-3333-4444-555555555555'
PATH = f'/v2/images/{ID}'


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
            self.send_header('Location', f'http://glance{PATH}')
        if self.command != 'DELETE':
            self.send_header('Content-Length', str(len(got) or 12))
        self.end_headers()
        if self.command not in ('DELETE', 'HEAD'):
            self.wfile.write(got or b'{"id": "an"}')

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET


class ProxyTestCase(base.BaseTestCase):
    """A test of the proxy."""

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

    def ask(self, method='GET', path=PATH, body=None, connection=None, **kw):
        """Send a request and return its status and body."""
        connection = connection or self.connect()
        headers = {**AGENT, **kw.pop('headers', {})}
        connection.request(method, path, body, headers, **kw)
        self.response = connection.getresponse()
        return self.response.status, self.response.read()

    def seen(self):
        """Return what got through, as method and path."""
        return [request[:2] for request in self.glance.requests]

    def logged(self):
        """Return what the proxy logged."""
        return [str(request) for request in self.wire.log.since()]
