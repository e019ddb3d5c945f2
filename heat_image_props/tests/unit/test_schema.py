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

"""Tests of the properties and attributes of the resource type."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.engine import attributes
from heat.engine import constraints
from heat.engine import properties

from heat_image_props import declaration
from heat_image_props import image
from heat_image_props import rules
from heat_image_props import schema
from heat_image_props.tests import base

REQUIRED = {'disk_format', 'container_format', 'location'}
IN_PLACE = {
    'name',
    'min_disk',
    'min_ram',
    'protected',
    'visibility',
    'tags',
    'property',
    'extra_properties',
}
FIXED = {'id', *REQUIRED}


class TestProperties(base.BaseTestCase):
    """What an author can write."""

    def test_names(self):
        """The names are those of the type that Heat had before."""
        self.assertEqual(IN_PLACE | FIXED, {*schema.properties_schema})
        self.assertEqual({*schema.PROPERTIES}, {*schema.properties_schema})

    def test_all_are_described(self):
        """Every property and attribute says what it is."""
        for name, one in (
            *schema.properties_schema.items(),
            *schema.attributes_schema.items(),
        ):
            self.assertTrue(one.description.endswith('.'), name)

    def test_changed_in_place(self):
        """Metadata changes in place; identity, formats and source do not."""
        self.assertEqual(
            IN_PLACE,
            {
                name
                for name, one in schema.properties_schema.items()
                if one.update_allowed
            },
        )

    def test_required(self):
        """An image needs two formats and a source."""
        self.assertEqual(
            REQUIRED,
            {
                name
                for name, one in schema.properties_schema.items()
                if one.required
            },
        )

    def test_maps_are_empty_if_not_given(self):
        """Only the maps have a default, as a map without one becomes null."""
        self.assertEqual(
            {'property': {}, 'extra_properties': {}},
            {
                name: one.default
                for name, one in schema.properties_schema.items()
                if one.default is not None
            },
        )
        for name in declaration.MAPS:
            one = schema.properties_schema[name]
            self.assertEqual(properties.Schema.MAP, one.type)

    def test_schema_is_valid(self):
        """Heat finds nothing wrong with the schema."""
        for name, one in schema.properties_schema.items():
            self.assertIsInstance(one, properties.Schema)
            one.validate(name)
        for one in schema.attributes_schema.values():
            self.assertIsInstance(one, attributes.Schema)

    def test_every_declared_attribute_is_a_property(self):
        """What is set on the image can be written in a template."""
        self.assertLessEqual(
            {*declaration.BASE_ATTRIBUTES, *declaration.MAPS},
            {*schema.properties_schema},
        )

    def test_remedies_name_properties_of_the_resource(self):
        """The property that an offence names as the way out exists."""
        for key in (*schema.PROPERTIES, 'locations'):
            for offence in rules.check({key: 'x'}).offences:
                named = offence.remedy.split('"')[1::2]
                self.assertLessEqual({*named}, {*schema.properties_schema})


class TestConstraints(base.BaseTestCase):
    """Values that Heat itself refuses."""

    scenarios = [
        (f'{name} {value!r:.20}', {'name': name, 'value': value, 'good': good})
        for name, value, good in [
            ('name', 'n' * 255, True),
            ('name', 'n' * 256, False),
            ('min_ram', 0, True),
            ('min_ram', 2**31 - 1, True),
            ('min_ram', 2**31, False),
            ('min_ram', -1, False),
            ('min_disk', 2**31 - 1, True),
            ('min_disk', 2**31, False),
            ('min_disk', -1, False),
            ('id', '11111111-1111-4111-8111-111111111111', True),
            ('id', '1111', False),
            ('id', 'x11111111-1111-4111-8111-111111111111', False),
            ('id', '11111111-1111-4111-8111-111111111111x', False),
            ('disk_format', 'qcow2', True),
            ('disk_format', 'qcow3', False),
            ('container_format', 'compressed', True),
            ('container_format', 'zip', False),
            ('visibility', 'shared', True),
            ('visibility', 'hidden', False),
        ]
    ]

    def test_is_judged(self):
        """A value within the limits passes, one beyond them does not."""
        one = schema.properties_schema[self.name]
        found = []
        for constraint in one.constraints:
            self.assertIsInstance(constraint, constraints.Constraint)
            try:
                constraint.validate(self.value, one)
            except Exception as error:
                found.append(str(error))
        self.assertEqual(self.good, not found, found)


class TestAttributes(base.BaseTestCase):
    """What a template can read."""

    def test_names(self):
        """Attributes are those of the issue; ``show`` is Heat's own."""
        self.assertEqual(
            {'status', 'size', 'checksum', 'properties'},
            {*schema.attributes_schema},
        )
        self.assertIn('show', image.GlanceImage.base_attributes_schema)

    def test_are_never_cached(self):
        """An attribute is read from Glance each time."""
        for name, one in schema.attributes_schema.items():
            self.assertEqual(
                attributes.Schema.CACHE_NONE, one.cache_mode, name
            )

    def test_are_not_shared(self):
        """Heat adds to the map of the class, not to that of the module."""
        self.assertIsNot(
            schema.attributes_schema, image.GlanceImage.attributes_schema
        )
