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

"""Tests of the stores that the data of an image is taken out of."""

from heat_image_props import data_exception
from heat_image_props.tests.unit import test_transfer_stores

ID = test_transfer_stores.ID


class TestShrink(test_transfer_stores.StoresTestCase):
    """A store that is taken out."""

    def test_is_deleted_from(self):
        """What the resource put there goes, and nothing else."""
        self.glance.add(id=ID, stores='http,slow,fast')
        task = self.update('fast', 'slow', stores=('fast',))
        self.assertEqual(
            ['GET', 'DELETE /stores/slow', 'GET'], self.glance.log()
        )
        self.assertEqual(['fast', 'http'], self.held())
        self.assertEqual(['fast'], self.recorded())
        self.assertIn('deleted from slow', task.summary())

    def test_after_the_copy(self):
        """The data is in the new store before it leaves the old one."""
        self.update('fast', stores=('slow',))
        self.assertEqual(['slow'], self.held())
        log = self.glance.log()
        self.assertLess(
            log.index('POST import'), log.index('DELETE /stores/fast')
        )

    def test_never_the_last(self):
        """If the new store does not get the data the old one keeps it."""
        self.glance.full = {'slow'}
        self.update('fast', stores=('slow',), must_succeed=False)
        self.assertEqual(['fast'], self.held())
        self.assertEqual([], self.glance.sent('DELETE /stores/fast'))
        self.assertEqual(['fast'], self.recorded())
        # When the new store has it, the old one is emptied.
        self.glance.full.clear()
        self.update(*self.recorded(), stores=('slow',))
        self.assertEqual(['slow'], self.held())
        self.assertEqual(['slow'], self.recorded())

    def test_asked_for_and_gone_back(self):
        """What a copy brought is taken back, if the update had ended."""
        self.glance.add(id=ID, stores='fast,slow')
        self.update('fast', asked=['slow'], stores=('fast',))
        self.assertEqual(['fast'], self.held())
        self.assertEqual(['fast'], self.recorded())
        self.assertEqual([], self.asked())

    def test_not_allowed(self):
        """Who may not delete there is told so, in Glance's words."""
        self.glance.may_copy = False
        error = self.assertRaises(
            data_exception.StillInStore,
            self.update,
            'fast',
            'slow',
            stores=('fast',),
        )
        self.assertEqual('slow', error.store)
        self.assertIn('delete_image_location', str(error))
        self.assertEqual(['fast', 'slow'], self.held())

    def test_not_there_at_the_request(self):
        """A copy that goes meanwhile is what was wanted."""
        self.glance.fail('DELETE /stores/slow', 404)
        task = self.update('fast', 'slow', stores=('fast',))
        self.assertIn('deleted from slow', task.summary())

    def test_no_wish_any_more(self):
        """Without stores in the template all copies stay, and stay ours."""
        self.update('fast', 'slow')
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual(['fast', 'slow'], self.recorded())
        self.update(*self.recorded(), stores=('fast',))
        self.assertEqual(['fast'], self.held())

    def test_gone_already(self):
        """What somebody else deleted there is no work."""
        self.glance.add(id=ID, stores='fast')
        self.update('fast', 'slow', stores=('fast',))
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual(['fast'], self.recorded())

    def test_not_active(self):
        """A copy that cannot go just now is told without blaming a policy."""
        self.glance.fail('DELETE /stores/slow', 409, 'status is not active')
        error = self.assertRaises(
            data_exception.StillInStore,
            self.update,
            *('fast', 'slow'),
            stores=('fast',),
        )
        self.assertIn('not active', str(error))
        self.assertNotIn('administrators', str(error))


class TestOutOfSight(test_transfer_stores.StoresTestCase):
    """An image that does not show its stores, as one that is not active."""

    def setUp(self):
        super().setUp()
        self.glance.add(id=ID, status='deactivated')
        del self.live['stores']

    def test_a_new_wish(self):
        """A wish that cannot be compared is told, and nothing is sent."""
        self.update('fast', stores=('fast', 'slow'))
        self.assertEqual(['GET'], self.glance.log())
        self.assertRegex(self.told[-1], '^the stores .* are not known')
        self.assertEqual(['fast'], self.recorded())

    def test_an_old_wish(self):
        """What the resource gave or asked for before is not told again."""
        self.update('fast', asked=['slow'], stores=('fast', 'slow'))
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual([], self.told)
