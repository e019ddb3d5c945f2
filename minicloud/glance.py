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

"""Glance: two file stores, an http store, every way to import."""

import pathlib
from typing import Any

import fixtures

from minicloud import inifile
from minicloud import installation
from minicloud import ports
from minicloud import process
from minicloud import wsgi

_SOURCES = pathlib.Path(__file__).resolve().parent.parent

_METHODS = ('web-download', 'copy-image', 'glance-direct', 'glance-download')


class Glance(fixtures.Fixture):
    """A Glance server; :meth:`configure` comes before ``setUp``.

    :param supervisor: starts and ends its processes.
    :param port: where it listens.
    :param overrides: options by section, over what is set here.
    :param workers: gunicorn processes.
    :ivar server: the :class:`minicloud.wsgi.WSGIServer`.
    :ivar request_log: path of the log read by
        :class:`minicloud.requestlog.RequestLog`.
    :ivar store_faults: where :class:`minicloud.stores.Stores` keeps faults.
    """

    def __init__(
        self,
        supervisor: process.Supervisor,
        port: ports.Port,
        overrides: inifile.Sections,
        workers: int = 1,
    ) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._port = port
        self._overrides = overrides
        self._workers = workers
        self._etc = supervisor.work_dir / 'etc' / 'glance'
        self._data = supervisor.work_dir / 'data' / 'glance'
        self.request_log = supervisor.log_dir / 'glance-requests.jsonl'
        self.store_faults = self._data / 'faults'

    def configure(
        self,
        database: str,
        authtoken: dict[str, Any],
        source_ports: tuple[int, ...],
    ) -> None:
        """Write the configuration.

        :param database: SQLAlchemy URL of an empty database.
        :param authtoken: options of ``[keystone_authtoken]``.
        :param source_ports: of the servers that images come from.
        """
        stores = {
            name: {'filesystem_store_datadir': self._data / name}
            for name in (
                'fast',
                'slow',
                'os_glance_staging_store',
                'os_glance_tasks_store',
            )
        }
        for store in stores.values():
            store['filesystem_store_datadir'].mkdir(parents=True)
        sections: dict[str, dict[str, Any]] = {
            'DEFAULT': {
                'enabled_backends': 'fast:file,slow:file,http:http',
                'enabled_import_methods': f'[{",".join(_METHODS)}]',
                'worker_self_reference_url': self._port.url,
                # Off by default in Glance.
                'show_image_direct_url': True,
            },
            **stores,
            'glance_store': {'default_backend': 'fast'},
            # Loopback is refused as a source unless it is named.
            'import_filtering_opts': {
                'allowed_hosts': '[127.0.0.1]',
                'allowed_ports': f'[{",".join(map(str, source_ports))}]',
            },
            'database': {'connection': database},
            'keystone_authtoken': authtoken,
            # Imports and the location API need it.
            'oslo_concurrency': {'lock_path': self._data / 'lock'},
            'paste_deploy': {
                'flavor': 'keystone',
                'config_file': installation.data_file(
                    'glance', 'glance', 'glance-api-paste.ini'
                ),
            },
        }
        inifile.write(
            self._etc / 'glance-api.conf',
            inifile.merge(sections, self._overrides),
        )

    def _setUp(self) -> None:
        env = {
            'PYTHONPATH': str(_SOURCES),
            'OS_GLANCE_CONFIG_DIR': str(self._etc),
            'MINICLOUD_REQUEST_LOG': str(self.request_log),
            'MINICLOUD_STORE_FAULTS': str(self.store_faults),
        }
        self.request_log.touch()
        self._supervisor.run(
            'glance-manage',
            [
                str(installation.script('glance', 'glance-manage')),
                '--config-file',
                str(self._etc / 'glance-api.conf'),
                'db_sync',
            ],
            env=env,
        )
        self.server = wsgi.WSGIServer(
            self._supervisor,
            'glance',
            'minicloud.servers.glance_api',
            self._port,
            workers=self._workers,
            env=env,
        )
        self.addCleanup(self.server.process.stop)
        self.start()

    def kill(self) -> None:
        """End all its processes with ``SIGKILL``."""
        self.server.process.kill()

    def start(self) -> None:
        """Start it, for the first time or again, and wait for an answer.

        :raises minicloud.process.StartError: it did not come up.
        """
        self.server.start()
