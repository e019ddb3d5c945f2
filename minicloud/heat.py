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

"""Heat: the API and the engine, in one process or as in production."""

import pathlib
import secrets
from typing import Any

import fixtures

from minicloud import inifile
from minicloud import installation
from minicloud import keystone
from minicloud import ports
from minicloud import process
from minicloud import wsgi

_SERVERS = pathlib.Path(__file__).resolve().parent / 'servers'

# What would fill the log with things of no interest, at any level.  All the
# others log what they have at DEBUG: whoever is to keep a secret keeps it
# there too, and Heat's own default is to silence those that tell most.
_QUIET = (
    'amqp=INFO',
    'dogpile=INFO',
    'eventlet=INFO',
    # That a request, a message or a task is at work, and nothing about it.
    'heat.api.middleware.version_negotiation=INFO',
    'heat.engine.scheduler=INFO',
    'keystonemiddleware=INFO',
    'oslo_messaging=INFO',
    'oslo_policy=INFO',
    'oslo_service=INFO',
    'routes=INFO',
    'stevedore=INFO',
    # Each statement with its parameters, so all that Heat stores.
    'sqlalchemy=WARN',
)


class Heat(fixtures.Fixture):
    """heat-api and heat-engine; :meth:`configure` and
    :meth:`sync_database` come before ``setUp``.

    Nothing here names a plug-in: what the engine loads is what is installed
    in its Python environment (:mod:`minicloud.installation`).

    :param supervisor: starts and ends its processes.
    :param port: where the API listens.
    :param overrides: options by section, over what is set here.
    :param workers: processes of the engine; 0 means one process for the API
        and the engine together.
    :ivar engine: the process of the engine (which the API is part of when
        they are together), to kill and start again.
    :ivar api: the server of the API, when it is separate.
    """

    def __init__(
        self,
        supervisor: process.Supervisor,
        port: ports.Port,
        overrides: inifile.Sections,
        workers: int = 0,
    ) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._port = port
        self._overrides = overrides
        self._workers = workers
        self._config = supervisor.work_dir / 'etc' / 'heat' / 'heat.conf'

    @property
    def endpoint(self) -> str:
        """The API's URL for the service catalogue."""
        return f'{self._port.url}/v1/%(tenant_id)s'

    @property
    def engines(self) -> int:
        """How many engines report when all of them are up."""
        return self._workers or 1

    def configure(
        self,
        database: str,
        transport: str,
        authtoken: dict[str, Any],
        domain_admin_password: str,
    ) -> None:
        """Write the configuration.

        :param database: SQLAlchemy URL of an empty database.
        :param transport: oslo.messaging's URL of the message bus.
        :param authtoken: options of ``[keystone_authtoken]``.
        :param domain_admin_password: of the administrator of Heat's domain.
        """
        paste = installation.data_file(
            installation.HEAT, 'heat', 'api-paste.ini'
        )
        sections: dict[str, dict[str, Any]] = {
            'DEFAULT': {
                'transport_url': transport,
                'num_engine_workers': self.engines,
                'region_name_for_services': keystone.REGION,
                'auth_encryption_key': secrets.token_hex(16),
                'stack_user_domain_name': keystone.HEAT_DOMAIN,
                'stack_domain_admin': keystone.HEAT_DOMAIN_ADMIN,
                'stack_domain_admin_password': domain_admin_password,
                'heat_metadata_server_url': self._port.url,
                # Not those of a Heat that the machine may have.
                'environment_dir': paste.parent / 'environment.d',
                'template_dir': paste.parent / 'templates',
                # Off by default in Heat; stacks are adopted here too.
                'enable_stack_abandon': True,
                'enable_stack_adopt': True,
                'debug': True,
                'default_log_levels': ','.join(_QUIET),
            },
            'clients_keystone': {'auth_uri': authtoken['auth_url']},
            'database': {'connection': database},
            'keystone_authtoken': authtoken,
            # The trustee is the service user itself.
            'trustee': {
                key: authtoken[key]
                for key in (
                    'auth_type',
                    'auth_url',
                    'username',
                    'password',
                    'user_domain_id',
                )
            },
            'paste_deploy': {'api_paste_config': paste},
        }
        inifile.write(self._config, inifile.merge(sections, self._overrides))

    def sync_database(self) -> None:
        """Make the schema; this does not need the message bus.

        :raises minicloud.process.StartError: it failed.
        """
        self._supervisor.run(
            'heat-manage',
            [
                str(installation.script(installation.HEAT, 'heat-manage')),
                '--config-file',
                str(self._config),
                'db_sync',
            ],
        )

    def _setUp(self) -> None:
        if self._workers:
            self._start_separate()
        else:
            self._start_together()

    def _start_together(self) -> None:
        self.engine = self._supervisor.spawn(
            'heat',
            [
                str(installation.python(installation.HEAT)),
                # Its directory must not be on the path.
                '-P',
                str(_SERVERS / 'heat_one_process.py'),
                str(self._config),
                '{fd}',
            ],
            inherit=self._port,
        )
        self.addCleanup(self.engine.stop)
        wsgi.wait_for_http(self.engine, self._port.url)

    def kill(self) -> None:
        """End the engine, all its processes, with ``SIGKILL``."""
        self.engine.kill()

    def start(self) -> None:
        """Start the engine again.

        :raises minicloud.process.StartError: it did not come up.
        """
        self._supervisor.start(self.engine)
        wsgi.wait_for_http(self.engine, self._port.url)

    def _start_separate(self) -> None:
        program = installation.script(installation.HEAT, 'heat-engine')
        self.engine = self._supervisor.spawn(
            'heat-engine',
            [str(program), '--config-file', str(self._config)],
        )
        self.addCleanup(self.engine.stop)
        self.api = wsgi.WSGIServer(
            self._supervisor,
            'heat-api',
            'heat_api',
            self._port,
            arguments=(f'--pythonpath={_SERVERS}',),
            env={'MINICLOUD_HEAT_CONF': str(self._config)},
            python=installation.python(installation.HEAT),
        )
        self.addCleanup(self.api.process.stop)
        self.api.start()
