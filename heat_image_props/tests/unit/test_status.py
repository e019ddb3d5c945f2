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

"""The command heat-image-props-status, and what it finds without a cloud."""

import io
import json
import os
import pathlib
import sys
import types
from unittest import mock

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import fixtures
from oslo_config import cfg

from heat_image_props import bridge
from heat_image_props.cmd import engine_checks
from heat_image_props.cmd import loading
from heat_image_props.cmd import results
from heat_image_props.cmd import status
from heat_image_props.tests import heat_loader

IMAGE = loading.IMAGE

OPERATORS = """
from heat.engine import resource


class Operators(resource.Resource):
    properties_schema = {}


def resource_mapping():
    return {'OS::Glance::Image': Operators}
"""

#: What names a cloud.
VARIABLES = ('OS_CLOUD', 'OS_AUTH_URL', 'OS_ENDPOINT')


class CommandTestCase(heat_loader.LoaderTestCase):
    """A test that runs the command in this process."""

    def setUp(self):
        super().setUp()
        for name in VARIABLES:
            self.useFixture(fixtures.EnvironmentVariable(name))
        self.useFixture(
            fixtures.MonkeyPatch('oslo_upgradecheck.upgradecheck.CONF', None)
        )
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # Before the fixture of the configuration forgets the arguments.
        self.addCleanup(self._forget)
        cfg.CONF.reset()

    def _forget(self):
        cfg.CONF.reset()
        cfg.CONF.unregister_opts(status.CLI_OPTS)

    def write(self, text='', name='heat.conf'):
        """Write a configuration file and return its path."""
        path = self.directory / name
        path.write_text(
            f'[DEFAULT]\nenvironment_dir = {self.heat.environment_dir}\n{text}'
        )
        return str(path)

    def run_command(self, *arguments):
        """Run the command; return the exit code and what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.multiple(sys, stdout=out, stderr=err):
            code = status.main(arguments)
        return code, out.getvalue(), err.getvalue()

    def check(self, heat_conf=''):
        """Run it; return the exit code and the results by their names."""
        code, out, err = self.run_command(
            *('--config-file', self.write(heat_conf)),
            *('upgrade', 'check', '--json'),
        )
        self.assertEqual('', err)
        return code, {
            each['check']: (each['result'], each['details'])
            for each in json.loads(out)['checks']
        }

    def make_plugin(self, text, name='operators.py'):
        """Make a directory of the operator's with a module."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (path / name).write_text(text)
        return path

    def assert_found(self, checks, name, level, *words):
        """A check has this result, which has these words."""
        self.assertEqual(level, checks[name][0], checks[name])
        for word in words:
            self.assertIn(word, checks[name][1])


class TestCommand(CommandTestCase):
    """Arguments, configuration and output."""

    def test_all_is_well(self):
        """Without a cloud to ask, a sound installation is a success."""
        code, checks = self.check()

        self.assertEqual(0, code, checks)
        self.assert_found(checks, 'Configuration', 0, 'heat.conf')
        self.assert_found(
            checks, 'Versions', 0, 'heat-image-props', 'openstack-heat'
        )
        self.assert_found(checks, 'Bridge', 0, 'loaded once')
        self.assert_found(
            checks,
            'Class of the resource type',
            0,
            f'{IMAGE} is heat_image_props.image.GlanceImage',
        )
        self.assert_found(
            checks, 'Access to the cloud', 0, 'Not done', '--os-cloud'
        )
        for name in list(checks)[5:]:
            self.assertEqual(
                (0, 'Not done: see "Access to the cloud".'), checks[name]
            )

    def test_table(self):
        """Each line of a detail is wrapped by itself."""
        code, out, _ = self.run_command(
            '--config-file', self.write(), 'upgrade', 'check'
        )

        self.assertEqual(0, code)
        self.assertIn('| heat-image-props ', out)
        self.assertIn('| heat-engine has to be started with the same', out)

    def test_options_on_either_side(self):
        """--os-cloud and --os-region-name stand before or after "check"."""
        path = self.write()
        for arguments in (
            ('--os-cloud', 'x', '--os-region-name', 'y', 'upgrade', 'check'),
            ('upgrade', 'check', '--os-cloud', 'x', '--os-region-name', 'y'),
        ):
            with mock.patch.object(
                status.Checks, 'check', autospec=True, return_value=0
            ):
                self.run_command('--config-file', path, *arguments)
            self.assertEqual('x', cfg.CONF.os_cloud)
            self.assertEqual('y', cfg.CONF.os_region_name)
            cfg.CONF.reset()

    def test_no_heat_conf(self):
        """Without a file the defaults are checked, with a warning."""
        with mock.patch.multiple(
            cfg,
            find_config_files=lambda *_: [],
            find_config_dirs=lambda *_: [],
        ):
            self.run_command('upgrade', 'check')
        result = engine_checks.EngineChecks(cfg.CONF).configuration()

        self.assertEqual(results.WARNING, result.code)
        self.assertIn('--config-file', result.details)

    def test_heat_conf_that_cannot_be_read(self):
        """It is named, with a way out, and its lines are not quoted."""
        secret = self.directory / 'broken.conf'
        secret.write_text('[DEFAULT]\nauth_encryption_key s3cret\n')
        absent = self.directory / 'absent.conf'
        binary = self.directory / 'binary.conf'
        binary.write_bytes(b'\xff\xfe\x00')
        for path, words in (
            (secret, (str(secret), 'line 2')),
            (absent, (str(absent),)),
            (self.directory, ('IsADirectoryError',)),
            (binary, ('UnicodeDecodeError',)),
        ):
            with self.subTest(path.name):
                code, out, err = self.run_command(
                    '--config-file', str(path), 'upgrade', 'check'
                )
                self.assertEqual((255, ''), (code, out))
                for word in (*words, 'the user of heat-engine'):
                    self.assertIn(word, err)
                self.assertNotIn('s3cret', err)
                cfg.CONF.reset()

    def test_place_of_a_fault_is_not_known(self):
        """A parser that names no line is believed that there is none."""
        error = cfg.ConfigFileParseError('heat.conf', 'no')

        self.assertEqual('heat.conf, cannot be parsed.', status._reason(error))

    def test_anything_else(self):
        """What nobody expects ends with 255, and shows no credentials."""
        with mock.patch.object(
            status.Checks,
            'check',
            autospec=True,
            side_effect=RuntimeError('http://me:s3cret@keystone.test/'),
        ):
            code, out, err = self.run_command(
                '--config-file', self.write(), 'upgrade', 'check'
            )

        self.assertEqual((255, ''), (code, out))
        self.assertIn('RuntimeError', err)
        self.assertNotIn('s3cret', err)


class TestVersions(CommandTestCase):
    """The version of Heat."""

    scenarios = [
        ('old', {'found': '21.0.0', 'code': results.FAILURE}),
        ('oldest', {'found': '22.0.0', 'code': results.SUCCESS}),
        ('without a number', {'found': 'x', 'code': results.WARNING}),
        ('unknown', {'found': None, 'code': results.WARNING}),
    ]

    def test_heat(self):
        """What is too old is a failure, what is not known a warning."""
        name = 'heat_image_props.cmd.engine_checks.version'
        with mock.patch(name, autospec=True, return_value=self.found):
            result = engine_checks.EngineChecks(cfg.CONF).versions()

        self.assertEqual(self.code, result.code)
        self.assertIn(self.found or 'no known version', result.details)


class TestEngine(CommandTestCase):
    """What Heat would load."""

    def test_version_of_nothing(self):
        """A distribution that is not installed has no version."""
        self.assertIsNone(engine_checks.version('heat-image-absent'))

    def test_switched_off(self):
        """A type that is switched off is a failure, with the option."""
        for text, option in (
            ('[heat_plugins]\nenabled = false', '[heat_plugins] enabled'),
            (f'[heat_plugins]\ndisabled = {IMAGE}', '[heat_plugins] disabled'),
        ):
            with self.subTest(option):
                self.start_again()
                code, checks = self.check(text)

                self.assertEqual(2, code)
                self.assert_found(checks, 'Bridge', 2, option, 'restart')
                self.assert_found(
                    checks,
                    'Class of the resource type',
                    2,
                    'glance.image.GlanceImage',
                    'See "Bridge"',
                )

    def start_again(self):
        """Forget what Heat has loaded."""
        for name in ('clients._mgr', 'resources._environment'):
            self.useFixture(fixtures.MonkeyPatch(f'heat.engine.{name}', None))
        cfg.CONF.reset()
        cfg.CONF.clear_override('plugin_dirs')

    def test_entry_points_that_are_missing(self):
        """A package without its metadata is not loaded, and that is said."""
        with mock.patch.object(
            bridge.PluginLoader,
            'is_available',
            autospec=True,
            return_value=False,
        ):
            code, checks = self.check()

        self.assertEqual(2, code)
        self.assert_found(checks, 'Bridge', 2, bridge.PLUGIN_DIR, 'install it')

    def test_typing_error(self):
        """What the bridge logs is a warning; it is told, and once."""
        code, checks = self.check('[heat_plugins]\nenabled = flase')

        self.assertEqual(1, code)
        self.assert_found(checks, 'Bridge', 1, 'Logged: ', 'flase')
        self.assertEqual(1, checks['Bridge'][1].count('flase'))

    def test_loaded_twice(self):
        """A directory of the operator's that leads here is named."""
        path = self.useFixture(fixtures.TempDir()).path
        os.symlink(bridge.PLUGIN_DIR, os.path.join(path, 'again'))
        before = set(sys.modules)
        self.addCleanup(
            lambda: [
                sys.modules.pop(name)
                for name in set(sys.modules) - before
                if name.startswith(loading.OPERATORS)
            ]
        )

        code, checks = self.check(f'plugin_dirs = {path}')

        self.assertEqual(1, code)
        self.assert_found(checks, 'Bridge', 1, '2 times', path)

    def test_operators_class(self):
        """A class of the operator's is a warning, with its directory."""
        path = self.make_plugin(OPERATORS)

        code, checks = self.check(f'plugin_dirs = {path}')

        self.assertEqual(1, code)
        self.assert_found(checks, 'Bridge', 0)
        self.assert_found(
            checks, 'Class of the resource type', 1, 'Operators', str(path)
        )

    def test_heat_would_not_start(self):
        """An error in plugin_dirs, which heat-engine ends by, is told."""
        for text in ('import hip_nowhere', 'import sys; sys.exit(0)'):
            with self.subTest(text):
                self.start_again()
                path = self.make_plugin(text)
                code, checks = self.check(f'plugin_dirs = {path}')

                self.assertEqual(2, code)
                self.assert_found(checks, 'Bridge', 2, 'would not start')
                self.assert_found(
                    checks, 'Class of the resource type', 2, 'see "Bridge"'
                )

    def test_environment(self):
        """A mapping in environment_dir is told with its file."""
        for text, level, words in (
            (
                f'"{IMAGE}": "OS::Heat::None"',
                2,
                ('mapping.yaml maps it to OS::Heat::None', 'placeholder'),
            ),
            (
                '"OS::Glance::*": "OS::Heat::Val*"',
                1,
                ('But:', 'OS::Heat::Val*'),
            ),
            (
                f'resources: {{"web_*": {{"{IMAGE}": "OS::Heat::None"}},'
                ' "x": {"hooks": "pre-create"}}',
                1,
                ('But:', 'resources named web_*'),
            ),
            ('"OS::Nova::Server": "OS::Heat::None"', 0, ()),
        ):
            with self.subTest(text):
                self.start_again()
                (self.heat.environment_dir / 'mapping.yaml').write_text(
                    f'resource_registry:\n  {text}\n'
                )
                _, checks = self.check()

                self.assert_found(
                    checks, 'Class of the resource type', level, *words
                )

    def test_environment_that_cannot_be_read(self):
        """Heat goes on without such a file, and so does the check."""
        directory = self.heat.environment_dir
        (directory / 'a.yaml').write_text('resource_registry: [')
        (directory / 'b.yaml').mkdir()
        (directory / 'c.yaml').write_text('parameters: {}\n')

        code, checks = self.check()

        self.assertEqual(0, code, checks)

    def test_class_that_cannot_be_loaded(self):
        """The stand-in refuses every use: the reason is told."""
        with mock.patch.object(
            bridge,
            '_load',
            autospec=True,
            side_effect=ImportError('no such thing'),
        ):
            code, checks = self.check()

        self.assertEqual(2, code)
        self.assert_found(
            checks, 'Class of the resource type', 2, 'no such thing'
        )
        self.assert_found(
            checks, 'Bridge', 1, 'cannot be loaded', 'no such thing'
        )

    def test_another_package(self):
        """A package that comes first by its name wins, which is told."""
        self.install(
            'aaa-images',
            {IMAGE: 'hip_images:Thing'},
            {'hip_images': heat_loader.RESOURCE},
        )

        code, checks = self.check()

        self.assertEqual(1, code)
        self.assert_found(
            checks,
            'Class of the resource type',
            1,
            'hip_images.Thing',
            'Another package',
        )
        self.assert_found(checks, 'Bridge', 1, 'aaa-images 1.0')

    def test_heat_without_a_choice_of_backends(self):
        """A Heat of eventlet alone is loaded too."""
        modules = {'oslo_service': types.ModuleType('oslo_service')}
        with mock.patch.dict(sys.modules, modules):
            sys.modules.pop('oslo_service.backend', None)
            self.assertIsNone(loading._choose_backend())
