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

"""The bridge in a real heat-engine, for which no cloud is needed."""

import pathlib

import fixtures

from heat_image_props.tests import base
from heat_image_props.tests import distribution
from heat_image_props.tests import engine_process

IMAGE = 'OS::Glance::Image'

OURS = "<class 'heat_image_props.image.GlanceImage'>"

HEATS = "<class 'heat.engine.resources.openstack.glance.image.GlanceImage'>"

THING = """
    from heat.engine import resource


    class Thing(resource.Resource):
        properties_schema = {}
"""

OPERATORS = """
from heat.engine import resource


class Operators(resource.Resource):
    properties_schema = {}


def resource_mapping():
    return {'OS::Glance::Image': Operators}
"""


class TestHeatEngine(base.BaseTestCase):
    """A stock heat-engine beside which packages are installed."""

    def setUp(self):
        super().setUp()
        self.import_path = self.useFixture(fixtures.TempDir()).path

    def install(self, name, types, modules):
        """Install a distribution that offers resource types."""
        distribution.write(
            self.import_path, name, '1.0', {'heat.plugins': types}, modules
        )

    def start(self, **kwargs):
        """Start heat-engine."""
        engine = self.useFixture(
            engine_process.HeatEngine(import_path=[self.import_path], **kwargs)
        )
        engine.start()
        return engine

    def assert_logged_once(self, engine, *words):
        """Return the only line with these words; the parent must have it."""
        lines = engine.log(*words)
        self.assertEqual(1, len(lines), [line.group() for line in lines])
        self.assertEqual(str(engine.pid), lines[0]['pid'])
        return lines[0]

    def test_types_are_registered_once(self):
        """The parent loads our type and a foreign one for all workers."""
        self.install(
            'hip-foreign',
            {'Foreign::Thing': 'hip_foreign:Thing'},
            {'hip_foreign': THING},
        )

        engine = self.start(workers=3)

        self.assertEqual(3, len(engine.workers() - {str(engine.pid)}))
        line = self.assert_logged_once(engine, 'namespace heat.plugins')
        self.assertEqual('INFO', line['level'])
        self.assertIn('Foreign::Thing (hip-foreign 1.0)', line['message'])
        self.assertIn(f'{IMAGE} (heat-image-props ', line['message'])
        self.assert_logged_once(
            engine, f'Changing {IMAGE} from {HEATS} to {OURS}'
        )
        self.assert_logged_once(engine, 'Registered: ', f'{IMAGE} -> {OURS}')
        self.assert_logged_once(
            engine,
            'Registered: ',
            "Foreign::Thing -> <class 'hip_foreign.Thing'>",
        )

    def test_broken_plugins_do_not_stop_it(self):
        """It starts; the log names what is broken, and the type refuses."""
        self.install(
            'hip-broken',
            {'Broken::Import': 'hip_import:Thing'},
            {'hip_import': 'import hip_absent'},
        )
        self.install(
            'hip-exit',
            {'Broken::Exit': 'hip_exit:Thing'},
            {'hip_exit': 'import sys; sys.exit(1)'},
        )

        engine = self.start()

        for resource_type, offer in (
            ('Broken::Import', 'hip_import:Thing of hip-broken 1.0'),
            ('Broken::Exit', 'hip_exit:Thing of hip-exit 1.0'),
        ):
            line = self.assert_logged_once(
                engine, f'{resource_type} cannot be loaded from {offer}'
            )
            self.assertEqual('ERROR', line['level'])
            self.assert_logged_once(
                engine,
                'Registered: ',
                f"{resource_type} -> <class 'heat_image_props.unavailable.",
            )
        self.assert_logged_once(engine, 'Registered: ', f'{IMAGE} -> {OURS}')

    def test_operators_directory_wins(self):
        """A class in the operator's plugin_dirs is the one that counts."""
        plugin_dir = self.useFixture(fixtures.TempDir()).path
        pathlib.Path(plugin_dir, 'hip_operators.py').write_text(OPERATORS)

        engine = self.start(options={'DEFAULT': {'plugin_dirs': plugin_dir}})

        self.assert_logged_once(
            engine,
            'Registered: ',
            f"{IMAGE} -> <class 'heat.engine.plugins.hip_operators.Operators",
        )

    def test_switched_off(self):
        """With our type disabled, the image type is Heat's own."""
        engine = self.start(options={'heat_plugins': {'disabled': IMAGE}})

        self.assert_logged_once(engine, f'{IMAGE} is switched off')
        self.assert_logged_once(engine, 'Registered: ', f'{IMAGE} -> {HEATS}')
