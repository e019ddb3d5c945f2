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

"""Tests of how the data of an image comes into Glance."""

import fixtures

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props import source as sources
from heat_image_props import state
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import test_reconcile

ID = test_reconcile.ID
URL = test_reconcile.URL
REMOTE = '22222222-2222-4222-8222-222222222222'
RIGHT = sources.Digest('sha512', fake_glance_data.SHA512)


class TransferTestCase(test_reconcile.ReconcileTestCase):
    """A test with one image, queued."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.add(id=ID, status='queued')

    def create(self, declared=None, managed=None, **source):
        """Bring the data into the image, as a creation does."""
        source.setdefault('location', URL)
        task = self.task(declared, managed, sources.Source(**source))
        self.begin(task)
        self.run_task(task)
        return task


class TestMethods(TransferTestCase):
    """Where the data comes from."""

    def setUp(self):
        super().setUp()
        self.remote = {
            'method': sources.GLANCE_DOWNLOAD,
            'location': None,
            'region': 'there',
            'image': REMOTE,
        }
        self.glance.remote['there', REMOTE] = {
            'disk_format': 'qcow2',
            'hw_disk_bus': 'scsi',
            'os_distro': 'debian',
            'foo': 'x',
        }

    def test_of_another_region(self):
        """The import names the remote image, after a look at the methods."""
        self.create(**self.remote, interface='internal')
        self.assertEqual(
            ['GET /info/import', 'POST import'], self.glance.log()[:2]
        )
        self.assertEqual(
            {
                'method': {
                    'name': 'glance-download',
                    'glance_region': 'there',
                    'glance_image_id': REMOTE,
                    'glance_service_interface': 'internal',
                }
            },
            self.glance.requests[1].body,
        )
        self.assertEqual('active', self.live['status'])

    def test_what_the_remote_image_brings_along(self):
        """Declared properties win over those of the remote image."""
        self.create(test_reconcile.declared(os_distro='mine'), **self.remote)
        self.assertEqual('mine', self.live['os_distro'])
        self.assertEqual('scsi', self.live['hw_disk_bus'])
        self.assertNotIn('foo', self.live)

    def test_of_another_region_that_fails(self):
        """A remote image that does not come is named with its region."""
        self.glance.remote.clear()
        error = self.assertRaises(
            data_exception.ImportFailed, self.create, **self.remote
        )
        self.assertEqual(f'image {REMOTE} of region there', error.place)

    def test_not_enabled(self):
        """A method that is not enabled is refused before the import."""
        self.glance.import_methods = ['web-download', 'copy-image']
        error = self.assertRaises(
            data_exception.MethodNotEnabled, self.create, **self.remote
        )
        self.assertEqual(('copy-image', 'web-download'), error.enabled)
        self.assertEqual(['GET /info/import'], self.glance.log())

    def test_web_download_not_enabled(self):
        """The default is not looked up; its refusal is explained."""
        self.glance.import_methods = ['glance-direct']
        error = self.assertRaises(data_exception.MethodNotEnabled, self.create)
        self.assertEqual('web-download', error.method)
        self.assertEqual(('glance-direct',), error.enabled)
        self.assertEqual(
            ['POST import', 'GET /info/import'], self.glance.log()
        )

    def test_refusal_that_cannot_be_explained(self):
        """If the cloud tells nothing of itself, the refusal is shown."""
        self.glance.fail('POST import', 400, 'no')
        self.glance.fail('GET /info/import', 503)
        error = self.assertRaises(exception.Refused, self.create)
        self.assertEqual(400, error.status)
        self.assertIn('not explained', self.log.output)

    def test_reference(self):
        """The data of a reference stays where it is: one location."""
        self.glance.import_looks = 4
        self.create(method=sources.REFERENCE)
        self.assertEqual('POST locations', self.glance.log()[0])
        self.assertEqual({'url': URL}, self.glance.requests[0].body)
        self.assertEqual({'GET'}, {*self.glance.log()[1:]})
        self.assertEqual(
            ('active', 'http'), (self.live['status'], self.live['stores'])
        )

    def test_hash_of_a_reference(self):
        """The hash, which comes after the status, is waited for."""
        self.glance.import_looks = 5
        self.create(method=sources.REFERENCE, digest=RIGHT)
        self.assertEqual('active', self.live['status'])

    def test_reference_without_a_store(self):
        """A cloud without a store of type http refuses it, and says so."""
        self.glance.stores = []
        error = self.assertRaises(
            exception.Refused, self.create, method=sources.REFERENCE
        )
        self.assertIn('http store must be enabled', str(error))
        self.assertEqual(['POST locations'], self.glance.log())

    def test_reference_that_fails(self):
        """A location that cannot be read fails like an import."""
        self.glance.import_error = fake_glance_data.NO_DETAIL
        error = self.assertRaises(
            data_exception.ImportFailed, self.create, method=sources.REFERENCE
        )
        self.assertEqual(fake_glance_data.NO_DETAIL, error.reason)
        self.assertEqual('source.test:81', error.place)

    def test_reference_that_cannot_be_read(self):
        """What has no hash for that is active, and yet a failure."""
        self.glance.unreadable = True
        for digest in (None, RIGHT):
            self.glance.add(id=ID, status='queued')
            self.glance.locations.clear()
            error = self.assertRaises(
                data_exception.ImportFailed,
                self.create,
                method=sources.REFERENCE,
                digest=digest,
            )
            self.assertIn('could not be read to its end', error.reason)
            self.assertIn(fake_glance_data.NO_DETAIL, error.reason)
            # The next update replaces it.
            wanted = sources.Source(
                location=URL, method=sources.REFERENCE, digest=digest
            )
            self.assertTrue(
                state.needs_other(
                    self.live, wanted, self.remembered[-1][0].data
                )
            )

    def test_reference_without_a_hash(self):
        """Where Glance is not to compute one it is not missed."""
        self.glance.is_hashing = False
        self.create(method=sources.REFERENCE)
        self.assertEqual(1, len(self.glance.sent('GET tasks')))
        self.glance.add(id=ID, status='queued')
        self.glance.locations.clear()
        self.glance.fail('GET tasks', 403)
        self.create(method=sources.REFERENCE)
        self.assertIn('may be right', self.log.output)

    def test_reference_refused_for_its_url(self):
        """Glance's text repeats the URL: its credentials are not shown."""
        self.glance.fail('POST locations', 400, f'not pass filtering: {URL}')
        error = self.assertRaises(
            exception.Refused, self.create, method=sources.REFERENCE
        )
        self.assertNotIn('s3cr3t', str(error))
        self.assertNotIn('t0ken', str(error))

    def test_no_source(self):
        """Without a source a queued image is in order, and stays queued."""
        self.create(location=None)
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual('queued', self.live['status'])


class TestReason(TransferTestCase):
    """Why data did not arrive."""

    def test_is_waited_for(self):
        """The lock goes before the reason is written: it is read again."""
        self.glance.import_error = 'quota exceeded'
        self.glance.unwritten = 2
        error = self.assertRaises(data_exception.ImportFailed, self.create)
        self.assertEqual('quota exceeded', error.reason)
        self.assertEqual(3, len(self.glance.sent('GET tasks')))

    def test_is_not_waited_for_for_ever(self):
        """A reason that never comes is said to be missing."""
        self.glance.import_error = 'quota exceeded'
        self.glance.unwritten = 1000
        error = self.assertRaises(data_exception.ImportFailed, self.create)
        self.assertIn('no reason', error.reason)
        self.assertLess(len(self.glance.sent('GET tasks')), 10)

    def test_is_that_of_the_last_attempt(self):
        """The reason of an import before is not taken for that of this."""
        self.glance.import_error = 'no route'
        self.assertRaises(data_exception.ImportFailed, self.create)
        self.glance.import_error = 'quota exceeded'
        for unwritten, looks in ((2, 3), (0, 1)):
            for import_looks in (1, 4):
                self.glance.requests.clear()
                self.glance.unwritten = unwritten
                self.glance.import_looks = import_looks
                error = self.assertRaises(
                    data_exception.ImportFailed, self.create
                )
                self.assertEqual('quota exceeded', error.reason)
                self.assertEqual(looks, len(self.glance.sent('GET tasks')))

    def test_is_that_of_the_task_that_was_seen(self):
        """A task of somebody else that follows is not this import's."""
        self.glance.import_error = 'no route'
        task = self.task(source=sources.Source(location=URL))
        self.begin(task)
        while self.live['status'] != 'importing':
            self.clock.now += task.step()
        self.glance.tasks[ID].append(
            {
                'id': 'x',
                'type': 'api_image_import',
                'created_at': '2026-01-02T00:00:00',
                'status': 'failure',
                'message': 'theirs',
            }
        )
        error = self.assertRaises(
            data_exception.ImportFailed, self.run_task, task
        )
        self.assertEqual('no route', error.reason)


class TestProgress(TransferTestCase):
    """What is said while Glance works."""

    def test_phases(self):
        """Each phase is told once, and nothing of it is a value."""
        self.glance.import_looks = 4
        self.create(stores=('fast', 'slow'))
        self.assertEqual(
            [
                'waiting for Glance to begin the import',
                'importing into fast,slow',
                'importing into slow',
            ],
            [text for text in self.told if ' s so far' not in text],
        )

    def test_amount(self):
        """In a long phase the amount is told, at most once in 30 s."""
        self.glance.import_looks = 100
        self.glance.task_message = 'Copied 512 MiB'
        self.create()
        amounts = [text for text in self.told if '512 MiB' in text]
        self.assertTrue(amounts)
        self.assertIn('importing into fast: 512 MiB', amounts[-1])
        passed = self.clock.now - 1000
        self.assertLessEqual(len(self.told), 3 + passed / 30)

    def test_tasks_that_cannot_be_read(self):
        """Without the tasks the time that passed is told."""
        self.glance.import_looks = 40
        self.glance.fail('GET tasks', 503, times=1000)
        self.create()
        self.assertRegex(self.told[-1], '^importing into fast: [0-9]+ s')
        self.assertIn('not known', self.log.output)

    def test_task_of_somebody_else(self):
        """Only the task that holds the lock is listened to."""
        self.glance.import_looks = 40
        self.glance.tasks[ID] = [
            {'id': 'x', 'status': 'processing', 'message': 'Copied 9 MiB'}
        ]
        self.create()
        self.assertNotIn('9 MiB', ' '.join(self.told))


class TestAnswers(TransferTestCase):
    """Answers that are no success."""

    def test_unknown_store_at_the_import(self):
        """A store that goes between look and import is explained."""
        task = self.task(
            source=sources.Source(location=URL, stores=('fast', 'slow'))
        )
        error = self.assertRaises(
            data_exception.UnknownStores,
            self.begin,
            task,
            then=lambda: self.glance.stores.pop(1),
        )
        self.assertEqual((('slow',), ('fast',)), (error.stores, error.known))

    def test_conflict_that_is_none(self):
        """A conflict with an import that runs is waited for."""
        self.glance.fail('POST import', 409, applied=True)
        self.create()
        self.assertEqual('active', self.live['status'])

    def test_not_found(self):
        """A Glance without the request is told; the image is there."""
        for kind, method in [
            ('POST import', sources.WEB_DOWNLOAD),
            ('POST locations', sources.REFERENCE),
        ]:
            self.glance.fail(kind, 404, 'no such route', times=99)
            error = self.assertRaises(
                data_exception.ImportFailed, self.create, method=method
            )
            self.assertIn('no such route', error.reason)

    def test_reference_whose_answer_is_lost(self):
        """A location whose answer is lost is not sent twice."""
        self.glance.fail('POST locations', fake_glance.CUT, applied=True)
        self.create(method=sources.REFERENCE)
        self.assertEqual(1, len(self.glance.sent('POST locations')))
