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

"""Tests of what is known of properties, before and after creation."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat_image_props import known
from heat_image_props import schema
from heat_image_props.tests.unit import image_base

OTHER = {'other': {'type': 'GenericResourceType'}}


class TestValues(image_base.ImageTestCase):
    """What is known before a resource is created."""

    def values(self, _params=None, _strict=True, **kwargs):
        """Return the known values, and the names of the others."""
        one = self.make(_params, **kwargs)
        return known.values(one.properties, schema.PROPERTIES, strict=_strict)

    def test_literal(self):
        """What the template holds is known, what it does not is left out."""
        values, unknown = self.values(tags=['a'], property={'a': None})
        self.assertEqual(
            {
                'disk_format': 'raw',
                'container_format': 'bare',
                'location': image_base.SOURCE,
                'tags': ['a'],
                'property': {'a': None},
            },
            values,
        )
        self.assertEqual(set(), unknown)

    def test_null(self):
        """A null is nothing, and neither false, 0 nor an empty text."""
        values, unknown = self.values(
            active=None, min_ram=None, os_distro=None, stores=None
        )
        for name in ('active', 'min_ram', 'os_distro', 'stores'):
            self.assertNotIn(name, values)
        self.assertEqual(set(), unknown)

    def test_of_other_resources(self):
        """What other resources tell is not known, as a whole or in part."""
        values, unknown = self.values(
            _resources=OTHER,
            kernel_id={'get_resource': 'other'},
            active={'get_attr': ['other', 'Foo']},
            members={'get_attr': ['other', 'Foo']},
            stores=['fast', {'get_attr': ['other', 'Foo']}],
            property={'a': {'get_attr': ['other', 'Foo']}, 'b': 1},
        )
        self.assertEqual(
            {'kernel_id', 'active', 'members', ('property', 'a')}, unknown
        )
        self.assertEqual(['fast'], values['stores'])
        self.assertEqual({'b': 1}, values['property'])

    def test_parameters(self):
        """The value of a parameter is known, of each kind."""
        parameters = {
            'list': {'type': 'comma_delimited_list'},
            'map': {'type': 'json'},
        }
        values, unknown = self.values(
            {'list': 'a,b', 'map': {'x': 1}},
            _parameters=parameters,
            tags={'get_param': 'list'},
            property={'get_param': 'map'},
        )
        self.assertEqual(['a', 'b'], values['tags'])
        self.assertEqual({'x': 1}, values['property'])
        self.assertEqual(set(), unknown)


class TestGiven(image_base.ImageTestCase):
    """What is given to a resource."""

    def test_nulls(self):
        """A null stays one, and false, 0 and an empty text stay as well."""
        one = self.make(
            active=None, hidden=False, min_ram=0, min_disk=None, os_distro=''
        )
        found = known.given(one.properties)
        self.assertEqual(
            (None, False, 0, None, '', None),
            tuple(
                found[name]
                for name in (
                    *('active', 'hidden', 'min_ram', 'min_disk'),
                    *('os_distro', 'protected'),
                )
            ),
        )
        self.assertEqual({*schema.PROPERTIES}, {*found})

    def test_functions(self):
        """What a function of the template gives is resolved."""
        one = self.make(
            {'p': 'x'},
            _parameters={
                'p': {'type': 'string'},
                'n': {'type': 'string', 'default': ''},
            },
            name={'get_param': 'p'},
            image_hash={'value': {'get_param': 'p'}},
        )
        found = known.given(one.properties)
        self.assertEqual('x', found['name'])
        self.assertEqual({'algo': 'sha512', 'value': 'x'}, found['image_hash'])
