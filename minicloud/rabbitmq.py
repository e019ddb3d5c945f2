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

"""RabbitMQ from Debian, as a private broker."""

import pathlib
import secrets
import shutil
import tempfile

import fixtures

from minicloud import installation
from minicloud import ports
from minicloud import process

_PACKAGE = 'rabbitmq-server'

#: The program itself; ``/usr/sbin/rabbitmq-server`` is Debian's wrapper, which
#: turns into the user ``rabbitmq`` and uses the machine's directories.
_PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'


class RabbitMQ(fixtures.Fixture):
    """A private RabbitMQ broker on loopback.

    :param supervisor: starts and ends the broker.
    :ivar url: oslo.messaging's transport URL.
    """

    def __init__(self, supervisor: process.Supervisor) -> None:
        super().__init__()
        self._supervisor = supervisor
        # The broker binds its ports itself.  Until it has, they are held:
        # Linux allows that between sockets that allow to reuse an address.
        self._port = ports.Port()
        self._epmd_port = ports.Port()
        self._distribution_port = ports.Port()
        self._password = secrets.token_urlsafe(12)
        self.url = (
            f'rabbit://openstack:{self._password}'
            f'@{ports.HOST}:{self._port.number}/'
        )

    def _setUp(self) -> None:
        for port in (self._port, self._epmd_port, self._distribution_port):
            self.addCleanup(port.close)
        program = installation.system_program(_PROGRAM, _PACKAGE)
        epmd = installation.system_program('epmd', 'erlang-base')
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='minicloud-mq-'))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self._supervisor.remove_at_end(self.directory)
        env = self._configure()
        # Without one, Erlang starts a daemon of its own that nobody ends.
        mapper = self._supervisor.spawn('epmd', [epmd], env=env, base=True)
        self.addCleanup(mapper.stop)
        mapper.wait_until(self._epmd_port.is_open, 'accepting connections')
        broker = self._supervisor.spawn(
            'rabbitmq', [program], env=env, base=True
        )
        self.addCleanup(broker.stop)
        broker.wait_until(self._port.is_open, 'accepting connections')
        for port in (self._port, self._epmd_port, self._distribution_port):
            port.close()

    def _configure(self) -> dict[str, str]:
        """Write the configuration.

        :returns: the broker's environment.
        """
        number = self._port.number
        config = self.directory / 'rabbitmq.conf'
        config.touch(mode=0o600)
        config.write_text(
            f'listeners.tcp.default = {ports.HOST}:{number}\n'
            'default_user = openstack\n'
            f'default_pass = {self._password}\n'
            'log.file = false\n'
            'log.console = true\n'
            'log.console.use_colors = off\n'
        )
        return {
            'HOME': str(self.directory),
            'ERL_CRASH_DUMP': str(self.directory / 'erl_crash.dump'),
            'ERL_EPMD_ADDRESS': ports.HOST,
            'ERL_EPMD_PORT': str(self._epmd_port.number),
            'RABBITMQ_NODENAME': f'minicloud{number}@localhost',
            'RABBITMQ_DIST_PORT': str(self._distribution_port.number),
            'RABBITMQ_NODE_PORT': str(number),
            'RABBITMQ_NODE_IP_ADDRESS': ports.HOST,
            'RABBITMQ_CONFIG_FILE': str(config),
            'RABBITMQ_ADVANCED_CONFIG_FILE': str(self.directory / 'advanced'),
            'RABBITMQ_CONF_ENV_FILE': str(self.directory / 'env'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(self.directory / 'plugins'),
            'RABBITMQ_MNESIA_BASE': str(self.directory / 'mnesia'),
            'RABBITMQ_LOG_BASE': str(self.directory / 'log'),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
                '-kernel inet_dist_use_interface {127,0,0,1}'
            ),
            # As a service manager does it: the script becomes the broker
            # instead of waiting for it as a child.
            'RUNNING_UNDER_SYSTEMD': 'true',
        }
