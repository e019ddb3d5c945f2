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

KEYS = st.sampled_from(['a', 'b', 'name', '', 4, True])
VALUES = st.sampled_from(['4', 4, True, 'true', '', None, 4.0])
MAPS = st.none() | st.dictionaries(KEYS, VALUES, max_size=4)


class TestRead(base.BaseTestCase):
    """What is declared."""

    def test_nothing(self):
        """Properties without a value declare nothing."""
        for values in (
            {},
            dict.fromkeys(
                (*declaration.BASE_ATTRIBUTES, *declaration.MAPS, 'tags')
            ),
            {'property': {}, 'extra_properties': {}, 'tags': []},
        ):
            self.assertEqual(diff.Declared(), declaration.read(values))

    def test_attributes(self):
        """Attributes with a value are declared, other properties are not."""
        values = {
            'name': 'n',
            'min_disk': 1,
            'min_ram': 2,
            'protected': True,
            'visibility': 'shared',
        }
        declared = declaration.read(
            {
                **values,
                'id': 'x',
                'location': 'http://h',
                'disk_format': 'raw',
                'container_format': 'bare',
            }
        )
        self.assertEqual(diff.Declared(values), declared)

    def test_zero_and_false_are_declared(self):
        """A zero and a false are values; a null and no name are none."""
        self.assertEqual(
            {'min_disk': 0, 'min_ram': 0, 'protected': False},
            declaration.read(
                {
                    'min_disk': 0,
                    'min_ram': 0,
                    'protected': False,
                    'name': '',
                    'visibility': None,
                }
            ).attributes,
        )

    def test_all_attributes_but_the_name_have_a_default(self):
        """What a template drops goes back to a default."""
        self.assertEqual(
            {*declaration.BASE_ATTRIBUTES} - {'name'}, {*declaration.DEFAULTS}
        )

    def test_both_spellings_are_one_map(self):
        """Pairs of both spellings are merged, equal ones may be in both."""
        declared = declaration.read(
            {
                'property': {'a': '1', 'both': 4},
                'extra_properties': {'b': '2', 'both': '4'},
            }
        )
        self.assertEqual(
            {'a': '1', 'b': '2', 'both': '4'}, declared.properties
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


class TestRefused(base.BaseTestCase):
    """What is wrong with it."""

    def test_a_number_is_the_key_of_its_text(self):
        """The two maps may spell one key as a number and as text."""
        for first, second in (({4: 'a'}, {'4': 'a'}), ({'4': 'a'}, {4: 'a'})):
            self.assertEqual(
                {'4': 'a'},
                declaration.read(
                    {'property': first, 'extra_properties': second}
                ).properties,
            )
        (offence,) = declaration.check(
            {'property': {True: 'a'}, 'extra_properties': {'true': 'b'}}
        )
        self.assertEqual('true', offence.key)
        self.assertIn('"extra_properties"', offence.reason)

    def test_contradiction_names_both_places(self):
        """A key with two values is refused and both maps are named."""
        (offence,) = declaration.check(
            {
                'property': {'a': '1', 'b': '1'},
                'extra_properties': {'a': '2', 'c': '1'},
            }
        )
        self.assertEqual('a', offence.key)
        self.assertIn('"property"', offence.reason)
        self.assertIn('"extra_properties"', offence.reason)

    def test_contradiction_of_keys_that_are_equal_as_text(self):
        """A key that is an integer in one map is the same key."""
        offences = declaration.check(
            {'property': {'4': 'x'}, 'extra_properties': {4: 'y'}}
        )
        self.assertEqual({'4'}, {offence.key for offence in offences})

    def test_all_at_once_and_sorted(self):
        """Offences of maps, tags and contradictions come in one list."""
        values = {
            'property': {'z': None, 'name': 'x', 'c': '1'},
            'extra_properties': {'image_id': 'x', 'c': '2', 'z': None},
            'tags': ['B', 'b', None],
        }
        offences = declaration.check(values)

        self.assertEqual(sorted(set(offences)), list(offences))
        self.assertEqual(
            {'z', 'name', 'image_id', 'c'}
            | {'tags: B', 'tags: b', 'tags: None'},
            {offence.key for offence in offences},
        )
        error = self.assertRaises(
            exception.InvalidDeclaration, declaration.read, values
        )
        self.assertEqual(offences, error.offences)

    def test_an_empty_location(self):
        """A location without a URL is refused, if there is one at all."""
        for location in ('', '  ', None):
            (offence,) = declaration.check({'location': location})
            self.assertEqual('location', offence.key)
        self.assertEqual((), declaration.check({'location': 'http://h/x'}))
        self.assertEqual((), declaration.check({}))

    def test_does_not_change_what_it_reads(self):
        """The properties of the resource stay as they are."""
        values = {'property': {'a': 1}, 'extra_properties': {'b': 2}}
        declaration.read(values)
        self.assertEqual(
            {'property': {'a': 1}, 'extra_properties': {'b': 2}}, values
        )
