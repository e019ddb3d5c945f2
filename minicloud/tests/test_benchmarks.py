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

"""What is pure in the benchmarks: figures, medians, growth, schedules."""

import pathlib
import tempfile

from benchmarks import downloads
from benchmarks import figures
from benchmarks import peer
from benchmarks import polls
from benchmarks import spread
from benchmarks import tables
from benchmarks import wanted
from heat_image_props.tests import base


def figure(what='row', who=figures.OURS, value=1.0, **more):
    return figures.Figure(what, who, value, **more)


def part(*found):
    return figures.Part('name', 'Title', [*found], {'date': '2026-01-01'})


class SpreadTestCase(base.BaseTestCase):
    def test_median_and_range(self):
        """Of several runs the middle one counts, and the ends are shown."""
        self.assertEqual(spread.Spread(2, 1, 9), spread.of([9, 1, 2]))
        self.assertRaises(ValueError, spread.of, [])

    def test_ratios_are_those_of_a_round(self):
        """What slows a whole round down does not change its ratio."""
        self.assertEqual(
            spread.Spread(2, 2, 2), spread.ratios([2, 20], [1, 10])
        )
        self.assertRaises(ValueError, spread.ratios, [1], [1, 2])

    def test_exponent(self):
        """The growth is the power of the size, whatever the unit."""
        sizes = [10, 100, 1000]
        self.assertAlmostEqual(1, spread.exponent(sizes, [3, 30, 300]))
        self.assertAlmostEqual(2, spread.exponent(sizes, [1, 100, 10000]))


class FigureTestCase(base.BaseTestCase):
    def test_text(self):
        """A count is whole, a time has three digits, and its range."""
        self.assertEqual('3', figure(value=3).text)
        self.assertEqual(
            '1.23 (1-2.5) s',
            figure(value=1.2345, low=1.0, high=2.5, unit='s').text,
        )
        self.assertEqual('cannot', figure(value=None).text)

    def test_file(self):
        """What is saved is found again, with its command, part by part."""
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name, 'made', 'figures.json')
            first = part(figure(), figure(who='other', value=None, note='no'))
            figures.save(path, first)
            second = figures.Part('second', 'Second', [figure()], {})
            figures.save(path, second)
            self.assertEqual(
                {'name': first, 'second': second}, figures.load(path)
            )
            self.assertIn('tox.sh -e bench -- second', path.read_text())

    def test_merge(self):
        """A column that is measured again takes the place of the old one."""
        before = part(figure(), figure(who='other'), figure(who='third'))
        again = part(figure(who='other', value=7))
        self.assertEqual(
            [(figures.OURS, 1), ('other', 7), ('third', 1)],
            [
                (each.who, each.value)
                for each in figures.merge(before, again).figures
            ],
        )
        self.assertEqual(again, figures.merge(None, again))

    def test_cells(self):
        """A row has what each peer came to, the targets, and the verdict."""
        table = part(
            figure(target='<= 1', met=True),
            figure(who='other', value=None),
            figure('second', value=4, target='<= 3', met=False),
            figure('second', who='other', target='< 9', met=True),
            figure('third'),
        )
        self.assertEqual([figures.OURS, 'other'], table.columns())
        self.assertEqual(
            [
                ['row', '1', 'cannot', '<= 1', 'met'],
                ['second', '4', '1', '<= 3; < 9', 'missed; met'],
                ['third', '1', '', '', ''],
            ],
            tables.cells(table),
        )

    def test_fragment(self):
        """The documentation shows the table, and what a peer cannot do."""
        found = part(figure(), figure(who='a_b', value=None, note='*no*'))
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name)
            tables.write({'name': found}, ['name', 'other'], path)
            text = path.joinpath('name.inc').read_text()
            self.assertIn('"row","1","cannot","",""', text)
            self.assertIn('"a\\_b","row","\\*no\\*"', text)
            self.assertIn('2026-01-01', text)
            self.assertIn(
                'Not measured yet', path.joinpath('other.inc').read_text()
            )


class WantedTestCase(base.BaseTestCase):
    def image(self, declared):
        return {
            'name': declared.name,
            'visibility': declared.visibility,
            'tags': list(reversed(declared.tags)),
            'foreign': 'is left alone',
            **declared.properties,
        }

    def test_operations_are_what_they_are_called(self):
        """Each update changes as much as the table says."""
        before = wanted.base('name')
        sizes = []
        for _, after in wanted.updates('name'):
            attributes, properties, removed = peer.changed(before, after)
            sizes.append((sorted(attributes), len(properties), len(removed)))
            before = after
        everything = ['name', 'tags', 'visibility']
        self.assertEqual(
            [
                # Nobody knows that nothing differs, so all is said.
                (everything, 20, 0),
                ([], 1, 0),
                ([], 15, 5),
                (everything, 1, 0),
                (['tags'], 0, 0),
            ],
            sizes,
        )

    def test_differences(self):
        """An image is compared with all that is declared of it."""
        declared = wanted.base('name')
        image = self.image(declared)
        self.assertEqual([], declared.differences(image))

        image.update(bench_00='other', bench_99='old', tags=[])
        del image['bench_01']
        self.assertEqual(
            [
                'tags is []',
                "bench_00 is 'other'",
                'bench_01 is missing',
                'bench_99 is still there',
            ],
            declared.differences(image),
        )


class PollsTestCase(base.BaseTestCase):
    def test_targets_exclude_each_other(self):
        """For imports of 15 to 247 seconds no schedule keeps both."""
        self.assertEqual((15, 247), polls.excluded())

    def test_the_end_is_noticed_in_time(self):
        """The plugin keeps the target of lateness for every length."""
        for seconds in range(1, 600):
            late = polls.schedule(seconds)[-1] - seconds
            self.assertLessEqual(late, polls.latest(seconds), seconds)

    def test_looks_are_few(self):
        """It needs at most two looks more than the fewest for that."""
        for seconds in range(1, 300):
            self.assertLessEqual(
                len(polls.schedule(seconds)), polls.fewest(seconds) + 2
            )


class DownloadsTestCase(base.BaseTestCase):
    def test_every_updatable_property_is_changed(self):
        """No property is forgotten that an update can change."""
        changes = downloads.changes('project', 'other', 'url', 'digest')
        self.assertEqual(
            downloads.updatable(), changes.keys() | downloads.NOT_MEASURED
        )
