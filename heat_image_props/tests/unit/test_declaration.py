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

"""Tests of what the properties of a resource declare."""

import hypothesis
from hypothesis import strategies as st

from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import rules
from heat_image_props.tests import base
from heat_image_props.tests import strategies

KEYS = st.sampled_from(['a', 'b', 'name', '', 4, True, 'os_distro'])
VALUES = st.sampled_from(['4', 4, True, 'true', '', None, 4.0])
MAPS = st.none() | st.dictionaries(KEYS, VALUES, max_size=4)
UUID = '11111111-1111-4111-8111-111111111111'


class TestRead(base.BaseTestCase):
    """What is declared."""

    def test_nothing(self):
        """Properties without a value declare nothing."""
        for values in (
            {},
            dict.fromkeys(declaration.PROPERTIES),
            {
                'property': {},
                'extra_properties': {},
                'tags': [],
                'members': [],
            },
            dict.fromkeys((*declaration.NAMED, 'name', 'owner'), ''),
        ):
            self.assertEqual(diff.Declared(), declaration.read(values))

    def test_attributes(self):
        """Attributes go by the names of Glance, other properties nowhere."""
        values = {
            'name': 'n',
            'min_disk': 1,
            'min_ram': 2,
            'protected': True,
            'visibility': 'shared',
            'owner': 'p1',
        }
        declared = declaration.read(
            {
                **values,
                'hidden': True,
                'id': 'x',
                'location': 'http://h',
                'disk_format': 'raw',
                'container_format': 'bare',
                'force_delete': True,
            }
        )
        self.assertEqual(
            diff.Declared({**values, 'os_hidden': True}), declared
        )

    def test_zero_and_false_are_declared(self):
        """A zero and a false are values; a null and an empty text are none."""
        values = {'min_disk': 0, 'min_ram': 0, 'protected': False}
        declared = declaration.read(
            {
                **values,
                'hidden': False,
                'active': False,
                'name': '',
                'visibility': None,
            }
        )
        self.assertEqual({**values, 'os_hidden': False}, declared.attributes)
        self.assertIs(False, declared.active)

    def test_every_attribute_that_can_go_back_has_a_default(self):
        """What a template drops goes back, but for the owner and the name.

        The name goes back to one that is made for each resource.
        """
        self.assertEqual(
            {*declaration.BASE_ATTRIBUTES.values()} - {'name', 'owner'},
            {*declaration.DEFAULTS},
        )

    def test_all_places_are_one_map(self):
        """Pairs of both maps and of properties of their own are merged."""
        declared = declaration.read(
            {
                'property': {'a': '1'},
                'extra_properties': {'b': 2},
                'architecture': 'x86_64',
                'kernel_id': UUID,
                'ramdisk_id': UUID,
                'os_distro': 'debian',
                'os_version': '12',
            }
        )
        self.assertEqual(
            {
                'a': '1',
                'b': '2',
                'architecture': 'x86_64',
                'kernel_id': UUID,
                'ramdisk_id': UUID,
                'os_distro': 'debian',
                'os_version': '12',
            },
            declared.properties,
        )

    def test_keys_and_values_become_text(self):
        """Integers and booleans become text, as keys and as values."""
        declared = declaration.read(
            {'property': {4: 5, True: False, 'x': 22.04}}
        )
        self.assertEqual(
            {'4': '5', 'true': 'false', 'x': '22.04'}, declared.properties
        )

    def test_tags(self):
        """Tags are a set of text."""
        declared = declaration.read({'tags': ['b', 'a', 4, 'a', True]})
        self.assertEqual({'a', 'b', '4', 'true'}, declared.tags)

    def test_members(self):
        """Members are a set, whatever their order and repetition."""
        declared = declaration.read({'members': ['q', 'p', 'q', 'p-1_x:@~.']})
        self.assertEqual({'p', 'q', 'p-1_x:@~.'}, declared.members)

    def test_does_not_change_what_it_reads(self):
        """The properties of the resource stay as they are."""
        values = {'property': {'a': 1}, 'extra_properties': {'b': 2}}
        declaration.read(values)
        self.assertEqual(
            {'property': {'a': 1}, 'extra_properties': {'b': 2}}, values
        )

    @hypothesis.given(strategies.maps)
    def test_reads_what_the_rules_accept(self, values):
        """A map in either spelling is judged and written by the rules."""
        verdict = rules.check(values)
        for name in declaration.MAPS:
            if verdict.offences:
                error = self.assertRaises(
                    exception.InvalidDeclaration,
                    declaration.read,
                    {name: values},
                )
                self.assertEqual(verdict.offences, error.offences)
            else:
                self.assertEqual(
                    verdict.text, declaration.read({name: values}).properties
                )

    @hypothesis.given(MAPS, MAPS)
    def test_spellings_are_symmetric(self, one, other):
        """Which map is written under which name makes no difference."""
        there = {'property': one, 'extra_properties': other}
        back = {'property': other, 'extra_properties': one}
        self.assertEqual(
            {offence.key for offence in declaration.check(there)},
            {offence.key for offence in declaration.check(back)},
        )
        if not declaration.check(there):
            self.assertEqual(declaration.read(there), declaration.read(back))

    @hypothesis.given(strategies.resource_properties())
    def test_is_read_or_refused(self, values):
        """Properties are read, or refused with all that is wrong."""
        offences = declaration.check(values)
        self.assertEqual(tuple(sorted(offences)), offences)
        if offences:
            error = self.assertRaises(
                exception.InvalidDeclaration, declaration.read, values
            )
            self.assertEqual(offences, error.offences)
            return
        declared = declaration.read(values)
        again = declaration.read(
            {
                **{
                    name: declared.attributes.get(glance)
                    for name, glance in declaration.BASE_ATTRIBUTES.items()
                },
                'property': declared.properties,
                'tags': sorted(declared.tags),
                'members': sorted(declared.members),
                'active': declared.active,
            }
        )
        self.assertEqual(declared, again)


class TestVisibility(base.BaseTestCase):
    """Who sees the image, by three properties."""

    scenarios = [
        (
            f'{visibility} {is_public} {members}',
            {
                'values': {
                    'visibility': visibility,
                    'is_public': is_public,
                    'members': members,
                },
                'result': result,
            },
        )
        for visibility, is_public, members, result in [
            (None, None, None, None),
            (None, None, [], None),
            (None, True, None, 'public'),
            (None, False, None, 'private'),
            (None, None, ['p'], 'shared'),
            (None, False, ['p'], 'shared'),
            ('public', True, None, 'public'),
            ('private', False, None, 'private'),
            ('community', False, None, 'community'),
            ('shared', False, ['p'], 'shared'),
            ('shared', None, ['p'], 'shared'),
            ('shared', None, None, 'shared'),
            ('community', None, None, 'community'),
        ]
    ]

    def test_is_read(self):
        """What is not said in so many words is implied."""
        declared = declaration.read(self.values)
        self.assertEqual(self.result, declared.attributes.get('visibility'))
        self.assertEqual(
            frozenset(self.values['members'] or ()), declared.members
        )


class TestContradictions(base.BaseTestCase):
    """Two properties that cannot both be right."""

    scenarios = [
        (
            f'{visibility} {is_public} {members}',
            {
                'values': {
                    'visibility': visibility,
                    'is_public': is_public,
                    'members': members,
                },
                'key': key,
                'words': words,
            },
        )
        for visibility, is_public, members, key, words in [
            ('private', True, None, 'is_public', ['"visibility"', 'private']),
            ('shared', True, ['p'], 'is_public', ['"visibility"', 'shared']),
            ('public', False, None, 'is_public', ['"visibility"', 'public']),
            ('private', None, ['p'], 'members', ['"visibility"', 'private']),
            ('private', False, ['p'], 'members', ['"visibility"', 'private']),
            (None, True, ['p'], 'members', ['"is_public"', 'public']),
        ]
    ]

    def test_is_refused(self):
        """The one offence names both properties and the way out."""
        (offence,) = declaration.check(self.values)
        self.assertEqual(self.key, offence.key)
        for word in self.words:
            self.assertIn(word, offence.reason)
        # "visibility" is not blamed for what "is_public" says.
        self.assertEqual(
            self.values['visibility'] is not None,
            '"visibility"' in offence.reason,
        )
        self.assertIn('remove', offence.remedy)


class TestMembers(base.BaseTestCase):
    """What is no project."""

    scenarios = [
        (ascii(member)[:20], {'member': member})
        for member in (
            *('', None, 'p' * 256, 'a/b', 'a b', ' p', 'p\n', 'a?b', 'a#b'),
            *('a%2Fb', 'pröject', '.', '..'),
        )
    ]

    def test_is_refused(self):
        """What Glance would not keep, or not give up again, is refused.

        A path that ends in two dots is that of the image itself.
        """
        values = {'members': ['p', self.member]}
        (offence,) = declaration.check(values)
        self.assertEqual(
            'members: ' + rules.shown(self.member or ''), offence.key
        )
        self.assertIn('project', offence.reason)


class TestTexts(base.BaseTestCase):
    """What is declared as text, beside what is not."""

    def test_texts(self):
        """What Glance would not keep is left out, and the rest is there."""
        self.assertEqual(
            {'a': '1', 'b': 'true', '4': 'x', 'os_distro': 'debian'},
            declaration.texts(
                {
                    'name': 'n',
                    'property': {'a': 1, 'c': None, 'image_id': 'x', 4: 'x'},
                    'extra_properties': {'b': True, None: 'x', 'd': [1]},
                    'os_distro': 'debian',
                    'os_version': '',
                }
            ),
        )
        self.assertEqual({}, declaration.texts({}))


class TestRefused(base.BaseTestCase):
    """What is wrong with it."""

    def test_two_places_are_refused(self):
        """A key in two places is refused, also with one value for both."""
        places = {
            'property': {'os_distro': 'a'},
            'extra_properties': {'os_distro': 'a'},
            'os_distro': 'a',
        }
        for left_out in (*places, None):
            given = {
                place: value
                for place, value in places.items()
                if place != left_out
            }
            (offence,) = declaration.check(given)
            self.assertEqual('os_distro', offence.key)
            self.assertEqual(
                'is given in '
                + ' and in '.join(f'"{name}"' for name in given),
                offence.reason,
            )

    def test_a_number_is_the_key_of_its_text(self):
        """The two maps may spell one key as a number and as text."""
        for first, second in ((4, '4'), ('4', 4), (True, 'true')):
            (offence,) = declaration.check(
                {'property': {first: 'a'}, 'extra_properties': {second: 'a'}}
            )
            self.assertEqual(rules.key_text(first), offence.key)
            self.assertIn('"extra_properties"', offence.reason)

    def test_twice_in_one_place(self):
        """One map that holds a key twice is refused, for that alone."""
        (offence,) = declaration.check({'property': {4: 'a', '4': 'b'}})
        self.assertIn('twice', offence.reason)

    def test_two_places_of_which_one_is_not_known_yet(self):
        """A value that is not known yet does not hide its key."""
        (offence,) = declaration.check(
            {'property': {'kernel_id': UUID}}, {'kernel_id', 'location'}
        )
        self.assertEqual('kernel_id', offence.key)
        self.assertIn('"property" and in "kernel_id"', offence.reason)
        self.assertEqual((), declaration.check({}, {'kernel_id'}))

    def test_two_keys_whose_values_are_not_known_yet(self):
        """Keys are known before their values are, in maps as well."""
        for places in (
            ('kernel_id', ('extra_properties', 'kernel_id')),
            (('property', 'kernel_id'), ('extra_properties', 'kernel_id')),
            (('property', 4), ('extra_properties', '4')),
        ):
            (offence,) = declaration.check({}, [*places])
            self.assertIn(offence.key, ('kernel_id', '4'))
            for place in places:
                name = place if isinstance(place, str) else place[0]
                self.assertIn(f'"{name}"', offence.reason)
        self.assertEqual((), declaration.check({}, [('property', 'a')]))
        # That a map as a whole is not known says nothing of its keys.
        self.assertEqual(
            (), declaration.check({'property': {'a': '1'}}, ['property'])
        )

    def test_a_map_that_is_not_known_yet(self):
        """What a map may hold is nothing that is given twice."""
        (offence,) = declaration.check(
            {'property': {'a': '1'}}, [('extra_properties', 'a'), 'property']
        )
        self.assertEqual('a', offence.key)

    def test_a_key_that_is_no_name(self):
        """A key that has no text is refused once by each map."""
        offences = declaration.check(
            {'property': {None: 'a'}, 'extra_properties': {(1, 2): 'b'}}
        )
        self.assertEqual(
            {'null', '(1, 2)'}, {offence.key for offence in offences}
        )

    def test_all_at_once_and_sorted(self):
        """Offences of every kind come in one list."""
        values = {
            'property': {'z': None, 'name': 'x', 'c': '1'},
            'extra_properties': {'image_id': 'x', 'c': '2'},
            'kernel_id': 'no-uuid',
            'tags': ['B', 'b', None],
            'name': '\U0001f600',
            'members': ['a/b', 'p'],
            'visibility': 'private',
            'is_public': True,
            'remote_region': 'r',
        }
        offences = declaration.check(values)

        self.assertEqual(sorted(set(offences)), list(offences))
        self.assertEqual(
            {'z', 'name', 'image_id', 'c', 'kernel_id', 'is_public'}
            | {'tags: B', 'tags: b', 'tags: null', 'members: a/b'}
            | {'members', 'remote_region'},
            {offence.key for offence in offences},
        )
        self.assertRaises(
            exception.InvalidDeclaration, declaration.read, values
        )

    def test_an_empty_location(self):
        """A location without a URL is refused, if there is one at all."""
        for location in ('', '  '):
            (offence,) = declaration.check({'location': location})
            self.assertEqual('location', offence.key)
        for values in ({}, {'location': None}, {'location': 'http://h/x'}):
            self.assertEqual((), declaration.check(values))
