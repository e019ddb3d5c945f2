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

import io

from heat_image_props.cmd import bar
from heat_image_props.tests import base


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self):
        return True


class TestProgress(base.BaseTestCase):
    """A bar for work that takes a while."""

    def test_many(self):
        """On a terminal it grows, and is gone in the end."""
        stream = Terminal()
        things = list(range(bar.MANY))
        seen = []
        for thing in bar.progress(things, 'Reading', stream):
            seen.append(stream.getvalue().rpartition('\x1b[K')[2])
            self.assertEqual(len(seen) - 1, thing)

        self.assertEqual(f'Reading [{"." * 30}] 0/10', seen[0])
        self.assertEqual(f'Reading [{"#" * 15}{"." * 15}] 5/10', seen[5])
        self.assertTrue(stream.getvalue().endswith('\r\x1b[K'))

    def test_failure(self):
        """A message about a failure begins on an empty line."""
        stream = Terminal()
        shown = bar.progress([1] * bar.MANY, 'Reading', stream)
        next(shown)
        shown.close()
        self.assertTrue(stream.getvalue().endswith('\r\x1b[K'))

    def test_few(self):
        """Of a few things nothing is shown."""
        stream = Terminal()
        things = list(range(bar.MANY - 1))
        self.assertEqual(things, list(bar.progress(things, '', stream)))
        self.assertEqual('', stream.getvalue())

    def test_no_terminal(self):
        """A file gets no bar."""
        stream = io.StringIO()
        things = list(range(bar.MANY))
        self.assertEqual(things, list(bar.progress(things, '', stream)))
        self.assertEqual('', stream.getvalue())
