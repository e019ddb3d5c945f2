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

"""Tests of the data of an image: when an update costs the image."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import fixtures
from heat.engine import resource

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import image_base

RIGHT = {'value': fake_glance_data.SHA512}
WRONG = {'value': 'b' * 128}
MIRROR = 'https://mirror.test/x.img'


class DataTestCase(image_base.ImageTestCase):
    """A test of updates that replace, or do not."""

    def assertReplaced(self, one, **kwargs):
        """Fail unless an update makes Heat create another image."""
        self.assertRaises(resource.UpdateReplace, self.update, one, **kwargs)
        self.assertFalse(
            {'PATCH', 'DELETE', 'POST import'} & {*self.glance.log()}
        )

    def assertKept(self, one, *requests, **kwargs):
        """Fail unless an update keeps the image, by these requests."""
        image_id = one.resource_id
        self.update(one, **kwargs)
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
        self.assertEqual(image_id, one.resource_id)
        if requests:
            self.assertEqual([*requests], self.glance.log())


class TestLocation(DataTestCase):
    """A new location, and everything else that leads to data."""

    def test_without_a_hash(self):
        """Another location is other data, found by one look."""
        one = self.create()
        self.assertReplaced(one, location=MIRROR)
        self.assertEqual(['GET'], self.glance.log())

    def test_with_the_hash_of_the_data(self):
        """Another location of the same data costs nothing."""
        one = self.create(image_hash=RIGHT)
        self.assertKept(one, 'GET', 'GET', image_hash=RIGHT, location=MIRROR)

    def test_with_the_hash_of_other_data(self):
        """Another location with another hash is other data."""
        one = self.create(image_hash=RIGHT)
        self.assertReplaced(one, image_hash=WRONG, location=MIRROR)

    def test_hash_alone(self):
        """A hash that comes to the template is compared with the data."""
        one = self.create()
        self.assertKept(one, 'GET', 'GET', image_hash=RIGHT)
        self.glance.requests.clear()
        self.assertReplaced(one, image_hash=WRONG)

    def test_hash_dropped(self):
        """A hash that goes from the template says nothing of the data."""
        one = self.create(image_hash=RIGHT)
        self.assertKept(one, 'GET', 'GET')

    def test_dropped(self):
        """An image keeps its data if the template names none any more."""
        one = self.create()
        self.assertKept(one, 'GET', 'GET', _empty=True)

    def test_added(self):
        """An image without data gets it in place."""
        one = self.create(_empty=True)
        self.assertEqual('queued', self.live(one)['status'])
        self.assertKept(one)
        self.assertEqual('active', self.live(one)['status'])
        self.assertEqual(1, len(self.glance.sent('POST import')))

    def test_added_to_what_others_uploaded(self):
        """Data that somebody uploaded is other data than a new location."""
        one = self.create(_empty=True)
        fake_glance_data.hold(self.live(one), b'theirs')
        self.assertReplaced(one)

    def test_of_a_queued_image(self):
        """An image that never got its data gets that of the new location."""
        self.glance.import_error = 'no route'
        one = self.make()
        self.assertFails(
            data_exception.ImportFailed, self.run_task, one.create
        )
        self.glance.import_error = None
        self.glance.requests.clear()
        self.assertKept(one, location=MIRROR)
        self.assertEqual(
            MIRROR, self.glance.sent('POST import')[0].body['method']['uri']
        )
        self.assertEqual('active', self.live(one)['status'])

    def test_while_the_old_data_comes(self):
        """What comes from the old location is not what is wanted now."""
        one = self.create()
        self.glance.work_on(one.resource_id, 3, status='importing')
        self.assertReplaced(one, location=MIRROR)

    def test_while_data_comes_with_a_hash(self):
        """With a hash it is waited for and compared."""
        for digest, replaced in ((RIGHT, False), (WRONG, True)):
            one = self.create()
            self.glance.work_on(one.resource_id, 3, status='importing')
            if replaced:
                self.assertReplaced(one, location=MIRROR, image_hash=digest)
            else:
                self.assertKept(one, location=MIRROR, image_hash=digest)
            self.assertNotIn(
                'os_glance_import_task', self.live(one), 'was not awaited'
            )

    def test_of_an_image_that_is_gone(self):
        """An image that is gone is created again."""
        one = self.create()
        self.glance.images.clear()
        self.assertReplaced(one, location=MIRROR)

    def test_import_method(self):
        """Another way to the data is other data, without a hash."""
        one = self.create()
        self.assertReplaced(one, import_method='reference')

    def test_what_says_nothing_of_the_data(self):
        """What is for the next import only is one look."""
        one = self.create()
        self.assertKept(
            one, 'GET', all_stores_must_succeed=False, force_delete=True
        )


class TestUnsure(DataTestCase):
    """A Glance that is away when Heat asks whether to replace."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.one = self.create()
        self.glance.fail('GET', 503, times=3)

    def test_other_data(self):
        """The update looks again, and then replaces."""
        self.assertReplaced(self.one, location=MIRROR)
        self.assertEqual(4 * ['GET'], self.glance.log())
        self.assertIn('the update looks again', self.log.output)

    def test_same_data(self):
        """The update looks again, and then keeps the image."""
        self.assertKept(
            self.one, *5 * ['GET'], location=MIRROR, image_hash=RIGHT
        )

    def test_still_away(self):
        """A Glance that stays away fails the update, and loses nothing."""
        self.glance.fail('GET', fake_glance.CUT, times=3)
        self.fail_update(self.one, exception.Unavailable, location=MIRROR)
        self.glance._faults.clear()
        self.assertReplaced(self.one, location=MIRROR)


class TestMismatch(DataTestCase):
    """A new image with other data than the template says."""

    def setUp(self):
        super().setUp()
        one = self.make(image_hash=WRONG)
        error = self.assertFails(
            data_exception.HashMismatch, self.run_task, one.create
        )
        self.assertEqual((one.CREATE, one.FAILED), one.state)
        self.assertIn(error.expected, one.status_reason)
        self.assertIn(error.actual, one.status_reason)
        self.one = self.reload(one)
        self.assertEqual('deactivated', self.live(self.one)['status'])
        self.glance.requests.clear()

    def test_same_template(self):
        """The next update creates the image again."""
        self.assertReplaced(self.one, image_hash=WRONG)

    def test_new_location(self):
        """Data from elsewhere is for another image."""
        self.assertReplaced(self.one, image_hash=WRONG, location=MIRROR)

    def test_hash_corrected(self):
        """If the hash was wrong the image is made usable."""
        self.assertKept(self.one, image_hash=RIGHT)
        self.assertEqual('active', self.live(self.one)['status'])
        self.assertEqual([], self.record(self.one)['attributes'])
        self.assertEqual([], self.glance.sent('POST import'))

    def test_hash_dropped(self):
        """Without a hash any data is right."""
        self.assertKept(self.one)
        self.assertEqual('active', self.live(self.one)['status'])

    def test_deleted(self):
        """What is left can be deleted."""
        self.run_task(self.one.delete)
        self.assertEqual({}, self.glance.images)

    def test_check(self):
        """A check tells both hashes."""
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertIn(fake_glance_data.SHA512[:20], str(error))
        self.assertIn("'image_hash'", str(error))


class TestMismatchDeleted(DataTestCase):
    """A new image with other data, which could not be deactivated."""

    def test_is_created_again(self):
        """The image is gone, and the next update creates one."""
        self.glance.fail('POST actions/deactivate', 403)
        one = self.make(image_hash=WRONG)
        self.assertFails(
            data_exception.HashMismatch, self.run_task, one.create
        )
        self.assertEqual({}, self.glance.images)
        self.glance.requests.clear()
        self.assertReplaced(one, image_hash=RIGHT)


class TestOffers(DataTestCase):
    """What the cloud does not offer is refused before anything is sent."""

    def test_method(self):
        """A method that is not enabled fails the creation, with the others."""
        self.glance.import_methods = ['web-download']
        one = self.make(
            _empty=True,
            import_method='glance-download',
            remote_region='there',
            remote_image=image_base.ID,
        )
        error = self.assertFails(
            data_exception.MethodNotEnabled, self.run_task, one.create
        )
        self.assertEqual(('web-download',), error.enabled)
        self.assertEqual(['GET /info/import'], self.glance.log())
        self.assertIsNone(one.resource_id)
        self.assertTrue(one.needs_replace_failed())

    def test_stores(self):
        """A store that does not exist fails the creation, with the others."""
        one = self.make(stores=['fast', 'nope'])
        error = self.assertFails(
            data_exception.UnknownStores, self.run_task, one.create
        )
        self.assertEqual(('nope',), error.stores)
        self.assertEqual(['GET /info/stores'], self.glance.log())
        self.assertIsNone(one.resource_id)


class TestStores(DataTestCase):
    """Stores in the life of a resource."""

    def test_grow_and_revert(self):
        """A store comes and goes, and the record with it."""
        self.glance.may_copy = True
        one = self.create(stores=['fast'])
        self.assertEqual(['fast'], self.record(one)['stores'])
        self.assertKept(one, stores=['fast', 'slow'])
        self.assertEqual(['fast', 'slow'], one.FnGetAtt('stores'))
        self.assertEqual(['fast', 'slow'], self.record(one)['stores'])
        self.assertKept(one, stores=['fast'])
        self.assertEqual(['fast'], one.FnGetAtt('stores'))
        self.assertEqual(['fast'], self.record(one)['stores'])

    def test_not_allowed(self):
        """A failed copy fails the update; the old template repairs it."""
        one = self.create(stores=['fast'], property={'a': 1})
        error = self.fail_update(
            one,
            data_exception.NotInStores,
            stores=['fast', 'slow'],
            property={'a': 2},
        )
        self.assertEqual(('slow',), error.stores)
        self.assertEqual({'a': '2'}, self.custom(one))
        self.assertKept(one, stores=['fast'], property={'a': 1})
        self.assertEqual({'a': '1'}, self.custom(one))
