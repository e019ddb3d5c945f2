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

import multiprocessing
import os
import pathlib

import fixtures
from oslotest import base

from minicloud import running
from minicloud.tests import description

#: Its processes have imported everything already.
_FORK = multiprocessing.get_context('fork')


def _use_a_cloud(connection):
    """Say twice which cloud was found, or what is wrong, and then stay."""
    try:
        for _ in range(2):
            found = running.RunningCloud.from_environment()
            connection.send(str(found.work_dir))
        connection.recv()
    except running.NoCloud as error:
        connection.send(str(error))


class TestRunningCloud(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.cloud = running.RunningCloud(description.of(self.directory))

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


class TestClaim(base.BaseTestCase):
    """Of several clouds each process has its own."""

    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.directories = [top / name for name in 'ab']
        for directory in self.directories:
            directory.mkdir()
            running.RunningCloud(description.of(directory)).save()
        several = os.pathsep.join(map(str, self.directories))
        for name, value in (
            ('MINICLOUD_WORK_DIR', None),
            ('MINICLOUD_WORK_DIRS', several),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def start(self):
        """Start a process, and return it and what it says."""
        ours, its = _FORK.Pipe()
        process = _FORK.Process(target=_use_a_cloud, args=[its])
        process.start()
        self.addCleanup(process.join)
        self.addCleanup(process.kill)
        return process, ours

    def found(self):
        """Start a process, and return the directories that it was given."""
        _, said = self.start()
        return [said.recv() for _ in range(2)]

    def test_own(self):
        """A process has one cloud all its life, and no other gets that one."""
        found = [self.found() for _ in self.directories]

        self.assertEqual([[str(each)] * 2 for each in self.directories], found)

    def test_all_in_use(self):
        """A process too many is told so, and does not share."""
        for _ in self.directories:
            self.found()

        _, said = self.start()

        self.assertIn('other processes use all 2 clouds', said.recv())

    def test_free_again(self):
        """The cloud of a process that was killed can be had again."""
        process, said = self.start()
        first = said.recv()
        self.found()
        process.kill()
        process.join()

        self.assertEqual([first] * 2, self.found())

    def test_named(self):
        """What a process is given by name is not claimed: it is its user's."""
        self.found()
        name = str(self.directories[0])
        self.useFixture(
            fixtures.EnvironmentVariable('MINICLOUD_WORK_DIR', name)
        )

        self.assertEqual([name] * 2, self.found())
