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

"""Tests of the difference between a declared and a live image."""

import dataclasses

import hypothesis
from hypothesis import strategies as st
import jsonpatch

from heat_image_props import diff
from heat_image_props.tests import base

VALUES = st.sampled_from(['', '1', '2'])
TAGS = st.frozensets(st.sampled_from('pqrst'))
MISSING = 'missing'

DEFAULTS = {'min_ram': 0, 'protected': False}
PROPERTY_NAMES = ('a', 'b', 'a/b', '~')
STATES = ('active', 'deactivated')
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        'min_ram': st.integers(0, 2),
        'protected': st.booleans(),
        'owner': st.sampled_from(['p1', 'p2']),
    },
)
FEW_PROPERTIES = st.dictionaries(st.sampled_from(PROPERTY_NAMES), VALUES)
IMAGES = st.fixed_dictionaries(
    {
        'image': st.builds(
            lambda attributes, properties, tags, status: {
                'owner': 'p1',
                **attributes,
                **properties,
                'tags': sorted(tags),
                'status': status,
            },
            ATTRIBUTES,
            FEW_PROPERTIES,
            TAGS,
            st.sampled_from([*STATES, 'queued', 'importing']),
        ),
        'members': TAGS,
    }
)
DECLARED = st.builds(
    diff.Declared,
    ATTRIBUTES,
    FEW_PROPERTIES,
    TAGS,
    TAGS,
    st.none() | st.booleans(),
)
MANAGED_IMAGES = st.builds(
    diff.Managed,
    st.frozensets(st.sampled_from([*DEFAULTS, 'owner', diff.ACTIVE])),
    st.frozensets(st.sampled_from(PROPERTY_NAMES)),
    TAGS,
    TAGS,
)


def carry_out(change, live):
    """Return an image and its members after a change, as Glance makes it."""
    after = jsonpatch.apply_patch(live['image'], change.to_patch())
    if change.active is not None:
        after['status'] = 'active' if change.active else 'deactivated'
    after['tags'] = sorted(after['tags'])
    return after, (live['members'] - change.members.removed) | (
        change.members.added
    )


class TestCompare(base.BaseTestCase):
    """The comparison of a whole image."""

    DEFAULTS = {'min_ram': 0, 'protected': False}
    LIVE = {
        'name': 'image',
        'min_ram': 512,
        'protected': True,
        'os_hidden': False,
        'tags': ['theirs', 'ours'],
        'team': 'infra',
    }

    def test_equal(self):
        """Equal images make a false diff without operations."""
        change = diff.compare(
            diff.Declared({'name': 'image'}, {'team': 'infra'}, {'ours'}),
            diff.Managed(),
            self.LIVE,
        )
        self.assertFalse(change)
        self.assertEqual([], change.to_patch())
        self.assertEqual([], change.names())

    def test_one_patch_for_everything(self):
        """Attributes, tags and properties go into one list of operations."""
        change = diff.compare(
            diff.Declared({'name': 'new'}, {'team': 'web'}, {'added'}),
            diff.Managed(tags=frozenset({'ours'})),
            self.LIVE,
        )
        self.assertEqual(
            [
                {'op': 'add', 'path': '/name', 'value': 'new'},
                {'op': 'add', 'path': '/tags', 'value': ['added', 'theirs']},
                {'op': 'add', 'path': '/team', 'value': 'web'},
            ],
            change.to_patch(),
        )
        self.assertEqual(['name', 'tags', 'team'], change.names())
        self.assertTrue(change)

    def test_undeclared_attributes(self):
        """A managed attribute goes back to its default, others stay."""
        change = diff.compare(
            diff.Declared(),
            diff.Managed(attributes=frozenset({'min_ram', 'name'})),
            self.LIVE,
            self.DEFAULTS,
        )
        self.assertEqual({'min_ram': 0}, change.attributes)

    def test_tags_can_be_emptied(self):
        """The last tag can be removed."""
        change = diff.compare(
            diff.Declared(),
            diff.Managed(tags=frozenset({'ours'})),
            {'tags': ['ours']},
        )
        self.assertEqual((), change.tags)
        self.assertEqual(
            [{'op': 'add', 'path': '/tags', 'value': []}], change.to_patch()
        )

    @hypothesis.given(TAGS, TAGS, TAGS)
    def test_tags_follow_the_same_ownership(self, declared, managed, live):
        """Tags: declared there, managed and undeclared gone, others kept."""
        change = diff.compare(
            diff.Declared(tags=declared),
            diff.Managed(tags=managed),
            {'tags': sorted(live)},
        )
        after = live if change.tags is None else frozenset(change.tags)

        self.assertEqual(declared | (live - managed), after)
        self.assertEqual(live != after, bool(change))

    def test_the_owner_is_replaced(self):
        """The owner is sent with ``replace``, all else with ``add``."""
        change = diff.compare(
            diff.Declared({'owner': 'p2', 'name': 'image'}),
            diff.Managed(),
            {'owner': 'p1', 'name': 'x'},
        )
        self.assertEqual(
            [
                {'op': 'add', 'path': '/name', 'value': 'image'},
                {'op': 'replace', 'path': '/owner', 'value': 'p2'},
            ],
            change.to_patch(),
        )

    def test_an_attribute_that_glance_does_not_show(self):
        """An attribute differs if the image does not have it at all."""
        change = diff.compare(
            diff.Declared({'os_hidden': False}), diff.Managed(), {}
        )
        self.assertEqual({'os_hidden': False}, change.attributes)

    def test_members_and_state_are_in_no_patch(self):
        """Members and state differ, and have requests of their own."""
        change = diff.compare(
            diff.Declared(members=frozenset('p'), active=False),
            diff.Managed(members=frozenset('q')),
            {'status': 'active'},
            members=frozenset('qr'),
        )
        self.assertEqual(
            diff.ImageDiff(
                members=diff.MemberDiff(frozenset('p'), frozenset('q')),
                active=False,
            ),
            change,
        )
        self.assertEqual([], change.to_patch())
        self.assertEqual(['active', 'members'], change.names())

    def test_each_part_makes_a_difference(self):
        """A diff is true as soon as one of its parts is."""
        self.assertFalse(diff.ImageDiff())
        self.assertFalse(diff.MemberDiff())
        for change in (
            diff.MemberDiff(added=frozenset('p')),
            diff.MemberDiff(removed=frozenset('p')),
            diff.ImageDiff({'name': 'n'}),
            diff.ImageDiff(properties=diff.PropertyDiff({'a': '1'})),
            diff.ImageDiff(tags=()),
            diff.ImageDiff(members=diff.MemberDiff(frozenset('p'))),
            diff.ImageDiff(active=True),
            diff.ImageDiff(active=False),
        ):
            self.assertTrue(change)

    @hypothesis.given(IMAGES, DECLARED, MANAGED_IMAGES)
    def test_makes_the_image_as_declared(self, live, declared, managed):
        """All that is declared is there, and all that is foreign still is."""
        change = diff.compare(
            declared, managed, live['image'], DEFAULTS, live['members']
        )
        after, members = carry_out(change, live)
        declared_properties = declared.properties.keys()

        for name, value in declared.attributes.items():
            self.assertEqual(value, after[name])
        for name in {*DEFAULTS} - declared.attributes.keys():
            self.assertEqual(
                DEFAULTS[name]
                if name in managed.attributes
                else live['image'].get(name, MISSING),
                after.get(name, MISSING),
            )
        for name in PROPERTY_NAMES:
            if name in declared_properties:
                expected = declared.properties[name]
            elif name in managed.properties:
                expected = MISSING
            else:
                expected = live['image'].get(name, MISSING)
            self.assertEqual(expected, after.get(name, MISSING))
        self.assertEqual(
            declared.tags | ({*live['image']['tags']} - managed.tags),
            {*after['tags']},
        )
        self.assertEqual(
            declared.members | (live['members'] - managed.members), members
        )
        if live['image']['status'] not in STATES or (
            declared.active is None and diff.ACTIVE not in managed.attributes
        ):
            expected = live['image']['status']
        else:
            expected = STATES[declared.active is False]
        self.assertEqual(expected, after['status'])

    @hypothesis.given(IMAGES, DECLARED, MANAGED_IMAGES)
    def test_nothing_is_left_to_change(self, live, declared, managed):
        """After the change there is no difference, and it is not empty."""
        change = diff.compare(
            declared, managed, live['image'], DEFAULTS, live['members']
        )
        after, members = carry_out(change, live)
        again = diff.compare(declared, managed, after, DEFAULTS, members)

        self.assertEqual(diff.ImageDiff(), again)
        self.assertEqual(
            bool(change), (after, members) != (live['image'], live['members'])
        )
        self.assertEqual(bool(change), bool(change.names()))


class TestState(base.BaseTestCase):
    """Whether the data can be used."""

    scenarios = [
        (
            f'{declared} {status}{" managed" if managed else ""}',
            {
                'declared': declared,
                'status': status,
                'managed': managed,
                'change': change,
            },
        )
        for declared, managed, status, change in [
            (None, False, 'active', None),
            (None, False, 'deactivated', None),
            (None, True, 'active', None),
            (None, True, 'deactivated', True),
            (True, False, 'active', None),
            (True, False, 'deactivated', True),
            (False, False, 'active', False),
            (False, True, 'deactivated', None),
            *(
                (declared, True, status, None)
                for declared in (None, True, False)
                for status in ('queued', 'importing', 'saving', 'killed', None)
            ),
        ]
    ]

    def test_is_switched(self):
        """Only an image with data is switched, and only if it has to be."""
        live = {} if self.status is None else {'status': self.status}
        managed = frozenset((diff.ACTIVE,) if self.managed else ())
        change = diff.compare(
            diff.Declared(active=self.declared), diff.Managed(managed), live
        )
        self.assertEqual(diff.ImageDiff(active=self.change), change)


class TestManaged(base.BaseTestCase):
    """What a resource has set."""

    def test_gained(self):
        """Gained is what is declared, was not so before, and is so now."""
        declared = diff.Declared(
            {'name': 'n', 'min_ram': 1},
            {'kept': '1', 'set': '1', 'failed': '1'},
            {'there', 'new', 'refused'},
        )
        before = {'name': 'n', 'min_ram': 0, 'kept': '1', 'tags': ['there']}
        after = {
            'name': 'n',
            'min_ram': 1,
            'kept': '1',
            'set': '1',
            'foreign': '1',
            'tags': ['there', 'new', 'theirs'],
        }
        self.assertEqual(
            diff.Managed({'min_ram'}, {'set'}, {'new'}),
            diff.gained(declared, before, after),
        )

    def test_gained_members(self):
        """A member is gained that was none before, and now is one."""
        declared = diff.Declared(members=frozenset('pqr'))
        self.assertEqual(
            diff.Managed(members=frozenset('q')),
            diff.gained(
                declared, {}, {}, (frozenset('ps'), frozenset('pqst'))
            ),
        )

    def test_gained_state(self):
        """The state is gained if it was another before, and now is right."""
        states = {'active': True, 'deactivated': False}
        for before, was in states.items():
            for after, now in states.items():
                for active in (True, False, None):
                    gained = diff.gained(
                        diff.Declared(active=active),
                        {'status': before},
                        {'status': after},
                    )
                    self.assertEqual(
                        active is not None and was != active == now,
                        diff.ACTIVE in gained.attributes,
                        (before, after, active),
                    )

    @hypothesis.given(IMAGES, DECLARED)
    def test_a_change_gains_no_more_than_it_did(self, live, declared):
        """A whole change gains what it changed, and none gains nothing."""
        before = live['image']
        self.assertEqual(
            diff.Managed(),
            diff.gained(declared, before, before, 2 * (live['members'],)),
        )
        change = diff.compare(
            declared, diff.Managed(), before, members=live['members']
        )
        after, members = carry_out(change, live)
        gained = diff.gained(
            declared, before, after, (live['members'], members)
        )
        self.assertEqual(
            diff.Managed(
                {
                    *change.attributes,
                    *(() if change.active is None else (diff.ACTIVE,)),
                },
                {*change.properties.added, *change.properties.replaced},
                declared.tags - {*before['tags']},
                change.members.added,
            ),
            gained,
        )

    def test_is_all_that_is_declared(self):
        """All that is declared becomes managed, by name."""
        self.assertEqual(
            diff.Managed(
                frozenset({'name', diff.ACTIVE}),
                frozenset('a'),
                frozenset('t'),
                frozenset('p'),
            ),
            diff.Managed.of(
                diff.Declared(
                    {'name': 'x'},
                    {'a': '1'},
                    frozenset('t'),
                    frozenset('p'),
                    False,
                )
            ),
        )
        self.assertEqual(diff.Managed(), diff.Managed.of(diff.Declared()))

    @hypothesis.given(
        *2
        * [st.builds(diff.Managed, *6 * [TAGS], *2 * [st.sampled_from('ab')])]
    )
    def test_adds_up(self, one, other):
        """Together two are all names of both, and the later data."""
        both = one | other
        self.assertEqual(other.data, both.data)
        self.assertEqual(other.stalled, both.stalled)
        self.assertEqual(one, one | diff.Managed())
        for kind in dataclasses.fields(diff.Managed):
            if kind.name in ('data', 'stalled'):
                continue
            self.assertEqual(
                getattr(one, kind.name) | getattr(other, kind.name),
                getattr(both, kind.name),
            )
