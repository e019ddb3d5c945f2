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

"""WSGI applications under gunicorn, one request per thread."""

import pathlib
import sys
from typing import Any

from minicloud import ports
from minicloud import process

#: A connection that a client keeps is closed later than any client's pause.
_KEEP_ALIVE = 75

_SERVERS = pathlib.Path(__file__).resolve().parent / 'servers'


class WSGIServer:
    """A WSGI application served by gunicorn on a loopback port.

    :param supervisor: starts and ends it.
    :param name: the service's name.
    :param module: importable module with an ``application``.
    :param port: where it listens.
    :param workers: processes.
    :param threads: threads of a process.
    :param arguments: further arguments for gunicorn.
    :param env: additions to its environment.
    :param python: the interpreter that has gunicorn and the module.
    """

    def __init__(
        self,
        supervisor: process.Supervisor,
        name: str,
        module: str,
        port: ports.Port,
        *,
        workers: int = 1,
        threads: int = 8,
        arguments: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        python: str | pathlib.Path = sys.executable,
    ) -> None:
        self._supervisor = supervisor
        self.port = port
        self.process = process.Process(
            supervisor,
            name,
            [
                str(python),
                '-m',
                'gunicorn',
                f'--config={_SERVERS / "gunicorn_settings.py"}',
                '--bind=fd://{fd}',
                '--worker-class=gthread',
                f'--workers={workers}',
                f'--threads={threads}',
                f'--keep-alive={_KEEP_ALIVE}',
                '--graceful-timeout=3',
                '--timeout=120',
                f'--name={name}',
                *arguments,
                f'{module}:application',
            ],
            env=env,
            inherit=port,
        )

    def start(self, **wait: Any) -> None:
        """Start it and wait for its first answer.

        :raises minicloud.process.StartError: it did not come up.
        """
        self._supervisor.start(self.process)
        wait_for_http(self.process, self.port.url, **wait)


def wait_for_http(
    server: process.Process, url: str, timeout: float = 300.0
) -> None:
    """Wait until a server answers at all, be it with a refusal.

    :raises minicloud.process.StartError: it ended, or did not answer in time.
    """
    # Imported late: the servers' own modules import this package.
    import requests

    session = requests.Session()
    session.trust_env = False

    def answers() -> bool:
        response = session.get(url, timeout=10, allow_redirects=False)
        return response.status_code < 500

    server.wait_until(answers, f'answering at {url}', timeout)
