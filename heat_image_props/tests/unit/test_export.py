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

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.common import template_format
from heat.engine import properties as heat_properties
import hypothesis
from hypothesis import strategies as st

from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props import export
from heat_image_props import hot
from heat_image_props import known
from heat_image_props import rules
from heat_image_props import schema
from heat_image_props import source
from heat_image_props.tests import base
from heat_image_props.tests import strategies
from heat_image_props.tests.unit import fake_glance_image
from heat_image_props.tests.unit import test_hot

ID = '11111111-1111-4111-8111-111111111111'
SHA512 = '0' * 128


def image(**attributes):
    """Return an active image as Glance shows it."""
    return {
        **fake_glance_image.BASE,
        **{'id': ID, 'status': 'active', 'stores': 'fast'},
        **{'disk_format': 'raw', 'container_format': 'bare'},
        **{'visibility': 'private', 'checksum': 'x', 'size': 4},
        **attributes,
    }


class TestExport(base.BaseTestCase):
    """An existing image in the terms of a template."""

    def values(self, **attributes):
        """Return what is said of an image besides its formats."""
        exported = export.export(image(**attributes))
        self.assertEqual((), exported.left_out)
        return {
            name: value
            for name, value in exported.values.items()
            if name not in ('disk_format', 'container_format')
        }

    def test_nothing_more_than_needed(self):
        """Of an image with nothing special only the formats are said."""
        self.assertEqual(
            {'disk_format': 'raw', 'container_format': 'bare'},
            export.export(image()).values,
        )

    def test_everything(self):
        """All that is not as by default is said, in the order of authors."""
        exported = export.export(
            image(
                name='noble',
                visibility='shared',
                min_disk=1,
                min_ram=512,
                protected=True,
                os_hidden=True,
                status='deactivated',
                stores='slow,fast',
                os_hash_algo='sha512',
                os_hash_value=SHA512,
                tags=['b', 'a'],
                os_version='13',
                hw_disk_bus='scsi',
                os_glance_failed_import='',
                os_glance_x='y',
            ),
            ['p2', 'p1'],
            'theirs',
        )
        self.assertEqual((), exported.left_out)
        self.assertEqual(
            [
                ('name', 'noble'),
                ('disk_format', 'raw'),
                ('container_format', 'bare'),
                ('min_disk', 1),
                ('min_ram', 512),
                ('protected', True),
                ('hidden', True),
                ('visibility', 'shared'),
                ('owner', 'theirs'),
                ('members', ['p1', 'p2']),
                ('active', False),
                ('stores', ['fast', 'slow']),
                ('image_hash', {'algo': 'sha512', 'value': SHA512}),
                ('tags', ['a', 'b']),
                ('property', {'hw_disk_bus': 'scsi', 'os_version': '13'}),
            ],
            list(exported.values.items()),
        )

    def test_without_data(self):
        """An image that waits for its data has no hash and no stores."""
        self.assertEqual({}, self.values(status='queued', stores=''))

    def test_while_an_import_works_on_it(self):
        """What an import will change is not said."""
        self.assertEqual(
            {},
            self.values(
                stores='fast,slow',
                os_hash_algo='sha512',
                os_hash_value=SHA512,
                os_glance_import_task='t',
            ),
        )

    def test_deactivated(self):
        """That the stores of an image are not shown does not matter."""
        shown = image(status='deactivated')
        del shown['stores']
        self.assertIs(False, export.export(shown).values['active'])

    def test_left_out(self):
        """What the rules refuse is named and left out, and nothing else."""
        exported = export.export(
            image(
                name='a\U0001f600',
                visibility='shared',
                tags=['good', 'bad '],
                os_hash_algo='odd',
                os_hash_value='x',
                context='x',
                kernel_id=None,
                Key='1',
                key='2',
                other='3',
            ),
            ['p1', 'no project'],
        )
        self.assertEqual(
            {
                **{'disk_format': 'raw', 'container_format': 'bare'},
                **{'visibility': 'shared', 'members': ['p1']},
                **{'tags': ['good'], 'property': {'other': '3'}},
            },
            exported.values,
        )
        self.assertEqual(
            [
                *('Key', 'context', 'image_hash', 'kernel_id', 'key'),
                *('members: no project', 'name', 'tags: bad '),
            ],
            [offence.key for offence in exported.left_out],
        )

    def test_tags_that_are_one(self):
        """Of tags that are one for MySQL none is declared."""
        exported = export.export(image(tags=['A', 'a', 'b']))
        self.assertEqual(['b'], exported.values['tags'])
        self.assertEqual(
            ['tags: A', 'tags: a'], [str(o.key) for o in exported.left_out]
        )

    @hypothesis.given(
        strategies.images(),
        st.lists(st.sampled_from(['p1', 'p2', 'no project']), unique=True),
    )
    def test_round_trip(self, live, members):
        """What Heat reads is the image: nothing to change, all accounted."""
        if live['visibility'] != 'shared':
            members = []
        exported = export.export(live, members)
        made = hot.template({'image': exported.values}, 'd')
        read = template_format.parse(hot.text(made))
        properties = heat_properties.Properties(
            schema.properties_schema,
            test_hot.by_heat(read['resources']['image']['properties']),
        )
        properties.validate()
        given = known.given(properties)

        self.assertEqual((), declaration.check(given))
        declared = declaration.read(given)
        left_out = {offence.key for offence in exported.left_out}
        self.assertEqual(
            {
                key: value
                for key, value in rules.custom(live).items()
                if rules.shown(key) not in left_out
            },
            declared.properties,
        )
        self.assertEqual(
            {
                tag
                for tag in live['tags']
                if f'tags: {rules.shown(tag)}' not in left_out
            },
            declared.tags,
        )
        change = diff.compare(
            declared, diff.Managed(), live, {}, frozenset(members)
        )
        self.assertFalse(change, change)


class TestNotDeclarable(base.BaseTestCase):
    """Images that no resource can be made of."""

    scenarios = [
        (name, {'attributes': attributes, 'said': said})
        for name, attributes, said in (
            ('killed', {'status': 'killed'}, 'status killed'),
            ('going', {'status': 'pending_delete'}, 'pending_delete'),
            ('no format', {'disk_format': None}, 'set --disk-format'),
            ('no container', {'container_format': None}, '--container-format'),
            ('odd format', {'disk_format': 'odd'}, "disk_format 'odd'"),
            ('pair', {'container_format': 'ami'}, 'goes with a disk_format'),
        )
    ]

    def test_refused(self):
        """It is said which image, and why."""
        error = self.assertRaises(
            export.NotDeclarable,
            export.export,
            image(name='noble', **self.attributes),
        )
        self.assertIn(f"Image 'noble' ({ID})", str(error))
        self.assertIn(self.said, str(error))


class TestLabel(base.BaseTestCase):
    """How messages call an image."""

    def test_without_a_name(self):
        """One without a name is called by its id alone."""
        self.assertEqual(f'Image {ID}', export.label(image()))


class TestFormats(base.BaseTestCase):
    """What an export takes for a format of a resource."""

    def test_are_those_of_the_schema(self):
        """The resource knows the same ones."""
        for name, formats in (
            (schema.DISK_FORMAT, source.DISK_FORMATS),
            (schema.CONTAINER_FORMAT, source.CONTAINER_FORMATS),
        ):
            (allowed,) = schema.properties_schema[name].constraints
            self.assertEqual(sorted(allowed.allowed), sorted(formats))
