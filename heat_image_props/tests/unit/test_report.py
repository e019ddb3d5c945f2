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

"""Tests of what differs, and what an update did, in words."""

import hypothesis
from hypothesis import strategies as st

from heat_image_props import diff
from heat_image_props import report
from heat_image_props.tests import base
from heat_image_props.tests import strategies

#: Marks every value; no name and no clause holds it.
MARK = 'ZQ7'

values = st.text(max_size=20).map(lambda text: f'{MARK}{text}')
names = strategies.names.filter(lambda name: MARK not in name)
maps = st.dictionaries(names, values, max_size=30)
sets = st.frozensets(names, max_size=30)


class TestDrift(base.BaseTestCase):
    """What is expected and what there is."""

    LIVE = {
        'name': 'x',
        'os_hidden': False,
        'status': 'active',
        'tags': ['theirs', 'gone'],
        'changed': 'old',
        'removed': 'old',
        'foreign': 'y',
    }

    def drift(self, declared, managed=None, members=frozenset(), **live):
        """Return what differs from an image."""
        live = {**self.LIVE, **live}
        change = diff.compare(
            declared, managed or diff.Managed(), live, members=members
        )
        return report.drift(change, live, declared, members)

    def test_everything(self):
        """All that differs is there by its name in a template, sorted."""
        found = self.drift(
            diff.Declared(
                {'os_hidden': True, 'min_ram': 1, 'name': 'x'},
                {'added': '1', 'changed': '2'},
                frozenset({'ours'}),
                frozenset({'p', 'q'}),
                False,
            ),
            diff.Managed(
                properties=frozenset({'removed'}),
                tags=frozenset({'gone'}),
                members=frozenset({'r'}),
            ),
            frozenset({'q', 'r', 's'}),
        )
        self.assertEqual(
            {
                'active': {'expected': False, 'actual': True},
                'added': {'expected': '1', 'actual': None},
                'changed': {'expected': '2', 'actual': 'old'},
                'hidden': {'expected': True, 'actual': False},
                'members': {
                    'expected': ['p', 'q'],
                    'actual': ['q', 'r'],
                },
                'min_ram': {'expected': 1, 'actual': None},
                'removed': {'expected': None, 'actual': 'old'},
                'tags': {'expected': ['ours'], 'actual': ['gone']},
            },
            found,
        )
        self.assertEqual(sorted(found), list(found))

    def test_nothing(self):
        """Where nothing differs there is nothing."""
        self.assertEqual(
            {}, self.drift(diff.Declared({'name': 'x'}, {'foreign': 'y'}))
        )

    def test_an_image_without_tags(self):
        """An image may have no list of tags."""
        self.assertEqual(
            {'tags': {'expected': ['t'], 'actual': []}},
            self.drift(diff.Declared(tags=frozenset('t')), tags=None),
        )

    def test_an_image_to_be_reactivated(self):
        """The state is a boolean, as in a template."""
        self.assertEqual(
            {'active': {'expected': True, 'actual': False}},
            self.drift(diff.Declared(active=True), status='deactivated'),
        )

    def test_a_custom_property_with_the_name_of_another(self):
        """A custom property does not hide what else has its name."""
        found = self.drift(
            diff.Declared(
                {'os_hidden': True},
                {'hidden': 'x', 'members': 'y', 'active': 'z'},
                members=frozenset('p'),
                active=False,
            )
        )
        self.assertEqual(6, len(found), found)
        self.assertEqual({'expected': True, 'actual': False}, found['hidden'])
        for expected in 'xyz':
            self.assertIn(
                {'expected': expected, 'actual': None}, [*found.values()]
            )


class TestClauses(base.BaseTestCase):
    """Differences in a message."""

    scenarios = [
        (
            clause[:30],
            {'expected': expected, 'actual': actual, 'clause': clause},
        )
        for expected, actual, clause in [
            ('2', '1', "is '1' instead of '2'"),
            ('2', None, "is missing instead of '2'"),
            (None, '1', "is '1' instead of missing"),
            (True, False, "is 'false' instead of 'true'"),
            (0, 512, "is '512' instead of '0'"),
            (['a', 'b'], [], "is [] instead of ['a', 'b']"),
            (
                'http://u:p@h/x?s=1',
                '',
                "is '' instead of 'http://***@h/x?***'",
            ),
            ('\0', '\U0001f600', "is '\\U0001f600' instead of '\\x00'"),
        ]
    ]

    def test_is_read(self):
        """A clause has the key, what there is and what is expected."""
        self.assertEqual(
            [f"'a\\n' {self.clause}"],
            report.clauses(
                {'a\n': {'expected': self.expected, 'actual': self.actual}}
            ),
        )

    def test_values_are_cut(self):
        """A long value does not make a long clause."""
        (clause,) = report.clauses(
            {'a': {'expected': 'x' * 60000, 'actual': 'y' * 60000}}
        )
        self.assertLess(len(clause), 200)


class TestSummary(base.BaseTestCase):
    """What an update did."""

    LIVE = {
        'id': 'i',
        'name': 'n',
        'status': 'active',
        'tags': ['theirs', 'old'],
        'os_glance_failed_import': '',
        'c': '1',
        'd': '1',
        **dict.fromkeys('efg', '1'),
    }

    def test_of_the_issue(self):
        """Properties are counted and named, those of others are counted."""
        live = {
            **dict.fromkeys('cd', 'x'),
            **dict.fromkeys(map(str, range(14)), 'x'),
        }
        declared = diff.Declared(properties=dict.fromkeys('abc', 'y'))
        change = diff.compare(
            declared, diff.Managed(properties=frozenset('d')), live
        )
        self.assertEqual(
            'properties: 2 added (a, b), 1 changed (c), 1 removed (d), '
            '14 others left alone',
            report.summary(change, live, declared),
        )

    def test_everything(self):
        """Each kind of change has a clause of its own."""
        declared = diff.Declared(
            {'os_hidden': True, 'name': 'm'},
            {'a': '2', 'c': '2'},
            frozenset({'new'}),
            frozenset({'p'}),
            False,
        )
        managed = diff.Managed(
            properties=frozenset('d'),
            tags=frozenset({'old'}),
            members=frozenset('q'),
        )
        change = diff.compare(
            declared, managed, self.LIVE, members=frozenset('q')
        )
        self.assertEqual(
            'properties: 1 added (a), 1 changed (c), 1 removed (d), '
            '3 others left alone; attributes: 2 changed (hidden, name); '
            'tags: 1 added (new), 1 removed (old); '
            'members: 1 added (p), 1 removed (q); deactivated; data imported',
            report.summary(change, self.LIVE, declared, ['data imported']),
        )

    def test_parts(self):
        """What was not changed is not named."""
        for change, text in [
            (diff.ImageDiff(), 'nothing differed, nothing was changed'),
            (diff.ImageDiff(active=True), 'reactivated'),
            (
                diff.ImageDiff(tags=('old',)),
                'tags: 1 removed (theirs)',
            ),
            (
                diff.ImageDiff(members=diff.MemberDiff(frozenset('p'))),
                'members: 1 added (p)',
            ),
            (
                diff.ImageDiff(properties=diff.PropertyDiff({'a': '1'})),
                'properties: 1 added (a), 5 others left alone',
            ),
        ]:
            self.assertEqual(
                text,
                report.summary(change, self.LIVE, diff.Declared())
                if 'properties' not in text
                else report.summary(
                    change, self.LIVE, diff.Declared(properties={'a': '1'})
                ),
            )

    def test_no_others(self):
        """Where nobody else set a property nothing is said of others."""
        self.assertEqual(
            'properties: 1 added (a)',
            report.summary(
                diff.ImageDiff(properties=diff.PropertyDiff({'a': '1'})),
                {},
                diff.Declared(properties={'a': '1'}),
            ),
        )

    def test_only_the_data(self):
        """What was done to the data is told even if nothing else was."""
        self.assertEqual(
            'copied to slow; deleted from fast',
            report.summary(
                diff.ImageDiff(),
                {},
                diff.Declared(),
                ['copied to slow', 'deleted from fast'],
            ),
        )

    def test_many_names(self):
        """Names are left out until the text fits, the counts are not."""
        added = {f'key_{number:03}': MARK for number in range(128)}
        text = report.summary(
            diff.ImageDiff(properties=diff.PropertyDiff(added)),
            {},
            diff.Declared(properties=added),
            (clause for clause in ['data imported']),
        )
        self.assertTrue(
            text.startswith('properties: 128 added (key_000, key_001, '), text
        )
        self.assertTrue(text.endswith(', ...); data imported'), text)
        self.assertLessEqual(len(text), 255)
        self.assertGreater(len(text), 200)

    def test_names_beyond_all_bounds(self):
        """Where no name fits, and not even the rest, the text is cut."""
        text = report.summary(
            diff.ImageDiff(tags=('t' * 255,)),
            {},
            diff.Declared(),
            ['x' * 300],
        )
        self.assertEqual(255, len(text))
        self.assertTrue(text.startswith('tags: 1 added (...); xxx'), text)

    @hypothesis.given(
        added=maps,
        replaced=maps,
        removed=sets,
        attributes=maps,
        tags=st.none() | sets,
        members=st.builds(diff.MemberDiff, sets, sets),
        active=st.none() | st.booleans(),
        live=maps,
        others=st.lists(st.text(st.characters(codec='ascii'), max_size=40)),
    )
    def test_any(self, added, replaced, removed, live, others, **kwargs):
        """A summary fits into an event, and holds no value."""
        tags = kwargs.pop('tags')
        change = diff.ImageDiff(
            properties=diff.PropertyDiff(added, replaced, removed),
            tags=None if tags is None else tuple(sorted(tags)),
            **kwargs,
        )
        live = {**live, **replaced, **dict.fromkeys(removed, MARK)}
        others = [other for other in others if MARK not in other]
        text = report.summary(
            change,
            live,
            diff.Declared(properties={**added, **replaced}),
            others,
        )
        self.assertLessEqual(len(text), report.MAX_REASON_LENGTH)
        self.assertNotIn(MARK, text)
        self.assertTrue(change or others or 'nothing' in text)
