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

"""The limits of Glance: told with figures, and with the image as it was."""

import json

from heat_image_props import rules
from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_glance
from minicloud import running

# Those of a Glance that nobody configured.
QUOTA = 128


def numbered(word, count):
    """Return that many names."""
    return [f'{word}{number:04}' for number in range(count)]


class LimitTestCase(base.FunctionalTestCase):
    """A test that meets a limit."""

    def assert_says(self, stack, *words):
        """Check why the image of a stack failed."""
        for each in words:
            self.assertIn(each, self.reason(stack))

    def record(self, stack):
        """Return what is recorded as managed, and the rows that it takes."""
        exported = self.heat.stacks.export(stack)
        data = exported['resources']['image']['resource_data']
        record, rows = json.loads(data['managed']), []
        if 'rows' in record:
            rows = [data[key] for key in record['rows']]
            record = json.loads(''.join(rows))
        self.assertEqual(
            len(rows) + 1, len([key for key in data if 'managed' in key])
        )
        return record, rows


class TestQuotas(LimitTestCase):
    """More of something than the cloud allows."""

    def test_properties_of_a_new_image(self):
        """Nothing is created, and the numbers are told."""
        stack = self.create_stack(
            self.template(property=dict.fromkeys(numbered('k', 131), 'x')),
            'CREATE_FAILED',
        )
        self.assert_says(
            stack,
            'Attempted: 131, Maximum: 128',
            'The template declares 131 properties, the image would have 131, '
            'and this Glance allows 128. Remove at least 3, or ask the '
            'operator to raise image_property_quota',
        )
        self.assertFalse(self.image_exists(self.image_id(stack)))

    def test_properties_of_an_image(self):
        """The image stays as it was; those of others count too."""
        stack = self.create_stack(self.template(property={'k0000': 'old'}))
        image_id = self.image_id(stack)
        self.patch_image(
            image_id,
            *(
                {'op': 'add', 'path': f'/{name}', 'value': 'theirs'}
                for name in ('theirs', 'too')
            ),
        )
        before = self.image(image_id)
        names = numbered('k', QUOTA)
        self.update_stack(
            stack,
            self.template(
                name='new',
                min_ram=5,
                tags=['new'],
                property=dict.fromkeys(names, 'x'),
            ),
            'UPDATE_FAILED',
        )
        self.assert_says(
            stack,
            'Attempted: 130, Maximum: 128',
            'The template declares 128 properties, the image would have 130, '
            'of which 2 are not in the template, and this Glance allows 128. '
            'Remove at least 2',
        )
        self.assertEqual(before, self.image(image_id))

        # The way out that it names is one.
        properties = dict.fromkeys(names[2:], 'x')
        self.update_stack(stack, self.template(property=properties))
        self.assertEqual(
            {**properties, 'theirs': 'theirs', 'too': 'theirs'},
            rules.custom(self.image(image_id)),
        )
        self.assertEqual(image_id, self.image_id(stack))

    def test_tags(self):
        """Tags have a limit of their own."""
        tags = numbered('tag', QUOTA + 1)
        words = (
            'Attempted: 129, Maximum: 128',
            'The template declares 129 tags, the image would have 129, and '
            'this Glance allows 128. Remove at least 1, or ask the operator '
            'to raise image_tag_quota',
        )
        stack = self.create_stack(self.template(tags=tags), 'CREATE_FAILED')
        self.assert_says(stack, *words)

        stack = self.create_stack(
            self.template(tags=['old'], property={'a': '1'})
        )
        before = self.image(self.image_id(stack))
        self.update_stack(
            stack,
            self.template(tags=tags, property={'b': '2'}),
            'UPDATE_FAILED',
        )
        self.assert_says(stack, *words)
        self.assertEqual(before, self.image(self.image_id(stack)))


class TestRecord(LimitTestCase):
    """The record of what is managed, in the rows of Heat's database."""

    def test_takes_several_rows(self):
        """More names than a row of 64 KiB holds are remembered, all."""
        names = ['€' * 250 + name for name in numbered('k', QUOTA)]
        properties = dict.fromkeys(names, '€')
        stack = self.create_stack(self.template(property=properties))
        image_id = self.image_id(stack)
        self.assertEqual(properties, rules.custom(self.image(image_id)))
        record, rows = self.record(stack)
        self.assertEqual(names, record['properties'])
        self.assertGreater(sum(map(len, rows)), 2 * 65536)

        fewer = dict.fromkeys(names[::2], '2')
        self.update_stack(stack, self.template(property=fewer))
        self.assertEqual(fewer, rules.custom(self.image(image_id)))
        record, rows = self.record(stack)
        self.assertEqual(names[::2], record['properties'])
        self.assertGreater(sum(map(len, rows)), 65536)

        self.update_stack(stack, self.template())
        self.assertEqual({}, rules.custom(self.image(image_id)))
        record, rows = self.record(stack)
        self.assertEqual(([], []), (record['properties'], rows))


class TestOtherGlance(LimitTestCase):
    """A Glance with other quotas, and with property protections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        anybody = dict.fromkeys(('create', 'read', 'update', 'delete'), '@')
        cls.second = second_glance.SecondGlance(
            running.RunningCloud.from_environment(),
            cls.USER,
            {
                'DEFAULT': {
                    'image_property_quota': 5000,
                    'image_member_quota': 3,
                }
            },
            {
                'secret_.*': {**dict.fromkeys(anybody, 'admin'), 'read': '@'},
                'fixed_.*': {
                    **dict.fromkeys(anybody, 'admin'),
                    **{'create': '@', 'read': '@'},
                },
                '.*': anybody,
            },
        )
        cls.second.setUp()
        # After tearDownClass, which waits for the stacks.
        cls.addClassCleanup(cls.second.cleanUp)

    def setUp(self):
        super().setUp()
        self.heat, self.glance = self.second.heat, self.second.glance

    def test_a_thousand_properties(self):
        """Each is stored, changed and removed, and the record holds all."""
        names = ['n' * 240 + name for name in numbered('k', 1000)]
        properties = dict.fromkeys(names, 'x')
        stack = self.create_stack(self.template(property=properties))
        image_id = self.image_id(stack)
        self.assertEqual(properties, rules.custom(self.image(image_id)))
        record, rows = self.record(stack)
        self.assertEqual(names, record['properties'])
        self.assertGreater(sum(map(len, rows)), 3 * 65536)

        properties = {
            **dict.fromkeys(names[:300], 'x'),
            **dict.fromkeys(names[:100], 'changed'),
            **dict.fromkeys(numbered('new', 100), 'y'),
        }
        self.update_stack(stack, self.template(property=properties))
        self.assertEqual(properties, rules.custom(self.image(image_id)))
        self.assertEqual(image_id, self.image_id(stack))
        record, rows = self.record(stack)
        self.assertEqual(sorted(properties), record['properties'])

    def test_members(self):
        """The image, and with whom it is shared, stays as it was."""
        stack = self.create_stack(
            self.template(members=['a'], property={'k': '1', 'old': '1'})
        )
        image_id = self.image_id(stack)
        self.glance.post(
            f'/v2/images/{image_id}/members', json={'member': 'theirs'}
        )
        before, members = self.image(image_id), self.members(image_id)
        self.update_stack(
            stack,
            self.template(
                members=['b', 'c', 'd'],
                property={'k': '2', 'new': '1'},
                tags=['t'],
                name='other',
            ),
            'UPDATE_FAILED',
        )
        self.assert_says(
            stack,
            'Maximum: 3',
            'The template declares 3 members, the image would have 4, of '
            'which 1 are not in the template, and this Glance allows 3. '
            'Remove at least 1, or ask the operator to raise '
            'image_member_quota',
        )
        self.assertEqual(members, self.members(image_id))
        self.assert_unchanged(before)

        self.update_stack(stack, self.template(members=['b', 'c']))
        self.assertEqual(['b', 'c', 'theirs'], self.members(image_id))

    def test_members_of_an_image_that_was_private(self):
        """What had to be changed first is changed back."""
        stack = self.create_stack(self.template(property={'k': '1'}))
        before = self.image(self.image_id(stack))
        self.update_stack(
            stack,
            self.template(members=['a', 'b', 'c', 'd'], property={'k': '2'}),
            'UPDATE_FAILED',
        )
        self.assert_says(stack, 'declares 4 members', 'would have 4', '3: ')
        self.assert_unchanged(before)

        self.update_stack(stack, self.template(visibility='shared'))
        self.assertEqual([], self.members(before['id']))

    def assert_unchanged(self, before):
        """Check that an image is what it was, but for the time."""
        after = self.image(before['id'])
        self.assertEqual(
            {**before, 'updated_at': None}, {**after, 'updated_at': None}
        )

    def test_protected_properties_of_a_new_image(self):
        """All protected properties are named, and nothing is created."""
        stack = self.create_stack(
            self.template(
                property={
                    **{'a': '1', 'secret_b': '1', 'c': '1', 'secret_d': '1'},
                    **{'fixed_e': '1', 'secret_ f': '1', 'secret_/~g': '1'},
                }
            ),
            'CREATE_FAILED',
        )
        self.assert_says(
            stack,
            "Attribute 'secret_",
            'HTTP 403',
            'Property protections of this cloud forbid this user to set, '
            "change or remove 'secret_ f', 'secret_/~g', 'secret_b', "
            "'secret_d'. Leave them in the template",
        )
        self.assertFalse(self.image_exists(self.image_id(stack)))

    def test_protected_properties_of_an_image(self):
        """All that cannot be added, changed or removed are named."""
        stack = self.create_stack(
            self.template(
                property={'fixed_a': '1', 'fixed_b': '1', 'c': '1', 'd': '1'}
            )
        )
        image_id = self.image_id(stack)
        before = self.image(image_id)
        self.update_stack(
            stack,
            self.template(
                name='other',
                tags=['t'],
                property={
                    **{'fixed_a': '2', 'd': '2', 'secret_~1': '1'},
                    **{'secret_e': '1', 'f': '1', 'fixed_g': '1'},
                },
            ),
            'UPDATE_FAILED',
        )
        self.assert_says(
            stack,
            'HTTP 403',
            'Property protections of this cloud forbid this user to set, '
            "change or remove 'fixed_a', 'fixed_b', 'secret_e', "
            "'secret_~1'. Leave them in the template as they are",
        )
        self.assertEqual(before, self.image(image_id))

        # The way out that it names is one.
        self.update_stack(
            stack,
            self.template(
                property={'fixed_a': '1', 'fixed_b': '1', 'd': '2'},
            ),
        )
        self.assertEqual(
            {'fixed_a': '1', 'fixed_b': '1', 'd': '2'},
            rules.custom(self.image(image_id)),
        )
