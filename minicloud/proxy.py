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

"""The reverse proxy that users reach Glance through.

It passes on what it gets as it is, keeps a log of it, and does what the
faults of :mod:`minicloud.wire` say.  While Glance is down it answers 502.
"""

import collections.abc
import contextlib
import http
import itertools
import json
import pathlib
import socket
import socketserver
import threading
import time
from typing import Any

import fixtures

from minicloud import http1
from minicloud import requestlog
from minicloud import wire
from minicloud import wire_faults

#: Seconds between two looks whether a request that is held may go on.
_LOOK = 0.05


class _Gone(Exception):
    """The client has gone, or shall be told that the proxy has."""


class _Handler(socketserver.BaseRequestHandler):
    """One connection of a client, with one to Glance."""

    server: '_Server'
    request: socket.socket

    def handle(self) -> None:
        self._client = http1.Stream(self.request)
        self._upstream: http1.Stream | None = None
        try:
            while self._serve():
                pass
        except _Gone:
            http1.reset(self.request)
        except OSError:
            # The client has gone, or Glance has in the middle of an answer:
            # for the client the connection ends here.
            self._client.close()
        finally:
            self._hang_up()

    def _serve(self) -> bool:
        """Serve a request; false when there is none after it."""
        head = self._client.head()
        if head is None:
            return False
        if head.fields.get('expect', '').lower() == '100-continue':
            self._client.send(b'HTTP/1.1 100 Continue\r\n\r\n')
        method, target, _ = head.start.split(' ', 2)
        path, _, query = target.partition('?')
        request = wire_faults.Request(
            head,
            self._client.request_body(head),
            method,
            path,
            query,
            *wire.operation(method, path),
        )
        name = None
        if request.operation == 'create':
            name = self._read_record(request)
        elif request.operation == 'patch':
            request.read()
        active = self.server.faults.find(request, name)
        if active is None:
            is_last = self._pass_on(request, name)
        else:
            is_last = self._fail(active, request, name)
        for _ in request.body:
            # What Glance did not want to have.
            pass
        return not (is_last or head.is_last)

    def _read_record(self, request: wire_faults.Request) -> str | None:
        """Learn what image a request creates, and return its name."""
        request.read()
        try:
            image = json.loads(b''.join(request.body))
            name = str(image['name'])
        except (ValueError, TypeError, KeyError):
            return None
        # Without an id Glance gives one, see _learn().
        request.image_id = image.get('id')
        if request.image_id:
            self.server.faults.learn(request.image_id, name)
        return name

    def _learn(self, name: str, head: http1.Head) -> None:
        location = head.fields.get('location', '')
        image_id = wire.operation('GET', f'/v2/images/{_last(location)}')[1]
        if image_id:
            self.server.faults.learn(image_id, name)

    # Without a fault -----------------------------------------------------

    def _pass_on(self, request: wire_faults.Request, name: str | None) -> bool:
        """Let Glance answer; true if no request can follow."""
        try:
            head, body = self._ask(request)
        except http1.Broken as error:
            return self._answer(request, 502, {}, f'No answer: {error}')
        if name is not None:
            self._learn(name, head)
        self._log(request, head.status, head)
        data = head.raw
        for piece in itertools.chain(body, [b'']):
            self._client.send(data + piece)
            data = b''
        return head.is_last

    def _ask(
        self, request: wire_faults.Request
    ) -> tuple[http1.Head, collections.abc.Iterator[bytes]]:
        """Send a request to Glance, and return the beginning of its answer.

        :raises minicloud.http1.Broken: there is none.
        """
        try:
            upstream = self._connect()
            self._send(upstream, request)
            head = upstream.head()
            while head is not None and head.status < 200:
                head = upstream.head()
        except OSError as error:
            self._hang_up()
            raise http1.Broken(str(error)) from error
        if head is None:
            self._hang_up()
            raise http1.Broken('the connection was closed')
        body = upstream.reply_body(head, request.method)
        return head, self._ending(head, body)

    def _ending(
        self, head: http1.Head, body: collections.abc.Iterator[bytes]
    ) -> collections.abc.Iterator[bytes]:
        yield from body
        if head.is_last:
            self._hang_up()

    def _send(
        self, upstream: http1.Stream, request: wire_faults.Request
    ) -> None:
        data = request.head.raw
        for piece in itertools.chain(request.body, [b'']):
            try:
                upstream.send(data + piece)
            except (BrokenPipeError, ConnectionResetError):
                # It may have refused the request before it had all of it.
                return
            data = b''

    def _connect(self) -> http1.Stream:
        if self._upstream is not None and self._upstream.is_over():
            self._hang_up()
        if self._upstream is None:
            self._upstream = http1.Stream(
                socket.create_connection(self.server.upstream)
            )
        return self._upstream

    def _hang_up(self) -> None:
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.close()

    def _answer(
        self,
        request: wire_faults.Request,
        status: int,
        headers: collections.abc.Mapping[str, str],
        text: str,
    ) -> bool:
        """Answer in Glance's place."""
        for _ in request.body:
            # The client sends all of it before it reads.
            pass
        body = text.encode()
        fields = {
            'Content-Type': 'text/plain; charset=utf-8',
            **headers,
            'Content-Length': str(len(body)),
        }
        lines = [f'HTTP/1.1 {status} {_phrase(status)}']
        lines += [f'{name}: {value}' for name, value in fields.items()]
        head = '\r\n'.join(lines) + '\r\n\r\n'
        self._log(request, status, http1.Head(head.encode('latin-1')))
        if request.method == 'HEAD':
            body = b''
        self._client.send(head.encode('latin-1') + body)
        return False

    def _log(
        self,
        request: wire_faults.Request,
        status: int,
        head: http1.Head | None = None,
    ) -> None:
        """Log a request; whoever has the answer finds it in the log."""
        fields = {} if head is None else head.fields
        requestlog.append(
            self.server.log,
            {
                'time': request.started,
                'method': request.method,
                'path': request.path,
                'query': request.query,
                'status': status,
                'user_agent': request.user_agent,
                'request_id': fields.get('x-openstack-request-id'),
                'seconds': round(time.time() - request.started, 6),
                # Known to Glance alone.
                'project': None,
                'user': None,
                'changes': _pointers(request),
            },
        )

    # With a fault --------------------------------------------------------

    def _fail(
        self,
        active: wire_faults.Active,
        request: wire_faults.Request,
        name: str | None,
    ) -> bool:
        """Do what a fault says; true if no request can follow."""
        fault = active.fault
        request.read()
        if fault.kind == 'answer':
            return self._answer(
                request, fault.status, fault.headers, fault.body
            )
        if fault.kind == 'cut_before':
            self._cut(request)
        if fault.kind == 'hold_before':
            self._hold(active, request)
        if fault.kind == 'delay':
            # The delay itself, not a wait for anything; ends with the server.
            self.server.stopping.wait(fault.seconds)
        if fault.kind in ('delay', 'hold_before'):
            return self._pass_on(request, name)
        return self._fail_after(active, request, name)

    def _fail_after(
        self,
        active: wire_faults.Active,
        request: wire_faults.Request,
        name: str | None,
    ) -> bool:
        """Let Glance do what a request asks for, and then fail."""
        fault = active.fault
        try:
            head, pieces = self._ask(request)
            body = b''.join(pieces)
        except OSError as error:
            return self._answer(request, 502, {}, f'No answer: {error}')
        if name is not None:
            self._learn(name, head)
        if fault.kind == 'answer_after':
            return self._answer(
                request, fault.status, fault.headers, fault.body
            )
        if fault.kind == 'cut_after':
            self._cut(request)
        if fault.kind == 'hold_after':
            self._hold(active, request)
        self._log(request, head.status, head)
        if fault.kind == 'truncate':
            self._client.send(head.raw + body[: len(body) // 2])
            return True
        self._client.send(head.raw + body)
        return head.is_last

    def _cut(self, request: wire_faults.Request) -> None:
        self._log(request, 0)
        raise _Gone

    def _hold(
        self, active: wire_faults.Active, request: wire_faults.Request
    ) -> None:
        """Wait until a fault has ended.

        :raises _Gone: the client left before, or the proxy ends.
        """
        active.note('held', request)
        try:
            while active.is_on():
                if self._client.is_over() or self.server.stopping.wait(_LOOK):
                    self._cut(request)
        finally:
            active.note('left', request)


def _pointers(request: wire_faults.Request) -> list[str]:
    """Return what a request changes, if that is a patch."""
    if request.operation != 'patch':
        return []
    try:
        operations = json.loads(b''.join(request.body))
        return [str(each['path']) for each in operations]
    except (ValueError, TypeError, KeyError):
        # Glance will refuse it.
        return []


def _last(url: str) -> str:
    return url.rstrip('/').rpartition('/')[2]


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return 'Unknown'


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    # A burst of connections must not be refused.
    request_queue_size = 512

    def __init__(self, faults: pathlib.Path, log: pathlib.Path) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.upstream: tuple[str, int] = ('127.0.0.1', 0)
        self.faults = wire_faults.Faults(faults)
        self.log = log
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that the handler is done with."""
        self._open.discard(request)
        request.close()

    def close_all(self) -> None:
        """Close the connections that clients keep."""
        self.stopping.set()
        for each in list(self._open):
            # Its handler may be closing it.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a trace of a defect of the proxy beside its log."""
        with self.log.with_suffix('.errors').open('a') as stream:
            import traceback

            traceback.print_exc(file=stream)


class ProxyServer(fixtures.Fixture):
    """Passes requests on from threads of this process.

    :param faults: where :class:`minicloud.wire.Wire` keeps faults.
    :param log: where to log requests.
    :ivar port: where it listens.
    :ivar url: how users reach it, without a slash at the end.
    """

    def __init__(self, faults: pathlib.Path, log: pathlib.Path) -> None:
        super().__init__()
        self.faults = faults
        self.log = log

    def _setUp(self) -> None:
        self.log.touch()
        self._server = _Server(self.faults, self.log)
        self.addCleanup(self._server.server_close)
        thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={'poll_interval': 0.1},
            name='proxy',
            daemon=True,
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self._server.shutdown)
        self.addCleanup(self._server.close_all)
        self.port: int = self._server.server_address[1]
        self.url = f'http://127.0.0.1:{self.port}'

    def pass_on_to(self, host: str, port: int) -> None:
        """Say where Glance listens; before that all is answered with 502."""
        self._server.upstream = (host, port)
