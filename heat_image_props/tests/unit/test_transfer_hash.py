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

"""Tests of whether the data of an image is what the template says."""

from heat_image_props import data_exception
from heat_image_props import diff
from heat_image_props import source as sources
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import test_reconcile
from heat_image_props.tests.unit import test_transfer

ID = test_reconcile.ID
URL = test_reconcile.URL
RIGHT = sources.Digest('sha512', fake_glance_data.SHA512)
WRONG = sources.Digest('sha512', 'b' * 128)


class TestHash(test_transfer.TransferTestCase):
    """Which data it is."""

    def test_is_right(self):
        """Data with the declared hash is taken, without a further request."""
        for digest in (
            RIGHT,
            sources.Digest('md5', fake_glance_data.MD5),
            sources.Digest('sha512', fake_glance_data.SHA512.upper()),
        ):
            self.glance.requests.clear()
            self.glance.add(id=ID, status='queued')
            self.create(digest=digest)
            self.assertEqual(['POST import'] + 3 * ['GET'], self.glance.log())
            self.assertEqual('active', self.live['status'])

    def test_is_wrong(self):
        """Other data is taken out of use, and the error has both hashes."""
        error = self.assertRaises(
            data_exception.HashMismatch, self.create, digest=WRONG
        )
        self.assertEqual('deactivated', self.live['status'])
        self.assertEqual(
            ('sha512', WRONG.value, RIGHT.value),
            (error.algorithm, error.expected, error.actual),
        )
        self.assertIn('was deactivated', str(error))
        self.assertEqual('POST actions/deactivate', self.glance.log()[-1])
        # What this resource does it has to undo one day, also if the engine
        # dies at this very request.
        remembered, requests = self.remembered[-1]
        self.assertEqual({diff.REJECTED}, remembered.attributes)
        self.assertEqual(len(self.glance.requests) - 1, requests)

    def test_is_of_another_algorithm(self):
        """A hash that Glance does not compute says which one to use."""
        error = self.assertRaises(
            data_exception.HashMismatch,
            self.create,
            digest=sources.Digest('sha256', 'a' * 64),
        )
        self.assertIsNone(error.actual)
        self.assertIn('os_hash_algo', str(error))
        self.assertEqual('deactivated', self.live['status'])

    def test_is_wrong_and_cannot_be_deactivated(self):
        """Where nobody may deactivate the image, it is deleted."""
        self.glance.fail('POST actions/deactivate', 403, 'policy')
        error = self.assertRaises(
            data_exception.HashMismatch, self.create, digest=WRONG
        )
        self.assertIn('was deleted', str(error))
        self.assertEqual({}, self.glance.images)

    def test_is_wrong_and_glance_does_not_answer(self):
        """A fault on the way is no reason to delete the image."""
        for fault in (404, 503, fake_glance.CUT):
            self.live.update(status='queued')
            self.glance.fail('POST actions/deactivate', fault)
            error = self.assertRaises(
                data_exception.HashMismatch, self.create, digest=WRONG
            )
            self.assertIn('was deactivated', str(error))
            self.assertEqual('deactivated', self.live['status'])

    def test_is_wrong_and_deleted_after_a_fault(self):
        """A deletion that is not answered is looked after, too."""
        self.glance.fail('POST actions/deactivate', 403, 'policy', times=2)
        self.glance.fail('DELETE', 503)
        error = self.assertRaises(
            data_exception.HashMismatch, self.create, digest=WRONG
        )
        self.assertIn('was deleted', str(error))
        self.assertEqual({}, self.glance.images)

    def test_is_wrong_and_the_image_stays(self):
        """If neither works, the error says that the data is in use."""
        self.live['protected'] = True
        self.glance.fail('POST actions/deactivate', 403, 'policy')
        error = self.assertRaises(
            data_exception.HashMismatch, self.create, digest=WRONG
        )
        self.assertIn('is still in use', str(error))
        self.assertIn('protected', str(error))
        self.assertEqual('active', self.live['status'])

    def test_of_an_image_with_data(self):
        """Other data that was there before means another image."""
        self.glance.add(id=ID)
        self.assertRaises(data_exception.OtherData, self.step, WRONG)
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual('active', self.live['status'])
        self.reconcile(source=sources.Source(location=URL, digest=RIGHT))

    def step(self, digest, **source):
        """Bring an image with data to a declaration with a hash."""
        source.setdefault('location', URL)
        self.reconcile(source=sources.Source(digest=digest, **source))

    def test_of_data_that_others_uploaded(self):
        """Without a source wrong data is told, and left as it is."""
        self.glance.add(id=ID)
        error = self.assertRaises(
            data_exception.HashMismatch, self.step, WRONG, location=None
        )
        self.assertIn('was left as it is', str(error))
        self.assertEqual(['GET'], self.glance.log())

    def test_of_data_to_come(self):
        """A queued image without a source has no data to judge."""
        self.step(WRONG, location=None)
        self.assertEqual('queued', self.live['status'])
