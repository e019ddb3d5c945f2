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

"""Another Heat on the database of the cloud's own, with other options."""

import configparser
import pathlib

import fixtures
from heatclient import client as heat_client

from minicloud import heat
from minicloud import inifile
from minicloud import ports
from minicloud import process


class SecondHeat(fixtures.Fixture):
    """heat-api and heat-engine in one process, beside those of the cloud.

    What it does is seen by the cloud's own Heat, which goes on from there: a
    stack that one has made the other can update.  It has a message bus of its
    own, so each works off what it was asked for.

    :param cloud: the :class:`minicloud.running.RunningCloud`
    :param user: who uses it
    :param options: options by section, over those of the cloud's Heat
    :ivar client: a client of it
    """

    def __init__(self, cloud, user, options):
        super().__init__()
        self._cloud = cloud
        self._user = user
        self._options = options

    def _setUp(self):
        config = configparser.RawConfigParser(default_section='')
        config.read(self._cloud.work_dir / 'etc' / 'heat' / 'heat.conf')
        work_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        inifile.write(
            work_dir / 'etc' / 'heat' / 'heat.conf',
            inifile.merge(
                inifile.merge(
                    {name: config[name] for name in config.sections()},
                    {'DEFAULT': {'transport_url': 'fake://'}},
                ),
                self._options,
            ),
        )
        supervisor = self.useFixture(
            process.Supervisor(work_dir, work_dir / 'log')
        )
        port = ports.Port()
        self.addCleanup(port.close)
        self.useFixture(heat.Heat(supervisor, port, {}))
        session = self._cloud.session(self._user)
        self.client = heat_client.Client(
            '1',
            session=session,
            endpoint_override=f'{port.url}/v1/{session.get_project_id()}',
        )
