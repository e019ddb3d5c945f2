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

"""Every command of the README is run, here or as said here."""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import uuid

from heat_image_props.tests.functional import base

README = pathlib.Path(__file__).parents[3] / 'README.rst'

# Commands that another test runs: CI runs the first two, the packaging tests
# install and remove the built package.
ELSEWHERE = [
    'sh tools/tox.sh -e demo',
    'sh tools/tox.sh',
    'pip install heat-image-props',
    'pip uninstall --yes heat-image-props',
]
URL = 'https://images.example.org/noble.img'


def blocks(language):
    """Return the code blocks of the README in a language, unindented."""
    text = README.read_text('utf-8')
    found = re.findall(
        rf'^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)', text, re.M
    )
    return [re.sub('^   ', '', block, flags=re.M) for block in found]


class TestReadme(base.FunctionalTestCase):
    """The README, taken at its word."""

    def test_every_command(self):
        """Its commands, in its order, do on this cloud what it says."""
        commands = [
            line[2:]
            for block in blocks('console')
            for line in block.replace('\\\n', '').splitlines()
            if line.startswith('$ ')
        ]
        mine = [line for line in commands if line.startswith('openstack ')]
        self.assertEqual(sorted(ELSEWHERE), sorted(set(commands) - set(mine)))

        directory = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory())
        )
        (template,) = blocks('yaml')
        (directory / 'image.yaml').write_text(template, 'utf-8')
        name = f'golden-{uuid.uuid4().hex[:8]}'
        self.addCleanup(self.delete_stack, name)
        source = self.source()
        outputs = {}
        for line in mine:
            words = [
                {'golden': name}.get(word, word.replace(URL, source))
                for word in shlex.split(line)
            ]
            outputs[' '.join(words[1:4])] = self.run_command(words, directory)

        self.assertIn(
            'OS::Glance::Image', outputs['orchestration resource type']
        )
        properties = outputs['stack output show']
        self.assertIn("'team': 'web'", properties)
        self.assertIn("'hw_cpu_cores': '8'", properties)
        self.assertNotIn('os_version', properties)
        self.assertIn('CHECK_COMPLETE', outputs['stack check --wait'])
        self.assertEqual(1, self.downloads(source))

    def downloads(self, url):
        """Return how often a URL was fetched."""
        return len(self.cloud.source.requests(name=url.rpartition('/')[2]))

    def run_command(self, words, directory):
        """Run a command as the ordinary member, and return its output."""
        done = subprocess.run(
            words,
            cwd=directory,
            env={**os.environ, **self.cloud.environment(self.USER)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, f'{words}: {done.stderr}')
        return done.stdout
