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

"""Keystone: the server, and the accounts of a cloud."""

import dataclasses
import pathlib
import secrets
import sys
from typing import Any

import fixtures
import openstack

from minicloud import inifile
from minicloud import ports
from minicloud import process
from minicloud import wsgi

REGION = 'RegionOne'

#: Heat's domain for the users that stacks create, and its administrator.
HEAT_DOMAIN = 'heat'
HEAT_DOMAIN_ADMIN = 'heat_domain_admin'

_SOURCES = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Account:
    """A user with the project and the roles that it works with."""

    user: str
    project: str
    roles: tuple[str, ...]


#: The administrator is made by ``keystone-manage bootstrap``.
ADMIN = Account('admin', 'admin', ('admin',))

#: What an operator makes for people.
PEOPLE = (
    Account('demo', 'demo', ('member', 'heat_stack_owner')),
    Account('other', 'other', ('member', 'heat_stack_owner')),
    Account('reader', 'demo', ('reader',)),
)

#: What an operator makes for services.
SERVICES = (
    Account('glance', 'service', ('admin', 'service')),
    Account('heat', 'service', ('admin', 'service')),
)


class Keystone(fixtures.Fixture):
    """A Keystone server; :meth:`configure` comes before ``setUp``.

    :param supervisor: starts and ends its processes.
    :param port: where it listens.
    :param passwords: password by user name; ``admin``'s is used.
    :param overrides: options by section, over what is set here.
    """

    def __init__(
        self,
        supervisor: process.Supervisor,
        port: ports.Port,
        passwords: dict[str, str],
        overrides: inifile.Sections,
    ) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._overrides = overrides
        self._port = port
        self._passwords = passwords
        self._etc = supervisor.work_dir / 'etc' / 'keystone'

    @property
    def auth_url(self) -> str:
        """Keystone's v3 endpoint."""
        return f'{self._port.url}/v3'

    def configure(self, database: str) -> None:
        """Write the configuration.

        :param database: SQLAlchemy URL of an empty database.
        """
        sections: dict[str, dict[str, Any]] = {
            'database': {'connection': database},
            'token': {'provider': 'fernet', 'expiration': 86400},
            'fernet_tokens': {'key_repository': self._etc / 'fernet-keys'},
            # Otherwise fernet_setup makes keys in /etc/keystone.
            'fernet_receipts': {'key_repository': self._etc / 'fernet-keys'},
            'credential': {'key_repository': self._etc / 'credential-keys'},
            # In deployments this is a memcached; here there is one process,
            # so its own memory is as good.  Without it each check of a token
            # costs a dozen queries.
            'cache': {'enabled': True, 'backend': 'oslo_cache.dict'},
            # The least that bcrypt allows: these passwords guard nothing,
            # and every log-in checks one.
            'identity': {'password_hash_rounds': 4},
        }
        inifile.write(
            self._etc / 'keystone.conf',
            inifile.merge(sections, self._overrides),
        )

    def _setUp(self) -> None:
        env = {
            'PYTHONPATH': str(_SOURCES),
            'OS_KEYSTONE_CONFIG_DIR': str(self._etc),
        }
        self._supervisor.run(
            'keystone-manage',
            [
                sys.executable,
                '-m',
                'minicloud.servers.keystone_setup',
                str(self._etc / 'keystone.conf'),
                self.auth_url,
                REGION,
            ],
            env={**env, 'OS_BOOTSTRAP_PASSWORD': self._passwords['admin']},
        )
        self.server = wsgi.WSGIServer(
            self._supervisor,
            'keystone',
            'minicloud.servers.keystone_api',
            self._port,
            env=env,
        )
        self.addCleanup(self.server.process.stop)
        self.server.start()


def make_passwords() -> dict[str, str]:
    """A fresh password for every account, by user name."""
    accounts = (ADMIN, *PEOPLE, *SERVICES)
    names = [account.user for account in accounts] + [HEAT_DOMAIN_ADMIN]
    return {name: secrets.token_urlsafe(12) for name in names}


def populate(
    auth: dict[str, str], passwords: dict[str, str], endpoints: dict[str, str]
) -> None:
    """Make projects, users, roles, Heat's domain and the catalogue.

    :param auth: the administrator's credentials.
    :param passwords: password by user name.
    :param endpoints: URL by service type, without Keystone's own.
    :raises openstack.exceptions.SDKException: Keystone refused a request.
    """
    with openstack.connection.Connection(
        auth=auth, region_name=REGION
    ) as cloud:
        # Typed as the proxy of either version of the API.
        identity: Any = cloud.identity
        for service_type, url in endpoints.items():
            service = identity.create_service(
                type=service_type, name=service_type
            )
            for interface in ('public', 'internal', 'admin'):
                identity.create_endpoint(
                    service_id=service.id,
                    interface=interface,
                    region_id=REGION,
                    url=url,
                )
        for name in ('heat_stack_owner', 'heat_stack_user'):
            identity.create_role(name=name)
        roles = {role.name: role for role in identity.roles()}
        projects: dict[str, Any] = {}
        for account in (*PEOPLE, *SERVICES):
            if account.project not in projects:
                projects[account.project] = identity.create_project(
                    name=account.project, domain_id='default'
                )
            project = projects[account.project]
            user = identity.create_user(
                name=account.user,
                password=passwords[account.user],
                domain_id='default',
                default_project_id=project.id,
            )
            for role in account.roles:
                identity.assign_project_role_to_user(
                    project, user, roles[role]
                )
        domain = identity.create_domain(name=HEAT_DOMAIN)
        user = identity.create_user(
            name=HEAT_DOMAIN_ADMIN,
            password=passwords[HEAT_DOMAIN_ADMIN],
            domain_id=domain.id,
        )
        identity.assign_domain_role_to_user(domain, user, roles['admin'])
