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

"""A whole cloud as a fixture."""

import collections.abc
import concurrent.futures
import contextlib
import pathlib
import shutil
import time
from typing import Any
import uuid

import fixtures
from keystoneauth1 import exceptions as ksa_exceptions

from minicloud import control
from minicloud import glance
from minicloud import heat
from minicloud import inifile
from minicloud import keystone
from minicloud import mariadb
from minicloud import ports
from minicloud import postgres
from minicloud import process
from minicloud import proxy
from minicloud import rabbitmq
from minicloud import requestlog
from minicloud import running
from minicloud import source

PROFILES = ('embedded', 'production')

_DATABASES = ('keystone', 'glance', 'heat')

#: Called with a step's name and how long it took, in seconds.
Progress = collections.abc.Callable[[str, float], None]


def new_work_dir(profile: str) -> pathlib.Path:
    """Where a cloud goes for which no directory was named."""
    now = time.strftime('%Y%m%d-%H%M%S')
    return pathlib.Path(
        '.minicloud', f'{now}-{profile}-{uuid.uuid4().hex[:4]}'
    )


class MiniCloud(fixtures.Fixture):
    """Keystone, Glance and Heat on loopback while the fixture is set up.

    :param profile: ``embedded`` or ``production``, see :mod:`minicloud`.
    :param workers: processes of heat-engine (profile ``production``).
    :param overrides: configuration options by service (``keystone``,
        ``glance``, ``heat``) and section, over what minicloud sets.
    :param work_dir: where configuration, data and logs go; a new directory
        below ``.minicloud`` of the current directory, if not given.
    :param keep_data: leave the images' files after the end, too; logs and
        configuration always stay.
    :param progress: told about every step that is done.
    :ivar work_dir: the work directory.
    :ivar running: the :class:`minicloud.running.RunningCloud`.
    :ivar source: the :class:`minicloud.source.ImageSource`.
    :ivar glance_log: the :class:`minicloud.requestlog.RequestLog` of Glance.
    :raises minicloud.process.StartError: on ``setUp``, when a part does not
        come up; everything that was started has been ended then.
    """

    running: running.RunningCloud
    source: source.ImageSource
    glance_log: requestlog.RequestLog

    def __init__(
        self,
        profile: str = 'embedded',
        workers: int = 3,
        overrides: collections.abc.Mapping[str, inifile.Sections]
        | None = None,
        work_dir: str | pathlib.Path | None = None,
        keep_data: bool = False,
        progress: Progress | None = None,
    ) -> None:
        super().__init__()
        if profile not in PROFILES:
            raise ValueError(
                f'no profile {profile!r}; there are {", ".join(PROFILES)}'
            )
        unknown = set(overrides or {}) - set(_DATABASES)
        if unknown:
            raise ValueError(
                f'overrides for unknown services {sorted(unknown)}; '
                f'there are {", ".join(_DATABASES)}'
            )
        self.profile = profile
        self._workers = workers
        self._overrides = overrides or {}
        self._keep_data = keep_data
        self._progress = progress
        self._engines: set[str] = set()
        self.work_dir = pathlib.Path(
            work_dir or new_work_dir(profile)
        ).resolve()
        self.supervisor = process.Supervisor(
            self.work_dir, self.work_dir / 'log'
        )

    def abort(self) -> None:
        """Let a start that goes on in another thread fail soon."""
        self.supervisor.stop_all()

    def setUp(self) -> None:
        """Start the cloud.

        :raises minicloud.process.StartError: a part did not come up.
        """
        try:
            super().setUp()
        except fixtures.MultipleExceptions as exc:
            # What fixtures makes of an error in nested fixtures.
            raise _cause(exc) from exc

    def _setUp(self) -> None:
        # Nothing on loopback is reached through a proxy.
        self.useFixture(fixtures.EnvironmentVariable('no_proxy', '127.0.0.1'))
        self._make_directories()
        self.useFixture(self.supervisor)
        if not self._keep_data:
            self.supervisor.remove_at_end(self.work_dir / 'data')
        server = source.SourceServer(
            self.work_dir / 'source',
            self.work_dir / 'log' / 'source-requests.jsonl',
        )
        self.useFixture(server)
        self.source = server.source
        self.proxy = proxy.ProxyServer(
            self.work_dir / 'data' / 'wire',
            self.work_dir / 'log' / 'wire-requests.jsonl',
        )
        self.useFixture(self.proxy)
        self._passwords = keystone.make_passwords()
        self._make_services(server.port)
        self._describe()
        self._start()
        # Again, now with the processes.
        self._describe()
        orders = control.ControlServer(
            self.work_dir / running.CONTROL, self._obey
        )
        self.useFixture(orders)
        # Cleanups run in reverse: these before the services' own, which end
        # one after the other.
        self.addCleanup(self.supervisor.stop_all)
        self.addCleanup(self.running.forget)
        for path in self.running.files:
            self.supervisor.remove_at_end(path)
        self.running.save()

    def _make_directories(self) -> None:
        self.work_dir.mkdir(parents=True, exist_ok=True)
        for name in ('log', 'etc', 'data'):
            # Left by an earlier cloud in the same work directory.
            shutil.rmtree(self.work_dir / name, ignore_errors=True)
            (self.work_dir / name).mkdir()
        if not self._keep_data:
            self.addCleanup(
                shutil.rmtree, self.work_dir / 'data', ignore_errors=True
            )

    def _make_services(self, source_port: int) -> None:
        overrides = self._overrides
        self._source_port = source_port
        production = self.profile == 'production'
        self.database: postgres.PostgreSQL | mariadb.MariaDB
        self.bus: rabbitmq.RabbitMQ | None = None
        if production:
            self.database = mariadb.MariaDB(self.supervisor, _DATABASES)
            self.bus = rabbitmq.RabbitMQ(self.supervisor)
        else:
            self.database = postgres.PostgreSQL(self.supervisor, _DATABASES)
        self._ports = {name: ports.Port() for name in _DATABASES}
        for port in self._ports.values():
            self.addCleanup(port.close)
        self.keystone = keystone.Keystone(
            self.supervisor,
            self._ports['keystone'],
            self._passwords,
            overrides.get('keystone', {}),
        )
        self.glance = glance.Glance(
            self.supervisor,
            self._ports['glance'],
            overrides.get('glance', {}),
            workers=2 if production else 1,
        )
        self.heat = heat.Heat(
            self.supervisor,
            self._ports['heat'],
            overrides.get('heat', {}),
            workers=self._workers if production else 0,
        )

    def _describe(self) -> None:
        self.running = running.RunningCloud(
            {
                'profile': self.profile,
                'region': keystone.REGION,
                'auth_url': self.keystone.auth_url,
                'work_dir': str(self.work_dir),
                'endpoints': {
                    **{name: port.url for name, port in self._ports.items()},
                    'glance': self.proxy.url,
                    'glance-direct': self._ports['glance'].url,
                },
                'source': {
                    'url': self.source.url().rstrip('/'),
                    'directory': str(self.source.directory),
                    'log': str(self.source.log),
                },
                'glance_log': str(self.glance.request_log),
                'store_faults': str(self.glance.store_faults),
                'wire_faults': str(self.proxy.faults),
                'wire_log': str(self.proxy.log),
                'processes': self.supervisor.pids(),
                'users': {
                    account.user: {
                        'project': account.project,
                        'password': self._passwords[account.user],
                    }
                    for account in (keystone.ADMIN, *keystone.PEOPLE)
                },
            }
        )
        self.glance_log = self.running.glance_log

    @contextlib.contextmanager
    def _step(self, name: str) -> collections.abc.Iterator[None]:
        started = time.monotonic()
        yield
        if self._progress is not None:
            self._progress(name, time.monotonic() - started)

    def _start(self) -> None:
        """Start everything, each as soon as what it needs is there."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            try:
                database = pool.submit(self._start_database)
                bus = pool.submit(self._start_bus)
                tasks = [
                    database,
                    bus,
                    pool.submit(self._start_keystone, database),
                    pool.submit(self._start_glance, database),
                    pool.submit(self._start_heat, database, bus),
                ]
                for task in concurrent.futures.as_completed(tasks):
                    task.result()
            except BaseException:
                # Also on Ctrl-C: end what the threads are waiting for.
                self.supervisor.stop_all()
                raise
        with self._step('all engines reporting'):
            self.wait_for_engines()

    def _start_database(self) -> None:
        with self._step(type(self.database).__name__):
            self.useFixture(self.database)

    def _start_bus(self) -> None:
        if self.bus is not None:
            with self._step(type(self.bus).__name__):
                self.useFixture(self.bus)

    def _start_keystone(
        self, database: 'concurrent.futures.Future[None]'
    ) -> None:
        database.result()
        with self._step('Keystone'):
            self.keystone.configure(self.database.url('keystone'))
            self.useFixture(self.keystone)
        with self._step('users and catalogue'):
            keystone.populate(
                self.credentials('admin'),
                self._passwords,
                {
                    'image': self.proxy.url,
                    'orchestration': self.heat.endpoint,
                },
            )

    def _start_glance(
        self, database: 'concurrent.futures.Future[None]'
    ) -> None:
        database.result()
        with self._step('Glance'):
            self.glance.configure(
                self.database.url('glance'),
                self._authtoken('glance'),
                # Glance is the source of glance-download itself.
                (self._source_port, self.proxy.port),
            )
            port = self._ports['glance']
            self.proxy.pass_on_to(ports.HOST, port.number)
            self.useFixture(self.glance)

    def _start_heat(
        self,
        database: 'concurrent.futures.Future[None]',
        bus: 'concurrent.futures.Future[None]',
    ) -> None:
        database.result()
        with self._step('Heat'):
            self.heat.configure(
                self.database.url('heat'),
                self.bus.url if self.bus is not None else 'fake://',
                self._authtoken('heat'),
                self._passwords[keystone.HEAT_DOMAIN_ADMIN],
            )
            self.heat.sync_database()
            bus.result()
            self.useFixture(self.heat)

    def _authtoken(self, user: str) -> dict[str, Any]:
        return {
            'auth_type': 'password',
            'auth_url': self.auth_url,
            'www_authenticate_uri': self.auth_url,
            'username': user,
            'password': self._passwords[user],
            'project_name': 'service',
            'user_domain_id': 'default',
            'project_domain_id': 'default',
            'region_name': keystone.REGION,
            'service_token_roles_required': True,
        }

    def wait_for_engines(self) -> None:
        """Wait until every heat-engine worker reports itself up.

        Those that were waited for before do not count: a dead one is taken
        to be up for as long as it was to report again.

        :raises minicloud.process.StartError: they do not.
        """
        session = self.running.session('admin')
        up: set[str] = set()

        def all_up() -> bool:
            try:
                services = session.get(
                    '/services',
                    endpoint_filter={'service_type': 'orchestration'},
                ).json()['services']
            except ksa_exceptions.ClientException:
                return False
            up.update(
                each['engine_id']
                for each in services
                if each['status'] == 'up'
            )
            return len(up - self._engines) >= self.heat.engines

        self.supervisor.wait_until(
            all_up, 'heat-engine', 'reported up by all its workers'
        )
        self._engines |= up

    def _obey(self, action: str, name: str) -> None:
        """Do what another process orders.

        :raises minicloud.process.StartError: a service did not come up.
        :raises ValueError: there is no such action or service.
        """
        services: dict[str, glance.Glance | heat.Heat] = {
            'glance': self.glance,
            'heat-engine': self.heat,
        }
        if action not in ('kill', 'start') or name not in services:
            raise ValueError(f'{action} {name} is not understood')
        if action == 'kill':
            services[name].kill()
            return
        services[name].start()
        if name == 'heat-engine':
            self.wait_for_engines()
        self._describe()
        self.running.save()

    @property
    def auth_url(self) -> str:
        """Keystone's v3 endpoint."""
        return self.keystone.auth_url

    def credentials(self, user: str = 'demo') -> dict[str, str]:
        """See :meth:`minicloud.running.RunningCloud.credentials`."""
        return self.running.credentials(user)

    def environment(self, user: str = 'demo') -> dict[str, str]:
        """See :meth:`minicloud.running.RunningCloud.environment`."""
        return self.running.environment(user)


def _cause(error: BaseException) -> BaseException:
    """The exception that all others came from."""
    while isinstance(error, fixtures.MultipleExceptions):
        error = error.args[0][1]
    return error
