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

"""Checks, attributes and deletion of images."""

import json

from heat_image_props.tests.functional import base


class TestDelete(base.FunctionalTestCase):
    """The end of an image."""

    def test_deletes_the_image_by_one_request(self):
        """The image goes with its stack."""
        stack = self.create_stack(self.template(location=self.source()))
        image_id = self.image_id(stack)
        mark = self.cloud.glance_log.mark()
        self.delete_stack(stack)

        self.assertEqual([('DELETE', 204)], self.requests(mark))
        self.assertFalse(self.image_exists(image_id))

    def test_gone_already(self):
        """A stack whose image somebody deleted can be deleted."""
        stack = self.create_stack(self.template(location=self.source()))
        image_id = self.image_id(stack)
        self.glance.delete(f'/v2/images/{image_id}')
        mark = self.cloud.glance_log.mark()
        self.delete_stack(stack)

        # That it is gone has to be said twice.
        self.assertEqual([('DELETE', 404), ('GET', 404)], self.requests(mark))

    def test_protected(self):
        """A protected image fails the deletion at once, with the reason."""
        template = self.template(location=self.source(), protected=True)
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        self.delete_stack(stack, 'DELETE_FAILED')

        self.assertIn('image set --unprotect', self.reason(stack))
        self.assertTrue(self.image_exists(image_id))
        self.patch_image(
            image_id, {'op': 'replace', 'path': '/protected', 'value': False}
        )
        self.delete_stack(stack)
        self.assertFalse(self.image_exists(image_id))

    def test_protected_without_data(self):
        """A protected image that never got its data is no obstacle."""
        template = self.template(
            location=self.cloud.source.url('status/404/x'), protected=True
        )
        stack = self.create_stack(template, 'CREATE_FAILED')
        image_id = self.image_id(stack)
        self.assertTrue(self.image(image_id)['protected'])
        self.delete_stack(stack)

        self.assertFalse(self.image_exists(image_id))

    def test_retained(self):
        """A deletion policy of Retain keeps the image."""
        template = self.template(location=self.source())
        template['resources']['image']['deletion_policy'] = 'Retain'
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        self.delete_stack(stack)

        self.assertTrue(self.image_exists(image_id))
        self.glance.delete(f'/v2/images/{image_id}')


class TestCheck(base.FunctionalTestCase):
    """openstack stack check"""

    def check(self, stack, expect):
        self.heat.actions.check(stack)
        self.wait_for(stack, expect)

    def test_sees_what_changed(self):
        """A check passes, fails on a difference, and changes nothing."""
        template = self.template(location=self.source(), property={'a': '1'})
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        mark = self.cloud.glance_log.mark()
        self.check(stack, 'CHECK_COMPLETE')
        self.assertEqual(['GET'], self.methods(mark))

        self.patch_image(
            image_id, {'op': 'replace', 'path': '/a', 'value': '2'}
        )
        mark = self.cloud.glance_log.mark()
        self.check(stack, 'CHECK_FAILED')
        self.assertEqual(['GET'], self.methods(mark))
        self.assertIn("'a' is '2' instead of '1'", self.reason(stack))
        self.assertEqual('2', self.image(image_id)['a'])

        self.update_stack(stack, template)
        self.assertEqual('1', self.image(image_id)['a'])
        self.assertEqual(image_id, self.image_id(stack))

    def test_sees_that_it_is_gone(self):
        """A check of an image that is gone fails."""
        stack = self.create_stack(self.template(location=self.source()))
        self.glance.delete(f'/v2/images/{self.image_id(stack)}')
        self.check(stack, 'CHECK_FAILED')

        self.assertIn('it is gone', self.reason(stack))


class TestConverge(base.FunctionalTestCase):
    """Updates that look at the real state first (``--converge``)."""

    def test_repairs_what_is_declared_only(self):
        """Declared keys are restored, and without a difference none sent."""
        template = self.template(
            location=self.source(), property={'a': '1', 'b': '1'}, tags=['t']
        )
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        mark = self.cloud.glance_log.mark()
        self.update_stack(stack, template, converge=True)
        self.assertEqual({'GET'}, set(self.methods(mark)))

        self.patch_image(
            image_id,
            {'op': 'replace', 'path': '/a', 'value': '2'},
            {'op': 'remove', 'path': '/b'},
            {'op': 'add', 'path': '/foreign', 'value': 'x'},
        )
        self.update_stack(stack, template, converge=True)
        image = self.image(image_id)
        self.assertEqual(
            ('1', '1', 'x'), (image['a'], image['b'], image['foreign'])
        )
        self.assertEqual(image_id, self.image_id(stack))


class TestAttributes(base.FunctionalTestCase):
    """What can be read back in a template."""

    def test_shows_what_is_there_now(self):
        """Attributes are those of the live image, also what others set."""
        template = self.template(
            location=self.source(b'x' * 1000), property={'a': '1'}
        )
        template['outputs'] = {
            name: {'value': {'get_attr': ['image', name]}}
            for name in ('show', 'properties', 'status', 'size', 'checksum')
        }
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        self.patch_image(
            image_id, {'op': 'add', 'path': '/foreign', 'value': 'x'}
        )
        outputs = {
            output['output_key']: output['output_value']
            for output in self.heat.stacks.get(stack).outputs
        }

        image = self.image(image_id)
        self.assertEqual(image, outputs['show'])
        self.assertEqual({'a': '1', 'foreign': 'x'}, outputs['properties'])
        self.assertEqual('active', outputs['status'])
        self.assertEqual(1000, outputs['size'])
        self.assertEqual(image['checksum'], outputs['checksum'])
        json.dumps(outputs)
