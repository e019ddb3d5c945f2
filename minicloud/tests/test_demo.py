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

"""Tests of what the demo prints and how it checks it."""

import io
import pathlib

import fixtures
from oslotest import base
from rich import console
import yaml

from minicloud import demo_steps
from minicloud import demo_view
from minicloud import requestlog


def request(method, path='/v2/images'):
    """Return an entry of Glance's request log."""
    return requestlog.Request(
        time=0.0,
        seconds=0.1,
        method=method,
        path=path,
        query='',
        status=200,
        user_agent=demo_steps.AGENT,
        request_id=None,
        project=None,
        user=None,
    )


class TestView(base.BaseTestCase):
    """Tests of the output into a log of 80 columns."""

    def setUp(self):
        super().setUp()
        self.stream = io.StringIO()
        self.view = demo_view.View(
            # Not what FORCE_COLOR, which tox passes on, would make of it.
            console.Console(
                file=self.stream,
                force_terminal=False,
                width=80,
                highlight=False,
            ),
            2,
        )

    @property
    def lines(self):
        return self.stream.getvalue().splitlines()

    def test_claim_that_holds(self):
        """A claim that holds is printed as found."""
        self.view.check('it is four', 4, 2 + 2)

        self.assertEqual(['   ok it is four'], self.lines)

    def test_claim_that_does_not_hold(self):
        """A claim that does not hold is raised, and not printed."""
        mismatch = self.assertRaises(
            demo_view.Mismatch, self.view.check, 'it is four', 4, 5
        )

        self.assertEqual([], self.lines)
        self.assertEqual(
            ('it is four', 4, 5),
            (mismatch.claim, mismatch.expected, mismatch.seen),
        )

    def test_mismatch(self):
        """A mismatch is shown with what was expected and what was seen."""
        self.view.wrong(demo_view.Mismatch('it is four', 4, '[5]'))

        self.assertEqual(
            [
                'WRONG it is four',
                '      expected: 4',
                '      seen:     [5]',
            ],
            self.lines,
        )

    def test_narrow(self):
        """Every kind of line fits into 80 columns, and markup is text."""
        long = '[bold]' + 'word ' * 30 + 'x' * 100
        with self.view.step('A step'):
            self.view.say(long)
            self.view.quote(f'{long}\n- {long}')
            self.view.lines([long])
            self.view.command(['openstack', *long.split()])
            self.view.check(long, 1, 1)
            self.view.changes({'a' * 90: (None, 'b' * 90)})
        self.view.requests('agent')

        self.assertLessEqual(max(map(len, self.lines)), 80)
        self.assertIn('[bold]word', self.stream.getvalue())

    def test_error(self):
        """An error is shown with the end of the log that tells about it."""
        log = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'log')
        last = 'the reason stands at the end ' + 'x' * 100
        log.write_text('line 1\n' * 50 + f'{last}\n')
        self.view.error('Glance: not ready', log)

        self.assertEqual('ERROR Glance: not ready', self.lines[0])
        self.assertEqual(last, self.lines[-1])
        self.assertLess(len(self.lines), 50)

    def test_copyable(self):
        """A line for the reader's shell stays one line."""
        line = 'export X=' + 'x' * 100
        self.view.copyable(line)

        self.assertEqual([line], self.lines)

    def test_step(self):
        """A step has its number, its title and the time it took."""
        with self.view.step('First'):
            self.view.say('words')
        with self.view.step('Second'):
            pass

        self.assertEqual('[1/2] First', self.lines[1])
        self.assertEqual('      words', self.lines[2])
        self.assertRegex(self.lines[3], r'^      took \d+\.\d s$')
        self.assertEqual('[2/2] Second', self.lines[5])

    def test_requests(self):
        """The closing table counts by step and method, and adds up."""
        with self.view.step('Start'):
            pass
        with self.view.step('Work') as step:
            step.requests = [request('GET'), request('PUT'), request('GET')]
        with self.view.step('Rest') as step:
            step.requests = []
        self.view.requests('agent')

        rows = {
            words[0]: words[2:]
            for line in self.lines
            if (words := line.split()) and words[0] != 'took'
        }
        self.assertEqual(
            ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'all'], rows['step'][0:]
        )
        self.assertEqual([], rows['Start'])
        self.assertEqual(['2', '0', '0', '0', '1', '3'], rows['Work'])
        self.assertEqual(['0', '0', '0', '0', '0', '0'], rows['Rest'])
        self.assertEqual(['2', '0', '0', '0', '1', '3'], rows['all'])


class TestSteps(base.BaseTestCase):
    """Tests of what the steps compare with."""

    def test_text_of(self):
        """Text is as it is; numbers and booleans are written as in JSON."""
        self.assertEqual(
            ['scsi', '4', '24.04', 'true', 'false'],
            [
                demo_steps.text_of(each)
                for each in ('scsi', 4, 24.04, True, False)
            ],
        )

    def test_changes(self):
        """Changed, added and removed are found; the time of change is not."""
        self.assertEqual(
            {'b': ('1', '2'), 'c': (None, '3'), 'd': ('4', None)},
            demo_steps.changes(
                {'a': '0', 'b': '1', 'd': '4', 'updated_at': 'noon'},
                {'a': '0', 'b': '2', 'c': '3', 'updated_at': 'night'},
            ),
        )

    def test_example(self):
        """The example has an integer, a boolean and what the demo changes."""
        template = yaml.safe_load(demo_steps.EXAMPLE.read_text())
        declared = template['parameters']['property']['default']

        self.assertEqual(
            {int, bool, str}, {type(value) for value in declared.values()}
        )
        self.assertEqual(
            (4, True, 'infra', None),
            tuple(
                declared.get(name)
                for name in (
                    'hw_cpu_cores',
                    'os_require_quiesce',
                    'team',
                    'os_version',
                )
            ),
        )
