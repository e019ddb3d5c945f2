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

"""Tests of the stores that hold the data of an image."""

import itertools

import fixtures

from heat_image_props import data_exception
from heat_image_props import diff
from heat_image_props import source as sources
from heat_image_props import state
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import test_reconcile

ID = test_reconcile.ID
URL = test_reconcile.URL


class StoresTestCase(test_reconcile.ReconcileTestCase):
    """A test with stores, and a user who may copy between them."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.may_copy = True

    def create(self, **source):
        """Create the data in stores, as a creation does."""
        self.glance.add(id=ID, status='queued')
        task = self.task(
            managed=diff.Managed(stores=frozenset(source.get('stores', ()))),
            source=sources.Source(location=URL, **source),
        )
        self.begin(task)
        self.run_task(task)

    def update(self, *held, asked=(), **source):
        """Update what has data in the store fast."""
        if ID not in self.glance.images:
            self.glance.add(id=ID, stores=','.join(held or ['fast']))
        task = self.task(
            managed=diff.Managed(
                stores=frozenset(held), asked=frozenset(asked)
            ),
            source=sources.Source(location=URL, **source),
        )
        self.run_task(task)
        return task

    def held(self):
        """Return the stores that the image is in."""
        return sorted(fake_glance_data.stores_of(self.live))

    def recorded(self):
        """Return the stores that are recorded as given by the resource."""
        return sorted(self.remembered[-1][0].stores)

    def asked(self):
        """Return the stores that are recorded as asked for and not had."""
        return sorted(self.remembered[-1][0].asked)


class TestCreate(StoresTestCase):
    """Stores of a new image."""

    def test_named(self):
        """The named stores are in the import, after a look at all."""
        self.create(stores=('slow', 'fast'))
        self.assertEqual(
            ['GET /info/stores', 'POST import'], self.glance.log()[:2]
        )
        self.assertEqual(
            {
                'method': {'name': 'web-download', 'uri': URL},
                'stores': ['slow', 'fast'],
                'all_stores_must_succeed': True,
            },
            self.glance.requests[1].body,
        )
        self.assertEqual(['fast', 'slow'], self.held())
        self.assertEqual(['fast', 'slow'], self.recorded())
        self.assertEqual({'GET'}, {*self.glance.log()[2:]})

    def test_all(self):
        """All stores are asked for, and recorded as those it came to."""
        self.create(all_stores=True)
        self.assertIs(True, self.glance.requests[0].body['all_stores'])
        self.assertNotIn('stores', self.glance.requests[0].body)
        self.assertEqual(['fast', 'slow'], self.held())
        self.assertEqual([state.ALL_STORES, 'fast', 'slow'], self.recorded())

    def test_unknown(self):
        """A store that does not exist, or is read-only, is refused."""
        for store in ('nope', 'http'):
            error = self.assertRaises(
                data_exception.UnknownStores,
                self.create,
                stores=('fast', store),
            )
            self.assertEqual((store,), error.stores)
            self.assertEqual(('fast', 'slow'), error.known)
        self.assertEqual({'GET /info/stores'}, {*self.glance.log()})

    def test_no_choice(self):
        """Where one store is configured none can be named."""
        self.glance.stores = []
        error = self.assertRaises(
            data_exception.UnknownStores, self.create, stores=('fast',)
        )
        self.assertEqual((), error.known)

    def test_one_is_full(self):
        """If all must succeed, one that is full is a failed import."""
        self.glance.full = {'slow'}
        self.assertRaises(
            data_exception.ImportFailed, self.create, stores=('fast', 'slow')
        )

    def test_one_is_full_and_may_be(self):
        """If not all must succeed, the missing store is told, that is all."""
        self.glance.full = {'slow'}
        self.create(stores=('fast', 'slow'), must_succeed=False)
        self.assertEqual(['fast'], self.held())
        self.assertRegex(self.told[-1], '^not in the stores slow: ')
        self.assertEqual(1, len(self.glance.sent('POST import')))


class TestQueued(StoresTestCase):
    """Stores of an image whose import failed before."""

    def test_recorded_before_the_import(self):
        """Stores old and new are recorded before any gets the data."""
        self.glance.add(id=ID, status='queued')
        task = self.task(
            managed=diff.Managed(stores=frozenset(('fast',))),
            source=sources.Source(location=URL, stores=('slow',)),
        )
        task.step()
        self.assertEqual(['fast'], self.recorded())
        self.assertEqual(['slow'], self.asked())
        self.assertEqual(['GET', 'POST import'], self.glance.log())
        self.assertEqual(1, self.remembered[-1][1])
        self.clock.now += 5
        self.run_task(task)
        self.assertEqual(['slow'], self.held())
        self.assertEqual(['slow'], self.recorded())
        self.assertEqual([], self.asked())


class TestGrow(StoresTestCase):
    """A store that is added."""

    def test_is_copied_to(self):
        """Only what is missing is copied, and it is waited for."""
        self.glance.import_looks = 4
        task = self.update('fast', stores=('fast', 'slow'))
        self.assertEqual(
            [
                {
                    'method': {'name': 'copy-image'},
                    'stores': ['slow'],
                    'all_stores_must_succeed': True,
                }
            ],
            [sent.body for sent in self.glance.sent('POST import')],
        )
        self.assertEqual(['fast', 'slow'], self.held())
        self.assertEqual(['fast', 'slow'], self.recorded())
        self.assertIn('copied to slow', task.summary())
        self.assertIn('copying into slow', self.told)

    def test_before_the_data_is_put_out_of_use(self):
        """Glance copies active images only: they are deactivated after."""
        self.glance.add(id=ID)
        self.reconcile(
            diff.Declared(properties={'a': '1'}, active=False),
            diff.Managed(stores=frozenset(('fast',))),
            sources.Source(location=URL, stores=('fast', 'slow')),
        )
        self.assertEqual(
            ['PATCH', 'POST import', 'POST actions/deactivate'],
            [kind for kind in self.glance.log() if not kind.startswith('GET')],
        )
        self.assertEqual(['fast', 'slow'], self.held())
        self.assertEqual('deactivated', self.live['status'])

    def test_is_there_already(self):
        """What somebody else copied is no work, and becomes ours."""
        self.glance.add(id=ID, stores='slow,fast')
        self.update('fast', stores=('fast', 'slow'))
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual(['fast', 'slow'], self.recorded())

    def test_asked_for_before(self):
        """A store that was asked for and got nothing is still an error.

        So it is after an update that ended before the answer came.
        """
        self.glance.may_copy = False
        for _ in range(2):
            error = self.assertRaises(
                data_exception.NotInStores,
                self.update,
                'fast',
                asked=['slow'],
                stores=('fast', 'slow'),
            )
            self.assertEqual(('slow',), error.stores)
            self.assertEqual(['fast'], self.recorded())

    def test_not_needed_and_then_needed(self):
        """A store that may fail, and did, fails when all must succeed."""
        self.glance.may_copy = False
        self.update('fast', stores=('fast', 'slow'), must_succeed=False)
        self.assertEqual(['fast'], self.recorded())
        for stores in (('fast', 'slow'), ('slow',)):
            self.assertRaises(
                data_exception.NotInStores,
                self.update,
                *self.recorded(),
                stores=stores,
            )

    def test_of_all_stores_and_not_needed(self):
        """To have wished all stores is not to have the data in each."""
        self.glance.add(id=ID, stores='fast')
        self.glance.may_copy = False
        self.update(
            *(state.ALL_STORES, 'fast'),
            stores=('fast', 'slow'),
            must_succeed=False,
        )
        self.assertEqual(['fast'], self.recorded())

    def test_not_allowed(self):
        """Who may not copy is told so, with the way out."""
        self.glance.may_copy = False
        error = self.assertRaises(
            data_exception.NotInStores,
            self.update,
            'fast',
            stores=('fast', 'slow'),
        )
        self.assertEqual(('slow',), error.stores)
        self.assertIn('not authorized to complete copy_image', error.reason)
        self.assertIn('administrators', str(error))

    def test_not_allowed_and_not_needed(self):
        """If not all must succeed, that is only told."""
        self.glance.may_copy = False
        self.update('fast', stores=('fast', 'slow'), must_succeed=False)
        self.assertRegex(self.told[-1], '^not in the stores slow: .*copy_imag')

    def test_lost_by_the_store(self):
        """A store that lost what it had does not fail an update."""
        self.glance.add(id=ID, stores='fast')
        self.glance.may_copy = False
        self.update('fast', 'slow', stores=('fast', 'slow'))
        self.assertRegex(self.told[-1], '^not in the stores slow: ')

    def test_full(self):
        """A copy that fails is an error, sent once."""
        self.glance.full = {'slow'}
        error = self.assertRaises(
            data_exception.NotInStores,
            self.update,
            'fast',
            stores=('fast', 'slow'),
        )
        self.assertEqual(fake_glance_data.NO_DETAIL, error.reason)
        self.assertEqual(1, len(self.glance.sent('POST import')))
        self.assertEqual('active', self.live['status'])

    def test_unknown(self):
        """A store that does not exist is named before anything is sent."""
        error = self.assertRaises(
            data_exception.UnknownStores,
            self.update,
            'fast',
            stores=('fast', 'nope'),
        )
        self.assertEqual(
            (('nope',), ('fast', 'slow')), (error.stores, error.known)
        )
        self.assertEqual(['GET', 'GET /info/stores'], self.glance.log())

    def test_lost_with_the_store(self):
        """A store that the cloud gave up is told, and not asked for."""
        self.glance.add(id=ID, stores='fast')
        self.update('fast', 'gone', stores=('fast', 'gone'))
        self.assertRegex(self.told[-1], '^not in the stores gone: ')
        self.assertEqual([], self.glance.sent('POST import'))

    def test_recorded_before(self):
        """A copy that is under way is recorded, for an update that ends."""
        self.glance.add(id=ID, stores='fast')
        task = self.task(
            managed=diff.Managed(stores=frozenset(('fast',))),
            source=sources.Source(location=URL, stores=('fast', 'slow')),
        )
        task.step()
        self.assertEqual('POST import', self.glance.log()[-1])
        # To have asked for it is not to have it.
        self.assertEqual(['fast'], self.recorded())
        self.assertEqual(['slow'], self.asked())

    def test_glance_away(self):
        """A Glance that does not tell its stores is waited for."""
        self.glance.fail('GET /info/stores', 503, times=2)
        self.update('fast', all_stores=True)
        self.assertEqual(['fast', 'slow'], self.held())

    def test_answer_lost(self):
        """A copy whose answer is lost is waited for, and not repeated."""
        for status in (409, 503, fake_glance.CUT):
            self.glance.images.clear()
            self.glance.requests.clear()
            self.glance.fail('POST import', status, applied=True)
            self.update('fast', stores=('fast', 'slow'))
            self.assertEqual(1, len(self.glance.sent('POST import')))
            self.assertEqual(['fast', 'slow'], self.held())

    def test_not_carried_out(self):
        """A copy that Glance was away for is asked for again, with pauses."""
        for status in (503, fake_glance.CUT):
            self.glance.images.clear()
            self.glance.requests.clear()
            self.glance.fail('POST import', status, times=2)
            self.update('fast', stores=('fast', 'slow'))
            copies = self.glance.sent('POST import')
            self.assertEqual(
                3 * ['copy-image'],
                [copy.body['method']['name'] for copy in copies],
            )
            self.assertEqual(
                3 * [['slow']], [c.body['stores'] for c in copies]
            )
            for before, after in itertools.pairwise(copies):
                self.assertGreaterEqual(after.time - before.time, 1)
            self.assertEqual(['fast', 'slow'], self.held())
            self.assertEqual(['fast', 'slow'], self.recorded())

    def test_never_carried_out(self):
        """It is given up in the end, and the next update asks again."""
        self.glance.fail('POST import', 503, 'away', times=3)
        error = self.assertRaises(
            data_exception.NotInStores,
            self.update,
            'fast',
            stores=('fast', 'slow'),
        )
        self.assertEqual(('slow',), error.stores)
        self.assertIn('away (HTTP 503', error.reason)
        self.assertEqual(3, len(self.glance.sent('POST import')))
        self.assertEqual(['slow'], self.asked())

        self.update('fast', asked=['slow'], stores=('fast', 'slow'))
        self.assertEqual(4, len(self.glance.sent('POST import')))
        self.assertEqual(['fast', 'slow'], self.held())

    def test_asked_to_wait(self):
        """The pause is the one that Glance asks for."""
        self.glance.fail('POST import', 503, headers={'Retry-After': '20'})
        self.update('fast', stores=('fast', 'slow'))
        first, second = self.glance.sent('POST import')
        self.assertGreaterEqual(second.time - first.time, 20)

    def test_without_a_reason(self):
        """A copy whose task cannot be read failed for no known reason."""
        self.glance.full = {'slow'}
        self.glance.unwritten = 1000
        error = self.assertRaises(
            data_exception.NotInStores,
            self.update,
            'fast',
            stores=('fast', 'slow'),
        )
        self.assertIn('no reason', error.reason)

    def test_all_stores(self):
        """All stores of the cloud are copied to."""
        self.update('fast', all_stores=True)
        self.assertEqual(['fast', 'slow'], self.held())
        self.assertEqual([state.ALL_STORES, 'fast', 'slow'], self.recorded())
        self.glance.requests.clear()
        self.update(*self.recorded(), all_stores=True)
        self.assertEqual(['GET', 'GET /info/stores'], self.glance.log())

    def test_all_stores_not_allowed(self):
        """To ask for all stores and not get them is an error."""
        self.glance.may_copy = False
        error = self.assertRaises(
            data_exception.NotInStores, self.update, 'fast', all_stores=True
        )
        self.assertEqual(('slow',), error.stores)

    def test_store_that_the_cloud_got_since(self):
        """A new store of the cloud fails no update of something else."""
        self.glance.add(id=ID, stores='fast')
        self.glance.may_copy = False
        self.update(state.ALL_STORES, 'fast', all_stores=True)
        self.assertRegex(self.told[-1], '^not in the stores slow: ')

    def test_all_stores_no_more(self):
        """Of all stores those go that are not named any more."""
        self.glance.add(id=ID, stores='fast,slow')
        self.update(state.ALL_STORES, 'fast', 'slow', stores=('slow',))
        self.assertEqual(['slow'], self.held())
        self.assertEqual(['slow'], self.recorded())
