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

import re

from heat.engine import constraints
from heat.engine import properties
from heat.engine import support

from heat_image_props import declaration
from heat_image_props import effects
from heat_image_props import known
from heat_image_props import rules
from heat_image_props import schema
from heat_image_props import source
from heat_image_props.tests import base

#: Properties of OS::Glance::Image before Heat 22 and of OS::Glance::WebImage
#: (heat/engine/resources/openstack/glance/image.py), by type.
BEFORE = {
    properties.Schema.STRING: (
        'name id visibility disk_format container_format location '
        'architecture kernel_id ramdisk_id os_distro os_version owner'
    ).split(),
    properties.Schema.BOOLEAN: 'is_public protected active'.split(),
    properties.Schema.INTEGER: 'min_disk min_ram'.split(),
    properties.Schema.LIST: 'members tags'.split(),
    properties.Schema.MAP: ['extra_properties'],
}
#: What they did not have.
NEW = {
    properties.Schema.STRING: (
        'import_method remote_region remote_image remote_interface'
    ).split(),
    properties.Schema.BOOLEAN: (
        'hidden all_stores all_stores_must_succeed force_delete'
    ).split(),
    properties.Schema.LIST: ['stores'],
    properties.Schema.MAP: ['property', 'image_hash'],
}
REQUIRED = {'disk_format', 'container_format'}
FIXED = {'id', *REQUIRED}


class TestProperties(base.BaseTestCase):
    """What an author can write."""

    def test_names_and_types(self):
        """Old templates find all their properties, of the same types."""
        found = {
            name: one.type for name, one in schema.properties_schema.items()
        }
        self.assertEqual(
            {
                name: kind
                for kinds in (BEFORE, NEW)
                for kind, names in kinds.items()
                for name in names
            },
            found,
        )
        self.assertEqual([*schema.PROPERTIES], [*schema.properties_schema])

    def test_all_are_described(self):
        """Every property says what it is, and since when it is there."""
        for name, one in schema.properties_schema.items():
            self.assertTrue(one.description.endswith('.'), name)
            self.assertIsNotNone(
                re.fullmatch(r'\d+\.\d+\.\d+', one.support_status.version)
            )

    def test_changed_in_place(self):
        """All but identity and formats are promised to change in place."""
        self.assertEqual(
            {*schema.PROPERTIES} - FIXED,
            {
                name
                for name, one in schema.properties_schema.items()
                if one.update_allowed
            },
        )

    def test_required(self):
        """An image needs two formats, and nothing else."""
        self.assertEqual(
            REQUIRED,
            {
                name
                for name, one in schema.properties_schema.items()
                if one.required
            },
        )

    def test_hidden(self):
        """What version 1 of the API had is hidden and says what to use."""
        hidden = {
            name: one.support_status.message
            for name, one in schema.properties_schema.items()
            if one.support_status.status == support.HIDDEN
        }
        self.assertEqual(['is_public'], [*hidden])
        self.assertIn('"visibility"', hidden['is_public'])

    def test_maps_are_empty_if_not_given(self):
        """Only the maps have a default, as a map without one becomes null.

        Any other default would be sent though the template declares nothing,
        but for that of the id, which means to choose one.
        """
        self.assertEqual(
            {'id': '', **{name: {} for name in declaration.MAPS}},
            {
                name: one.default
                for name, one in schema.properties_schema.items()
                if one.default is not None
            },
        )

    def test_schema_is_valid(self):
        """Heat finds nothing wrong with the schema."""
        for name, one in schema.properties_schema.items():
            self.assertIsInstance(one, properties.Schema)
            one.validate(name)

    def test_items(self):
        """Members and stores are text; a hash has two parts."""
        for name in ('members', 'stores'):
            (item,) = schema.properties_schema[name].schema.values()
            self.assertEqual(properties.Schema.STRING, item.type)
        parts = schema.properties_schema['image_hash'].schema
        self.assertEqual(
            {
                schema.HASH_ALGORITHM: 'sha512',
                schema.HASH_VALUE: None,
            },
            {name: one.default for name, one in parts.items()},
        )

    def test_what_is_read_is_a_property(self):
        """What is read can be written, and what can be written is read."""
        self.assertEqual(
            {*schema.PROPERTIES},
            {
                *declaration.PROPERTIES,
                *source.PROPERTIES,
                *FIXED,
                'force_delete',
            },
        )

    def test_remedies_name_properties_of_the_resource(self):
        """The property that an offence names as the way out exists."""
        for key in (*schema.PROPERTIES, 'locations', 'os_hidden'):
            for offence in rules.check({key: 'x'}).offences:
                named = offence.remedy.split('"')[1::2]
                self.assertLessEqual({*named}, {*schema.properties_schema})


class TestValues(base.BaseTestCase):
    """What Heat makes of a template before it is read."""

    def read(self, **data):
        """Return properties as Heat reads them, as a map."""
        values = properties.Properties(
            schema.properties_schema,
            {'disk_format': 'raw', 'container_format': 'bare', **data},
        )
        values.validate()
        return known.given(values)

    def test_nothing_is_declared_by_default(self):
        """A template with the formats alone declares nothing else."""
        values = self.read()
        self.assertEqual(
            {'disk_format': 'raw', 'container_format': 'bare'},
            {
                name: value
                for name, value in values.items()
                if value is not None
            },
        )
        self.assertEqual((), declaration.check(values))
        self.assertFalse(declaration.read(values).attributes)
        self.assertEqual(source.Source(), source.read(values))

    def test_a_null_is_none(self):
        """Whatever is null declares nothing."""
        for name in (
            *('name', 'owner', 'members', 'tags', 'stores', 'remote_region'),
            *('image_hash', 'location', 'active', 'min_ram', 'is_public'),
            *declaration.MAPS,
            *declaration.NAMED,
        ):
            values = self.read(**{name: None})
            self.assertEqual((), declaration.check(values), name)
            self.assertEqual(
                declaration.read(self.read()), declaration.read(values)
            )
            self.assertEqual(source.Source(), source.read(values))

    def test_a_hash_has_an_algorithm(self):
        """The algorithm of a hash is that of Glance, if none is given."""
        for algorithm in ({}, {'algo': None}):
            values = self.read(image_hash={'value': 'A' * 128, **algorithm})
            self.assertEqual((), declaration.check(values))
            self.assertEqual(
                source.Digest('sha512', 'a' * 128),
                source.read(values).digest,
            )

    def test_a_hash_without_a_value(self):
        """A hash that is empty or without a value is refused by name."""
        for declared in ({}, {'algo': 'md5'}, {'value': None}):
            (offence,) = declaration.check(self.read(image_hash=declared))
            self.assertEqual('image_hash', offence.key)

    def test_items_of_lists_become_text(self):
        """A member or a store that YAML read as a number is its text."""
        values = self.read(members=['p', 4], stores=[1])
        self.assertEqual({'p', '4'}, declaration.read(values).members)
        self.assertEqual(('1',), source.read(values).stores)
        values = self.read(members=[None], stores=[None])
        self.assertEqual(
            ['members: ', 'stores: '],
            [offence.key for offence in declaration.check(values)],
        )


class TestTable(base.BaseTestCase):
    """The reference table of the documentation."""

    def test_every_property_has_its_requests(self):
        """For each property there is the request that carries it, or none."""
        self.assertEqual({*schema.PROPERTIES}, {*effects.REQUESTS})
        for name, request in effects.REQUESTS.items():
            self.assertTrue(
                re.match('(none: |(POST|PATCH)\\b.* /v2/images)', request),
                name,
            )

    def test_effects_are_those_of_changes(self):
        """What changes in another way than in place is allowed to change."""
        for name in effects.EFFECTS:
            self.assertTrue(schema.properties_schema[name].update_allowed)
        self.assertLessEqual({*source.IDENTITY}, {*effects.EFFECTS})
        for name in source.IDENTITY:
            self.assertIn('replacement', effects.EFFECTS[name])


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
            *(
                ('visibility', value, True)
                for value in ('public', 'private', 'community')
            ),
            ('visibility', 'hidden', False),
            ('owner', 'p' * 255, True),
            ('owner', 'p' * 256, False),
            *(
                ('import_method', value, True)
                for value in ('web-download', 'glance-download', 'reference')
            ),
            ('import_method', 'copy-image', False),
            ('import_method', 'glance-direct', False),
            ('remote_image', '11111111-1111-4111-8111-111111111111', True),
            ('remote_image', 'cirros', False),
            ('remote_interface', 'internal', True),
            ('remote_interface', 'internalURL', False),
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
