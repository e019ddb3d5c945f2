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

"""Other processes find a running cloud, and only a running one."""

import pathlib

import fixtures
from oslotest import base

from minicloud import running


class TestRunningCloud(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.cloud = running.RunningCloud(
            {
                'profile': 'embedded',
                'region': 'RegionOne',
                'auth_url': 'http://127.0.0.1:5/v3',
                'work_dir': str(self.directory),
                'endpoints': {},
                'processes': {'glance': 7},
                'source': {
                    'url': 'http://127.0.0.1:6',
                    'directory': str(self.directory),
                    'log': str(self.directory / 'source'),
                },
                'glance_log': str(self.directory / 'glance'),
                'store_faults': str(self.directory / 'faults'),
                'users': {
                    'demo': {'project': 'demo', 'password': 'pw'},
                    'reader': {'project': 'demo', 'password': 'rd'},
                },
            }
        )

    def test_from_environment(self):
        """Another process finds the cloud through its environment."""
        self.cloud.save()
        self.addCleanup(self.cloud.forget)
        for name, value in self.cloud.environment().items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))

        found = running.RunningCloud.from_environment()

        self.assertEqual(
            self.cloud.credentials('reader'), found.credentials('reader')
        )
        self.assertEqual(self.cloud.environment(), found.environment())
        self.assertEqual('http://127.0.0.1:6/a', found.source.url('a'))
        self.assertEqual({'glance': 7}, found.processes)

    def test_credentials(self):
        """The environment has a user's credentials, the demo user's first."""
        self.assertEqual('pw', self.cloud.environment()['OS_PASSWORD'])
        self.assertEqual('rd', self.cloud.environment('reader')['OS_PASSWORD'])

    def test_private(self):
        """Passwords are written where only the owner can read them."""
        self.cloud.save()

        for name in ('cloud.json', 'clouds.yaml'):
            mode = (self.directory / name).stat().st_mode
            self.assertEqual(0o600, mode & 0o777, name)

    def test_no_environment(self):
        """Without the variable the error says how to get one."""
        self.useFixture(fixtures.EnvironmentVariable('MINICLOUD_WORK_DIR'))

        error = self.assertRaises(
            running.NoCloud, running.RunningCloud.from_environment
        )

        self.assertIn('python -m minicloud run', str(error))

    def test_stopped(self):
        """A cloud that was stopped is not taken for a running one."""
        self.cloud.save()
        self.cloud.forget()
        self.useFixture(
            fixtures.EnvironmentVariable(
                'MINICLOUD_WORK_DIR', str(self.directory)
            )
        )

        error = self.assertRaises(
            running.NoCloud, running.RunningCloud.from_environment
        )

        self.assertIn('has the cloud been stopped', str(error))
