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

"""What other projects find here: a DevStack plugin, and jobs for Zuul."""

import configparser
import pathlib
import subprocess
import tempfile

from oslotest import base
import testscenarios
import yaml

TOP = pathlib.Path(__file__).parents[3]

#: Functions of DevStack: each prints its name and what it was given.
DEVSTACK = """
for name in define_plugin plugin_requires echo_summary setup_develop \\
    pip_uninstall
do
    eval "function $name { echo $name \\"\\$@\\"; }"
done
function is_service_enabled { [ "$1" = "$ENABLED" ]; }
"""


class TestDevStack(testscenarios.WithScenarios, base.BaseTestCase):
    """What the plugin calls in the phases of DevStack."""

    scenarios = [
        (
            'install',
            {
                'phase': 'stack install',
                'enabled': 'h-eng',
                'calls': [
                    'echo_summary Installing heat-image-props',
                    'setup_develop {clone}',
                ],
            },
        ),
        (
            'no engine on this machine',
            {'phase': 'stack install', 'enabled': 'h-api', 'calls': []},
        ),
        (
            'other phases',
            {'phase': 'stack extra', 'enabled': 'h-eng', 'calls': []},
        ),
        (
            'unstack',
            {'phase': 'unstack', 'enabled': 'h-eng', 'calls': []},
        ),
        (
            'clean',
            {
                'phase': 'clean',
                'enabled': 'h-eng',
                'calls': ['pip_uninstall heat-image-props'],
            },
        ),
    ]

    def test_calls(self):
        """It installs beside heat-engine, and knows its own directory."""
        with tempfile.TemporaryDirectory() as name:
            clone = pathlib.Path(name, 'a clone')
            clone.mkdir()
            clone.joinpath('devstack').symlink_to(TOP / 'devstack')
            script = (
                f'set -o errexit; {DEVSTACK}\n'
                f'source "$1/devstack/settings"\n'
                f'source "$1/devstack/plugin.sh" {self.phase}'
            )
            done = subprocess.run(
                ['bash', '-c', script, 'stack.sh', clone],
                env={'PATH': '/usr/bin:/bin', 'ENABLED': self.enabled},
                capture_output=True,
                text=True,
            )

        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            [
                'define_plugin heat-image-props',
                'plugin_requires heat-image-props heat',
                *(call.format(clone=clone) for call in self.calls),
            ],
            done.stdout.splitlines(),
        )


class TestZuul(base.BaseTestCase):
    """The jobs are those of tox.ini."""

    def test_jobs_are_environments(self):
        """What must be green is a job that runs, and each job exists."""
        items = yaml.safe_load(TOP.joinpath('.zuul.yaml').read_text())
        jobs = {
            item['job']['name']: item['job']['vars']['tox_envlist']
            for item in items
            if 'vars' in item.get('job', {})
        }
        (project,) = [item['project'] for item in items if 'project' in item]
        tox = configparser.RawConfigParser()
        tox.read(TOP / 'tox.ini')

        for pipeline in ('check', 'gate'):
            self.assertEqual(set(jobs), set(project[pipeline]['jobs']))
        self.assertLessEqual(
            set(tox['tox']['env_list'].split()), set(jobs.values())
        )
        sections = {name.partition(':')[2] for name in tox.sections()}
        heats = {env for env in jobs.values() if env.startswith('heat')}
        numbers = ','.join(env.removeprefix('heat') for env in sorted(heats))
        self.assertIn('heat{' + numbers + '}', sections)
        self.assertLessEqual(set(jobs.values()) - heats, sections)
