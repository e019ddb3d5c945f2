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

"""The command line passes on what it is told, and the exit code back."""

import argparse
import contextlib
import io
import os
import pathlib
import sys

import fixtures
from oslotest import base

from minicloud import __main__ as main
from minicloud import running
from minicloud.tests import description


class TestCommandLine(base.BaseTestCase):
    def parse(self, *arguments):
        return main._parser().parse_args(arguments)

    def test_defaults(self):
        """Without arguments it is the profile that needs PyPI alone."""
        options = self.parse()

        self.assertEqual('embedded', options.profile)
        self.assertEqual('demo', options.user)
        self.assertIsNone(options.command)

    def test_run(self):
        """What follows "--" is the command, options and all."""
        options = self.parse(
            'run', '--profile', 'production', '--', 'stestr', '--keep', 'run'
        )

        self.assertEqual('production', options.profile)
        self.assertEqual(['stestr', '--keep', 'run'], options.argv)
        self.assertFalse(options.keep)

    def test_set(self):
        """Options of services are collected; a value may have any sign."""
        options = self.parse(
            '--set',
            'glance.DEFAULT.image_property_quota=16',
            '--set',
            'glance.DEFAULT.location_strategy=a.b=c',
            '--set',
            'heat.clients_glance.insecure=true',
        )

        self.assertEqual(
            {
                'glance': {
                    'DEFAULT': {
                        'image_property_quota': '16',
                        'location_strategy': 'a.b=c',
                    }
                },
                'heat': {'clients_glance': {'insecure': 'true'}},
            },
            main._nested(options.overrides),
        )

    def test_set_wrongly(self):
        """What is not SERVICE.SECTION.OPTION=VALUE is refused."""
        for text in ('glance', 'glance.x=1', 'glance.a.b', '.a.b=1'):
            self.assertRaises(argparse.ArgumentTypeError, main._override, text)

    def test_unknown_service(self):
        """An option of a service that is not there ends it with code 2."""
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            code = main.main(['--set', 'nova.DEFAULT.debug=1'])

        self.assertEqual(2, code)
        self.assertIn("['nova']", stderr.getvalue())

    def test_not_a_number_of_clouds(self):
        """Less than one cloud is refused."""
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            self.assertRaises(
                SystemExit, self.parse, 'run', '--clouds', '0', '--', 'x'
            )

        self.assertIn('0 is less than 1', stderr.getvalue())


class TestClouds(base.BaseTestCase):
    def make(self, *arguments):
        options = main._parser().parse_args(arguments)
        return main._make(options)

    def environment(self, minis):
        for mini in minis:
            mini.running = running.RunningCloud(description.of(mini.work_dir))
        return main._environment(minis, 'demo')

    def test_one(self):
        """One cloud has the work directory itself, and its credentials."""
        minis = self.make('--work-dir', '/w')

        environ = self.environment(minis)

        self.assertEqual([pathlib.Path('/w')], [m.work_dir for m in minis])
        self.assertEqual('/w', environ['MINICLOUD_WORK_DIR'])
        self.assertEqual('pw', environ['OS_PASSWORD'])
        self.assertNotIn('MINICLOUD_WORK_DIRS', environ)

    def test_several(self):
        """Several have a directory each, and the command nobody's password."""
        for name in ('OS_PASSWORD', 'MINICLOUD_WORK_DIR', 'OS_TEST_TIMEOUT'):
            self.useFixture(fixtures.EnvironmentVariable(name, 'outer'))
        minis = self.make(
            'run', '--work-dir', '/w', '--clouds', '2', '--', 'x'
        )

        environ = self.environment(minis)

        self.assertEqual('/w/1:/w/2', environ['MINICLOUD_WORK_DIRS'])
        self.assertNotIn('OS_PASSWORD', environ)
        self.assertNotIn('MINICLOUD_WORK_DIR', environ)
        self.assertEqual('outer', environ['OS_TEST_TIMEOUT'])


class TestRunCommand(base.BaseTestCase):
    def run_python(self, code, environ=None):
        return main._run_command(
            [sys.executable, '-c', code], {**os.environ, **(environ or {})}
        )

    def test_exit_code(self):
        """The command's exit code is handed back."""
        self.assertEqual(0, self.run_python('pass'))
        self.assertEqual(7, self.run_python('raise SystemExit(7)'))

    def test_signal(self):
        """A command that a signal ended has 128 and the signal's number."""
        code = 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)'

        self.assertEqual(128 + 9, self.run_python(code))

    def test_environment(self):
        """The command gets the environment that it is given."""
        self.assertEqual(
            0,
            self.run_python(
                'import os; raise SystemExit(os.environ["OS_X"] != "y")',
                {'OS_X': 'y'},
            ),
        )

    def test_not_found(self):
        """A command that does not exist is what a shell calls 127."""
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            code = main._run_command(['/no/such/command'], {})

        self.assertEqual(127, code)
        self.assertIn('/no/such/command', stderr.getvalue())
