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

"""A cloud that cannot be is refused before anything is started."""

import fixtures
from oslotest import base

from minicloud import cloud
from minicloud import process


class TestMiniCloud(base.BaseTestCase):
    def test_unknown_profile(self):
        """A profile that does not exist is refused with those that do."""
        error = self.assertRaises(
            ValueError, cloud.MiniCloud, profile='imaginary'
        )

        self.assertIn('embedded, production', str(error))

    def test_unknown_service(self):
        """Overrides for a service that does not exist are refused."""
        error = self.assertRaises(
            ValueError, cloud.MiniCloud, overrides={'nova': {}}
        )

        self.assertIn("['nova']", str(error))

    def test_abort(self):
        """A start that was given up, even before it began, fails soon."""
        directory = self.useFixture(fixtures.TempDir()).path
        mini = cloud.MiniCloud(work_dir=directory)
        mini.abort()

        error = self.assertRaises(process.StartError, mini.setUp)

        self.assertEqual('stopped by request', error.reason)
