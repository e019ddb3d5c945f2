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

"""The options of the bridge, and of the resource type."""

import os
import pathlib
import subprocess
import sys

import fixtures
from oslo_config import cfg
from oslo_config import generator

from heat_image_props import conf
from heat_image_props.tests import base


class TestOptions(base.BaseTestCase):
    """Their definition."""

    def test_defaults(self):
        """Everything is loaded if the operator says nothing."""
        config = cfg.ConfigOpts()

        conf.register_opts(config)
        config([])

        self.assertIs(True, config.heat_plugins.enabled)
        self.assertEqual([], config.heat_plugins.disabled)

    def test_stall_timeout(self):
        """An import is given up before Heat gives up the stack."""
        config = cfg.ConfigOpts()
        config([])

        self.assertLess(60, conf.import_stall_timeout(config))
        self.assertGreater(3600, conf.import_stall_timeout(config))
        config.set_override('import_stall_timeout', 0, conf.IMAGE_GROUP)
        self.assertEqual(0, conf.import_stall_timeout(config))

    def test_metadefs(self):
        """Advice from definitions is given, and enforced if so chosen."""
        config = cfg.ConfigOpts()
        config([])

        self.assertEqual('warn', conf.metadefs(config))
        for mode in ('off', 'enforce'):
            config.set_override('metadefs', mode, conf.IMAGE_GROUP)
            self.assertEqual(mode, conf.metadefs(config))
        self.assertRaises(
            ValueError,
            config.set_override,
            'metadefs',
            'perhaps',
            conf.IMAGE_GROUP,
        )

    def test_unreadable(self):
        """What is no number of seconds is an error of oslo.config."""
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, 'x.conf')
        for value in ('abc', '-1', ''):
            pathlib.Path(path).write_text(
                f'[heat_image_props]\nimport_stall_timeout = {value}\n'
            )
            config = cfg.ConfigOpts()
            config(['--config-file', path])
            self.assertRaises(cfg.Error, conf.import_stall_timeout, config)

    def test_registered_twice(self):
        """Registering them again is harmless."""
        config = cfg.ConfigOpts()

        conf.register_opts(config)
        conf.register_opts(config)

    def test_read_from_a_file(self):
        """Type names with colons are read as operators write them."""
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, 'x.conf')
        pathlib.Path(path).write_text(
            '[heat_plugins]\n'
            'enabled = no\n'
            'disabled = OS::Glance::Image, Foreign::Thing\n'
        )
        config = cfg.ConfigOpts()
        conf.register_opts(config)

        config(['--config-file', path])

        self.assertIs(False, config.heat_plugins.enabled)
        self.assertEqual(
            ['OS::Glance::Image', 'Foreign::Thing'],
            config.heat_plugins.disabled,
        )

    def test_shown_by_the_generator(self):
        """The oslo-config-generator shows both, through the entry point."""
        path = os.path.join(self.useFixture(fixtures.TempDir()).path, 'sample')

        generator.main(
            ['--namespace', 'heat_image_props', '--output-file', path]
        )

        lines = pathlib.Path(path).read_text().splitlines()
        self.assertIn('[heat_plugins]', lines)
        self.assertIn('#enabled = true', lines)
        self.assertIn('#disabled =', lines)
        self.assertIn('[heat_image_props]', lines)
        self.assertIn('#import_stall_timeout = 3000', lines)
        self.assertIn('#metadefs = warn', lines)

    def test_imports_no_heat(self):
        """Tools that only list options do not get Heat imported."""
        script = (
            'import sys; import heat_image_props.conf; '
            'print([m for m in sys.modules if m.split(".")[0] == "heat"])'
        )

        result = subprocess.run(
            [sys.executable, '-c', script],
            capture_output=True,
            text=True,
            check=True,
        )

        self.assertEqual('[]', result.stdout.strip())
