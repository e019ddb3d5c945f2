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

"""Images that cannot be deleted just now, and what leads out of that."""

from unittest import mock

import tenacity

from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_heat

UNPROTECT = {'op': 'replace', 'path': '/protected', 'value': False}


class TestProtected(base.FunctionalTestCase):
    """Images protected from deletion."""

    def setUp(self):
        super().setUp()
        self.url = self.source()

    def stack(self, **properties):
        """Create a stack and return its id, and that of its image."""
        stack = self.create_stack(
            self.template(location=self.url, **properties)
        )
        image_id = self.image_id(stack)
        # Before the stack is deleted for good.
        self.addCleanup(self.patch_image, image_id, UNPROTECT, raise_exc=False)
        return stack, image_id

    def test_fail_at_once(self):
        """A deletion is tried once, and what to do is said."""
        stack, image_id = self.stack(protected=True)
        mark = self.cloud.glance_log.mark()
        self.delete_stack(stack, 'DELETE_FAILED')

        self.assertEqual([('GET', 200)], self.requests(mark))
        for way_out in (
            '"protected: false"',
            '"force_delete: true"',
            f'openstack image set --unprotect {image_id}',
        ):
            self.assertIn(way_out, self.reason(stack))
        self.assertTrue(self.image(image_id)['protected'])

    def test_force_delete(self):
        """With force_delete, added later, the protection is lifted first."""
        stack, image_id = self.stack(protected=True)
        mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack,
            self.template(
                location=self.url, protected=True, force_delete=True
            ),
        )
        self.assertEqual(['GET'], self.methods(mark))
        self.assertTrue(self.image(image_id)['protected'])

        mark = self.cloud.glance_log.mark()
        self.delete_stack(stack)
        self.assertEqual(
            [('GET', 200), ('PATCH', 200), ('DELETE', 204)],
            self.requests(mark),
        )
        self.assertFalse(self.image_exists(image_id))

    def test_replaced_with_force_delete(self):
        """A replaced image goes too, by the word of the new template."""
        stack, old = self.stack(protected=True)
        self.update_stack(
            stack,
            self.template(
                location=self.source(), protected=True, force_delete=True
            ),
        )
        new = self.image_id(stack)

        self.assertFalse(self.image_exists(old))
        self.assertTrue(self.image(new)['protected'])
        self.assertIn('replaced, as location changed', self.said(stack))

    def test_replaced_without_force_delete(self):
        """A replaced image stays if it is protected, and the stack says so."""
        stack, old = self.stack(protected=True)
        template = self.template(location=self.source())
        self.update_stack(stack, template, 'UPDATE_FAILED')
        self.assertIn(f'--unprotect {old}', self.stack_reason(stack))
        self.assertTrue(self.image_exists(old))

        self.patch_image(old, UNPROTECT)
        self.update_stack(stack, template)
        self.assertFalse(self.image_exists(old))
        self.assertEqual('active', self.image(self.image_id(stack))['status'])

    def stack_reason(self, stack):
        """Return why a stack is in its state."""
        return self.heat.stacks.get(stack).stack_status_reason


class TestInUse(base.FunctionalTestCase):
    """Images whose data something in the cloud holds."""

    HOLDER = 'snapshot of volume 0815, clone of server 4711'

    def test_is_tried_again(self):
        """It is tried again as often as Heat says, then who holds it told."""
        impatient = self.useFixture(
            second_heat.SecondHeat(
                self.cloud, self.USER, {'DEFAULT': {'action_retry_limit': 1}}
            )
        )
        stack = self.create_stack(self.template(location=self.source()))
        image_id = self.image_id(stack)
        mark = self.cloud.glance_log.mark()
        with self.cloud.stores.in_use(image_id, self.HOLDER):
            with mock.patch.object(self, 'heat', impatient.client):
                self.delete_stack(stack, 'DELETE_FAILED')
            self.assertEqual([('DELETE', 409)] * 2, self.requests(mark))
            self.assertIn(self.HOLDER, self.reason(stack))
            self.assertIn(image_id, self.reason(stack))
            self.assertEqual('active', self.image(image_id)['status'])

        self.delete_stack(stack)
        self.assertFalse(self.image_exists(image_id))

    def test_is_deleted_when_it_is_free(self):
        """A deletion that waits goes on when nothing holds the data."""
        stack = self.create_stack(self.template(location=self.source()))
        image_id = self.image_id(stack)
        mark = self.cloud.glance_log.mark()
        with self.cloud.stores.in_use(image_id, self.HOLDER):
            self.heat.stacks.delete(stack)
            tenacity.Retrying(
                wait=tenacity.wait_fixed(0.1),
                stop=tenacity.stop_after_delay(base.LONGEST),
                retry=tenacity.retry_if_result(lambda sent: not sent),
            )(self.requests, mark)
        self.wait_for(stack, 'DELETE_COMPLETE')

        self.assertEqual(
            [('DELETE', 409), ('DELETE', 204)], self.requests(mark)
        )
        self.assertFalse(self.image_exists(image_id))
