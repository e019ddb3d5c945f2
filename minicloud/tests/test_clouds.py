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

"""Clouds that are started together end together."""

import os
import pathlib
import threading

import fixtures
from oslotest import base

from minicloud import clouds
from minicloud import process


class Stub:
    """Behaves as a cloud of which nothing is there but the waiting.

    :param ready: what it waits for when it is started.
    """

    def __init__(self, ready):
        self._ready = ready
        self._aborted = threading.Event()
        self.up = False

    def setUp(self):
        self._ready(self._aborted)
        self.up = True

    def cleanUp(self):
        self.up = False

    def abort(self):
        self._aborted.set()


def fail(aborted):
    """Do not come up."""
    raise process.StartError('glance', 'did not come up')


def hang(aborted):
    """Come up only if the start is given up."""
    if aborted.wait(60):
        raise process.StartError('heat', 'stopped by request')


class TestTogether(base.BaseTestCase):
    def test_at_the_same_time(self):
        """No cloud waits for another one, and all are up in the block."""
        barrier = threading.Barrier(3, timeout=60)
        stubs = [Stub(lambda aborted: barrier.wait()) for _ in range(3)]

        with clouds.together(stubs):
            self.assertEqual([True] * 3, [each.up for each in stubs])

        self.assertEqual([False] * 3, [each.up for each in stubs])

    def test_error_in_the_block(self):
        """An error in the block ends the clouds, and is what is raised."""
        stubs = [Stub(lambda aborted: None) for _ in range(2)]

        def block():
            with clouds.together(stubs):
                raise KeyError

        self.assertRaises(KeyError, block)
        self.assertEqual([False] * 2, [each.up for each in stubs])

    def test_one_does_not_start(self):
        """If one cloud fails, all are given up, and its error is raised."""
        stubs = [Stub(hang), Stub(lambda aborted: None), Stub(fail)]

        error = self.assertRaises(
            process.StartError, clouds.together(stubs).__enter__
        )

        self.assertEqual('glance', error.service)
        self.assertEqual([False] * 3, [each.up for each in stubs])

    def test_no_proxy(self):
        """The environment is afterwards what it was before."""
        self.useFixture(fixtures.EnvironmentVariable('no_proxy', 'x'))

        with clouds.together([Stub(lambda aborted: None)]):
            self.assertEqual('127.0.0.1', os.environ['no_proxy'])

        self.assertEqual('x', os.environ['no_proxy'])


class TestEnvironment(base.BaseTestCase):
    def test_names_all(self):
        """The variable has all work directories, in their order."""
        stubs = [Stub(None), Stub(None)]
        stubs[0].work_dir, stubs[1].work_dir = map(pathlib.Path, ('/b', '/a'))

        environ = clouds.environment(stubs)

        self.assertEqual('/b:/a', environ['MINICLOUD_WORK_DIRS'])
