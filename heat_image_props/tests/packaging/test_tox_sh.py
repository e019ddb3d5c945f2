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

"""Tests of what tools/tox.sh says when the system lacks something."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from oslotest import base
import testscenarios

TOOLS = pathlib.Path(__file__).parents[3] / 'tools'

# What every system has; Python and git are what is looked for.
COMMANDS = ('cmp', 'cp', 'dirname', 'rm', 'sh')

#: A Python that lacks what Debian keeps in a package of its own.
WITHOUT_VENV = f"""#!/bin/sh
case $* in *ensurepip*) exit 1;; esac
exec '{sys.executable}' "$@"
"""
#: A Python that says it is 3.9, as far as the script asks.
TOO_OLD = f"""#!/bin/sh
exec '{sys.executable}' -c "
import sys
sys.version_info = (3, 9, 0)
exec(sys.argv[1])" "$2"
"""
VERSION = '{}.{}'.format(*sys.version_info)


class MissingTestCase(testscenarios.WithScenarios, base.BaseTestCase):
    scenarios = (
        (
            'no Python',
            {'python': None, 'git': True, 'says': ['python3 python3-venv']},
        ),
        (
            'old Python',
            {
                'python': TOO_OLD,
                'git': True,
                'says': ['python3 is 3.9', 'python3 python3-venv'],
            },
        ),
        (
            'no ensurepip',
            {
                'python': WITHOUT_VENV,
                'git': True,
                'says': [f'apt-get install python{VERSION}-venv'],
            },
        ),
        (
            'no git',
            {
                'python': WITHOUT_VENV,
                'git': False,
                'says': ['apt-get install git'],
            },
        ),
    )

    def test_says_which_package_to_install(self):
        """What is missing is named with its package, and nothing is made."""
        with tempfile.TemporaryDirectory() as name:
            top = pathlib.Path(name, 'a clone')
            shutil.copytree(TOOLS, top / 'tools')
            (top / '.git').mkdir()
            path = pathlib.Path(name, 'bin')
            path.mkdir()
            for command in (*COMMANDS, *(['git'] if self.git else [])):
                path.joinpath(command).symlink_to(shutil.which(command))
            if self.python:
                path.joinpath('python3').write_text(self.python)
                path.joinpath('python3').chmod(0o755)
            environ = {
                key: value
                for key, value in os.environ.items()
                if key != 'PYTHON'
            }
            done = subprocess.run(
                ['sh', top / 'tools' / 'tox.sh', '--version'],
                env={**environ, 'PATH': str(path)},
                capture_output=True,
                text=True,
            )

            self.assertEqual(1, done.returncode, done.stderr)
            for words in self.says:
                self.assertIn(words, done.stderr)
            self.assertFalse((top / '.venv').exists())
