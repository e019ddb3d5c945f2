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

"""Changes of images in place."""

from heat_image_props.tests.functional import base

LOOK_WRITE_LOOK = ['GET', 'PATCH', 'GET']


class UpdateTestCase(base.FunctionalTestCase):
    """A test that creates one image and updates its stack."""

    def setUp(self):
        super().setUp()
        self.url = self.source()

    def stack(self, **properties):
        """Create a stack and return its id, and that of its image."""
        stack = self.create_stack(
            self.template(location=self.url, **properties)
        )
        image_id = self.image_id(stack)
        self.downloads = self.cloud.source.mark()
        self.mark = self.cloud.glance_log.mark()
        return stack, image_id

    def update(self, stack, expect='UPDATE_COMPLETE', **properties):
        """Update a stack, and return the methods of all requests sent."""
        self.mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack, self.template(location=self.url, **properties), expect
        )
        return self.methods(self.mark)

    def assert_in_place(self, stack, image_id, status='active'):
        """The image is the same, and nothing was downloaded again."""
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual([], self.cloud.source.requests(self.downloads))
        self.assertEqual(status, self.image(image_id)['status'])

    def custom(self, image_id, *names):
        """Return those of the named properties that an image has."""
        image = self.image(image_id)
        return {name: image[name] for name in names if name in image}


class TestUpdate(UpdateTestCase):
    """What an update of the stack does to a live image."""

    def test_properties(self):
        """Keys are added, changed and removed, others kept, and back."""
        before = {'kept': '1', 'changed': '1', 'gone': '1', 'a/b~c': '1'}
        after = {'kept': '1', 'changed': 2, 'new': True}
        names = {*before, *after, 'foreign'}
        stack, image_id = self.stack(property=before)
        self.patch_image(
            image_id, {'op': 'add', 'path': '/foreign', 'value': 'x'}
        )

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, property=after))
        self.assertEqual(
            {'kept': '1', 'changed': '2', 'new': 'true', 'foreign': 'x'},
            self.custom(image_id, *names),
        )
        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, property=before))
        self.assertEqual(
            {**before, 'foreign': 'x'}, self.custom(image_id, *names)
        )
        self.assert_in_place(stack, image_id)

    def test_everything_in_one_request(self):
        """All that can change is changed by one PATCH, and back."""
        before = {
            'name': 'before',
            'property': {'a': '1', 'b': '1'},
            'tags': ['one', 'two'],
            'min_ram': 64,
        }
        after = {
            'name': 'after',
            'property': {'b': '2', 'c': '2'},
            'tags': ['two', 'three'],
            'min_disk': 2,
            'min_ram': 128,
            'protected': True,
            'visibility': 'community',
        }
        stack, image_id = self.stack(**before)

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **after))
        image = self.image(image_id)
        for name in ('name', 'min_disk', 'min_ram', 'protected', 'visibility'):
            self.assertEqual(after[name], image[name], name)
        self.assertEqual(['three', 'two'], sorted(image['tags']))
        self.assertEqual(
            {'b': '2', 'c': '2'}, self.custom(image_id, 'a', 'b', 'c')
        )

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **before))
        image = self.image(image_id)
        self.assertEqual('before', image['name'])
        self.assertEqual((0, 64), (image['min_disk'], image['min_ram']))
        self.assertEqual(
            (False, 'private'), (image['protected'], image['visibility'])
        )
        self.assertEqual(['one', 'two'], sorted(image['tags']))
        self.assertEqual(
            before['property'], self.custom(image_id, 'a', 'b', 'c')
        )
        self.assert_in_place(stack, image_id)

    def test_nothing_different(self):
        """Without a difference nothing is sent, or only a look."""
        stack, image_id = self.stack(property={'cores': 4}, name='same')

        same = self.update(stack, property={'cores': 4}, name='same')
        self.assertEqual([], same)
        equal = self.update(stack, property={'cores': '4'}, name='same')
        self.assertEqual(['GET'], equal)
        self.assert_in_place(stack, image_id)

    def test_metadata_of_the_resource(self):
        """A change that is none of the image's business sends nothing."""
        stack, image_id = self.stack(property={'a': 'b'})
        template = self.template(location=self.url, property={'a': 'b'})
        template['resources']['image']['metadata'] = {'note': 'changed'}
        mark = self.cloud.glance_log.mark()
        self.update_stack(stack, template)

        self.assertEqual([], self.methods(mark))
        self.assert_in_place(stack, image_id)

    def test_dropping_the_map(self):
        """A template without the map leaves the keys of others, only."""
        stack, image_id = self.stack(property={'a': '1', 'b': '2'})
        self.patch_image(
            image_id, {'op': 'add', 'path': '/foreign', 'value': 'x'}
        )

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack))
        self.assertEqual(
            {'foreign': 'x'}, self.custom(image_id, 'a', 'b', 'foreign')
        )
        self.update(stack, property={'a': '3'})
        self.assertEqual(
            {'foreign': 'x', 'a': '3'},
            self.custom(image_id, 'a', 'b', 'foreign'),
        )
        self.assert_in_place(stack, image_id)

    def test_tags(self):
        """Tags can be emptied and set again; those of others stay."""
        stack, image_id = self.stack(tags=['ours', 'also'])
        self.patch_image(
            image_id,
            {
                'op': 'replace',
                'path': '/tags',
                'value': ['ours', 'also', 'theirs'],
            },
        )

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, tags=[]))
        self.assertEqual(['theirs'], self.image(image_id)['tags'])
        self.update(stack, tags=['ours'])
        self.assertEqual(
            ['ours', 'theirs'], sorted(self.image(image_id)['tags'])
        )
        self.assert_in_place(stack, image_id)

    def test_the_last_tag(self):
        """An image can be left without any tag."""
        stack, image_id = self.stack(tags=['only'])

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack))
        self.assertEqual([], self.image(image_id)['tags'])

    def test_the_other_spelling(self):
        """A map may move between the two names of the property."""
        stack, image_id = self.stack(extra_properties={'a': '1', 'b': '1'})

        self.assertEqual(
            ['GET'], self.update(stack, property={'a': '1', 'b': '1'})
        )
        self.assert_in_place(stack, image_id)

    def test_a_new_spelling_of_a_key(self):
        """A key that only changes case is refused before any change."""
        stack, image_id = self.stack(property={'Team': 'x'})
        sent = self.update(stack, 'UPDATE_FAILED', property={'team': 'x'})

        self.assertEqual(['GET'], sent)
        self.assertIn(
            "'team' differs only in case or accents from 'Team'",
            self.reason(stack),
        )
        self.update(stack, property={'Team': 'y'})
        self.assertEqual({'Team': 'y'}, self.custom(image_id, 'Team', 'team'))
        self.assert_in_place(stack, image_id)


class TestSpelling(UpdateTestCase):
    """Names that differ only in case from what is on the image."""

    def test_of_tags(self):
        """A respelt tag is refused, and possible in two updates."""
        stack, image_id = self.stack(tags=['Alpha'])
        self.assertEqual(
            ['GET'], self.update(stack, 'UPDATE_FAILED', tags=['alpha'])
        )
        self.assertIn("'tags: alpha' differs only", self.reason(stack))
        self.update(stack, tags=[])
        self.update(stack, tags=['alpha'])

        self.assertEqual(['alpha'], self.image(image_id)['tags'])
        self.assert_in_place(stack, image_id)


class TestFailedUpdate(UpdateTestCase):
    """What follows an update that failed."""

    # More properties than image_property_quota of Glance allows.
    TOO_MANY = {f'key{number}': 'x' for number in range(200)}

    def test_is_no_reason_to_replace(self):
        """After a refused change the next one is made in place."""
        stack, image_id = self.stack(property={'a': '1'})
        sent = self.update(stack, 'UPDATE_FAILED', property=self.TOO_MANY)

        self.assertEqual(['GET', 'PATCH', 'GET'], sent)
        self.assertIn('HTTP 413', self.reason(stack))
        self.assertIn('Maximum: 128', self.reason(stack))
        self.update(stack, property={'b': '2'})
        self.assertEqual({'b': '2'}, self.custom(image_id, 'a', 'b', 'key0'))
        self.assert_in_place(stack, image_id)

    def test_is_worked_through_again(self):
        """The old template after a failure is compared, not believed."""
        stack, image_id = self.stack(property={'a': '1'})
        self.update(stack, 'UPDATE_FAILED', property=self.TOO_MANY)
        self.patch_image(image_id, {'op': 'remove', 'path': '/a'})

        sent = self.update(stack, property={'a': '1'})
        self.assertEqual(LOOK_WRITE_LOOK, sent[-3:])
        self.assertEqual({'a': '1'}, self.custom(image_id, 'a'))
        self.assert_in_place(stack, image_id)

    def test_takes_nothing_from_others(self):
        """What a refused update named stays with those who had set it."""
        stack, image_id = self.stack(property={'k': '1'}, tags=['mine'])
        self.patch_image(
            image_id,
            {'op': 'add', 'path': '/team', 'value': 'theirs'},
            {'op': 'add', 'path': '/tags', 'value': ['mine', 'foreign']},
            {'op': 'add', 'path': '/min_ram', 'value': 77},
        )
        # An ordinary member may not publish an image.
        self.update_stack(
            stack,
            self.template(
                location=self.url,
                visibility='public',
                min_ram=5,
                tags=['mine', 'foreign'],
                property={'k': '1', 'team': 'ours'},
            ),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )
        self.update(stack, property={'k': '2'}, tags=['mine'])

        image = self.image(image_id)
        self.assertEqual(('2', 'theirs'), (image['k'], image['team']))
        self.assertEqual(['foreign', 'mine'], sorted(image['tags']))
        self.assertEqual(77, image['min_ram'])
        self.assert_in_place(stack, image_id)

    def test_rolls_back(self):
        """A roll-back after a failure elsewhere restores the image."""
        stack, image_id = self.stack(property={'a': '1', 'b': '1'})
        bad = {
            'type': 'OS::Glance::Image',
            'depends_on': 'image',
            'properties': {
                'location': self.cloud.source.url('status/404/x'),
                'disk_format': 'raw',
                'container_format': 'bare',
            },
        }
        self.update_stack(
            stack,
            self.template(
                {'bad': bad}, location=self.url, property={'a': '2', 'c': '2'}
            ),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )

        self.assertEqual(
            {'a': '1', 'b': '1'}, self.custom(image_id, 'a', 'b', 'c')
        )
        self.assertEqual(image_id, self.image_id(stack))


class TestReplacement(base.FunctionalTestCase):
    """The few changes that need another image."""

    def test_a_new_location(self):
        """Other data is another image; the old one is deleted after."""
        stack = self.create_stack(self.template(location=self.source()))
        old = self.image_id(stack)
        self.update_stack(stack, self.template(location=self.source()))
        new = self.image_id(stack)

        self.assertNotEqual(old, new)
        self.assertFalse(self.image_exists(old))
        self.assertEqual('active', self.image(new)['status'])

    def test_an_image_that_is_gone(self):
        """An image deleted by somebody else is created again."""
        url = self.source()
        stack = self.create_stack(self.template(location=url))
        old = self.image_id(stack)
        self.glance.delete(f'/v2/images/{old}')
        self.update_stack(
            stack, self.template(location=url, property={'a': 'b'})
        )

        self.assertNotEqual(old, self.image_id(stack))
        self.assertEqual('b', self.image(self.image_id(stack))['a'])
