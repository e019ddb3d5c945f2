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

"""Where images come from: a small HTTP server with a log.

What is in the directory is served by name; a prefix of the path makes the
server misbehave::

    /NAME                  the file
    /slow/RATE/NAME        the file at RATE bytes per second
    /status/CODE/NAME      that status, without the file
    /truncated/NAME        the file's length announced, half of it sent
    /redirect?to=URL       302 to URL
    /auth/NAME             the file, to those with the user name and password

The prefixes combine from left to right (``/auth/slow/1000/NAME``).
"""

import base64
import dataclasses
import http
import http.server
import io
import json
import os
import pathlib
import threading
import time
from typing import Any
import urllib.parse

import fixtures

#: What ``/auth/`` asks for.
USERNAME = 'image'
PASSWORD = 'secret'

_CHUNK = 64 * 1024


class ImageSource:
    """The server's directory, URLs and log, from whichever process.

    :param url: where the server answers, without a slash at the end.
    :param directory: what it serves.
    :param log: its log, one JSON object a line.
    """

    def __init__(
        self, url: str, directory: pathlib.Path, log: pathlib.Path
    ) -> None:
        self._url = url
        self.directory = pathlib.Path(directory)
        self.log = pathlib.Path(log)

    def url(self, path: str = '') -> str:
        """The URL of a file, or of a path with prefixes as above."""
        return f'{self._url}/{path}'

    def put(self, name: str, content: bytes) -> str:
        """Serve these bytes under a name.

        :returns: the URL.
        """
        # Renamed into place: a download must not find half of it.
        partial = self.directory / f'.{name}.partial'
        partial.write_bytes(content)
        partial.replace(self.directory / name)
        return self.url(name)

    def put_sparse(self, name: str, size: int) -> str:
        """Serve this many zero bytes, which take no space on the disk.

        :returns: the URL.
        """
        path = self.directory / name
        path.touch()
        os.truncate(path, size)
        return self.url(name)

    def mark(self) -> int:
        """The number of requests so far, for :meth:`requests`."""
        return len(self.requests())

    def requests(
        self, mark: int = 0, name: str | None = None
    ) -> list[dict[str, Any]]:
        """The requests that have been answered, in that order.

        A request has ``time`` (seconds since the epoch), ``method``,
        ``path``, ``status`` and ``bytes`` (sent, without headers).

        :param mark: leave out the first so many.
        :param name: only those whose path ends with this file's name.
        """
        if not self.log.exists():
            return []
        lines = self.log.read_bytes().splitlines(keepends=True)
        requests = [json.loads(line) for line in lines if line[-1:] == b'\n']
        return [
            request
            for request in requests[mark:]
            if name is None
            or request['path'].partition('?')[0].split('/')[-1] == name
        ]


@dataclasses.dataclass
class _Answer:
    """What the prefixes of a path make of the answer."""

    rate: float | None = None
    truncated: bool = False


class _Handler(http.server.BaseHTTPRequestHandler):
    server: '_Server'

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet on standard error; the log is written by _answer."""

    def do_GET(self) -> None:
        """Answer with a body."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        self._entry: dict[str, Any] | None = {
            'time': time.time(),
            'method': self.command,
            'path': self.path,
            'status': None,
            'bytes': 0,
        }
        try:
            self._route(body)
        except (BrokenPipeError, ConnectionResetError):
            # The client has gone; that is its business.
            self.close_connection = True
        finally:
            self._log(0)

    def _log(self, size: int) -> None:
        """Log the request, unless that has been done.

        Called before the last piece is sent: whoever has the whole answer
        finds the request in the log.

        :param size: of that piece.
        """
        entry, self._entry = self._entry, None
        if entry is not None:
            entry['bytes'] += size
            self.server.write_log(entry)

    def _route(self, body: bool) -> None:
        parsed = urllib.parse.urlsplit(self.path)
        parts = urllib.parse.unquote(parsed.path).strip('/').split('/')
        answer = _Answer()
        while len(parts) > 1:
            prefix = parts.pop(0)
            if prefix == 'slow':
                answer.rate = float(parts.pop(0))
            elif prefix == 'truncated':
                answer.truncated = True
            elif prefix == 'status':
                return self._send_status(int(parts[0]))
            elif prefix == 'auth':
                if not self._authorized():
                    return self._send_status(
                        401, {'WWW-Authenticate': 'Basic realm="images"'}
                    )
            else:
                return self._send_status(404)
        if parts == ['redirect']:
            to = urllib.parse.parse_qs(parsed.query).get('to', [''])[0]
            return self._send_status(302, {'Location': to})
        return self._send_file(parts[0], answer, body)

    def _authorized(self) -> bool:
        wanted = base64.b64encode(f'{USERNAME}:{PASSWORD}'.encode()).decode()
        return self.headers.get('Authorization') == f'Basic {wanted}'

    def _send_status(
        self, status: int, headers: dict[str, str] | None = None
    ) -> None:
        self._start(status, 0, headers or {}, body=False)

    def _start(
        self, status: int, size: int, headers: dict[str, str], body: bool
    ) -> None:
        assert self._entry is not None
        self._entry['status'] = status
        if not body or not size:
            self._log(0)
        self.send_response(status)
        self.send_header('Content-Length', str(size))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_file(self, name: str, answer: _Answer, body: bool) -> None:
        try:
            # One name: there are no parts left that could lead elsewhere.
            stream = (self.server.directory / name).open('rb')
        except (OSError, ValueError):
            return self._send_status(404)
        with stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            self._start(
                200,
                size,
                {'Content-Type': 'application/octet-stream'},
                body,
            )
            if body:
                self._send_body(
                    stream, size // 2 if answer.truncated else size, answer
                )
        return None

    def _send_body(
        self, stream: io.BufferedReader, size: int, answer: _Answer
    ) -> None:
        chunk = _CHUNK
        if answer.rate:
            chunk = max(1, min(_CHUNK, int(answer.rate / 10)))
        while size and not self.server.stopping.is_set():
            data = stream.read(min(chunk, size))
            size -= len(data)
            if not size:
                self._log(len(data))
            self.wfile.write(data)
            if self._entry is not None:
                self._entry['bytes'] += len(data)
            if answer.rate:
                # The rate, not a wait for anything; ends with the server.
                self.server.stopping.wait(len(data) / answer.rate)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A burst of downloads must not be refused.
    request_queue_size = 128

    def __init__(self, directory: pathlib.Path, log: pathlib.Path) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.directory = directory
        self.stopping = threading.Event()
        self._log = log
        self._lock = threading.Lock()

    def write_log(self, entry: dict[str, Any]) -> None:
        """Append a line to the log."""
        line = json.dumps(entry) + '\n'
        with self._lock, self._log.open('a', encoding='utf-8') as stream:
            stream.write(line)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a trace of a defect of the server in its log."""
        with self._lock, self._log.with_suffix('.errors').open('a') as stream:
            import traceback

            traceback.print_exc(file=stream)


class SourceServer(fixtures.Fixture):
    """Serves a directory over HTTP from a thread of this process.

    :param directory: what to serve; made if it does not exist.
    :param log: where to log requests.
    :ivar source: the :class:`ImageSource` of this server.
    :ivar port: where it listens.
    """

    def __init__(self, directory: pathlib.Path, log: pathlib.Path) -> None:
        super().__init__()
        self._directory = directory
        self._log = log

    def _setUp(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.touch()
        server = _Server(self._directory, self._log)
        self.addCleanup(server.server_close)
        thread = threading.Thread(
            target=server.serve_forever,
            kwargs={'poll_interval': 0.1},
            name='image-source',
            daemon=True,
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.stopping.set)
        self.port: int = server.server_address[1]
        self.source = ImageSource(
            f'http://127.0.0.1:{self.port}', self._directory, self._log
        )
