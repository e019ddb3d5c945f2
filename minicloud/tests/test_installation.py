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
