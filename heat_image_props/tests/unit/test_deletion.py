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

"""Tests of the deletion of an image."""

import fixtures

from heat_image_props import deletion
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
OURS = diff.Managed(attributes=frozenset({'protected'}))
FORCED = ['GET', 'PATCH', 'DELETE']


class DeletionTestCase(base.BaseTestCase):
    """A test with one image."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.clock = fake_glance.Clock()
        self.glance = self.useFixture(fake_glance.FakeGlance(self.clock))

    def add(self, **image):
        """Add the image, and forget what was before."""
        self.glance.images.clear()
        self.glance.deleted.clear()
        self.glance.requests.clear()
        self.glance.add(id=ID, **image)

    def delete(self, managed=OURS, is_forced=False):
        """Delete the image, each step at the time that it is due."""
        task = deletion.Deletion(
            self.glance.api(),
            ID,
            managed,
            is_forced=is_forced,
            clock=self.clock,
        )
        start = self.clock.now
        while (delay := task.step()) is not None:
            self.assertGreater(delay, 0)
            # Nothing is done before.
            self.assertEqual(delay, task.step())
            self.clock.now += delay
        return self.clock.now - start

    def assertGone(self):
        """Fail unless there is no image."""
        self.assertEqual({}, self.glance.images)

    def assertKept(self):
        """Fail unless the image is there and protected."""
        self.assertIs(True, self.glance.images[ID]['protected'])


class TestUnprotected(DeletionTestCase):
    """An image without a protection."""

    def test_one_request(self):
        """What is not protected by the stack is deleted by one request."""
        self.add()
        self.delete(diff.Managed())
        self.assertEqual(['DELETE'], self.glance.log())
        self.assertGone()

    def test_unprotected_since(self):
        """A protection that somebody lifted is not lifted again."""
        self.add()
        self.delete()
        self.assertEqual(['GET', 'DELETE'], self.glance.log())
        self.assertGone()

    def test_gone(self):
        """That an image is gone is what was wanted, and said twice."""
        for managed, requests in (
            (OURS, ['GET', 'GET']),
            (diff.Managed(), ['DELETE', 'GET']),
        ):
            self.glance.requests.clear()
            self.assertEqual(deletion.LOOK_AFTER, self.delete(managed))
            self.assertEqual(requests, self.glance.log())
        self.assertIn('is gone already', self.log.output)

    def test_in_use(self):
        """A conflict is told as one, as Heat tries again then."""
        self.add()
        self.glance.in_use = {'fast'}
        error = self.assertRaises(
            exception.Conflict, self.delete, diff.Managed(), True
        )
        self.assertIn('in use: by volume-1', str(error))
        self.assertEqual(['DELETE'], self.glance.log())

    def test_refused_for_another_reason(self):
        """A refusal that protection does not explain is shown as it is."""
        for is_forced in (False, True):
            self.add()
            self.glance.fail('DELETE', 403, 'not yours')
            error = self.assertRaises(
                exception.Refused, self.delete, diff.Managed(), is_forced
            )
            self.assertIn('not yours', str(error))
            self.assertEqual(['DELETE', 'GET'], self.glance.log())

    def test_deleted_by_another_at_the_same_time(self):
        """A deletion that crosses another one has what it wanted."""
        for status in ('deleted', 'pending_delete'):
            self.add(status=status)
            self.glance.fail('DELETE', 400, 'from deleted to deleted')
            self.delete(diff.Managed())
            self.assertEqual(['DELETE', 'GET'], self.glance.log())
        self.assertIn('is being deleted already', self.log.output)


class TestProtected(DeletionTestCase):
    """A protected image."""

    def test_is_kept(self):
        """It is kept, the way out is named, and nothing is deleted."""
        self.add(protected=True)
        error = self.assertRaises(exception.Protected, self.delete)
        self.assertIn('"force_delete: true"', str(error))
        self.assertIn('image set --unprotect', str(error))
        # Glance would end a running import before it refuses.
        self.assertEqual(['GET'], self.glance.log())
        self.assertKept()

    def test_that_others_protected(self):
        """What somebody else protects stays, in whatever state."""
        for status in ('active', 'queued', 'deactivated'):
            self.add(protected=True, status=status)
            self.assertRaises(
                exception.Protected, self.delete, diff.Managed(data='x:y')
            )
            self.assertEqual(['DELETE', 'GET'], self.glance.log())
            self.assertKept()

    def test_whose_data_did_not_arrive(self):
        """An image whose import failed is in nobody's way."""
        self.add(protected=True, status='queued')
        self.delete(OURS | diff.Managed(data='web-download:x'))
        self.assertEqual(FORCED, self.glance.log())
        self.assertGone()

    def test_whose_import_was_given_up(self):
        """An image that never gets its data goes; one that has it stays."""
        managed = OURS | diff.Managed(stalled='x')
        self.add(protected=True, status='importing')
        self.delete(managed)
        self.assertGone()
        self.add(protected=True)
        self.assertRaises(exception.Protected, self.delete, managed)
        self.assertKept()

    def test_that_waits_for_its_data(self):
        """An image that others shall upload is protected meanwhile, too."""
        self.add(protected=True, status='queued')
        self.assertRaises(exception.Protected, self.delete)
        self.assertKept()

    def test_whose_data_was_rejected(self):
        """An image with wrong data is deleted, if the stack protected it."""
        rejected = diff.Managed(attributes=frozenset({diff.REJECTED}))
        self.add(protected=True, status='deactivated')
        self.delete(OURS | rejected)
        self.assertGone()
        self.add(protected=True, status='deactivated')
        self.assertRaises(exception.Protected, self.delete, rejected)
        self.assertKept()


class TestForced(DeletionTestCase):
    """A protected image whose protection may be lifted."""

    def setUp(self):
        super().setUp()
        self.add(protected=True)

    def test_is_deleted(self):
        """The protection is lifted, and the image deleted."""
        self.delete(is_forced=True)
        self.assertEqual(FORCED, self.glance.log())
        self.assertEqual(
            [{'op': 'add', 'path': '/protected', 'value': False}],
            self.glance.sent('PATCH')[0].body,
        )
        self.assertGone()

    def test_that_others_protected(self):
        """It is lifted whoever put it there."""
        self.delete(diff.Managed(), is_forced=True)
        self.assertEqual(['DELETE', *FORCED], self.glance.log())
        self.assertGone()

    def test_that_stays(self):
        """What cannot be deleted is protected again."""
        for status, error in (
            (409, exception.Conflict),
            (403, exception.Refused),
        ):
            self.glance.requests.clear()
            self.glance.fail('DELETE', status, 'because')
            found = self.assertRaises(error, self.delete, is_forced=True)
            self.assertIn('because', str(found))
            self.assertEqual([*FORCED, 'PATCH'], self.glance.log())
            self.assertKept()

    def test_that_stays_unprotected(self):
        """If it cannot be protected again the log says so."""
        self.glance.fail('DELETE', 409, 'in use')
        self.glance.fail('PATCH', 503, skip=1)
        self.assertRaises(exception.Conflict, self.delete, is_forced=True)
        self.assertIn('no longer protected', self.log.output)

    def test_gone_meanwhile(self):
        """An image that goes on the way is gone, and not protected again."""
        for kind, requests in [
            ('GET', ['GET', 'GET']),
            ('PATCH', ['GET', 'PATCH', 'GET']),
            ('DELETE', [*FORCED, 'GET']),
        ]:
            self.add(protected=True)
            self.glance.fail(kind, 404)
            self.glance.fail('GET', 404, skip=int(kind != 'GET'))
            self.delete(is_forced=True)
            self.assertEqual(requests, self.glance.log())

    def test_that_is_told_to_be_gone(self):
        """A protection is lifted once, and not put back on the way."""
        self.glance.fail('DELETE', 503, times=2)
        self.delete(is_forced=True)
        self.assertEqual(
            [*FORCED, *2 * ['GET', 'GET', 'DELETE']], self.glance.log()
        )
        self.assertGone()

    def test_whose_protection_is_in_doubt(self):
        """An answer that was lost is one more reason to put it back."""
        self.glance.fail('PATCH', fake_glance.CUT, applied=True)
        self.glance.fail('DELETE', 409, 'in use')
        self.assertRaises(exception.Conflict, self.delete, is_forced=True)
        self.assertKept()

    def test_that_may_not_be_changed(self):
        """What was not lifted is not put back."""
        self.glance.fail('PATCH', 403)
        self.assertRaises(exception.Refused, self.delete, is_forced=True)
        self.assertEqual(['GET', 'PATCH'], self.glance.log())


class TestFaults(DeletionTestCase):
    """Answers that are none, or are not believed."""

    def setUp(self):
        super().setUp()
        self.add()

    def test_answer_lost(self):
        """A look tells that the image is gone, and then another."""
        for status in (fake_glance.CUT, 500, 503):
            self.add()
            self.glance.fail('DELETE', status, applied=True)
            self.delete(diff.Managed())
            self.assertEqual(['DELETE', 'GET', 'GET'], self.glance.log())
            self.assertGone()

    def test_not_done(self):
        """If it is there it is deleted, later each time."""
        self.glance.fail('DELETE', 503, times=4)
        self.assertEqual(2 + 4 + 8 + 16, self.delete(diff.Managed()))
        self.assertEqual(['DELETE', *4 * ['GET', 'DELETE']], self.glance.log())
        self.assertIn('trying again', self.log.output)
        self.assertGone()

    def test_never_done(self):
        """In the end the last answer is told, with its id."""
        for status in (404, 429, 500):
            self.add()
            self.glance.fail('DELETE', status, 'because', times=99)
            error = self.assertRaises(
                exception.Unavailable, self.delete, diff.Managed()
            )
            self.assertEqual(status, error.status)
            self.assertIn('because', str(error))
            self.assertIn(fake_glance.REQUEST_ID, str(error))
            self.assertEqual(5, len(self.glance.sent('DELETE')))
            self.glance._faults.clear()

    def test_said_to_be_gone(self):
        """A look that finds the image has it deleted all the same."""
        self.glance.fail('DELETE', 404)
        self.delete(diff.Managed())
        self.assertEqual(['DELETE', 'GET', 'GET', 'DELETE'], self.glance.log())
        self.assertGone()

    def test_asked_to_wait(self):
        """Glance is left alone for as long as it asks."""
        self.glance.fail('DELETE', 429, headers={'Retry-After': '30'})
        self.assertEqual(30, self.delete(diff.Managed()))
        self.assertGone()

    def test_a_look_that_fails(self):
        """Nothing is taken for gone that was not seen to be."""
        self.glance.fail('DELETE', 404)
        self.glance.fail('GET', 503)
        self.delete(diff.Managed())
        self.assertEqual(
            ['DELETE', 'GET', 'GET', 'GET', 'DELETE'], self.glance.log()
        )
        self.assertGone()
