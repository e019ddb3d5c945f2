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

"""The stores that hold the data of an image."""

from heat_image_props.tests.functional import base


class StoresTestCase(base.FunctionalTestCase):
    """A test that creates one image and changes its stores."""

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
        return stack, image_id

    def update(self, stack, expect='UPDATE_COMPLETE', **properties):
        """Update a stack, and return the methods of all requests sent."""
        mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack, self.template(location=self.url, **properties), expect
        )
        return self.methods(mark)

    def stores(self, image_id):
        """Return the ids of the stores that hold an image."""
        return sorted(self.image(image_id)['stores'].split(','))

    def assert_in_place(self, stack, image_id):
        """The image is the same, and nothing was downloaded again."""
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual([], self.cloud.source.requests(self.downloads))
        self.assertEqual('active', self.image(image_id)['status'])


class TestStores(StoresTestCase):
    """What an ordinary member can say about stores."""

    def test_chosen_at_creation(self):
        """One import brings the data into all of the chosen stores."""
        mark = self.cloud.glance_log.mark()
        stack, image_id = self.stack(stores=['slow', 'fast', 'slow'])
        self.assertEqual(['fast', 'slow'], self.stores(image_id))
        self.assertEqual(2, self.methods(mark).count('POST'))
        self.assertEqual(
            1,
            len(self.cloud.source.requests(name=self.url.rpartition('/')[2])),
        )

        # The order is not a difference.
        self.assertEqual(['GET'], self.update(stack, stores=['fast', 'slow']))
        self.update(stack, 'UPDATE_FAILED', stores=['fast'])
        reason = self.reason(stack)
        self.assertIn('from store slow', reason)
        self.assertIn('not authorized', reason)
        self.assertIn('for administrators by default', reason)
        # To say nothing gives up nothing.
        self.update(stack)
        self.assertEqual(['fast', 'slow'], self.stores(image_id))
        self.assert_in_place(stack, image_id)

    def test_all_stores(self):
        """All stores that can be written to get the data."""
        stack, image_id = self.stack(all_stores=True)
        self.assertEqual(['fast', 'slow'], self.stores(image_id))

        self.assertEqual(['GET'], self.update(stack))
        self.assertEqual(['fast', 'slow'], self.stores(image_id))
        self.assert_in_place(stack, image_id)

    def test_growth_is_refused(self):
        """Who may not copy is told so, and can take the store back."""
        # Not the default one.
        stack, image_id = self.stack(stores=['slow'])
        self.update(stack, 'UPDATE_FAILED', stores=['fast', 'slow'])
        reason = self.reason(stack)
        self.assertIn(f'{image_id} could not be copied to fast', reason)
        self.assertIn('not authorized to complete copy_image', reason)
        self.assertIn('for administrators by default', reason)
        self.assertIn('take the store out of "stores"', reason)

        self.update(stack, stores=['slow'], min_ram=1)
        self.assertEqual(1, self.image(image_id)['min_ram'])
        self.assertEqual(['slow'], self.stores(image_id))
        self.assert_in_place(stack, image_id)

    def test_unknown_and_read_only_stores(self):
        """What cannot be written to is refused, with what can be."""
        mark = self.cloud.glance_log.mark()
        stack = self.create_stack(
            self.template(location=self.url, stores=['nope', 'fast', 'http']),
            'CREATE_FAILED',
        )
        self.assertIn(
            'no store http, nope to write to, it has fast, slow',
            self.reason(stack),
        )
        self.assertEqual(['GET'], self.methods(mark))
        self.update(stack, stores=['fast'])
        image_id = self.image_id(stack)

        self.update(stack, 'UPDATE_FAILED', stores=['fast', 'nope'])
        self.assertIn(
            'no store nope to write to, it has fast, slow',
            self.reason(stack),
        )
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual(['fast'], self.stores(image_id))


class TestFullStore(StoresTestCase):
    """A store that cannot take the data."""

    def test_one_may_fail(self):
        """If not all have to succeed, one that fails is told, no more."""
        declared = {
            'stores': ['fast', 'slow'],
            'all_stores_must_succeed': False,
        }
        with self.cloud.stores.full(store='slow'):
            stack, image_id = self.stack(**declared)
        self.assertEqual(['fast'], self.stores(image_id))
        self.assertIn('not in the stores slow', '\n'.join(self.said(stack)))

        # That a copy is refused is no reason to fail another change.
        self.update(stack, min_ram=1, **declared)
        self.assertEqual(1, self.image(image_id)['min_ram'])
        self.assert_in_place(stack, image_id)

    def test_all_must_succeed(self):
        """If one store fails there is no image, until it can be written."""
        declared = {'location': self.url, 'stores': ['fast', 'slow']}
        with self.cloud.stores.full(store='slow'):
            stack = self.create_stack(
                self.template(**declared), 'CREATE_FAILED'
            )
        image_id = self.image_id(stack)
        self.assertEqual('queued', self.image(image_id)['status'])
        self.update(stack, stores=['fast', 'slow'])

        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual(['fast', 'slow'], self.stores(image_id))


class TestStoresOfAdministrator(StoresTestCase):
    """What somebody can do who may copy and delete."""

    USER = 'admin'

    def test_grows_and_shrinks(self):
        """Stores are added and removed in place, without a download."""
        stack, image_id = self.stack(stores=['fast'])
        with self.cloud.stores.full(image_id=image_id):
            self.update(stack, 'UPDATE_FAILED', stores=['fast', 'slow'])
        self.assertIn('could not be copied to slow', self.reason(stack))
        self.assertEqual(['fast'], self.stores(image_id))

        for stores in (['fast', 'slow'], ['slow'], ['fast']):
            seen = self.event_ids(stack)
            self.update(stack, stores=stores)
            self.assertEqual(stores, self.stores(image_id))
            self.assert_in_place(stack, image_id)
        # The last copy goes only when the other one is there.
        # A slow copy is told, too, while it goes on.
        self.assertEqual(
            'copied to fast; deleted from slow', self.said(stack, seen)[-1]
        )

    def test_all_stores_later(self):
        """All stores get a copy, and all but one lose it again."""
        stack, image_id = self.stack()
        self.assertEqual(['fast'], self.stores(image_id))
        self.update(stack, all_stores=True)
        self.assertEqual(['fast', 'slow'], self.stores(image_id))
        self.update(stack, stores=['fast'])

        self.assertEqual(['fast'], self.stores(image_id))
        self.assert_in_place(stack, image_id)
