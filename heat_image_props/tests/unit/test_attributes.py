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

"""Tests of the attributes of the resource type."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.engine import attributes as heat_attributes

from heat_image_props import attributes
from heat_image_props import image
from heat_image_props.tests import base

TEXTS = {
    *('checksum', 'created_at', 'direct_url', 'file', 'os_hash_algo'),
    *('os_hash_value', 'owner', 'schema', 'status', 'updated_at'),
    'visibility',
}
TYPES = {
    **dict.fromkeys(TEXTS, heat_attributes.Schema.STRING),
    **dict.fromkeys(
        ('properties', 'managed_properties', 'property_drift'),
        heat_attributes.Schema.MAP,
    ),
    **dict.fromkeys(('stores', 'tags'), heat_attributes.Schema.LIST),
    **dict.fromkeys(('size', 'virtual_size'), heat_attributes.Schema.INTEGER),
}


class TestAttributes(base.BaseTestCase):
    """What a template can read."""

    def test_types(self):
        """All that Glance reports can be read; ``show`` is Heat's own."""
        self.assertEqual(
            TYPES,
            {
                name: one.type
                for name, one in attributes.attributes_schema.items()
            },
        )
        self.assertIn('show', image.GlanceImage.base_attributes_schema)

    def test_are_read_each_time(self):
        """No attribute is cached, as others change an image, too."""
        for name, one in attributes.attributes_schema.items():
            self.assertIsInstance(one, heat_attributes.Schema)
            self.assertEqual(
                heat_attributes.Schema.CACHE_NONE, one.cache_mode, name
            )

    def test_are_described(self):
        """Every attribute says what it is."""
        for name, one in attributes.attributes_schema.items():
            self.assertTrue(one.description.endswith('.'), name)

    def test_are_not_shared(self):
        """Heat adds to the map of the class, not to that of the module."""
        self.assertIsNot(
            attributes.attributes_schema, image.GlanceImage.attributes_schema
        )
        self.assertLessEqual(
            {*attributes.attributes_schema},
            {*image.GlanceImage.attributes_schema},
        )
        self.assertNotIn('show', attributes.attributes_schema)
