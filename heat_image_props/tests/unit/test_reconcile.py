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

"""Tests of the way from what Glance holds to what is declared."""

import hypothesis
from hypothesis import strategies as st

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import reconcile
from heat_image_props import source as sources
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
URL = 'http://mia:s3cr3t@source.test:81/x.img?sig=t0ken'
SOURCE = sources.Source(location=URL)
DEFAULTS = {'name': 'stack-image-1', 'min_ram': 0, 'protected': False}


class Made:
    """The record of an image that has been created.

    :param then: called when it has
    """

    def __init__(self, then=lambda: None):
        self.create = then


class ReconcileTestCase(base.BaseTestCase):
    """A test with a Glance, a clock, and a memory of what is managed."""

    def setUp(self):
        super().setUp()
        self.clock = fake_glance.Clock()
        self.glance = self.useFixture(fake_glance.FakeGlance(self.clock))
        self.remembered = []
        self.told = []

    def remember(self, managed):
        """Take down what is managed, and when it was said."""
        self.remembered.append((managed, len(self.glance.requests)))

    def task(self, declared=None, managed=None, source=None, **kwargs):
        """Return an attempt on the image of this test."""
        return reconcile.Reconciler(
            self.glance.api(),
            ID,
            declared or diff.Declared(),
            managed or diff.Managed(),
            defaults=DEFAULTS,
            source=sources.Source() if source is None else source,
            remember=self.remember,
            tell=self.told.append,
            clock=self.clock,
            chance=lambda: 0.5,
            **kwargs,
        )

    def begin(self, task, **kwargs):
        """Do the first step of a creation whose record is made."""
        task.create(Made(**kwargs))
        return task.step()

    def run_task(self, task, most=200):
        """Do all steps, each at the time that the one before named."""
        for _ in range(most):
            delay = task.step()
            if delay is None:
                return
            self.assertGreater(delay, 0)
            self.clock.now += delay
        self.fail(f'no end in sight: {self.glance.log()}')

    def reconcile(self, *args, **kwargs):
        """Bring the image to what is declared."""
        self.run_task(self.task(*args, **kwargs))

    @property
    def live(self):
        """The image as it is."""
        return self.glance.images[ID]


def declared(**properties):
    """Return a declaration of properties only."""
    return diff.Declared(properties=properties)


def managed(*names, **others):
    """Return a record of properties, and of other things by keyword."""
    return diff.Managed(
        properties=frozenset(names),
        **{kind: frozenset(names) for kind, names in others.items()},
    )


class TestRequests(ReconcileTestCase):
    """Which requests are sent, and when."""

    def test_nothing_different(self):
        """An image that holds what is declared is looked at once."""
        self.glance.add(id=ID, name='n', a='1', b='2', tags=['t', 'u'])
        self.reconcile(diff.Declared({'name': 'n'}, {'a': '1'}, {'t'}))
        self.assertEqual(['GET'], self.glance.log())

    def test_a_change(self):
        """All that differs goes into one PATCH between two looks."""
        self.glance.add(id=ID, name='x', old='1', a='0', tags=['t'])
        self.reconcile(
            diff.Declared({'name': 'n'}, {'a': '1', 'b/c': '2'}, {'u'}),
            managed('old', tags=['t']),
        )
        self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())
        self.assertEqual(
            [
                {'op': 'add', 'path': '/name', 'value': 'n'},
                {'op': 'add', 'path': '/tags', 'value': ['u']},
                {'op': 'remove', 'path': '/old'},
                {'op': 'add', 'path': '/a', 'value': '1'},
                {'op': 'add', 'path': '/b~1c', 'value': '2'},
            ],
            self.glance.sent('PATCH')[0].body,
        )

    def test_looks_again_no_sooner_than_after_a_second(self):
        """A write is believed when a look a second later shows it."""
        self.glance.add(id=ID)
        self.reconcile(declared(a='1'))
        _, write, look = self.glance.requests
        self.assertGreaterEqual(look.time - write.time, 1.0)

    def test_steps_that_come_too_early(self):
        """Whoever comes before the time is sent away, without a request."""
        self.glance.add(id=ID)
        task = self.task(declared(a='1'))
        self.assertGreaterEqual(task.step(), 1.0)
        self.clock.now += 0.4

        delay = task.step()
        self.assertAlmostEqual(0.6, delay)
        self.assertEqual(['GET', 'PATCH'], self.glance.log())
        self.clock.now += delay
        self.assertIsNone(task.step())

    def test_what_others_set_is_kept(self):
        """Properties, tags and attributes that are not ours stay."""
        self.glance.add(
            id=ID, name='theirs', min_ram=5, team='web', tags=['theirs', 'o']
        )
        self.reconcile(
            diff.Declared(properties={'a': '1'}, tags={'n'}),
            managed('old', tags=['o']),
        )
        self.assertEqual('theirs', self.live['name'])
        self.assertEqual(5, self.live['min_ram'])
        self.assertEqual('web', self.live['team'])
        self.assertEqual({'theirs', 'n'}, {*self.live['tags']})

    def test_tags_can_be_emptied(self):
        """If all tags were ours and none is declared, none is left."""
        self.glance.add(id=ID, tags=['a', 'b'])
        self.reconcile(managed=managed(tags=['a', 'b']))
        self.assertEqual([], self.live['tags'])

    def test_managed_attributes_go_back_to_their_default(self):
        """An attribute that is no longer declared gets its default."""
        self.glance.add(
            id=ID, name='n', min_ram=5, protected=True, visibility='community'
        )
        self.reconcile(
            managed=managed(attributes=['name', 'min_ram', 'visibility'])
        )
        self.assertEqual('stack-image-1', self.live['name'])
        self.assertEqual(0, self.live['min_ram'])
        self.assertIs(True, self.live['protected'])
        self.assertEqual('community', self.live['visibility'])

    @hypothesis.given(
        st.dictionaries(st.sampled_from('abcd'), st.sampled_from('12')),
        st.frozensets(st.sampled_from('abcd')),
        st.dictionaries(st.sampled_from('abcd'), st.sampled_from('12')),
        st.sampled_from([None, 409, 500, 503, fake_glance.CUT]),
        st.booleans(),
        st.integers(0, 2),
    )
    def test_ends_at_what_is_declared(
        self, wanted, ours, live, status, applied, lost
    ):
        """A lost write, a lost answer or a conflict changes no outcome."""
        self.glance.images.clear()
        self.glance._faults.clear()
        self.glance.add(id=ID, **live)
        self.glance.lost_writes = lost
        if status is not None:
            self.glance.fail('PATCH', status, applied=applied)
        self.reconcile(declared(**wanted), diff.Managed(properties=ours))

        foreign = {
            name: live[name] for name in live.keys() - wanted.keys() - ours
        }
        self.assertEqual(
            {**foreign, **wanted},
            {name: self.live[name] for name in self.live if len(name) == 1},
        )


class TestLostWrites(ReconcileTestCase):
    """A server that answers with success and forgets."""

    def test_is_sent_again(self):
        """A change that was not kept is sent again."""
        self.glance.add(id=ID)
        self.glance.lost_writes = 1
        self.reconcile(declared(a='1'))

        self.assertEqual(
            ['GET', 'PATCH', 'GET', 'PATCH', 'GET'], self.glance.log()
        )
        self.assertEqual('1', self.live['a'])

    def test_rounds_are_bounded(self):
        """At the end the error names what is not kept, and what is there."""
        self.glance.add(id=ID, b='theirs', kept='1')
        self.glance.lost_writes = 1000
        error = self.assertRaises(
            exception.NotKept,
            self.reconcile,
            declared(a='1', b='2', kept='1'),
        )
        self.assertEqual({'a': (None,), 'b': ('theirs',)}, error.seen)
        self.assertEqual(reconcile.MOST_ROUNDS, error.rounds)
        self.assertIn("'a' is missing", str(error))
        self.assertEqual(reconcile.MOST_ROUNDS, len(self.glance.sent('PATCH')))
        self.assertEqual('GET', self.glance.log()[-1])
        self.assertLess(self.clock.now - 1000, 60)

    def test_another_writer(self):
        """Who keeps changing the same is named, and not fought for ever."""
        self.glance.add(id=ID, a='theirs 0', kept='1')
        task = self.task(declared(a='ours', b='1', kept='1'))

        def fight():
            for number in range(1, 100):
                delay = task.step()
                self.live['a'] = f'theirs {number % 3}'
                self.clock.now += delay

        error = self.assertRaises(exception.NotKept, fight)
        self.assertEqual(
            {'a': ('theirs 1', 'theirs 2', 'theirs 0')}, error.seen
        )
        self.assertIn('another client', str(error))
        self.assertIn("is 'theirs 0' (before that 'theirs 2'", str(error))
        self.assertEqual('1', self.live['b'])
        self.assertLess(self.clock.now - 1000, 60)


class TestBusy(ReconcileTestCase):
    """An image on which something else works."""

    scenarios = [
        (
            'import task',
            {'image': {'os_glance_import_task': 'x', 'status': 'active'}},
        ),
        (
            'queued with task',
            {'image': {'os_glance_import_task': 'x', 'status': 'queued'}},
        ),
        ('importing', {'image': {'status': 'importing'}}),
        ('saving', {'image': {'status': 'saving'}}),
        ('uploading', {'image': {'status': 'uploading'}}),
    ]

    def test_is_never_written_to(self):
        """It is looked at until it is free, and then changed."""
        self.glance.add(id=ID, **self.image)
        task = self.task(declared(a='1'), source=SOURCE)
        for _ in range(20):
            delay = task.step()
            self.assertGreaterEqual(delay, 2)
            self.assertLessEqual(delay, 60)
            self.clock.now += delay
        self.assertEqual({'GET'}, {*self.glance.log()} - {'GET tasks'})
        self.assertEqual([], self.remembered)

        for name in self.image:
            del self.live[name]
        self.live.update(
            status='active',
            os_glance_importing_to_stores='',
            os_glance_failed_import='',
        )
        self.glance.requests.clear()
        self.run_task(task)
        self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())


class TestEnded(ReconcileTestCase):
    """An image that is beyond use."""

    scenarios = [
        (status, {'status': status})
        for status in ('killed', 'deleted', 'pending_delete')
    ]

    def test_is_an_error(self):
        """The error names the image and its status, nothing is written."""
        self.glance.add(id=ID, status=self.status)
        error = self.assertRaises(
            exception.Unusable, self.reconcile, declared(a='1')
        )
        self.assertEqual((ID, self.status), (error.image_id, error.status))
        self.assertEqual(['GET'], self.glance.log())


class TestRemember(ReconcileTestCase):
    """What is recorded as managed, and when."""

    def test_before_the_first_change_and_after_the_last_look(self):
        """First all names old and new, at the end those declared."""
        self.glance.add(id=ID, old='1')
        self.reconcile(declared(a='1'), managed('old', 'gone'))

        self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())
        self.assertEqual(
            [(managed('old', 'gone', 'a'), 1), (managed('a'), 3)],
            self.remembered,
        )

    def test_before_a_change_that_fails(self):
        """Of a change that is refused only what came true stays recorded."""
        for applied, names in ((False, ('old',)), (True, ('old', 'a'))):
            self.remembered.clear()
            self.glance.requests.clear()
            self.glance.images.clear()
            self.glance.add(id=ID, old='1', foreign='1')
            self.glance.fail('PATCH', 400, applied=applied)
            self.assertRaises(
                exception.Refused,
                self.reconcile,
                declared(a='1', foreign='1'),
                managed('old'),
            )
            self.assertEqual(
                [(managed('old', 'a', 'foreign'), 1), (managed(*names), 3)],
                self.remembered,
            )

    def test_if_nothing_differs(self):
        """Names that are gone from the image are forgotten."""
        self.glance.add(id=ID, a='1')
        self.reconcile(declared(a='1'), managed('a', 'gone'))
        self.assertEqual([(managed('a'), 1)], self.remembered)

    def test_a_record_that_cannot_be_written(self):
        """Without a record nothing is sent."""
        self.glance.add(id=ID)

        class Broken(Exception):
            pass

        def broken(_):
            raise Broken()

        self.remember = broken
        self.assertRaises(Broken, self.reconcile, declared(a='1'))
        self.assertEqual(['GET'], self.glance.log())
