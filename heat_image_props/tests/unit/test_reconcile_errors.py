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

"""Tests of imports, and of answers that are no success."""

import itertools

import fixtures

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props import patience
from heat_image_props import reconcile
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import test_reconcile

ID = test_reconcile.ID
SOURCE = test_reconcile.SOURCE
URL = test_reconcile.URL
declared = test_reconcile.declared
managed = test_reconcile.managed


class TestImport(test_reconcile.ReconcileTestCase):
    """The data of an image."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.add(id=ID, status='queued', a='1')

    def create(self, **kwargs):
        """Import the data as a creation does, and wait for it."""
        task = self.task(declared(a='1'), source=SOURCE, **kwargs)
        self.begin(task)
        self.run_task(task)

    def test_ends_when_the_data_is_there(self):
        """One import, then looks until it is done, and no change."""
        self.glance.import_looks = 5
        self.create()
        self.assertEqual(['POST import'] + 6 * ['GET'], self.glance.log())
        self.assertEqual('active', self.live['status'])
        self.assertEqual(
            URL,
            self.glance.requests[0].body['method']['uri'],
        )

    def test_looks_back_off(self):
        """Looks are late by 10 % and never by a minute; that is not often."""
        self.glance.import_looks = 10**6
        task = self.task(source=SOURCE)
        start = self.clock.now
        self.begin(task)
        while self.clock.now < start + 3600:
            delay = task.step()
            # Two more looks for the reason come after it.
            self.assertLessEqual(delay, 60 - 2 * reconcile.SETTLING_TIME)
            self.assertLessEqual(
                delay, max(2, 0.11 * (self.clock.now - start))
            )
            self.clock.now += delay
            # Sooner the two bounds cannot both be held.
            if self.clock.now > start + 300:
                self.assertLessEqual(
                    len(self.glance.sent('GET')),
                    6 + (self.clock.now - start) / 8,
                )

    def test_without_a_source(self):
        """Without a source nothing is imported and nothing is awaited."""
        task = self.task(declared(a='1'))
        self.begin(task)
        self.run_task(task)
        self.assertEqual(['GET'], self.glance.log())

    def test_what_the_import_overwrites_is_set_again(self):
        """A property that the import reset is written after it."""
        self.glance.import_looks = 2
        task = self.task(declared(a='1'), source=SOURCE)
        self.begin(task)
        self.live['a'] = 'injected by the operator'
        self.run_task(task)

        self.assertEqual('1', self.live['a'])
        self.assertEqual(
            ['POST import', 'GET', 'GET', 'GET', 'PATCH', 'GET'],
            self.glance.log(),
        )

    def test_failure_is_told_within_two_looks(self):
        """A failed import is an error at the next look but one."""
        self.glance.import_looks = 1
        self.glance.import_error = 'quota exceeded'
        error = self.assertRaises(data_exception.ImportFailed, self.create)

        self.assertEqual(
            ['POST import', 'GET', 'GET', 'GET tasks'], self.glance.log()
        )
        self.assertEqual('quota exceeded', error.reason)
        self.assertEqual('source.test:81', error.place)
        self.assertEqual(ID, error.image_id)

    def test_failure_has_no_credentials(self):
        """Glance's own words may hold the URL: it is not passed on."""
        self.glance.import_error = f'could not fetch {URL}: 403'
        error = self.assertRaises(data_exception.ImportFailed, self.create)

        for secret in ('mia', 's3cr3t', 't0ken'):
            self.assertNotIn(secret, str(error))
            self.assertNotIn(secret, error.reason)
            self.assertNotIn(secret, self.log.output)
        self.assertIn('source.test:81', str(error))
        self.assertIn('403', str(error))

    def test_failure_of_the_newest_task_is_told(self):
        """Of several failed tasks the last one counts."""
        self.glance.tasks[ID] = [
            {
                'id': 'x',
                'status': 'failure',
                'message': 'long ago',
                'created_at': '2020-01-01T00:00:00',
            }
        ]
        self.glance.import_error = 'just now'
        error = self.assertRaises(data_exception.ImportFailed, self.create)
        self.assertEqual('just now', error.reason)

    def test_failure_without_tasks(self):
        """If the tasks cannot be read, the import has failed all the same."""
        for status in (403, 503, fake_glance.CUT):
            self.live.update(status='queued')
            self.glance.import_error = 'x'
            self.glance.fail('GET tasks', status)
            error = self.assertRaises(data_exception.ImportFailed, self.create)
            self.assertIn('tasks', error.reason)

    def test_failure_without_a_message(self):
        """A task that tells nothing is said to tell nothing."""
        self.glance.import_error = ''
        error = self.assertRaises(data_exception.ImportFailed, self.create)
        self.assertEqual('no reason is given', error.reason)

    def test_refused(self):
        """An import that Glance refuses is an error at once."""
        self.glance.fail('POST import', 400, f'bad URI {URL}')
        error = self.assertRaises(exception.Refused, self.create)
        self.assertEqual(
            ['POST import', 'GET /info/import'], self.glance.log()
        )
        self.assertNotIn('s3cr3t', str(error))

    def test_answer_lost(self):
        """An import whose answer is lost goes on, and is not repeated."""
        for status in (409, 500, 503, fake_glance.CUT):
            self.live.update(status='queued')
            self.glance.requests.clear()
            self.glance.fail('POST import', status, applied=True)
            self.create()
            self.assertEqual('active', self.live['status'])
            self.assertEqual(1, len(self.glance.sent('POST import')))

    def test_not_started(self):
        """An import that did not begin is sent again."""
        for status in (500, 503, fake_glance.CUT):
            self.live.update(status='queued')
            self.glance.requests.clear()
            self.glance.fail('POST import', status, times=2)
            self.create()
            self.assertEqual('active', self.live['status'])
            self.assertEqual(3, len(self.glance.sent('POST import')))

    def test_never_started(self):
        """An import that never begins fails with the last answer to it."""
        self.glance.fail('POST import', 503, 'out of order', times=1000)
        error = self.assertRaises(data_exception.ImportFailed, self.create)
        self.assertIn('out of order', error.reason)
        self.assertLess(len(self.glance.sent('POST import')), 5)

    def test_conflict_that_stays(self):
        """A conflict with no import is an error if it stays."""
        self.glance.fail('POST import', 409, times=99)
        self.assertRaises(exception.Conflict, self.create)
        self.assertEqual(3, len(self.glance.sent('POST import')))

    def test_answer_lost_and_failed(self):
        """A lost answer does not hide why the import failed."""
        self.glance.import_error = 'quota exceeded'
        self.glance.fail('POST import', fake_glance.CUT, applied=True)
        error = self.assertRaises(data_exception.ImportFailed, self.create)
        self.assertEqual('quota exceeded', error.reason)

    def test_update_of_an_image_without_data(self):
        """An update of a queued image changes it and imports again."""
        self.reconcile(declared(a='2'), source=SOURCE)
        self.assertEqual(
            ['GET', 'PATCH', 'GET', 'POST import', 'GET', 'GET', 'GET'],
            self.glance.log(),
        )
        self.assertEqual('active', self.live['status'])
        self.assertEqual('2', self.live['a'])

    def test_update_of_an_image_whose_import_fails_again(self):
        """An update imports once, and tells that it failed."""
        self.glance.import_error = 'again'
        self.assertRaises(
            data_exception.ImportFailed,
            self.reconcile,
            declared(a='1'),
            source=SOURCE,
        )
        self.assertEqual(1, len(self.glance.sent('POST import')))

    def test_update_while_an_import_runs(self):
        """An import that runs is awaited and not begun again."""
        self.glance.api().import_data(ID, SOURCE.import_request())
        self.glance.requests.clear()
        self.reconcile(declared(a='1'), source=SOURCE)
        self.assertEqual({'GET'}, {*self.glance.log()})
        self.assertEqual('active', self.live['status'])


class TestWriteErrors(test_reconcile.ReconcileTestCase):
    """Changes that are not answered with success."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.add(id=ID, old='1')

    def update(self):
        """Set one property and remove another."""
        self.reconcile(declared(a='1'), managed('old'))

    def test_conflict(self):
        """A property that somebody removed meanwhile is no error."""
        self.glance.fail('PATCH', 409)
        task = self.task(declared(a='1'), managed('old'))
        delay = task.step()
        del self.live['old']
        self.clock.now += delay
        self.run_task(task)

        self.assertEqual(
            ['GET', 'PATCH', 'GET', 'PATCH', 'GET'], self.glance.log()
        )
        self.assertEqual(
            [{'op': 'add', 'path': '/a', 'value': '1'}],
            self.glance.sent('PATCH')[1].body,
        )

    def test_applied_all_the_same(self):
        """After an error the look tells: there is no second PATCH."""
        for status in (409, 429, 500, 502, 503, fake_glance.CUT):
            self.glance.add(id=ID, old='1')
            self.glance.requests.clear()
            self.glance.fail('PATCH', status, applied=True)
            self.update()
            self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())

    def test_answer_is_no_json(self):
        """A success that is cut short is looked into like an error."""
        self.glance.fail('PATCH', 200, b'{"id', applied=True)
        self.update()
        self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())

    def test_permanent(self):
        """An error that stays ends the attempt with its own words."""
        for status, kind in [
            (500, exception.Unavailable),
            (503, exception.Unavailable),
            (409, exception.Conflict),
            (fake_glance.CUT, exception.Unavailable),
        ]:
            self.glance.requests.clear()
            self.glance.fail(
                'PATCH', status, 'duplicate', times=reconcile.MOST_ROUNDS
            )
            error = self.assertRaises(exception.NotApplied, self.update)
            self.assertEqual(
                reconcile.MOST_ROUNDS, len(self.glance.sent('PATCH'))
            )
            self.assertEqual(('a', 'old'), error.names)
            self.assertIs(kind, type(error.error))
            self.assertIn("'a', 'old'", str(error))
            self.assertIn(str(error.error), str(error))
            if status is not fake_glance.CUT:
                self.assertEqual(status, error.error.status)
                self.assertIn('duplicate', str(error))
            self.assertIs(status == 500, 'MySQL' in str(error))

    def test_refused(self):
        """A change that Glance refuses is sent once."""
        for status in (400, 403, 413):
            self.glance.requests.clear()
            self.glance.fail('PATCH', status, 'Attempted: 6, Maximum: 5')
            error = self.assertRaises(exception.Refused, self.update)
            self.assertIn('Attempted: 6, Maximum: 5', str(error))
            self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())

    def test_refused_and_out_of_sight(self):
        """A look that fails does not hide why a change was refused."""
        self.glance.fail('PATCH', 403, 'not allowed')
        self.glance.fail('GET', 503, skip=1)
        error = self.assertRaises(exception.Refused, self.update)
        self.assertIn('not allowed', str(error))

    def test_gone(self):
        """An image that is gone meanwhile is told from a refused change."""
        self.glance.fail('PATCH', 404)
        self.glance.fail('GET', 404, skip=1, times=3)
        self.assertRaises(exception.Gone, self.update)
        self.assertEqual(
            ['GET', 'PATCH', 'GET', 'GET', 'GET'], self.glance.log()
        )

    def test_not_found_and_there(self):
        """What is not found is looked for, and changed if it is there."""
        self.glance.fail('PATCH', 404)
        self.update()
        self.assertEqual(
            ['GET', 'PATCH', 'GET', 'PATCH', 'GET'], self.glance.log()
        )

    def test_waits_longer_each_time(self):
        """The time between two writes grows, up to a limit, with chance."""
        self.glance.fail('PATCH', 500, times=reconcile.MOST_ROUNDS)
        self.assertRaises(exception.NotApplied, self.update)
        times = [sent.time for sent in self.glance.sent('PATCH')]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        self.assertEqual(
            [1, 2.5, 5, 5, 5, 5, 5], [round(gap, 3) for gap in gaps]
        )


class TestReadErrors(test_reconcile.ReconcileTestCase):
    """Looks that are not answered."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.add(id=ID)

    def test_are_tolerated(self):
        """A Glance that is away for a while is waited for, and it shows."""
        for status in (500, 503, 429, fake_glance.CUT):
            self.glance.requests.clear()
            self.live.pop('a', None)
            self.glance.fail('GET', status, 'restarting', times=2)
            self.reconcile(declared(a='1'))
            self.assertEqual(
                ['GET', 'GET', 'GET', 'PATCH', 'GET'], self.glance.log()
            )
        self.assertIn('restarting', self.log.output)
        self.assertIn('trying again', self.log.output)

    def test_are_raised_at_last(self):
        """A Glance that stays away ends the attempt with its last words."""
        self.glance.fail('GET', 503, 'out of order', times=1000)
        error = self.assertRaises(
            exception.Unavailable, self.reconcile, declared(a='1')
        )
        self.assertEqual(patience.MOST_ATTEMPTS * ['GET'], self.glance.log())
        self.assertIn('out of order', str(error))

    def test_only_those_in_a_row_count(self):
        """An hour of importing survives a few restarts of Glance."""
        self.live.update(status='importing')
        for _ in range(3):
            self.glance.fail(
                'GET', 503, times=patience.MOST_ATTEMPTS - 1, skip=1
            )
        task = self.task()
        for _ in range(3 * patience.MOST_ATTEMPTS):
            self.clock.now += task.step()
        self.live.update(status='active')
        self.run_task(task)

    def test_refused(self):
        """An image that may not be read is no image to wait for."""
        self.glance.fail('GET', 403)
        self.assertRaises(exception.Refused, self.reconcile)
        self.assertEqual(['GET'], self.glance.log())

    def test_gone(self):
        """An image that is gone is told within seconds, by three looks."""
        self.glance.images.clear()
        start = self.clock.now
        error = self.assertRaises(exception.Gone, self.reconcile)
        self.assertEqual(404, error.status)
        self.assertEqual(3 * ['GET'], self.glance.log())
        self.assertEqual(6, self.clock.now - start)

    def test_gone_and_away(self):
        """Looks that tell nothing are between those that find nothing."""
        self.glance.fail('GET', 404, times=2)
        self.glance.fail('GET', 503)
        self.glance.fail('GET', 404, times=2)
        self.reconcile(declared(a='1'))
        self.assertEqual('1', self.live['a'])

    def test_asked_to_wait(self):
        """Glance is left alone for as long as it asks, up to a minute."""
        for kind in ('GET', 'PATCH'):
            for seconds, waited in (('1', 1), ('45', 45), ('3600', 60)):
                self.live.pop('a', None)
                self.glance.requests.clear()
                self.glance.fail(kind, 429, headers={'Retry-After': seconds})
                self.reconcile(declared(a='1'))
                first, second = (
                    sent.time for sent in self.glance.sent(kind)[:2]
                )
                self.assertGreaterEqual(second - first, waited)
                self.assertLess(second - first, waited + 3)
