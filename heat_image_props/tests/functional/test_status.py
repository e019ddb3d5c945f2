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

"""The command heat-image-props-status, on a real cloud."""

import json
import os
import subprocess
from unittest import mock

import fixtures

from heat_image_props.cmd import survey
from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_heat
from minicloud import installation

IMAGE = 'OS::Glance::Image'


class TestStatus(base.FunctionalTestCase):
    """What an operator is told of an installation and of its cloud."""

    def run_command(self, user=None, **environment):
        """Run the command; return the exit code, and results by name."""
        config = self.cloud.work_dir / 'etc' / 'heat' / 'heat.conf'
        result = subprocess.run(
            [
                installation.script(
                    'heat-image-props', 'heat-image-props-status'
                ),
                *('--config-file', config, 'upgrade', 'check', '--json'),
            ],
            env={
                **{
                    name: value
                    for name, value in os.environ.items()
                    if not name.startswith('OS_')
                },
                **(self.cloud.environment(user) if user else {}),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual('', result.stderr)
        self.assert_no_secret(config, result.stdout)
        checks = json.loads(result.stdout)['checks']
        return result.returncode, {
            each['check']: (each['result'], each['details']) for each in checks
        }

    def assert_no_secret(self, config, output):
        """Nothing that is secret in the configuration, or of users."""
        secrets = {
            self.cloud.credentials(user)['password']
            for user in ('admin', self.USER)
        }
        for line in config.read_text().splitlines():
            name, _, value = line.partition('=')
            if name.strip().endswith(('password', '_key')):
                secrets.add(value.strip())
        for secret in filter(None, secrets):
            self.assertNotIn(secret, output)

    def placeholders(self):
        """Make a stack with two placeholders, one of them nested."""
        without = self.useFixture(
            second_heat.SecondHeat(
                self.cloud,
                self.USER,
                {'heat_plugins': {'disabled': IMAGE}},
            )
        )
        template = self.template()
        template['resources']['group'] = {
            'type': 'OS::Heat::ResourceGroup',
            'properties': {
                'count': 1,
                'resource_def': template['resources']['image'],
            },
        }
        with mock.patch.object(self, 'heat', without.client):
            return self.create_stack(template)

    def test_placeholders_and_images(self):
        """Each resource without an image is named, and no other one."""
        real = self.create_stack(self.template(property={'a': '1'}))
        pretended = self.placeholders()

        code, checks = self.run_command(self.USER)

        self.assertEqual(1, code, checks)
        level, text = checks.pop('Placeholders in stacks')
        self.assertEqual(1, level)
        self.assertIn(
            f'resource image, image {self.image_id(pretended)}', text
        )
        nested = self.heat.resources.list(pretended, nested_depth=1)
        (inner,) = (each for each in nested if each.resource_name == '0')
        self.assertIn(f'/0, image {inner.physical_resource_id}', text)
        self.assertIn('openstack stack update --existing', text)
        self.assertIn('Only stacks of this project', text)
        self.assertNotIn(real, text)
        self.assertEqual(
            {}, {name: each for name, each in checks.items() if each[0]}
        )
        self.assertIn('heat_image_props.image.GlanceImage', str(checks))
        self.assertIn('web-download', checks['Import methods and stores'][1])
        self.assertIn('copy-image', checks['Import methods and stores'][1])
        self.assertIn('1 (', checks['Quotas'][1])

        with self.subTest('an administrator, page by page'):
            self.useFixture(
                fixtures.MonkeyPatch('heat_image_props.cmd.survey.PAGE', 1)
            )
            seen = survey.Cloud(self.cloud.session('admin')).survey()
            self.assertTrue(seen.is_everywhere)
            self.assertEqual([], seen.unseen)
            self.assertLessEqual(2, seen.stacks)
            stacks = [each.stack.split()[1] for each in seen.placeholders]
            self.assertEqual(2, stacks.count(pretended), stacks)

    def test_what_does_not_answer(self):
        """Glance that fails, and a password that is refused, are told so."""
        with self.cloud.wire.answer(503):
            error = self.assertRaises(
                survey.NotSeen,
                survey.Cloud(self.cloud.session(self.USER)).image_api_version,
            )
        self.assertEqual(503, error.status)

        code, checks = self.run_command(self.USER, OS_PASSWORD='not-it')
        self.assertEqual(1, code)
        level, text = checks['Access to the cloud']
        self.assertEqual(1, level)
        self.assertIn('Keystone refuses the credentials', text)
        self.assertNotIn('not-it', str(checks))
