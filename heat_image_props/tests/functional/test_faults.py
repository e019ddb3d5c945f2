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


"""Every request, with everything that may go wrong with it.

The pairs and their outcomes are those of the table in the documentation
(:mod:`heat_image_props.faults`).
A proxy before a real Glance makes the faults, each once and then for as long
as the action lasts.
"""

import contextlib
import dataclasses
import functools
import itertools
import queue
import threading
import time
import uuid

import tenacity

from heat_image_props import faults
from heat_image_props.tests.functional import base

#: Pairs at work at the same time, and requests to Heat: the backlog of its
#: server is short.
WORKERS, CLIENTS = 24, 4

#: What Glance asks for with a 429, seconds.
RETRY_AFTER = 3

#: Words of Glance as it writes them, and as an author shall see them.
ESCAPED = 'Attribute &#x27;x&#x27; is &lt;wrong&gt;'
WORDS = "Attribute 'x' is <wrong>"

#: The time that Glance may take for an answer, seconds.
DELAY = 30


@dataclasses.dataclass(frozen=True)
class Pair:
    """A request, a fault of it, and whether the fault stays."""

    request: str
    fault: str
    is_lasting: bool

    @property
    def outcome(self):
        return faults.outcome(self.request, self.fault)

    @property
    def ending(self):
        """How the action ends that meets with the fault."""
        outcome = self.outcome
        return outcome.lasting if self.is_lasting else outcome.once

    @property
    def requests(self):
        """How often the request meets with the fault."""
        if not self.is_lasting:
            return 1
        return self.outcome.requests or faults.REQUESTS[self.request].attempts

    @property
    def is_alone(self):
        """Whether it is about the beginning or the end of an image."""
        return (
            self.request in ('create', 'import', 'delete')
            or self.ending == faults.REPLACED
        )

    def __str__(self):
        how = 'lasting' if self.is_lasting else 'once'
        return f'{self.request}, {self.fault}, {how}'


#: Faults that are made once only: if they stay they are as a 503, for the
#: plugin and in the unit tests, which make all of them.
ALIKE = ('500', '502', '504')


def pairs():
    """Return all pairs, those that take long first."""
    found = [
        Pair(request, fault, is_lasting)
        for fault in faults.FAULTS
        for request in faults.REQUESTS
        for is_lasting in (False, True)
        # A fault that fails the action at once has no time to stay, and
        # answers that are late every time are only late.
        if not is_lasting
        or (
            fault not in ALIKE
            and faults.outcome(request, fault)
            not in (faults.FAILS, faults.WAITS)
        )
    ]
    return sorted(found, key=lambda pair: not pair.is_lasting)


class Heat:
    """The stacks of a test, of which many change at the same time."""

    def __init__(self, client):
        self._client = client
        self._calls = threading.Semaphore(CLIENTS)
        self._lock = threading.Lock()
        self._busy = set()
        self._looked = 0.0

    def call(self, function, *args, **kwargs):
        """Ask Heat for something."""
        with self._calls:
            return function(*args, **kwargs)

    def _look(self, since):
        """Return the stacks at work, as it is after a moment."""
        with self._lock:
            if self._looked < max(since, time.monotonic() - 1):
                self._looked = time.monotonic()
                at_work = {'status': 'IN_PROGRESS'}
                self._busy = {
                    stack.id
                    for stack in self.call(
                        lambda: [*self._client.stacks.list(filters=at_work)]
                    )
                }
            return self._busy

    def ended(self, stack_id):
        """Wait until an action has ended; return its state and reason."""
        since = time.monotonic()
        tenacity.Retrying(
            wait=tenacity.wait_fixed(0.5),
            stop=tenacity.stop_after_delay(base.LONGEST),
            retry=tenacity.retry_if_result(lambda busy: stack_id in busy),
        )(lambda: self._look(since))
        stack = self.call(
            self._client.stacks.get, stack_id, resolve_outputs=False
        )
        return stack.stack_status, stack.stack_status_reason


class Stack:
    """A stack with one image, and what is known about it."""

    def __init__(self, test, name):
        self.test = test
        self.name = name
        self.id = self.image = None
        self.members = False
        self.value = 0
        #: Whether the image is as this says.
        self.is_in_step = True

    def template(self, **properties):
        """Return the template of what shall be."""
        return self.test.template(
            name=self.name,
            visibility='shared',
            property={'a': str(self.value)},
            members=[self.test.other] if self.members else None,
            **properties,
        )

    def begin(self, location=None):
        """Create it and wait; return its state and reason."""
        self.id = self.test.calls.call(
            self.test.start_stack, self.template(location=location)
        )
        return self.test.calls.ended(self.id)

    def update(self, location=None):
        """Update it and wait; return its state and reason."""
        self.test.calls.call(
            self.test.heat.stacks.update,
            self.id,
            template=self.template(location=location),
        )
        return self.test.calls.ended(self.id)

    def delete(self):
        """Delete it and wait; return its state and reason."""
        self.test.calls.call(self.test.heat.stacks.delete, self.id)
        return self.test.calls.ended(self.id)

    def image_id(self):
        """Return the id of its image."""
        return self.test.calls.call(self.test.image_id, self.id)


class TestFaults(base.FunctionalTestCase):
    """The table of faults."""

    def setUp(self):
        super().setUp()
        self.calls = Heat(self.heat)
        self.other = self.project_of('other')
        self.url = self.source()

    def fault(self, pair, request_id, **match):
        """Return the fault of a pair, not begun yet."""
        wire = self.cloud.wire
        match['operation'] = pair.request
        if not pair.is_lasting:
            match['times'] = 1
        status = faults.FAULTS[pair.fault].status
        if pair.fault == 'no JSON':
            return wire.garbage(**match)
        if status is None:
            return {
                'cut before': wire.cut_before,
                'cut after': wire.cut_after,
                'truncated': wire.truncate,
                'delay': lambda **match: wire.delay(DELAY, **match),
            }[pair.fault](**match)
        headers = {
            'Content-Type': 'text/html; charset=UTF-8',
            'X-Openstack-Request-Id': request_id,
        }
        if status == 429:
            headers['Retry-After'] = str(RETRY_AFTER)
        return wire.answer(
            status,
            headers=headers,
            body=f'<html><head><title>{status}</title></head><body>'
            f'<h1>{status}</h1>{ESCAPED}<br /><br /></body></html>',
            **match,
        )

    def test_updates(self):
        """Each request of an update ends as the table says."""
        self.run_pairs(self.work, [p for p in pairs() if not p.is_alone])

    def test_the_rest(self):
        """So does each request of a creation and of a deletion."""
        self.run_pairs(self.work_alone, [p for p in pairs() if p.is_alone])

    def run_pairs(self, work, table):
        """Run pairs, many at the same time, and tell all that fails."""
        todo = queue.SimpleQueue()
        for pair in table:
            todo.put(pair)
        errors = []
        workers = [
            threading.Thread(target=work, args=(todo, errors))
            for _ in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual('', '\n'.join(sorted(errors)))

    def stack(self):
        """Return a stack, not created yet."""
        return Stack(self, f'faults-{uuid.uuid4().hex[:8]}')

    def work(self, todo, errors):
        """Take pairs from a queue until it is empty, all for one stack."""
        stack = self.stack()
        posted = self.cloud.wire.watch(operation='create', name=stack.name)
        with posted as seen, contextlib.suppress(queue.Empty):
            self.complain(errors, stack.name, lambda: self.begin(stack))
            stack.image = stack.image_id()
            while True:
                pair = todo.get_nowait()
                self.complain(
                    errors,
                    pair,
                    functools.partial(self.update, pair, stack),
                )
        if {stack.image, stack.image_id()} != {
            hit.image_id for hit in seen.hits
        }:
            errors.append(f'{stack.name}: it has another image')

    def work_alone(self, todo, errors):
        """Take pairs from a queue until it is empty, a stack for each."""
        with contextlib.suppress(queue.Empty):
            while True:
                pair = todo.get_nowait()
                self.complain(
                    errors, pair, functools.partial(self.drive_alone, pair)
                )

    def complain(self, errors, what, do):
        """Note what a pair fails with; the others go on."""
        try:
            do()
        except Exception as error:
            errors.append(f'{what}: {type(error).__name__}: {error}')

    def begin(self, stack, location=None):
        """Create a stack, which no fault concerns."""
        state, reason = stack.begin(location)
        self.assertEqual('CREATE_COMPLETE', state, reason)

    def check(self, pair, action, found, handle, request_id):
        """Compare how an action has ended with the table."""
        state, reason = found
        has_failed = pair.ending == faults.FAILED
        self.assertEqual(
            f'{action}_{"FAILED" if has_failed else "COMPLETE"}',
            state,
            reason,
        )
        self.assertEqual(pair.requests, handle.count)
        times = [hit.time for hit in handle.hits]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        if pair.fault == '429':
            self.assertTrue(all(gap >= RETRY_AFTER for gap in gaps), gaps)
        if not has_failed:
            return
        status = faults.FAULTS[pair.fault].status
        if status is None:
            self.assertIn('Could not', reason)
            return
        self.assertIn(f'HTTP {status}', reason)
        if pair.fault != 'no JSON':
            self.assertIn(WORDS, reason)
            self.assertIn(request_id, reason)

    # Updates -------------------------------------------------------------

    def update(self, pair, stack):
        """Run a pair that an update meets with, and then an update alone."""
        members = {'add-member': False}.get(
            pair.request,
            stack.members if pair.request in ('get', 'patch') else True,
        )
        if members != stack.members or not stack.is_in_step:
            stack.members = members
            self.assertEqual('UPDATE_COMPLETE', stack.update()[0])
        stack.is_in_step = False
        image_id = stack.image
        before = self.state(image_id)
        if pair.request in ('add-member', 'remove-member'):
            stack.members = not stack.members
        else:
            stack.value += 1
        request_id = f'req-{uuid.uuid4()}'
        with self.fault(pair, request_id, image_id=image_id) as handle:
            found = stack.update()
            self.check(pair, 'UPDATE', found, handle, request_id)
        after = self.state(image_id)
        if pair.ending == faults.FAILED:
            self.assertEqual(before, after)
            state, reason = stack.update()
            self.assertEqual('UPDATE_COMPLETE', state, reason)
            after = self.state(image_id)
        # The image is the same.
        self.assertEqual(self.wanted(stack), after)
        stack.is_in_step = True

    def state(self, image_id):
        """Return what matters of an image."""
        return self.image(image_id)['a'], self.members(image_id)

    def wanted(self, stack):
        """Return the same as it is declared."""
        return str(stack.value), [self.other] if stack.members else []

    # The rest ------------------------------------------------------------

    def drive_alone(self, pair):
        """Run a pair on a stack of its own, which is deleted at last."""
        stack = self.stack()
        watch = self.cloud.wire.watch(operation='create', name=stack.name)
        with watch as posted:
            {
                'create': self.create,
                'import': self.create,
                'delete': self.delete,
                'get': self.replace,
            }[pair.request](pair, stack, posted)
        images = self.glance.get(
            '/v2/images', params={'name': stack.name}
        ).json()['images']
        self.assertEqual([], images)

    def create(self, pair, stack, posted):
        """Run a pair that a creation meets with, and then an update."""
        location = self.url if pair.request == 'import' else None
        request_id = f'req-{uuid.uuid4()}'
        with self.fault(pair, request_id, name=stack.name) as handle:
            found = stack.begin(location)
            self.check(pair, 'CREATE', found, handle, request_id)
        image_id = stack.image_id()
        self.assertEqual({image_id}, {hit.image_id for hit in posted.hits})
        if pair.ending == faults.FAILED:
            state, reason = stack.update(location)
            self.assertEqual('UPDATE_COMPLETE', state, reason)
            if pair.request == 'create':
                # There was none.
                self.assertNotEqual(image_id, stack.image_id())
                image_id = stack.image_id()
        self.assertEqual(image_id, stack.image_id())
        self.assertEqual(self.wanted(stack), self.state(image_id))
        self.assertEqual(
            'active' if location else 'queued',
            self.image(image_id)['status'],
        )
        self.assertEqual('DELETE_COMPLETE', stack.delete()[0])

    def delete(self, pair, stack, posted):
        """Run a pair that a deletion meets with, and then a deletion."""
        self.begin(stack)
        image_id = stack.image_id()
        request_id = f'req-{uuid.uuid4()}'
        with self.fault(pair, request_id, image_id=image_id) as handle:
            found = stack.delete()
            self.check(pair, 'DELETE', found, handle, request_id)
        if pair.ending == faults.FAILED:
            self.assertTrue(self.image_exists(image_id))
            state, reason = stack.delete()
            self.assertEqual('DELETE_COMPLETE', state, reason)
        self.assertFalse(self.image_exists(image_id))
        self.assertEqual({image_id}, {hit.image_id for hit in posted.hits})

    def replace(self, pair, stack, posted):
        """Run the pair after which an image is taken for gone."""
        self.begin(stack)
        image_id = stack.image_id()
        stack.value += 1
        request_id = f'req-{uuid.uuid4()}'
        with self.fault(pair, request_id, image_id=image_id) as handle:
            found = stack.update()
            self.check(pair, 'UPDATE', found, handle, request_id)
        self.assertFalse(self.image_exists(image_id))
        self.assertEqual(
            [image_id, stack.image_id()], [hit.image_id for hit in posted.hits]
        )
        self.assertEqual(self.wanted(stack), self.state(stack.image_id()))
        self.assertEqual('DELETE_COMPLETE', stack.delete()[0])
