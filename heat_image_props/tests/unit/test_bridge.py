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

"""The bridge in Heat's own loader: nothing of Heat is replaced here."""

import os
import pathlib
import subprocess
import sys

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import fixtures
from heat.engine import clients
from heat.engine.resources.openstack.glance import image as heat_image
from oslo_config import cfg

from heat_image_props import bridge
from heat_image_props.heat_plugins import heat_plugins_namespace
from heat_image_props import image
from heat_image_props.tests import heat_loader

IMAGE = 'OS::Glance::Image'

OPERATORS = """
from heat.engine import resource


class Operators(resource.Resource):
    properties_schema = {}


def resource_mapping():
    return {'OS::Glance::Image': Operators}
"""


def make_plugin_dir(test):
    """Make a plug-in directory of the operator's, for the test."""
    path = test.useFixture(fixtures.TempDir()).path
    pathlib.Path(path, 'operators.py').write_text(OPERATORS)
    return path


SPELLINGS = [
    ('plain', {'spelling': '{dir}'}),
    ('trailing slash', {'spelling': '{dir}/'}),
    ('dots', {'spelling': '{dir}/../heat_plugins'}),
    ('relative', {'spelling': '{relative}'}),
    ('symlink', {'spelling': '{symlink}'}),
]


def spell(test, spelling):
    """Another name, for the test, of the directory that Heat gets."""
    symlink = os.path.join(test.useFixture(fixtures.TempDir()).path, 'x')
    os.symlink(bridge.PLUGIN_DIR, symlink)
    return spelling.format(
        dir=bridge.PLUGIN_DIR,
        relative=os.path.relpath(bridge.PLUGIN_DIR),
        symlink=symlink,
    )


class TestPluginDirs(heat_loader.LoaderTestCase):
    """What the bridge does to ``plugin_dirs``."""

    def test_comes_first(self):
        """The operator's directories follow ours, in their order."""
        self.heat.configure('plugin_dirs = /one,/two')

        bridge.add_plugin_dir(cfg.CONF)

        self.assertEqual(
            [bridge.PLUGIN_DIR, '/one', '/two'], cfg.CONF.plugin_dirs
        )

    def test_keeps_the_default(self):
        """Heat's default directories stay if the operator has named none."""
        default = list(cfg.CONF.plugin_dirs)

        bridge.add_plugin_dir(cfg.CONF)

        self.assertEqual([bridge.PLUGIN_DIR, *default], cfg.CONF.plugin_dirs)

    def test_added_once(self):
        """A second call changes nothing."""
        bridge.add_plugin_dir(cfg.CONF)
        once = list(cfg.CONF.plugin_dirs)

        bridge.add_plugin_dir(cfg.CONF)

        self.assertEqual(once, cfg.CONF.plugin_dirs)

    def test_keeps_a_dollar(self):
        """A directory with a dollar in its name is still that directory."""
        self.heat.configure('plugin_dirs = /srv/a$$b')

        bridge.add_plugin_dir(cfg.CONF)

        self.assertEqual('/srv/a$b', cfg.CONF.plugin_dirs[-1])

    def test_switched_off(self):
        """Nothing is added when the operator has switched it off."""
        self.heat.configure(
            'plugin_dirs = /one\n[heat_plugins]\nenabled = false'
        )

        bridge.add_plugin_dir(cfg.CONF)

        self.assertEqual(['/one'], cfg.CONF.plugin_dirs)
        self.assertTrue(self.heat.messages('switched off', 'heat.plugins'))

    def test_a_typing_error_does_not_switch_off(self):
        """A value that cannot be read is reported and counts as not given."""
        self.heat.configure('[heat_plugins]\nenabled = flase')

        bridge.add_plugin_dir(cfg.CONF)

        self.assertIn(bridge.PLUGIN_DIR, cfg.CONF.plugin_dirs)
        self.assertTrue(self.heat.messages('[heat_plugins] enabled', 'flase'))

    def test_an_option_of_the_resource_type(self):
        """One that cannot be read is told at once, and Heat starts."""
        self.heat.configure(
            '[heat_image_props]\nimport_stall_timeout = abc\nmetadefs = yes'
        )

        bridge.add_plugin_dir(cfg.CONF)

        self.assertIn(bridge.PLUGIN_DIR, cfg.CONF.plugin_dirs)
        self.assertTrue(self.heat.messages('import_stall_timeout', "'abc'"))
        self.assertTrue(self.heat.messages('metadefs', 'yes'))


class TestPluginLoader(heat_loader.LoaderTestCase):
    """The entry point that Heat calls."""

    def test_is_no_client(self):
        """Heat calls it, and has no client of its name afterwards."""
        self.heat.load()

        self.assertIn(bridge.PLUGIN_DIR, cfg.CONF.plugin_dirs)
        self.assertIn('glance', clients._mgr.names())
        self.assertFalse(clients.has_client('heat_image_props'))

    def test_imports_what_heat_needs_anyway(self):
        """No dependency of a plug-in can keep the bridge from loading."""
        script = (
            'import sys; import heat_image_props.bridge; print(*sys.modules)'
        )

        result = subprocess.run(
            [sys.executable, '-c', script],
            capture_output=True,
            text=True,
            check=True,
        )

        modules = result.stdout.split()
        self.assertNotIn('heat', modules)
        self.assertNotIn('glanceclient', modules)
        self.assertEqual(
            ['_i18n', 'bridge', 'conf'],
            sorted(
                module.split('.')[1]
                for module in modules
                if module.startswith('heat_image_props.')
            ),
        )

    def test_contains_errors(self):
        """Whatever goes wrong is logged, and Heat goes on."""

        def fail(_config):
            raise RuntimeError('out of order')

        self.useFixture(
            fixtures.MonkeyPatch(
                'heat_image_props.bridge.add_plugin_dir', fail
            )
        )

        self.heat.load()

        self.assertIs(heat_image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertTrue(self.heat.messages('out of order'))
        self.assertTrue(self.heat.messages('heat.plugins are not loaded'))


class TestManualWay(heat_loader.LoaderTestCase):
    """The operator names our directory in ``plugin_dirs``."""

    scenarios = SPELLINGS

    def test_keeps_its_place(self):
        """The operator's list is not touched, whatever the spelling."""
        dirs = ['/one', spell(self, self.spelling)]
        self.heat.configure(f'plugin_dirs = {",".join(dirs)}')

        bridge.add_plugin_dir(cfg.CONF)

        self.assertEqual(dirs, cfg.CONF.plugin_dirs)

    def test_loads_once(self):
        """The type is the same class, registered once."""
        self.heat.configure(f'plugin_dirs = {spell(self, self.spelling)}')

        self.heat.load()

        self.assertIs(image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertEqual(1, len(self.heat.messages('Changing', IMAGE)))
        self.assertEqual(1, len(self.heat.messages('namespace heat.plugins')))

    def test_switched_off(self):
        """The options are honoured in the manual way too."""
        self.heat.configure(
            f'plugin_dirs = {spell(self, self.spelling)}\n'
            '[heat_plugins]\nenabled = false'
        )

        self.heat.load()

        self.assertIs(heat_image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertEqual(1, len(self.heat.messages('switched off')))


class TestManualWayTwice(heat_loader.LoaderTestCase):
    """The operator names our directory by two names."""

    def test_loads_once(self):
        """The type is the same class, registered once."""
        dirs = [bridge.PLUGIN_DIR, spell(self, '{symlink}')]
        self.heat.configure(f'plugin_dirs = {",".join(dirs)}')

        self.heat.load()

        self.assertIs(image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertEqual(1, len(self.heat.messages('Changing', IMAGE)))


class TestLoad(heat_loader.LoaderTestCase):
    """Which class counts for a type."""

    def test_our_type(self):
        """OS::Glance::Image is our class, and the log says whose it is."""
        self.heat.load()

        self.assertIs(image.GlanceImage, self.heat.get_class(IMAGE))
        (line,) = self.heat.messages('namespace heat.plugins')
        self.assertIn(f'{IMAGE} (heat-image-props ', line)

    def test_foreign_type(self):
        """A type of another package is loaded, and named in the log."""
        self.install(
            'foreign-plugin',
            {'Foreign::Thing': 'hip_foreign:Thing'},
            {'hip_foreign': heat_loader.RESOURCE},
            version='2.5',
        )

        self.heat.load()

        self.assertIs(
            sys.modules['hip_foreign'].Thing,
            self.heat.get_class('Foreign::Thing'),
        )
        (line,) = self.heat.messages('namespace heat.plugins')
        self.assertIn('Foreign::Thing (foreign-plugin 2.5)', line)

    def test_initialised_twice(self):
        """A second initialisation has nothing to do."""
        self.heat.load()
        self.heat.load()

        self.assertEqual(1, len(self.heat.messages('namespace heat.plugins')))

    def test_loaded_from_the_start_again(self):
        """Loading everything anew gives the same class and directories."""
        self.heat.load()
        dirs = list(cfg.CONF.plugin_dirs)

        self.heat.load_again()

        self.assertIs(image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertEqual(dirs, cfg.CONF.plugin_dirs)

    def test_operators_directory_wins(self):
        """Heat's class gives way to ours, and ours to the operator's."""
        self.heat.configure(f'plugin_dirs = {make_plugin_dir(self)}')

        self.heat.load()

        self.assertEqual('Operators', self.heat.get_class(IMAGE).__name__)
        to_ours, to_operators = self.heat.messages('Changing', IMAGE)
        self.assertIn(f'to {image.GlanceImage}', to_ours)
        self.assertIn(f'from {image.GlanceImage}', to_operators)

    def test_environment_wins_over_both(self):
        """A mapping in environment_dir has the last word."""
        self.heat.configure(f'plugin_dirs = {make_plugin_dir(self)}')
        (self.heat.environment_dir / 'image.yaml').write_text(
            f'resource_registry:\n  "{IMAGE}": "OS::Heat::None"\n'
        )

        self.heat.load()

        self.assertEqual('NoneResource', self.heat.get_class(IMAGE).__name__)

    def test_switched_off(self):
        """With "enabled" false, every type is Heat's own again."""
        self.heat.configure('[heat_plugins]\nenabled = false')

        self.heat.load()

        self.assertIs(heat_image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertTrue(self.heat.messages('switched off', 'heat.plugins'))

    def test_one_type_switched_off(self):
        """A disabled type is not even imported; the others are loaded."""
        self.install(
            'foreign-plugin',
            {
                'Foreign::Off': 'hip_foreign_off:Thing',
                'Foreign::On': 'hip_foreign_on:Thing',
            },
            {
                'hip_foreign_off': heat_loader.RESOURCE,
                'hip_foreign_on': heat_loader.RESOURCE,
            },
        )
        self.heat.configure(
            f'[heat_plugins]\ndisabled = {IMAGE}, Foreign::Off'
        )

        self.heat.load()

        self.assertIs(heat_image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertNotIn('hip_foreign_off', sys.modules)
        self.assertEqual('Thing', self.heat.get_class('Foreign::On').__name__)
        self.assertTrue(self.heat.messages('Foreign::Off is switched off'))

    def test_a_misspelt_type_is_reported(self):
        """Disabling what nobody offers has no effect, and the log says so."""
        self.heat.configure('[heat_plugins]\ndisabled = OS::Glance::Imgae')

        self.heat.load()

        self.assertIs(image.GlanceImage, self.heat.get_class(IMAGE))
        self.assertTrue(self.heat.messages('OS::Glance::Imgae', 'spelling'))


class TestPluginModule(heat_loader.LoaderTestCase):
    """The module that Heat reads."""

    def test_contains_errors(self):
        """Nothing it calls can keep heat-engine from starting."""

        def fail():
            raise RuntimeError('out of order')

        self.useFixture(
            fixtures.MonkeyPatch(
                'heat_image_props.bridge.load_resource_types', fail
            )
        )

        classes = heat_plugins_namespace.resource_mapping()
        self.assertEqual([IMAGE], list(classes))
        available, reason = classes[IMAGE].is_service_available(None)
        self.assertFalse(available)
        self.assertIn('log of heat-engine', reason)
        self.assertTrue(self.heat.messages('No resource type', 'is loaded'))

    def test_contains_errors_of_the_stand_in(self):
        """Even with nothing left to hand over, heat-engine starts."""

        def fail(*_args):
            raise RuntimeError('out of order')

        for name in (
            'bridge.load_resource_types',
            'unavailable.resource_class',
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'heat_image_props.{name}', fail)
            )

        self.assertEqual({}, heat_plugins_namespace.resource_mapping())
        self.assertTrue(self.heat.messages('do not delete stacks'))
