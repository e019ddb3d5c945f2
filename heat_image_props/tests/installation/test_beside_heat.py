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

"""What pip does when the package is installed beside the Heat of a series.

The package is the wheel that tox has built (``TOX_PACKAGE``), the environment
the one that runs this: that of ``tox -e heat22`` and the like.
"""

import importlib.metadata
import json
import os
import subprocess
import sys

from oslotest import base
from packaging import requirements
from packaging import utils

PACKAGE = 'heat-image-props'
HEAT = 'openstack-heat'


def needed_by(name, extras=frozenset(), seen=None):
    """Return the names of all that a distribution needs, and its own.

    :param name: the distribution, which is installed
    :param extras: those of its extras that are wanted
    """
    seen = set() if seen is None else seen
    name = utils.canonicalize_name(name)
    if (name, extras) in seen:
        return set()
    seen.add((name, extras))
    names = {name}
    for line in importlib.metadata.requires(name) or ():
        requirement = requirements.Requirement(line)
        if requirement.marker is None or any(
            requirement.marker.evaluate({'extra': extra})
            for extra in ('', *extras)
        ):
            names |= needed_by(
                requirement.name, frozenset(requirement.extras), seen
            )
    return names


class TestInstallation(base.BaseTestCase):
    """The package comes into an environment that has a Heat."""

    def pip(self, *arguments):
        """Run pip of this environment, without constraints."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if name != 'PIP_CONSTRAINT'
        }
        done = subprocess.run(
            [sys.executable, '-m', 'pip', *arguments],
            env=environ,
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def installed(self):
        """Return the version of each distribution by its name."""
        listed = json.loads(self.pip('list', '--format', 'json'))
        return {
            utils.canonicalize_name(each['name']): each['version']
            for each in listed
        }

    def test_changes_nothing_else(self):
        """pip adds this package, and takes it away; all else stays as it is.

        The tests' own tools do not count: all that the package needs is
        needed by Heat.
        """
        wheel = os.environ['TOX_PACKAGE']
        self.assertLessEqual(needed_by(PACKAGE) - {PACKAGE}, needed_by(HEAT))

        self.pip('uninstall', '--yes', PACKAGE)
        self.addCleanup(
            self.pip, 'install', '--no-deps', '--force-reinstall', wheel
        )
        before = self.installed()
        self.assertNotIn(PACKAGE, before)
        self.pip('install', '--no-compile', wheel)
        after = self.installed()
        self.pip('uninstall', '--yes', PACKAGE)

        self.assertEqual({**before, PACKAGE: after.get(PACKAGE)}, after)
        self.assertEqual(before, self.installed())
