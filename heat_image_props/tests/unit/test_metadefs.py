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

"""Tests of what is read of the metadata definitions of a cloud."""

import time

import hypothesis
from hypothesis import strategies as st

from heat_image_props import metadefs
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance_metadefs

PROJECT = 'project-1'
IMAGE = {'name': 'OS::Glance::Image'}

#: Anything that JSON can hold, with the names that are looked for.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(['string', 'array', 'public', '(a+)+$', '[', PROJECT])
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                'namespaces namespace visibility owner name prefix objects '
                'resource_type_associations properties type enum minimum '
                'maxLength pattern operators items'.split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def namespace(name='a', visibility='public', owner='x', associations=(IMAGE,)):
    """Return a namespace as a list of Glance has it."""
    return {
        'namespace': name,
        'visibility': visibility,
        'owner': owner,
        'resource_type_associations': [*associations],
    }


def definition(**schema):
    """Return how a schema is read, or None if it is not."""
    found = metadefs.read(
        {'properties': {'key': {'type': 'string', **schema}}}
    )
    return found['key'][0] if found else None


class TestNamespaces(base.BaseTestCase):
    """Which namespaces hold for a project."""

    def namespaces(self, *rows):
        return metadefs.namespaces({'namespaces': [*rows]}, PROJECT)

    def test_sorted_with_prefix(self):
        """They are sorted by name and have the prefix for images."""
        rows = [
            namespace('b', associations=[{'name': 'OS::Nova::Flavor'}, IMAGE]),
            namespace('a', associations=[{**IMAGE, 'prefix': 'hw_'}]),
        ]
        self.assertEqual(
            [
                metadefs.Namespace('a', 'hw_', True),
                metadefs.Namespace('b', '', True),
            ],
            self.namespaces(*rows),
        )

    def test_private_ones(self):
        """Those of another project hold for an administrator neither."""
        rows = [
            namespace('mine', 'private', PROJECT),
            namespace('other', 'private', 'project-2'),
            namespace('nobody', None, None),
        ]
        self.assertEqual(
            [metadefs.Namespace('mine', '', False)], self.namespaces(*rows)
        )

    def test_not_for_images(self):
        """One that is associated with something else only is left out."""
        self.assertEqual(
            [],
            self.namespaces(
                namespace(associations=[{'name': 'OS::Nova::Flavor'}]),
                namespace(associations=[{**IMAGE, 'prefix': 5}]),
                namespace('x' * 256),
                {'namespace': 'a', 'visibility': 'public'},
            ),
        )

    def test_of_glance(self):
        """All 19 that Glance ships for images are read."""
        found = self.namespaces(*fake_glance_metadefs.loaded())
        self.assertEqual(19, len(found))

    @hypothesis.given(anything)
    def test_anything(self, answer):
        """Whatever the answer is, there is no error."""
        metadefs.namespaces(answer, PROJECT)


class TestConcerns(base.BaseTestCase):
    """Which namespaces have to be read for which names."""

    scenarios = [
        ('no prefix', {'prefix': '', 'key': 'team', 'concerns': True}),
        ('prefix', {'prefix': 'hw_', 'key': 'hw_x', 'concerns': True}),
        ('other case', {'prefix': 'hw_', 'key': 'HW_x', 'concerns': True}),
        ('other sign', {'prefix': 'hw_', 'key': 'hw:x', 'concerns': True}),
        ('wrong letter', {'prefix': 'hw_', 'key': 'hv_x', 'concerns': True}),
        ('another one', {'prefix': 'hw_', 'key': 'os_x', 'concerns': False}),
        ('no likeness', {'prefix': 'hw_', 'key': 'team', 'concerns': False}),
        (
            'that nothing reads',
            {'prefix': 'traits:', 'key': 'traits:X', 'concerns': False},
        ),
    ]

    def test_concerns(self):
        """A prefix has to be that of a name, or much like it."""
        found = metadefs.Namespace('n', self.prefix, True)
        self.assertIs(self.concerns, found.concerns([self.key]))


class TestRead(base.BaseTestCase):
    """What a namespace defines."""

    def test_all_that_a_schema_says(self):
        """Bounds are those that belong to the type."""
        schema = {
            'minimum': 1,
            'maximum': 2,
            'minLength': 3,
            'maxLength': 4,
            'minItems': 5,
            'maxItems': 6,
            'uniqueItems': True,
            'confidential': True,
            'enum': ['a', 'b'],
            'operators': ['<or>'],
            'items': {'type': 'integer'},
        }
        for kind, bounds in (
            ('string', (3, 4)),
            ('integer', (1, 2)),
            ('number', (1, 2)),
            ('boolean', (1, 2)),
            ('array', (5, 6)),
        ):
            found = definition(type=kind, **schema)
            self.assertEqual(bounds, (found.lowest, found.highest))
        self.assertEqual(('a', 'b'), found.values)
        self.assertEqual({'<or>'}, found.operators)
        self.assertEqual(metadefs.Definition('integer'), found.item)
        self.assertTrue(found.is_unique)
        self.assertTrue(found.is_confidential)

    def test_objects(self):
        """What its objects define is defined by the namespace too."""
        kinds = [{'type': 'string'}, {'type': 'integer'}]
        found = metadefs.read(
            {
                'properties': {'a': kinds[0]},
                'objects': [{'properties': {'a': kinds[1], 'b': kinds[1]}}],
            }
        )
        self.assertEqual(
            {'a': ['string', 'integer'], 'b': ['integer']},
            {name: [d.kind for d in found[name]] for name in found},
        )

    def test_of_glance(self):
        """All 102 properties that Glance ships for images are read."""
        found = metadefs.merge(
            map(metadefs.read, fake_glance_metadefs.loaded())
        )
        self.assertEqual(102, len(found))
        self.assertEqual(2, len(found['hw_vif_model']))
        self.assertIn('virtio', found['hw_disk_bus'][0].values)
        self.assertEqual(
            65535, found['sw_database_redis_listen_port'][0].highest
        )

    def test_without_sense(self):
        """What has not the form of a definition is left out."""
        self.assertIsNone(definition(type='object'))
        self.assertEqual((), definition(enum=['a', 5]).values)
        self.assertEqual((), definition(enum=['a', 'x' * 256]).values)
        self.assertEqual((), definition(enum=['a'] * 1001).values)
        for number in (True, '5', None, 10**400):
            self.assertIsNone(definition(minLength=number).lowest)

    def test_bounds(self):
        """Of a namespace no more than a thousand properties are read."""
        schemas = {f'key{n}': {'type': 'string'} for n in range(1200)}
        self.assertEqual(1000, len(metadefs.read({'properties': schemas})))

    @hypothesis.given(anything)
    def test_anything(self, document):
        """Whatever a document holds, there is no error."""
        metadefs.read(document)
        metadefs.read({'properties': {'key': document}})


class TestPatterns(base.BaseTestCase):
    """Which regular expressions are tried."""

    UUID = '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'

    scenarios = [
        ('UUID', {'text': UUID, 'is_tried': True}),
        ('version', {'text': r'^[0-9]+\.[0-9]+$', 'is_tried': True}),
        ('classes', {'text': r'\d{1,3}[\w.-]x.', 'is_tried': True}),
        ('nested', {'text': '(a+)+$', 'is_tried': False}),
        ('alternatives', {'text': '(a|a)*$', 'is_tried': False}),
        ('many of variable length', {'text': 'a*a*a*b', 'is_tried': False}),
        ('optional ones', {'text': 'a?' * 30 + 'a' * 30, 'is_tried': False}),
        ('reference', {'text': r'(a)\1', 'is_tried': False}),
        ('look ahead', {'text': '(?=a)b', 'is_tried': False}),
        ('twice repeated', {'text': 'a{2}{3}', 'is_tried': False}),
        ('wrong range', {'text': '[b-a]', 'is_tried': False}),
        ('broken', {'text': '(', 'is_tried': False}),
        ('many sets', {'text': '[^a]' * 40, 'is_tried': True}),
        ('and a choice', {'text': '[^a]' * 40 + '|b', 'is_tried': False}),
        ('empty', {'text': '', 'is_tried': False}),
        ('too long', {'text': 'a' * 256, 'is_tried': False}),
    ]

    def test_tried(self):
        """Only one that cannot take long is used."""
        found = definition(pattern=self.text).pattern
        self.assertIs(self.is_tried, found is not None)


class TestTimeOfPatterns(base.BaseTestCase):
    """How long a match takes."""

    @hypothesis.given(
        st.lists(
            st.sampled_from(
                [
                    *('a', '.', '[ab]', '(a)', r'\w', 'a*', '.+', '[ab]*'),
                    *('a?', '(a)+', 'a{3}', 'a{1,99}', 'a{2,}', '(a', ')*'),
                    '|',
                ]
            ),
            max_size=9,
        ),
        st.booleans(),
    )
    def test_bounded(self, parts, is_closed):
        """The worst value of the greatest length is decided on quickly."""
        text = ''.join(parts) + ('$' if is_closed else '')
        pattern = definition(pattern=text).pattern
        if pattern is None:
            return
        started = time.process_time()
        pattern.search('a' * (metadefs.MOST_MATCHED - 1) + '!')
        self.assertLess(time.process_time() - started, 2)
