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

"""Loopback ports that nobody else can take in between."""

import socket

import tenacity

HOST = '127.0.0.1'

#: Seconds to wait for a port that was ours.
_PATIENCE = 10.0


class Port:
    """A TCP port on loopback, reserved from now until it is handed over.

    The socket is bound here and given to the server as an inherited file
    descriptor, so there is no moment at which another process could bind it.

    :ivar number: the port's number; it stays the same over restarts.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = self._bind(0)
        self.number: int = self._socket.getsockname()[1]

    @staticmethod
    def _bind(number: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, number))
        return sock

    @property
    def url(self) -> str:
        """Where an HTTP server on this port is reached, without a slash."""
        return f'http://{HOST}:{self.number}'

    def fileno(self) -> int:
        """The descriptor to inherit; binds the same port again if closed.

        :raises OSError: the port was released and somebody else has it.
        """
        if self._socket is None:
            # Processes that were killed may need a moment to let go of it.
            self._socket = tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(OSError),
                stop=tenacity.stop_after_delay(_PATIENCE),
                wait=tenacity.wait_fixed(0.05),
                reraise=True,
            )(self._bind, self.number)
        return self._socket.fileno()

    def is_open(self) -> bool:
        """Whether somebody accepts connections."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.settimeout(1)
            return sock.connect_ex((HOST, self.number)) == 0

    def close(self) -> None:
        """Let go of this process' copy of the socket.

        To be called once the server has its own: while two processes hold
        the socket, the death of the server would leave connections hanging
        where a refusal is due.
        """
        if self._socket is not None:
            self._socket.close()
            self._socket = None
