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

"""A log of the requests that a server gets: writer and reader.

One JSON object a line, in the order of the responses; its members are the
fields of :class:`Request`.

Several processes may write to one file: each line is one appending write.
"""

import collections.abc
import dataclasses
import json
import os
import pathlib
import time
from typing import Any


def append(
    path: str | os.PathLike[str], entry: collections.abc.Mapping[str, Any]
) -> None:
    """Add a line to a log, whole even if other processes do so, too."""
    line = json.dumps(entry).encode() + b'\n'
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


class RequestLogger:
    """WSGI middleware that writes a line for each request.

    The line is in the file before the client can have the whole response, so
    whoever has seen an answer finds the request in the log.  The exception is
    a response whose length is not known in advance (image data): its line
    comes when the last byte has been sent.

    :param application: the WSGI application.
    :param path: the log file.
    """

    def __init__(
        self,
        application: collections.abc.Callable[..., Any],
        path: str | os.PathLike[str],
    ) -> None:
        self._application = application
        self._path = path

    def __call__(
        self,
        environ: dict[str, Any],
        start_response: collections.abc.Callable[..., Any],
    ) -> collections.abc.Iterable[bytes]:
        started = time.time()
        # The application consumes SCRIPT_NAME and PATH_INFO as it goes.
        entry: dict[str, Any] = {
            'time': started,
            'method': environ['REQUEST_METHOD'],
            'path': environ.get('SCRIPT_NAME', '') + environ['PATH_INFO'],
            'query': environ.get('QUERY_STRING', ''),
            'status': 500,
            'user_agent': environ.get('HTTP_USER_AGENT', ''),
            'request_id': None,
        }

        def start(
            status: str, headers: list[tuple[str, str]], *args: Any
        ) -> Any:
            entry['status'] = int(status.split(' ', 1)[0])
            for name, value in headers:
                if name.lower() == 'x-openstack-request-id':
                    entry['request_id'] = value
            return start_response(status, headers, *args)

        def write() -> None:
            entry['seconds'] = round(time.time() - started, 6)
            # Set by keystonemiddleware on the way in.
            entry['project'] = environ.get('HTTP_X_PROJECT_ID')
            entry['user'] = environ.get('HTTP_X_USER_ID')
            append(self._path, entry)

        try:
            body = self._application(environ, start)
        except BaseException:
            write()
            raise
        if isinstance(body, (list, tuple)):
            write()
            return body
        return _Watched(body, write)


class _Watched:
    """A response body that tells when it is finished with."""

    def __init__(
        self,
        body: collections.abc.Iterable[bytes],
        done: collections.abc.Callable[[], None],
    ) -> None:
        self._body = body
        self._done = done

    def __iter__(self) -> collections.abc.Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Called by the WSGI server, also when the client has gone."""
        try:
            if hasattr(self._body, 'close'):
                self._body.close()
        finally:
            self._done()


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it was logged.

    :ivar time: when it came, in seconds since the epoch.
    :ivar seconds: how long it took.
    :ivar request_id: the service's own id of it (``req-...``).
    :ivar project: id of the project of its token, if it had one.
    :ivar user: id of the user of its token, if it had one.
    :ivar changes: the JSON pointers of a patch; only the log of the proxy
        has them.
    """

    time: float
    seconds: float
    method: str
    path: str
    query: str
    status: int
    user_agent: str
    request_id: str | None
    project: str | None
    user: str | None
    changes: collections.abc.Sequence[str] = ()

    @property
    def is_write(self) -> bool:
        """Whether it could change something."""
        return self.method not in ('GET', 'HEAD', 'OPTIONS')

    def __str__(self) -> str:
        return f'{self.method} {self.path} {self.status}'


class RequestLog:
    """Reads a log, also while it is being written.

    :param path: the log file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)

    def mark(self) -> int:
        """The log's present end, for :meth:`since`."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(
        self,
        mark: int = 0,
        *,
        image_id: str | None = None,
        method: str | None = None,
        user_agent: str | None = None,
    ) -> list[Request]:
        """The requests logged after a mark.

        :param mark: what :meth:`mark` returned; 0 is the log's beginning.
        :param image_id: only those whose path names this image.
        :param method: only those with this method.
        :param user_agent: only those whose user agent contains this text;
            that of Heat's client is ``python-glanceclient``, so a test that
            calls Glance itself should set another one.
        """
        if not self.path.exists():
            return []
        with self.path.open('rb') as stream:
            stream.seek(mark)
            lines = stream.read().splitlines(keepends=True)
        requests = [
            Request(**json.loads(line))
            for line in lines
            # The last line may be on its way.
            if line.endswith(b'\n')
        ]
        return [
            request
            for request in requests
            if (image_id is None or image_id in request.path.split('/'))
            and (method is None or request.method == method)
            and (user_agent is None or user_agent in request.user_agent)
        ]
