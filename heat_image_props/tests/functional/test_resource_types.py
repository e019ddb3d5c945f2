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

"""The resource type as the users of a cloud see it."""

import json
import os
import subprocess

from heat_image_props.tests.functional import base
from minicloud import installation

IMAGE = 'OS::Glance::Image'


class TestResourceTypes(base.FunctionalTestCase):
    """What the cloud's users see of the installed package."""

    def openstack(self, *args):
        """Run "openstack orchestration resource type" and parse its answer."""
        command = installation.script('python-openstackclient', 'openstack')
        result = subprocess.run(
            [
                command,
                'orchestration',
                'resource',
                'type',
                *args,
                '--format',
                'json',
            ],
            env={**os.environ, **self.cloud.environment(self.USER)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, result.returncode, result.stderr)
        return json.loads(result.stdout)

    def test_listed(self):
        """The type is in the list, although Heat hides its own."""
        types = self.openstack('list')

        self.assertIn({'Resource Type': IMAGE}, types)

    def test_shown(self):
        """The type has properties of ours, which can be updated."""
        shown = self.openstack('show', IMAGE)

        self.assertEqual('map', shown['properties']['property']['type'])
        self.assertTrue(shown['properties']['property']['update_allowed'])
