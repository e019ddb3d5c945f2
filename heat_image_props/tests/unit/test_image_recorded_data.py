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

"""Tests of what is remembered of the data that an image was given."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import hashlib

from heat.engine import scheduler

from heat_image_props import data_exception
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import source
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import image_base
from heat_image_props.tests.unit import test_image_data

RIGHT = test_image_data.RIGHT
WRONG = test_image_data.WRONG
MIRROR = test_image_data.MIRROR
SHA256 = {
    'algo': 'sha256',
    'value': hashlib.sha256(fake_glance_data.DATA).hexdigest(),
}
LOOKS = ['GET', 'GET']


class RecordedTestCase(test_image_data.DataTestCase):
    """A test of what is known of the data of an image."""

    def assertRecorded(self, one, **values):
        """Fail unless the data of a source is what the image is said to be."""
        self.assertEqual(
            source.read(values).fingerprint(), self.record(one)['data']
        )

    def fail_after_the_import(self, one, **kwargs):
        """Give an image data by an update that fails when it is there."""
        self.glance.fail('POST actions/deactivate', 403, 'policy')
        self.fail_update(one, exception.Refused, active=False, **kwargs)
        self.assertEqual('active', self.live(one)['status'])


class TestFailed(RecordedTestCase):
    """An update that fails after it gave the image its data."""

    def setUp(self):
        super().setUp()
        self.glance.import_error = 'no route'
        one = self.make()
        self.assertFails(
            data_exception.ImportFailed, self.run_task, one.create
        )
        self.glance.import_error = None
        self.one = self.reload(one)
        self.fail_after_the_import(self.one, location=MIRROR)
        self.one = self.reload(self.one)

    def test_back(self):
        """Where the template goes back to other data, the image does not."""
        self.assertReplaced(self.one)

    def test_back_with_a_hash(self):
        """A hash tells that the data is the same all the same."""
        self.assertKept(self.one, image_hash=RIGHT)
        self.assertRecorded(self.one, location=image_base.SOURCE)

    def test_back_and_referred_to(self):
        """A hash does not tell where the data shall be."""
        self.assertReplaced(
            self.one, import_method='reference', image_hash=RIGHT
        )

    def test_again(self):
        """The data is not imported twice."""
        self.assertKept(self.one, location=MIRROR)
        self.assertEqual([], self.glance.sent('POST import'))

    def test_without_a_source(self):
        """Without a source in the template the data stays."""
        self.assertKept(self.one, _empty=True)


class TestQueued(RecordedTestCase):
    """An image that waited for its data."""

    def test_given_by_an_update_that_failed(self):
        """The same template again finds the data, and does not replace."""
        one = self.create(_empty=True)
        self.assertRecorded(one)
        self.fail_after_the_import(one)
        self.assertKept(self.reload(one))
        self.assertEqual([], self.glance.sent('POST import'))

    def test_hash_of_an_upload(self):
        """A location whose data was uploaded is known without the hash."""
        one = self.create(_empty=True)
        fake_glance_data.hold(self.live(one), fake_glance_data.DATA)
        self.assertKept(one, location=MIRROR, image_hash=RIGHT)
        self.assertRecorded(one, location=MIRROR)
        self.assertKept(one, location=MIRROR)
        self.assertReplaced(one)


class TestReverted(RecordedTestCase):
    """A change, and back."""

    def test_location_dropped(self):
        """What is dropped and put back is the same."""
        one = self.create()
        self.assertKept(one, *LOOKS, _empty=True)
        self.assertRecorded(one, location=image_base.SOURCE)
        self.glance.requests.clear()
        self.assertKept(one, *LOOKS)

    def test_location_dropped_for_another(self):
        """What is dropped is no reason to take other data for the same."""
        one = self.create()
        self.assertKept(one, _empty=True)
        self.assertReplaced(one, location=MIRROR)

    def test_blanks(self):
        """Blanks around a location are no other location."""
        one = self.create()
        self.assertKept(one, *LOOKS, location=f' {image_base.SOURCE} ')


class TestSigned(RecordedTestCase):
    """A new location of the same data."""

    def test_hash_dropped(self):
        """What a hash accepted stays accepted without the hash."""
        one = self.create(image_hash=RIGHT)
        self.assertKept(one, image_hash=RIGHT, location=MIRROR)
        self.assertRecorded(one, location=MIRROR)
        self.assertKept(one, location=MIRROR)
        self.assertReplaced(one, image_hash=WRONG)

    def test_after_a_failure(self):
        """It stays accepted when a later update fails."""
        one = self.create(image_hash=RIGHT)
        self.assertKept(one, image_hash=RIGHT, location=MIRROR)
        self.glance.fail('PATCH', 400)
        self.fail_update(
            one, exception.Refused, location=MIRROR, property={'a': 1}
        )
        self.assertKept(one, location=MIRROR)


class TestReference(RecordedTestCase):
    """Data that stays where it is."""

    DECLARED = {'import_method': 'reference', 'image_hash': RIGHT}

    def test_new_location(self):
        """That the image still refers to the former location is told."""
        one = self.create(**self.DECLARED)
        self.assertKept(one, *LOOKS, location=MIRROR, **self.DECLARED)
        self.assertIn(
            'the location it refers to is still the former',
            ' '.join(self.events(one)),
        )
        self.assertRecorded(
            one, location=image_base.SOURCE, import_method='reference'
        )
        # Without a hash the new location is made true.
        self.assertReplaced(one, location=MIRROR, import_method='reference')

    def test_other_method(self):
        """Data that shall be elsewhere is for another image."""
        one = self.create(**self.DECLARED)
        self.assertReplaced(one, image_hash=RIGHT)

    def test_hash_to_come(self):
        """A creation that ended while Glance hashes costs no image."""
        self.glance.import_looks = 8
        one = self.make(**self.DECLARED)
        runner = scheduler.TaskRunner(one.create)
        runner.start()
        while self.live(one)['status'] != 'active':
            self.clock.now += 1
            runner.step()
        self.assertIsNone(self.live(one)['os_hash_value'])
        one.state_set(one.CREATE, one.FAILED, 'timed out')
        one = self.reload(one)
        self.assertEqual({}, one.FnGetAtt('property_drift'))
        self.assertKept(one, **self.DECLARED)
        self.assertIsNotNone(self.live(one)['os_hash_value'])


class TestRejected(RecordedTestCase):
    """An update that gives an image wrong data."""

    def setUp(self):
        super().setUp()
        self.one = self.create(_empty=True)
        self.fail_update(
            self.one, data_exception.HashMismatch, image_hash=WRONG
        )
        self.assertEqual('deactivated', self.live(self.one)['status'])
        self.assertIn(diff.REJECTED, self.record(self.one)['attributes'])
        self.one = self.reload(self.one)

    def test_rolled_back(self):
        """A roll-back never makes what was refused usable."""
        self.assertReplaced(self.one, _empty=True)
        self.assertEqual('deactivated', self.live(self.one)['status'])
        self.assertEqual([], self.glance.sent('POST actions/reactivate'))

    def test_again(self):
        """The same template again creates another image."""
        self.assertReplaced(self.one, image_hash=WRONG)

    def test_hash_corrected(self):
        """A hash that was wrong is put right in place."""
        self.assertKept(self.one, image_hash=RIGHT)
        self.assertEqual('active', self.live(self.one)['status'])
        self.assertNotIn(diff.REJECTED, self.record(self.one)['attributes'])


class TestOtherAlgorithm(RecordedTestCase):
    """A hash that Glance does not compute."""

    def test_is_no_reason_to_replace(self):
        """It fails the update by itself, and leaves the image in use."""
        one = self.create()
        for _ in range(2):
            error = self.assertFails(
                data_exception.HashMismatch,
                self.update,
                one,
                image_hash=SHA256,
            )
            self.assertIn('was left as it is', str(error))
            self.assertEqual([], self.glance.sent('POST import'))
            self.assertEqual('active', self.live(one)['status'])
        self.assertKept(one)

    def test_fails_a_check(self):
        """A check says what an update would say."""
        one = self.create(_empty=True, image_hash=SHA256)
        fake_glance_data.hold(self.live(one), fake_glance_data.DATA)
        error = self.assertFails(exception.Drifted, self.run_task, one.check)
        self.assertIn("'image_hash' is missing instead of", str(error))
