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

"""A running cloud as any process sees it.

The controlling process describes its cloud in a file of the work directory;
tests, demo and benchmarks find that file through ``MINICLOUD_WORK_DIR``.

Of several clouds (``MINICLOUD_WORK_DIRS``) each process gets one to itself.
"""

import collections.abc
import contextlib
import fcntl
import functools
import json
import os
import pathlib
import shlex
import sysconfig
from typing import Any
from typing import IO

from keystoneauth1.identity import v3
from keystoneauth1 import session as ksa_session
import yaml

from minicloud import control
from minicloud import requestlog
from minicloud import source
from minicloud import stores
from minicloud import wire

_DESCRIPTION = 'cloud.json'

#: Where the controlling process looks for orders, in the work directory.
CONTROL = pathlib.Path('data', 'control')

#: The file of a work directory that the process which uses the cloud locks.
_CLAIM = 'claim'

#: Those that this process has; closing one would give it back.
_claims: list[IO[str]] = []


class NoCloud(Exception):
    """The environment does not lead to a running cloud."""


class RunningCloud:
    """Everything that is needed to use a cloud.

    :param description: the content of ``cloud.json``.
    :ivar profile: ``embedded`` or ``production``.
    :ivar region: name of the only region.
    :ivar auth_url: Keystone's v3 endpoint.
    :ivar work_dir: configuration (``etc``), logs (``log``), data (``data``).
    :ivar source: the :class:`minicloud.source.ImageSource`.
    :ivar glance_log: the :class:`minicloud.requestlog.RequestLog` of Glance.
    :ivar stores: the :class:`minicloud.stores.Stores` of Glance, which can be
        made slow, full, or to say that an image is in use.
    :ivar wire: the :class:`minicloud.wire.Wire` before Glance, which can
        answer, cut, delay or hold requests.
    :ivar endpoints: URL by service name; ``glance`` is the proxy, as users
        see it, and ``glance-direct`` Glance itself.
    :ivar processes: process id by name, as it was when the cloud was ready:
        ``keystone``, ``glance``, and ``heat`` or ``heat-api`` and
        ``heat-engine`` (whose workers are its children).
    """

    def __init__(self, description: collections.abc.Mapping[str, Any]) -> None:
        self._description = dict(description)
        self.profile: str = description['profile']
        self.region: str = description['region']
        self.auth_url: str = description['auth_url']
        self.work_dir = pathlib.Path(description['work_dir'])
        self.endpoints: dict[str, str] = description['endpoints']
        self.processes: dict[str, int] = description['processes']
        self.source = source.ImageSource(
            description['source']['url'],
            pathlib.Path(description['source']['directory']),
            pathlib.Path(description['source']['log']),
        )
        self.glance_log = requestlog.RequestLog(description['glance_log'])
        self.stores = stores.Stores(pathlib.Path(description['store_faults']))
        self.wire = wire.Wire(
            pathlib.Path(description['wire_faults']),
            requestlog.RequestLog(description['wire_log']),
        )
        self._control = control.Control(self.work_dir / CONTROL)

    @classmethod
    def from_environment(cls) -> 'RunningCloud':
        """The cloud that ``MINICLOUD_WORK_DIR`` leads to.

        Without it, one of ``MINICLOUD_WORK_DIRS`` that no other process has
        got by this method: it stays this process' own until it ends.

        :raises NoCloud: no variable is set, there is no cloud, or others
            have all of them.
        """
        directory = os.environ.get('MINICLOUD_WORK_DIR')
        several = os.environ.get('MINICLOUD_WORK_DIRS')
        if not directory and several:
            directory = _claim(several)
        if not directory:
            raise NoCloud(
                'MINICLOUD_WORK_DIR is not set; run this under '
                '"python -m minicloud run -- COMMAND"'
            )
        path = pathlib.Path(directory, _DESCRIPTION)
        try:
            return cls(json.loads(path.read_text(encoding='utf-8')))
        except FileNotFoundError:
            raise NoCloud(
                f'{path} does not exist; has the cloud been stopped?'
            ) from None

    def save(self) -> None:
        """Describe the cloud in its work directory, for other processes."""
        _write(
            self.work_dir / _DESCRIPTION,
            json.dumps(self._description, indent=2),
        )
        clouds = {
            user: {
                'auth': self.credentials(user),
                'region_name': self.region,
                'identity_api_version': '3',
            }
            for user in self._description['users']
        }
        _write(
            self.work_dir / 'clouds.yaml', yaml.safe_dump({'clouds': clouds})
        )

    @property
    def files(self) -> tuple[pathlib.Path, ...]:
        """What :meth:`save` writes."""
        return self.work_dir / _DESCRIPTION, self.work_dir / 'clouds.yaml'

    def forget(self) -> None:
        """Take the description back: the cloud is going to be stopped."""
        for path in self.files:
            path.unlink(missing_ok=True)

    def kill(self, service: str) -> None:
        """End a service with ``SIGKILL``, and start it again.

        It is back when this returns: it answers, and all engines report.

        :param service: ``glance`` or ``heat-engine``; the latter is one
            process with Heat's API in the profile ``embedded``.
        :raises minicloud.control.OrderFailed: it did not come up.
        """
        with self.killed(service):
            pass

    @contextlib.contextmanager
    def killed(self, service: str) -> collections.abc.Iterator[None]:
        """As :meth:`kill`, but it stays away until the block ends."""
        self._control.order('kill', service)
        try:
            yield
        finally:
            self._control.order('start', service)
            found = json.loads((self.work_dir / _DESCRIPTION).read_bytes())
            self.processes = found['processes']

    def credentials(self, user: str = 'demo') -> dict[str, str]:
        """What a user logs in with.

        :param user: ``admin``, ``demo`` (an ordinary member), ``other`` (a
            member of another project) or ``reader`` (of demo's project).
        :returns: arguments for keystoneauth's ``v3.Password`` and for the
            ``auth`` of openstacksdk.
        """
        account = self._description['users'][user]
        return {
            'auth_url': self.auth_url,
            'username': user,
            'password': account['password'],
            'project_name': account['project'],
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
        }

    def session(
        self, user: str = 'demo', **kwargs: Any
    ) -> ksa_session.Session:
        """A keystoneauth session of a user.

        :param kwargs: for :class:`keystoneauth1.session.Session`.
        """
        auth: dict[str, Any] = dict(self.credentials(user))
        return ksa_session.Session(auth=v3.Password(**auth), **kwargs)

    def environment(self, user: str = 'demo') -> dict[str, str]:
        """Variables for a child process that uses the cloud as this user.

        ``OS_*`` for the ``openstack`` command and everything that reads
        credentials from the environment, ``MINICLOUD_*`` for
        :meth:`from_environment` and for shell scripts.

        To run one command as somebody else, give it that user's environment:
        the ``openstack`` command lets ``OS_USERNAME`` win over what
        ``--os-cloud`` names.
        """
        credentials = self.credentials(user)
        return {
            **{f'OS_{k.upper()}': v for k, v in credentials.items()},
            'OS_IDENTITY_API_VERSION': '3',
            'OS_INTERFACE': 'public',
            'OS_REGION_NAME': self.region,
            'OS_CLIENT_CONFIG_FILE': str(self.work_dir / 'clouds.yaml'),
            'no_proxy': '127.0.0.1',
            'MINICLOUD_WORK_DIR': str(self.work_dir),
            'MINICLOUD_PROFILE': self.profile,
            'MINICLOUD_REGION': self.region,
            'MINICLOUD_SOURCE_URL': self.source.url().rstrip('/'),
            'MINICLOUD_SOURCE_DIR': str(self.source.directory),
            'MINICLOUD_SOURCE_LOG': str(self.source.log),
            'MINICLOUD_GLANCE_LOG': str(self.glance_log.path),
        }

    def exports(self, user: str = 'demo') -> list[str]:
        """Lines for a shell that shall use the cloud as this user."""
        lines = [
            f'export {name}={shlex.quote(value)}'
            for name, value in self.environment(user).items()
        ]
        # This Python's "openstack" is found first.  The shell's own PATH is
        # to be expanded, so it is not quoted twice.
        scripts = shlex.quote(sysconfig.get_path('scripts'))
        return [*lines, f'export PATH={scripts}:"$PATH"']


@functools.cache
def _claim(directories: str) -> str:
    """Get a work directory that is nobody else's while this process lives.

    :param directories: several, joined like those of ``PATH``.
    """
    names = directories.split(os.pathsep)
    for name in names:
        claim = pathlib.Path(name, _CLAIM).open('w')
        try:
            # The kernel lets go of it however this process ends; processes
            # that it starts do not inherit the file.
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            continue
        _claims.append(claim)
        return name
    raise NoCloud(
        f'other processes use all {len(names)} clouds; start more of them '
        '(--clouds), or run fewer tests at a time'
    )


def _write(path: pathlib.Path, text: str) -> None:
    """Write a file that only its owner can read, all at once."""
    partial = path.with_suffix('.partial')
    partial.touch(mode=0o600)
    partial.write_text(text, encoding='utf-8')
    partial.replace(path)
