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

"""Tests of the record of what a resource manages."""

import fixtures
import hypothesis
from hypothesis import strategies as st

from heat_image_props import diff
from heat_image_props import managed
from heat_image_props import rules
from heat_image_props.tests import base

NAMES = st.frozensets(st.text(max_size=8), max_size=6)
# What no property can be called is not read as one.
PROPERTIES = NAMES.map(
    lambda names: frozenset(rules.custom(dict.fromkeys(names)))
)
RECORDS = st.builds(
    diff.Managed,
    NAMES,
    PROPERTIES,
    *4 * [NAMES],
    st.sampled_from(['', 'web-download:ab']),
    st.sampled_from(['', 'cd']),
)


def numbered(count, length=200):
    """Return a record with this many properties of long names."""
    return diff.Managed(
        properties=frozenset(
            f'{i:06}'.ljust(length, 'é') for i in range(count)
        )
    )


class Crash(Exception):
    """The engine dies."""


class Data:
    """Resource data of Heat: a row for each key, of at most 64 KiB.

    :ivar left: operations until the engine dies, or None
    """

    def __init__(self):
        self.rows = {}
        self.operations = []
        self.left = None

    def record(self):
        """Return a record that lives in this data."""
        return managed.Record(lambda: dict(self.rows), self._set, self._delete)

    def _count(self, *operation):
        if self.left is not None:
            if not self.left:
                raise Crash()
            self.left -= 1
        self.operations.append(operation)

    def _set(self, key, value):
        if len(value.encode()) > 65535:
            raise ValueError('Data too long for column')
        self._count('set', key)
        self.rows[key] = value

    def _delete(self, key):
        self._count('delete', key)
        del self.rows[key]


class TestRecord(base.BaseTestCase):
    """What is recorded comes back."""

    def setUp(self):
        super().setUp()
        self.data = Data()
        self.record = self.data.record()

    @hypothesis.given(RECORDS, RECORDS)
    def test_round_trip(self, first, second):
        """The record that was saved last is loaded, whatever is in it."""
        data = Data()
        for one in (first, second, first):
            data.record().save(one)
            self.assertEqual(one, data.record().load())

    def test_nothing_recorded(self):
        """No record differs from one with nothing in it."""
        self.assertIsNone(self.record.load())
        self.record.save(diff.Managed())
        self.assertEqual(diff.Managed(), self.record.load())

    def test_other_data_is_left_alone(self):
        """Data of other kinds is neither read nor removed."""
        self.data.rows.update({'is_placeholder': 'x', 'managedX': 'y'})
        self.record.save(numbered(120))
        self.record.save(numbered(1))

        self.assertEqual(
            {'is_placeholder', 'managedX', managed.KEY}, self.data.rows.keys()
        )

    def test_one_row_if_it_fits(self):
        """A record of usual size is one row, written once."""
        self.record.save(numbered(128, 20))
        self.assertEqual([('set', managed.KEY)], self.data.operations)

    def test_equal_is_not_written(self):
        """A record that is there already costs no write."""
        for one in (numbered(2), numbered(120)):
            self.record.save(one)
            self.data.operations.clear()
            self.record.save(one)
            self.data.record().save(one)
            self.assertEqual([], self.data.operations)

    def test_several_rows(self):
        """A record larger than a row of the database takes several."""
        for count in (50, 120, 300, 120, 0):
            self.record.save(numbered(count))
            self.assertEqual(numbered(count), self.data.record().load())
        self.assertEqual({managed.KEY}, self.data.rows.keys())

    def test_old_record(self):
        """A record without a kind that came later is complete."""
        self.data.rows[managed.KEY] = '{"properties": ["a"]}'
        self.assertEqual(
            diff.Managed(properties=frozenset('a')), self.record.load()
        )

    def test_record_of_one_row(self):
        """The form of a small record is fixed: later versions read it."""
        row = (
            '{"attributes": ["name"], "properties": ["a", "b"], '
            '"tags": ["t"], "members": ["p"], "stores": ["fast"], '
            '"asked": ["slow"], "data": "reference:ab", "stalled": "cd"}'
        )
        record = diff.Managed(
            frozenset({'name'}),
            frozenset({'a', 'b'}),
            frozenset('t'),
            frozenset('p'),
            frozenset({'fast'}),
            frozenset({'slow'}),
            'reference:ab',
            'cd',
        )
        self.data.rows[managed.KEY] = row
        self.assertEqual(record, self.record.load())
        self.data.rows.clear()
        self.record.save(record)
        self.assertEqual({managed.KEY: row}, self.data.rows)

    def test_not_readable(self):
        """What is no record is as none: anybody may write one to adopt."""
        log = self.useFixture(fixtures.FakeLogger())
        for row in (
            *('nonsense', '[]', '5', 'null', '{"properties": 5}'),
            *('{"tags": [1], "members": true}', '{"rows": 1}'),
            *('{"rows": ["managed.gone.0"]}', '{"rows": []}'),
            100000 * '[',
        ):
            self.data.rows[managed.KEY] = row
            self.assertIsNone(self.record.load(), row[:80])
            self.assertIn('not readable', log.output)
            self.record.save(diff.Managed(tags=frozenset('t')))
            self.assertEqual(
                diff.Managed(tags=frozenset('t')), self.record.load()
            )

    def test_record_of_a_later_release(self):
        """Kinds that this release does not know are left out."""
        self.data.rows[managed.KEY] = '{"tags": ["t"], "moods": ["blue"]}'
        self.assertEqual(diff.Managed(tags=frozenset('t')), self.record.load())


class TestCrash(base.BaseTestCase):
    """An engine that dies while it writes."""

    scenarios = [
        ('first', {'old': None, 'new': numbered(1)}),
        ('first, large', {'old': None, 'new': numbered(120)}),
        ('small to small', {'old': numbered(1), 'new': numbered(2)}),
        ('small to large', {'old': numbered(1), 'new': numbered(120)}),
        ('large to small', {'old': numbered(120), 'new': numbered(1)}),
        ('large to large', {'old': numbered(120), 'new': numbered(121)}),
    ]

    def test_leaves_old_or_new(self):
        """At each point there is the old record or the new one."""
        seen = set()
        for left in range(100):
            data = Data()
            if self.old is not None:
                data.record().save(self.old)
            data.left = left
            try:
                data.record().save(self.new)
            except Crash:
                found = data.record().load()
                self.assertIn(found, (self.old, self.new))
                seen.add(found)
            else:
                break
            # The next attempt, by another engine, tidies up.
            data.left = None
            data.record().save(self.new)
            self.assertEqual(self.new, data.record().load())
        self.assertGreater(left, 0)
        self.assertIn(self.old, seen)
        self.assertEqual(self.new, data.record().load())

    def test_rows_do_not_pile_up(self):
        """What a crash left behind is removed when next written."""
        data = Data()
        if self.old is not None:
            data.record().save(self.old)
        data.left = 1
        try:
            data.record().save(self.new)
        except Crash:
            data.left = None
        data.left = None
        data.record().save(diff.Managed())
        self.assertEqual({managed.KEY}, data.rows.keys())
