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

"""MariaDB from Debian, with the character set that OpenStack is run on."""

import collections.abc
import os
import pathlib
import pwd
import shutil
import tempfile

import fixtures
import pymysql

from minicloud import installation
from minicloud import process

_PACKAGE = 'mariadb-server-core'

#: What deployments have had since Ubuntu and Debian packaged OpenStack; with
#: it, keys that differ in case or accents collide and there are no emoji.
_CHARACTER_SET = 'utf8mb3'


class MariaDB(fixtures.Fixture):
    """A private MariaDB server on a Unix socket, with empty databases.

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
        install = installation.system_program('mariadb-install-db', _PACKAGE)
        program = installation.system_program('mariadbd', _PACKAGE)
        # mariadb-install-db calls it, though its package does not depend on
        # the other.
        installation.system_program('my_print_defaults', 'mariadb-client-core')
        # A temporary directory: the path of a socket must be short.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='minicloud-my-'))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self._supervisor.remove_at_end(self.directory)
        self._socket = self.directory / 'socket'
        data = self.directory / 'data'
        # A server that starts removes the temporary tables of others from
        # the directory for them, by default /tmp.
        tables = self.directory / 'tmp'
        tables.mkdir()
        # It refuses to run as root unless told to.
        user = f'--user={pwd.getpwuid(os.geteuid()).pw_name}'
        self._supervisor.run(
            'mariadb-install-db',
            [
                install,
                '--no-defaults',
                f'--datadir={data}',
                f'--tmpdir={tables}',
                user,
                '--auth-root-authentication-method=normal',
                '--skip-test-db',
            ],
        )
        server = self._supervisor.spawn(
            'mariadb',
            [
                program,
                '--no-defaults',
                f'--datadir={data}',
                f'--tmpdir={tables}',
                f'--socket={self._socket}',
                f'--pid-file={self.directory / "pid"}',
                user,
                '--skip-networking',
                '--skip-name-resolve',
                '--max-connections=1000',
                f'--character-set-server={_CHARACTER_SET}',
                # The data live as long as the cloud.
                '--innodb-flush-log-at-trx-commit=0',
                '--innodb-flush-method=nosync',
                '--innodb-doublewrite=0',
                '--sync-binlog=0',
            ],
            base=True,
        )
        self.addCleanup(server.stop)
        server.wait_until(self._create_databases, 'accepting connections')

    def _create_databases(self) -> bool:
        try:
            connection = pymysql.connect(
                unix_socket=str(self._socket), user='root'
            )
        except pymysql.OperationalError:
            return False
        with connection, connection.cursor() as cursor:
            for name in self._databases:
                cursor.execute(
                    f'CREATE DATABASE {name} CHARACTER SET {_CHARACTER_SET}'
                )
        return True

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return (
            f'mysql+pymysql://root@localhost/{database}'
            f'?unix_socket={self._socket}&charset=utf8'
        )
