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

"""Tests of what the properties of a stored resource tell."""

import dataclasses

import hypothesis

from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props.tests import base
from heat_image_props.tests import strategies


class TestManaged(base.BaseTestCase):
    """What a resource without a record has set."""

    def test_everything_that_is_given(self):
        """All that has a value was set, by the names of Glance."""
        self.assertEqual(
            diff.Managed(
                frozenset({'name', 'os_hidden', 'min_ram', 'visibility'})
                | {diff.ACTIVE},
                frozenset({'a', '4', 'b', 'os_distro'}),
                frozenset({'t', '4', 'true'}),
                frozenset({'p'}),
                frozenset({'fast'}),
            ),
            declaration.managed(
                {
                    'name': 'n',
                    'hidden': False,
                    'min_ram': 0,
                    'members': ['p'],
                    'active': True,
                    'property': {'a': '1', 4: 'x', None: 'x'},
                    'extra_properties': {'b': None},
                    'os_distro': 'debian',
                    'tags': ['t', 4, True],
                    'stores': ['fast'],
                }
            ),
        )

    def test_nothing(self):
        """What has no value was not set; a text that is null is empty."""
        for values in (
            {},
            dict.fromkeys((*declaration.PROPERTIES, 'stores')),
            dict.fromkeys((*declaration.NAMED, 'name', 'owner'), ''),
            {'tags': [None], 'members': [None, '']},
        ):
            self.assertEqual(diff.Managed(), declaration.managed(values))

    def test_is_public(self):
        """An image that was public or not has its visibility managed."""
        for is_public in (True, False):
            self.assertEqual(
                {'visibility'},
                declaration.managed({'is_public': is_public}).attributes,
            )

    def test_attributes_in_a_map(self):
        """What Glance does not let be removed is never to be removed.

        OS::Glance::WebImage sent extra_properties beside the attributes, and
        so they could hold some.
        """
        self.assertEqual(
            {'a'},
            declaration.managed(
                {'extra_properties': {'min_ram': 5, 'a': 1, 'os_hidden': True}}
            ).properties,
        )

    @hypothesis.given(strategies.resource_properties())
    def test_is_what_is_declared(self, values):
        """What is accepted now is managed as if it had been recorded."""
        if not declaration.check(values):
            self.assertEqual(
                dataclasses.replace(
                    diff.Managed.of(declaration.read(values)),
                    stores=frozenset(values['stores'] or ()),
                ),
                declaration.managed(values),
            )


class TestKeys(base.BaseTestCase):
    """The names that one place declares."""

    def test_of_a_map(self):
        """The keys of a map are text, and what is none is left out."""
        values = {'property': {4: 'x', 'a': 'y', None: 'z'}}
        self.assertEqual({'4', 'a'}, declaration.keys(values, 'property'))
        self.assertEqual(set(), declaration.keys(values, 'extra_properties'))

    def test_of_a_property_of_its_own(self):
        """Such a property is its own key."""
        self.assertEqual({'os_distro'}, declaration.keys({}, 'os_distro'))
