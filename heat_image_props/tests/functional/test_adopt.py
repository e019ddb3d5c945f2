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

"""Stacks made of existing images, and stacks let go of."""

import uuid

from heatclient import exc as heat_exc

from heat_image_props.tests.functional import adoption


class TestAdopt(adoption.AdoptionTestCase):
    """openstack stack adopt"""

    def test_takes_over_as_it_is(self):
        """An image is taken over by its id, by a look and nothing else."""
        image_id = self.existing_image(name='theirs', a='1', foreign='x')
        before = self.image(image_id)
        downloads = self.cloud.source.mark()
        mark = self.cloud.glance_log.mark()
        template = self.template(
            location=self.source(), name='ours', property={'a': '2'}
        )
        stack = self.adopt_stack(template, {'resource_id': image_id})

        self.assertEqual([('GET', 200)], self.requests(mark))
        self.assertEqual(image_id, self.image_id(stack))
        self.check_stack(stack, 'CHECK_FAILED')
        self.assertEqual(before, self.image(image_id))
        for difference in (
            "'name' is 'theirs' instead of 'ours'",
            "'a' is '1' instead of '2'",
        ):
            self.assertIn(difference, self.reason(stack))

        mark = self.cloud.glance_log.mark()
        self.update_stack(stack, template)
        self.assertEqual(['GET', 'PATCH', 'GET'], self.methods(mark)[-3:])
        after = self.image(image_id)
        self.assertEqual(
            ('ours', '2', 'x'), (after['name'], after['a'], after['foreign'])
        )
        self.assertEqual(before['checksum'], after['checksum'])
        self.assertEqual([], self.cloud.source.requests(downloads))

    def refused(self, image_id):
        """Adopt an image in vain; return the stack and what it says."""
        stack = self.adopt_stack(
            self.template(location=self.source()),
            {'resource_id': image_id},
            'ADOPT_FAILED',
        )
        reason = self.reason(stack)
        self.assertIn(image_id, reason)
        return stack, reason

    def test_of_no_image(self):
        """An id of no image is refused, and there is nothing to delete."""
        mark = self.cloud.glance_log.mark()
        stack, reason = self.refused(str(uuid.uuid4()))
        self.assertIn('No image found', reason)
        self.delete_stack(stack)

        self.assertEqual({('GET', 404)}, set(self.requests(mark)))

    def test_of_another_project(self):
        """The image of somebody else is refused, and left alone."""
        image_id = self.existing_image(user='other', visibility='community')
        mark = self.cloud.glance_log.mark()
        stack, reason = self.refused(image_id)
        self.assertIn('external_id', reason)
        self.delete_stack(stack)

        self.assertEqual({('GET', 200)}, set(self.requests(mark)))


class TestAbandon(adoption.AdoptionTestCase):
    """openstack stack abandon"""

    def test_keeps_what_is_needed_to_adopt_again(self):
        """After it a key that the template drops is removed, and no other."""
        url = self.source()
        keys = {'kept': '1', 'gone': '1'}
        template = self.template(location=url, property=keys, tags=['ours'])
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        self.patch_image(
            image_id,
            {'op': 'add', 'path': '/foreign', 'value': 'x'},
            {'op': 'replace', 'path': '/tags', 'value': ['ours', 'theirs']},
        )
        # The template of the adoption drops a key already, and its record
        # alone tells whose the key is.
        mark = self.cloud.glance_log.mark()
        abandoned = self.abandon_stack(stack)
        stack = self.adopt_stack(
            self.template(location=url, property={'kept': '1'}),
            abandoned['resources']['image'],
        )
        self.assertEqual([('GET', 200)], self.requests(mark))
        self.assertEqual(image_id, self.image_id(stack))

        mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack, self.template(location=url, property={'kept': '2'})
        )
        self.assertEqual(['GET', 'PATCH', 'GET'], self.methods(mark))
        image = self.image(image_id)
        self.assertEqual(('2', 'x'), (image['kept'], image['foreign']))
        self.assertNotIn('gone', image)
        self.assertEqual(['theirs'], image['tags'])


class TestExternal(adoption.AdoptionTestCase):
    """The section external_id of a resource"""

    def external(self, image_id, **properties):
        """Return a template that uses an image that is not the stack's."""
        template = self.template(**properties)
        template['resources']['image']['external_id'] = image_id
        return template

    def test_is_never_changed(self):
        """An external image, perhaps another project's, is only looked at."""
        image_id = self.existing_image(
            user='other', visibility='community', a='1'
        )
        before = self.image(image_id)
        mark = self.cloud.glance_log.mark()
        template = self.external(image_id, property={'a': '2'})
        template['outputs'] = {
            'size': {'value': {'get_attr': ['image', 'size']}}
        }
        stack = self.create_stack(template)
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual({'size': 4}, self.outputs(stack))
        self.update_stack(stack, self.external(image_id, property={'a': '3'}))
        self.check_stack(stack)
        self.delete_stack(stack)

        self.assertEqual({('GET', 200)}, set(self.requests(mark)))
        self.assertEqual(before, self.image(image_id))

    def test_of_no_image(self):
        """An external image that does not exist is refused beforehand."""
        image_id = str(uuid.uuid4())
        error = self.assertRaises(
            heat_exc.HTTPBadRequest,
            self.create_stack,
            self.external(image_id),
        )

        self.assertIn(f'{image_id} (OS::Glance::Image) can not be', str(error))
