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

"""Tests of when work on the data of an image is given up."""

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props import source as sources
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import test_reconcile
from heat_image_props.tests.unit import test_transfer

ID = test_reconcile.ID
SOURCE = test_reconcile.SOURCE
LIMIT = 600
COPY = sources.Source(location=test_reconcile.URL, stores=('fast', 'slow'))


class WatchTestCase(test_transfer.TransferTestCase):
    """A test of a Glance that is killed."""

    def attempt(self, source=SOURCE, **kwargs):
        """Return an attempt with a limit, and what was managed before."""
        kwargs.setdefault('stall_timeout', LIMIT)
        before = self.remembered[-1][0] if self.remembered else None
        return self.task(
            kwargs.pop('declared', None), before, source, **kwargs
        )

    def run_until(self, task, condition):
        """Do the steps of a task until something holds."""
        while not condition():
            self.clock.now += task.step()

    def start(self, status='importing', **kwargs):
        """Return an import that has come to a status."""
        self.glance.import_looks = 10**6
        task = self.attempt(**kwargs)
        self.begin(task)
        self.run_until(task, lambda: self.live['status'] == status)
        return task

    def assertStalls(self, task, seconds=LIMIT):
        """Fail unless a task gives up in time, and return the error."""
        start = self.clock.now
        error = self.assertRaises(
            data_exception.ImportStalled, self.run_task, task, 10**5
        )
        self.assertLessEqual(abs(self.clock.now - start - seconds), 3)
        return error

    def stall(self, **kwargs):
        """Give an import up, and forget the requests."""
        task = self.start(**kwargs)
        self.glance.kill(ID)
        error = self.assertStalls(task)
        self.glance.requests.clear()
        return error

    def again(self, source=SOURCE, **kwargs):
        """Bring the image to what is declared, as a later update does."""
        self.run_task(self.attempt(source, **kwargs))

    @property
    def stalled(self):
        """What is recorded of an import that was given up."""
        return self.remembered[-1][0].stalled


class TestLimit(WatchTestCase):
    """Work that shows no progress."""

    def test_is_given_up(self):
        """The error has the image, phase, time, option and way out."""
        error = self.stall()
        self.assertLessEqual(abs(error.seconds - LIMIT), 3)
        for part in (
            f'Image {ID}: no progress for {error.seconds} s',
            '(importing into fast)',
            '[heat_image_props] import_stall_timeout',
            'Update the stack to create the image again',
            'a template that declares its "id"',
        ):
            self.assertIn(part, str(error))
        self.assertNotEqual('', self.stalled)

    def test_before_it_began(self):
        """An import that never begins is given up too."""
        error = self.stall(status='queued')
        self.assertIn('(waiting for Glance to begin the import)', str(error))

    def test_never(self):
        """Without a limit it is waited for."""
        task = self.start(stall_timeout=0)
        self.glance.kill(ID)
        start = self.clock.now
        self.run_until(task, lambda: self.clock.now > start + 3 * LIMIT)

    def test_progress(self):
        """What moves is waited for, however long it takes."""
        task = self.start()
        for change in range(6):
            self.run_until_later(task, LIMIT - 60)
            if change % 2:
                self.live['os_glance_importing_to_stores'] = str(change)
            else:
                self.glance.tasks[ID][0]['message'] = f'Copied {change} MiB'
        self.glance.kill(ID)
        self.assertStalls(task)

    def run_until_later(self, task, seconds):
        """Do the steps of a task for some time."""
        start = self.clock.now
        self.run_until(task, lambda: self.clock.now >= start + seconds)

    def test_changes_by_others(self):
        """What others do to the image is no progress of the import."""
        task = self.start()
        self.glance.kill(ID)
        start = self.clock.now
        while self.clock.now < start + LIMIT - 60:
            self.live['updated_at'] = str(self.clock.now)
            self.clock.now += task.step()
        self.assertStalls(task, start + LIMIT - self.clock.now)

    def test_progress_seen_at_the_last_moment(self):
        """The task is read once more before the work is given up."""
        task = self.start(stall_timeout=100)
        self.run_until_later(task, 65)
        self.glance.tasks[ID][0]['updated_at'] = 'now'
        self.run_until_later(task, 60)
        self.glance.kill(ID)
        self.assertRaises(
            data_exception.ImportStalled, self.run_task, task, 10**5
        )

    def test_tasks_that_cannot_be_read(self):
        """Without the tasks the image alone tells."""
        for status in (403, 503):
            self.glance.add(id=ID, status='queued')
            self.glance.fail('GET tasks', status, times=10**6)
            self.stall()
            self.assertNotEqual('', self.stalled)
            self.glance._faults.clear()

    def test_an_upload(self):
        """That of another client is not known to be dead, only told."""
        self.live['status'] = 'saving'
        task = self.attempt(sources.Source())
        error = self.assertStalls(task)
        self.assertIn('by another client (status saving)', str(error))
        self.assertIn('It goes on, perhaps', str(error))
        self.assertEqual([], self.remembered)


class TestNextAttempt(WatchTestCase):
    """What becomes of an image whose import was given up."""

    def test_is_not_waited_for(self):
        """Nothing else helps, so it is to be created again, at once."""
        self.stall()
        start = self.clock.now
        error = self.assertRaises(data_exception.ImageStuck, self.again)
        self.assertEqual(start, self.clock.now)
        self.assertEqual(['GET', 'GET tasks'], self.glance.log())
        self.assertIn(f'Image {ID} (status importing) is held', str(error))
        self.assertIn('no longer works', self.told[-1])

    def test_that_cannot_be_read(self):
        """Where the tasks are not readable it is known by the image."""
        self.glance.fail('GET tasks', 403, times=10**6)
        self.stall()
        self.assertRaises(data_exception.ImageStuck, self.again)

    def test_is_alive(self):
        """An import that has moved since is waited for again."""
        for stores, message in ((['fast', 'slow'], ''), (['fast'], 'Copied')):
            self.glance.add(id=ID, status='queued')
            self.remembered.clear()
            self.start()
            self.assertStalls(self.attempt())
            self.glance.tasks[ID][0]['message'] = message
            self.glance._jobs[ID].stores = stores
            self.glance._jobs[ID].looks = 5
            self.live['os_glance_importing_to_stores'] = ','.join(stores)
            self.again()
            self.assertEqual('active', self.live['status'])
            self.assertEqual('', self.stalled)

    def test_has_ended_meanwhile(self):
        """What has its data is kept, and the record forgets the import."""
        self.stall()
        del self.live['os_glance_import_task']
        fake_glance_data.hold(self.live, b'xyz')
        self.again()
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual('', self.stalled)

    def test_that_is_looked_at_in_vain(self):
        """If the tasks cannot be read just now, they are read later."""
        self.stall()
        self.glance.fail('GET tasks', 503)
        start = self.clock.now
        self.assertRaises(data_exception.ImageStuck, self.again)
        self.assertLess(self.clock.now, start + 40)

    def test_limit_reached_before_that(self):
        """What turns out at the last moment to be dead is not waited for."""
        self.stall(stall_timeout=LIMIT)
        self.glance.fail('GET tasks', 503)
        self.assertRaises(
            data_exception.ImageStuck, self.again, stall_timeout=20
        )

    def test_queued(self):
        """One that never began is tried once, and is 409 to Glance."""
        self.stall(status='queued')
        error = self.assertRaises(data_exception.ImageStuck, self.again)
        self.assertEqual('queued', error.status)
        self.assertEqual(1, len(self.glance.sent('POST import')))

    def test_queued_whose_lock_has_expired(self):
        """If Glance lets go of the lock, the same image gets its data."""
        self.stall(status='queued')
        del self.live['os_glance_import_task']
        self.glance.import_looks = 3
        self.again()
        self.assertEqual('active', self.live['status'])


class TestReference(WatchTestCase):
    """Data that stays where it is, and whose hash never comes."""

    def test_is_given_up(self):
        """It can be used, and Glance cannot delete it: it is kept."""
        source = sources.Source(
            location=test_reconcile.URL, method=sources.REFERENCE
        )
        task = self.start('active', source=source)
        self.glance.kill(ID)
        self.assertStalls(task)
        self.again(source)
        self.assertEqual('active', self.live['status'])


class TestEnded(WatchTestCase):
    """A task that has ended and keeps its lock."""

    def end(self, outcome='failure'):
        """End the task of the import, and leave its lock."""
        self.glance.kill(ID)
        self.glance.tasks[ID][0].update(status=outcome, message='no space')

    def test_failed(self):
        """It is told with its reason, well before the limit."""
        for status in ('queued', 'importing'):
            self.glance.add(id=ID, status='queued')
            self.remembered.clear()
            task = self.start()
            self.end()
            self.live['status'] = status
            start = self.clock.now
            error = self.assertRaises(
                data_exception.ImportFailed, self.run_task, task
            )
            self.assertEqual('no space', error.reason)
            self.assertLess(self.clock.now - start, 60)
            # The next attempt knows.
            start = self.clock.now
            self.assertRaises(data_exception.ImageStuck, self.again)
            self.assertLess(self.clock.now - start, 5)

    def test_at_the_limit(self):
        """A reason found at the last moment is told instead of the time."""
        task = self.start(stall_timeout=20)
        self.end()
        self.live['status'] = 'queued'
        self.assertRaises(data_exception.ImportFailed, self.run_task, task)

    def test_just_now(self):
        """Glance drops the lock a moment later: that is no failure."""
        task = self.start()
        self.glance._jobs[ID].looks = 10**6
        self.glance.tasks[ID][0].update(status='success')
        self.run_until(task, lambda: self.glance.sent('GET tasks'))
        self.glance._jobs[ID].looks = 1
        self.run_task(task)
        self.assertEqual('active', self.live['status'])
        self.assertEqual('', self.stalled)

    def test_success(self):
        """If all is done but for the lock, the image is complete."""
        task = self.start(declared=test_reconcile.declared(a='1'))
        self.end('success')
        fake_glance_data.hold(self.live, b'xyz')
        self.live['stores'] = 'fast'
        self.run_task(task)
        self.assertEqual('1', self.live['a'])
        # The lock is still there.
        self.assertNotEqual('', self.stalled)
        self.glance.requests.clear()
        self.again(declared=test_reconcile.declared(a='2'))
        self.assertEqual('2', self.live['a'])
        self.assertEqual(
            ['GET', 'GET tasks', 'PATCH', 'GET'], self.glance.log()
        )


class TestCopy(WatchTestCase):
    """An image with its data, and a copy into another store that stalls."""

    def setUp(self):
        super().setUp()
        self.glance.add(id=ID)
        self.glance.may_copy = True
        self.glance.import_looks = 10**6
        task = self.attempt(COPY, declared=test_reconcile.declared())
        self.run_until(task, lambda: self.glance.sent('POST import'))
        self.run_until(task, lambda: len(self.glance.sent('GET')) > 3)
        self.glance.kill(ID)
        self.error = self.assertRaises(
            data_exception.ImportStalled, self.run_task, task, 10**5
        )
        self.glance.requests.clear()

    def test_is_given_up(self):
        """The error says that the image keeps its data."""
        self.assertIn('(copying into slow)', str(self.error))
        self.assertIn('keeps the data', str(self.error))

    def test_again(self):
        """As long as the lock holds, the store is what fails."""
        error = self.assertRaises(
            data_exception.NotInStores,
            self.again,
            COPY,
            declared=test_reconcile.declared(a='1'),
        )
        self.assertEqual(('slow',), error.stores)
        self.assertIn('for 60 minutes', str(error))
        # All else is in order.
        self.assertEqual('1', self.live['a'])
        self.assertEqual('active', self.live['status'])

    def test_without_the_store(self):
        """Whoever takes the store back has an image in order."""
        for value in '12':
            self.again(declared=test_reconcile.declared(a=value))
            self.assertEqual(value, self.live['a'])
            self.assertNotEqual('', self.stalled)

    def test_when_the_lock_has_expired(self):
        """Then it is copied."""
        del self.live['os_glance_import_task']
        self.glance.import_looks = 3
        self.again(COPY)
        self.assertEqual('fast,slow', self.live['stores'])
        self.assertEqual('', self.stalled)


class TestNeedsAnother(test_reconcile.base.BaseTestCase):
    """Which errors of an update cost the image."""

    scenarios = [
        (name, {'error': error, 'answers': answers})
        for name, error, answers in [
            ('stuck', data_exception.ImageStuck(ID, 'x'), (True, False)),
            ('other data', data_exception.OtherData(ID), (True, True)),
            ('gone', exception.Gone('get', 'no', 404), (True, True)),
            ('conflict', exception.Conflict('get', 409, 'no'), 2 * (False,)),
            (
                'stalled',
                data_exception.ImportStalled(ID, 'x', 1, {}),
                (False, False),
            ),
        ]
    ]

    def test_are_few(self):
        """Only where nothing else helps, and not if the id is declared."""
        self.assertEqual(
            self.answers,
            tuple(
                data_exception.needs_another(self.error, chosen)
                for chosen in (None, ID)
            ),
        )
