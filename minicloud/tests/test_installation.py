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

"""What is missing is named, with where to get it."""

import pathlib
import sys

import fixtures
from oslotest import base

from minicloud import installation
from minicloud import process


class TestInstallation(base.BaseTestCase):
    def test_system_program(self):
        """A program that is missing is named with its Debian package."""
        error = self.assertRaises(
            process.StartError,
            installation.system_program,
            '/no/such/mariadbd',
            'mariadb-server-core',
        )

        self.assertIn('no /no/such/mariadbd on this machine', str(error))
        self.assertIn('Debian package mariadb-server-core', str(error))

    def test_data_file(self):
        """A file that is missing is named with the wheel that has it."""
        error = self.assertRaises(
            process.StartError, installation.data_file, 'odd', 'odd', 'x.ini'
        )

        self.assertIn('odd must be installed in the Python', str(error))


class TestOtherHeat(base.BaseTestCase):
    """Heat in another environment than all else."""

    def setUp(self):
        super().setUp()
        self.prefix = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.python = self.prefix / 'bin' / 'python'
        self.useFixture(
            fixtures.EnvironmentVariable(
                'MINICLOUD_HEAT_PYTHON', str(self.python)
            )
        )

    def make(self, *parts):
        """Make a file in that environment and return its path."""
        path = self.prefix.joinpath(*parts)
        path.parent.mkdir(parents=True)
        path.touch()
        return path

    def test_is_found(self):
        """Its programs and files are those of that environment."""
        engine = self.make('bin', 'heat-engine')
        paste = self.make('etc', 'heat', 'api-paste.ini')

        self.assertEqual(self.python, installation.python(installation.HEAT))
        self.assertEqual(
            engine, installation.script(installation.HEAT, 'heat-engine')
        )
        self.assertEqual(
            paste,
            installation.data_file(installation.HEAT, 'heat', 'api-paste.ini'),
        )

    def test_is_missing(self):
        """If Heat is not there, the message names that environment."""
        error = self.assertRaises(
            process.StartError,
            installation.script,
            installation.HEAT,
            'heat-engine',
        )

        self.assertIn(str(self.prefix), str(error))

    def test_is_the_only_one(self):
        """Glance stays in the environment of minicloud."""
        self.assertEqual(
            pathlib.Path(sys.executable), installation.python('glance')
        )
