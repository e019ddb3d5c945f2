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

"""The bridge and the packages that offer resource types."""

import pathlib

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat_image_props import bridge
from heat_image_props import image
from heat_image_props.tests import heat_loader
from heat_image_props import unavailable

TYPE = 'Foreign::Thing'


class TestTwoOffers(heat_loader.LoaderTestCase):
    """Two distributions offer the same type."""

    scenarios = [
        ('a before b', {'order': ['hip-a', 'hip-b']}),
        ('b before a', {'order': ['hip-b', 'hip-a']}),
    ]

    def install_both(self, sources):
        """Install them in the order of the scenario."""
        for name in self.order:
            module = name.replace('-', '_')
            self.install(
                name,
                {TYPE: f'{module}:Thing'},
                {module: sources[name]},
            )

    def test_stable_choice(self):
        """The choice does not depend on the order of installation."""
        self.install_both(
            {'hip-a': heat_loader.RESOURCE, 'hip-b': heat_loader.RESOURCE}
        )

        self.heat.load()

        self.assertEqual('hip_a', self.heat.get_class(TYPE).__module__)
        self.assertTrue(
            self.heat.messages(TYPE, 'hip_a:Thing of hip-a 1.0', 'hip-b 1.0')
        )

    def test_no_choice_by_accident(self):
        """A broken package is not silently replaced by the other one."""
        self.install_both(
            {'hip-a': 'import hip_absent', 'hip-b': heat_loader.RESOURCE}
        )

        self.heat.load()

        self.assertTrue(
            issubclass(
                self.heat.get_class(TYPE),
                unavailable.UnavailableResource,
            )
        )


class TestOneDistributionTwice(heat_loader.LoaderTestCase):
    """An old installation is shadowed on the import path."""

    def test_first_on_the_path(self):
        """What Python imports from is used, and there is no conflict."""
        for version, module in (('1.0', 'hip_old'), ('2.0', 'hip_new')):
            self.install(
                'hip-twice',
                {TYPE: f'{module}:Thing'},
                {module: heat_loader.RESOURCE},
                version=version,
            )

        self.heat.load()

        self.assertEqual('hip_new', self.heat.get_class(TYPE).__module__)
        self.assertEqual([], self.heat.messages('offered more than once'))
        self.assertTrue(self.heat.messages(f'{TYPE} (hip-twice 2.0)'))


class TestNoMetadata(heat_loader.LoaderTestCase):
    """What an interrupted pip may leave on the import path."""

    def test_is_ignored(self):
        """A remnant without a name does not take our type away."""
        installed = self.install(
            'hip-remnant',
            {'OS::Glance::Image': 'hip_remnant:Thing'},
            {'hip_remnant': heat_loader.RESOURCE},
        )
        (metadata,) = pathlib.Path(installed.path).glob('*/METADATA')
        metadata.unlink()

        self.heat.load()

        self.assertIs(
            image.GlanceImage, self.heat.get_class('OS::Glance::Image')
        )
        self.assertTrue(self.heat.messages('which has no metadata'))


class TestBrokenPlugin(heat_loader.LoaderTestCase):
    """A type whose class cannot be had."""

    scenarios = [
        (
            'absent dependency',
            {
                'source': 'import hip_absent',
                'error': "ModuleNotFoundError: No module named 'hip_absent'",
            },
        ),
        (
            'syntax error',
            {'source': 'class Thing(:', 'error': 'SyntaxError: '},
        ),
        (
            'failed assertion',
            {'source': 'assert False, "never"', 'error': 'AssertionError: '},
        ),
        (
            'exit at import',
            {
                'source': 'import sys; sys.exit("enough")',
                'error': 'SystemExit: enough',
            },
        ),
        (
            'several lines',
            {
                'source': 'raise RuntimeError("one\\n  two")',
                'error': 'RuntimeError: one two',
            },
        ),
        (
            'no such name',
            {
                'source': '',
                'error': "AttributeError: module 'hip_broken' has no attribute"
                " 'Thing'",
            },
        ),
        (
            'not a class',
            {
                'source': 'def Thing(): pass',
                'error': 'TypeError: hip_broken:Thing is not a subclass of '
                'heat.engine.resource.Resource',
            },
        ),
        (
            'not a resource',
            {
                'source': 'class Thing: pass',
                'error': 'TypeError: hip_broken:Thing is not a subclass of '
                'heat.engine.resource.Resource',
            },
        ),
    ]

    def setUp(self):
        super().setUp()
        self.install(
            'hip-broken',
            {TYPE: 'hip_broken:Thing'},
            {'hip_broken': self.source},
            version='0.1',
        )

    def test_engine_starts_and_type_refuses(self):
        """Heat loads everything else; the type says what is the matter."""
        self.heat.load()

        available, reason = self.heat.get_class(TYPE).is_service_available(
            None
        )
        self.assertFalse(available)
        self.assertIn('hip-broken 0.1 (entry point hip_broken:Thing)', reason)
        self.assertIn(self.error, reason)
        self.assertIn('Ask the operator to repair that package', reason)
        self.assertIs(
            image.GlanceImage, self.heat.get_class('OS::Glance::Image')
        )

    def test_logged(self):
        """The log names the type, the package and the error."""
        self.heat.load()

        self.assertEqual(
            1,
            len(
                self.heat.messages(
                    f'{TYPE} cannot be loaded',
                    'hip_broken:Thing of hip-broken 0.1',
                )
            ),
        )
        self.assertTrue(self.heat.messages(self.error.split()[0]))
        (line,) = self.heat.messages('namespace heat.plugins')
        self.assertNotIn('hip-broken', line)


class TestOverridingTypeBroken(heat_loader.LoaderTestCase):
    """A package that overrides a type of Heat cannot be loaded."""

    def test_heats_class_does_not_come_back(self):
        """The type refuses; Heat's own class must not take over unasked."""
        self.install(
            'hip-random',
            {'OS::Heat::RandomString': 'hip_random:Thing'},
            {'hip_random': 'import hip_absent'},
        )

        self.heat.load()

        self.assertTrue(
            issubclass(
                self.heat.get_class('OS::Heat::RandomString'),
                unavailable.UnavailableResource,
            )
        )

    def test_interrupt_is_not_contained(self):
        """Ctrl-C while a plug-in is imported still ends heat-engine."""
        self.install(
            'hip-interrupt',
            {TYPE: 'hip_interrupt:Thing'},
            {'hip_interrupt': 'raise KeyboardInterrupt'},
        )

        self.assertRaises(KeyboardInterrupt, bridge.load_resource_types)
