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

"""The controlling process does what others order."""

import pathlib

import fixtures
from oslotest import base

from minicloud import control


class TestControl(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.done = []
        self.control = control.Control(self.directory)

    def serve(self):
        """Begin to do what is ordered."""

        def do(*words):
            self.done.append(words)
            if 'fail' in words:
                raise ValueError('no such thing')

        self.useFixture(control.ControlServer(self.directory, do))

    def test_done(self):
        """An order is done when the call returns."""
        self.serve()

        self.control.order('kill', 'glance')

        self.assertEqual([('kill', 'glance')], self.done)
        self.assertEqual([], list(self.directory.iterdir()))

    def test_fails(self):
        """A failure is told to who ordered, and the next order is done."""
        self.serve()

        error = self.assertRaises(
            control.OrderFailed, self.control.order, 'fail'
        )
        self.control.order('next')

        self.assertEqual('fail: ValueError: no such thing', str(error))
        self.assertEqual([('fail',), ('next',)], self.done)

    def test_nobody(self):
        """An order that nobody took is taken back after a while."""
        error = self.assertRaises(
            control.OrderFailed, self.control.order, 'kill', timeout=0.1
        )
        self.serve()
        self.control.order('next')

        self.assertEqual('kill: not done after 0 s', str(error))
        self.assertEqual([('next',)], self.done)
