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

"""Tests of an image whose id the template declares."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.engine import resource

from heat_image_props import exception
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import image_base

ID = image_base.ID


class TestDeclaredId(image_base.ImageTestCase):
    """An id that the template declares."""

    def test_is_used(self):
        """The image gets the declared id."""
        one = self.create(id=ID)
        self.assertEqual(ID, one.resource_id)
        self.assertEqual([ID], list(self.glance.images))

    def test_of_another_image(self):
        """Somebody else's image is never taken over, nor deleted."""
        self.glance.add(id=ID, name='theirs')
        one = self.make(id=ID)
        error = self.assertFails(
            exception.ImageIdTaken, self.run_task, one.create
        )
        self.assertEqual(ID, error.image_id)
        self.assertEqual(['GET'], self.glance.log())
        self.assertIsNone(one.resource_id)
        self.assertTrue(one.needs_replace_failed())

        again = self.reload(one)
        self.assertIsNone(again.resource_id)
        self.run_task(again.delete)
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual('theirs', self.glance.images[ID]['name'])

    def test_of_an_image_out_of_sight(self):
        """An id that only Glance knows to be taken is not claimed."""
        self.glance.fail('POST', 409, 'already exists')
        one = self.make(id=ID)
        self.assertFails(exception.ImageIdTaken, self.run_task, one.create)
        self.glance.add(id=ID, status='queued')
        self.run_task(self.reload(one).delete)
        self.assertIn(ID, self.glance.images)

    def interrupt(self, **kwargs):
        """Return a resource that does not know whether it has an image."""
        self.glance.fail('POST', fake_glance.CUT, applied=True)
        self.glance.fail('GET', 503, skip=1, times=4)
        one = self.make(id=ID, **kwargs)
        self.assertFails(exception.Unavailable, self.run_task, one.create)
        self.assertIsNone(one.resource_id)
        self.assertIn(ID, self.glance.images)
        self.glance.requests.clear()
        return self.reload(one)

    def test_interrupted(self):
        """After an interruption the next update goes on with the image."""
        one = self.interrupt(property={'a': 1})
        self.assertFalse(one.needs_replace_failed())
        self.assertEqual(ID, one.resource_id)
        self.update(one, id=ID, property={'a': 1})
        self.assertEqual('active', self.live(one)['status'])
        self.assertEqual([], self.glance.sent('POST'))
        self.assertEqual(1, len(self.glance.sent('POST import')))

    def test_interrupted_and_out_of_sight(self):
        """An image that may exist is neither replaced nor forgotten."""
        one = self.interrupt()
        self.glance.fail('GET', 503, times=9)
        self.assertFalse(one.needs_replace_failed())
        self.fail_update(one, exception.Unavailable, id=ID)
        again = self.reload(one)
        self.update(again, id=ID)
        self.assertEqual(ID, again.resource_id)

    def test_interrupted_and_not_created(self):
        """Without an image it is created by a replacement."""
        one = self.interrupt()
        self.glance.fail('GET', 503, times=6)
        self.assertFalse(one.needs_replace_failed())
        del self.glance.images[ID]
        self.assertRaises(resource.UpdateReplace, self.update, one, id=ID)
        self.assertTrue(one.needs_replace_failed())

    def test_interrupted_and_deleted(self):
        """A deletion after an interruption leaves no image behind."""
        self.run_task(self.interrupt().delete)
        self.assertEqual({}, self.glance.images)

    def test_interrupted_and_image_of_another(self):
        """What holds anything else, or is another's, is left alone."""
        for change in ({'a': '2'}, {'owner': 'somebody'}):
            one = self.interrupt(property={'a': 1})
            self.glance.images[ID].update(change)
            self.assertTrue(one.needs_replace_failed())
            self.run_task(one.delete)
            self.assertIn(ID, self.glance.images)
            self.glance.images.clear()

    def test_answer_lost(self):
        """A record that holds what was sent is the one that was sent."""
        self.glance.fail('POST', fake_glance.CUT, applied=True)
        one = self.make(id=ID, property={'a': 1}, tags=['t'], min_ram=5)
        self.run_task(one.create)
        self.assertEqual(ID, one.resource_id)
        self.assertEqual(1, len(self.glance.sent('POST')))

    def test_answer_lost_and_not_created(self):
        """If there is no record, the id is not taken for one of ours."""
        self.glance.fail('POST', fake_glance.CUT, times=99)
        one = self.make(id=ID)
        self.assertFails(exception.Unavailable, self.run_task, one.create)
        self.assertIsNone(one.resource_id)

    def test_answer_lost_and_image_of_another(self):
        """What holds anything else is somebody's, and is not touched."""
        self.glance.add(id=ID, status='queued', a='2')
        self.glance.fail('POST', fake_glance.CUT)
        one = self.make(id=ID, property={'a': 1})
        self.assertFails(exception.ImageIdTaken, self.run_task, one.create)
        self.assertIsNone(one.resource_id)
        self.run_task(one.delete)
        self.assertIn(ID, self.glance.images)
