#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Another Glance on the database of the cloud's own, with other options."""

import configparser
import pathlib

import fixtures
from heatclient import client as heat_client
from keystoneauth1 import adapter

from minicloud import glance
from minicloud import inifile
from minicloud import ports
from minicloud import process

_PROTECTIONS = 'property-protections.conf'


class SecondGlance(fixtures.Fixture):
    """A Glance in a region of its own, beside that of the cloud.

    Heat goes to the region that a client names with its requests, and keeps
    it with the stack (``ClientPlugin._get_region_name``).

    :param cloud: the :class:`minicloud.running.RunningCloud`
    :param user: who uses it
    :param options: options by section, over those of the cloud's Glance
    :param protections: by expression, the roles of Glance's property
        protections, by operation
    :ivar heat: a client of Heat that makes it use this Glance
    :ivar glance: a connection to this Glance, as that user
    :ivar admin: the same, as the administrator
    """

    REGION = 'Second'

    def __init__(self, cloud, user, options, protections):
        super().__init__()
        self._cloud = cloud
        self._user = user
        self._options = options
        self._protections = protections

    def _setUp(self):
        work_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        port = ports.Port()
        self.addCleanup(port.close)
        self._configure(work_dir, port)
        supervisor = self.useFixture(
            process.Supervisor(work_dir, work_dir / 'log')
        )
        self.useFixture(glance.Glance(supervisor, port, {}))
        self._enter(port.url)
        session = self._cloud.session(self._user)
        self.heat = heat_client.Client(
            '1',
            session=session,
            service_type='orchestration',
            interface='public',
            region_name=self.REGION,
            endpoint_override=session.get_endpoint(
                service_type='orchestration', region_name=self._cloud.region
            ),
        )
        self.glance, self.admin = (
            adapter.Adapter(
                self._cloud.session(user),
                service_type='image',
                region_name=self.REGION,
                user_agent='functional-test',
            )
            for user in (self._user, 'admin')
        )

    def _configure(self, work_dir, port):
        """Write the configuration of the cloud's Glance, changed."""
        config = configparser.RawConfigParser(default_section='')
        config.read(self._cloud.work_dir / 'etc/glance/glance-api.conf')
        directory = work_dir / 'etc' / 'glance'
        inifile.write(directory / _PROTECTIONS, self._protections)
        sections = inifile.merge(
            {name: config[name] for name in config.sections()},
            {
                'DEFAULT': {
                    'worker_self_reference_url': port.url,
                    'property_protection_file': directory / _PROTECTIONS,
                }
            },
        )
        inifile.write(
            directory / 'glance-api.conf',
            inifile.merge(sections, self._options),
        )

    def _enter(self, url):
        """Enter a region into the catalogue, with this Glance."""
        identity = adapter.Adapter(
            self._cloud.session('admin'),
            service_type='identity',
            region_name=self._cloud.region,
        )
        identity.post('/regions', json={'region': {'id': self.REGION}})
        self.addCleanup(identity.delete, f'/regions/{self.REGION}')
        services = {
            service['type']: service['id']
            for service in identity.get('/services').json()['services']
        }
        for kind, where in (
            ('image', url),
            ('identity', self._cloud.auth_url),
        ):
            for interface in ('public', 'internal', 'admin'):
                endpoint = identity.post(
                    '/endpoints',
                    json={
                        'endpoint': {
                            'service_id': services[kind],
                            'region_id': self.REGION,
                            'interface': interface,
                            'url': where,
                        }
                    },
                ).json()['endpoint']
                self.addCleanup(
                    identity.delete, f'/endpoints/{endpoint["id"]}'
                )
