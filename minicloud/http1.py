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

"""HTTP/1.1 messages on a socket, as bytes that can be passed on unchanged."""

import collections.abc
import functools
import select
import socket
import struct

_CHUNK = 64 * 1024
_LONGEST_HEAD = 256 * 1024


class Broken(OSError):
    """The other side went away in the middle of a message."""


class Head:
    """The first lines of a message.

    :ivar raw: all of it, with the empty line at its end.
    :ivar start: the request line, or the status line.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.start, _, self._rest = raw.decode('latin-1').partition('\r\n')

    @functools.cached_property
    def fields(self) -> dict[str, str]:
        """The header fields, by name in lower case."""
        fields = {}
        for line in self._rest.splitlines():
            name, colon, value = line.partition(':')
            if colon:
                fields[name.strip().lower()] = value.strip()
        return fields

    @property
    def status(self) -> int:
        """The status of a reply."""
        return int(self.start.split(' ', 2)[1])

    @property
    def is_last(self) -> bool:
        """Whether the connection is closed after this message."""
        connection = self.fields.get('connection', '').lower()
        if self.start.startswith('HTTP/1.0') or self.start.endswith(
            'HTTP/1.0'
        ):
            return connection != 'keep-alive'
        return connection == 'close'

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks that tell their size."""
        return 'chunked' in self.fields.get('transfer-encoding', '').lower()

    @property
    def length(self) -> int | None:
        """The size of the body in bytes, if the head tells."""
        value = self.fields.get('content-length')
        return None if value is None else int(value)


class Stream:
    """One side of a connection.

    :param sock: a connected socket.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = b''
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def head(self) -> Head | None:
        """Read the head of the next message; None if there is none.

        :raises Broken: it ends too early.
        """
        while b'\r\n\r\n' not in self._buffer:
            data = self._socket.recv(_CHUNK)
            if not data:
                if self._buffer:
                    raise Broken('a head without an end')
                return None
            self._buffer += data
            if len(self._buffer) > _LONGEST_HEAD:
                raise Broken('a head that is too long')
        raw, _, self._buffer = self._buffer.partition(b'\r\n\r\n')
        return Head(raw + b'\r\n\r\n')

    def request_body(self, head: Head) -> collections.abc.Iterator[bytes]:
        """Read the body that follows the head of a request, piece by piece.

        :raises Broken: it ends too early.
        """
        if head.is_chunked:
            return self._chunks()
        return self._exactly(head.length or 0)

    def reply_body(
        self, head: Head, method: str
    ) -> collections.abc.Iterator[bytes]:
        """Read the body that follows the head of a reply, piece by piece.

        :param method: that of the request.
        :raises Broken: it ends too early.
        """
        if method == 'HEAD' or head.status in (204, 304):
            return iter(())
        if head.is_chunked:
            return self._chunks()
        if head.length is None:
            return self._all()
        return self._exactly(head.length)

    def is_over(self) -> bool:
        """Say, without waiting, whether the other side has gone.

        It is supposed to be silent at this moment.
        """
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(0):
            return False
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _some(self, most: int) -> bytes:
        if not self._buffer:
            self._buffer = self._socket.recv(min(most, _CHUNK))
            if not self._buffer:
                raise Broken('a body without an end')
        data, self._buffer = self._buffer[:most], self._buffer[most:]
        return data

    def _exactly(self, size: int) -> collections.abc.Iterator[bytes]:
        while size:
            data = self._some(size)
            size -= len(data)
            yield data

    def _all(self) -> collections.abc.Iterator[bytes]:
        data, self._buffer = self._buffer, b''
        yield data
        while data := self._socket.recv(_CHUNK):
            yield data

    def _line(self) -> bytes:
        line = b''
        while not line.endswith(b'\r\n'):
            line += self._some(1)
        return line

    def _chunks(self) -> collections.abc.Iterator[bytes]:
        """The chunks as they are sent, each with its size before it."""
        while True:
            line = self._line()
            size = int(line.split(b';')[0], 16)
            yield line
            yield from self._exactly(size)
            if not size:
                break
            yield self._line()
        # Up to the empty line after the trailer.
        while line != b'\r\n':
            line = self._line()
            yield line


def reset(sock: socket.socket) -> None:
    """Close a connection so that the other side is told of a reset."""
    # On, and no time to linger.
    sock.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)
    )
    sock.close()
