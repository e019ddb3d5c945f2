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

"""Leads one stack of a soak through its decisions, and keeps account."""

import collections
import contextlib
import threading
import time

from heatclient import exc as heat_exc

from heat_image_props.tests.load import access
from heat_image_props.tests.load import foreign
from heat_image_props.tests.load import model
from heat_image_props.tests.load import oracle
from heat_image_props.tests.load import plan
from heat_image_props.tests.load import tables

#: Minutes that Heat gives an operation.
_MINUTES = 5

#: Repairs that may fail while the cloud is disturbed.
_REPAIRS = 5


class Worker:
    """One place for stacks, one after the other.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    :param seed: the seed of the soak
    :param number: of the place
    :param end: when to begin nothing new
    :param trouble: a :class:`disturbed.Trouble`
    :ivar stack: the :class:`model.Stack` that there is, or None
    :ivar operations: how often each ended how
    :ivar faults: of the wire, how often each was made
    :ivar hits: how many requests they hit
    :ivar violations: what is not as it should be
    :ivar trace: what was done
    """

    def __init__(self, cloud, seed, number, end, trouble):
        self._cloud = cloud
        self._plan = plan.Plan(seed, number)
        self._end = end
        self._trouble = trouble
        self._stacks = access.Stacks(cloud, _MINUTES)
        self._images = access.Images(cloud)
        self._name = f'soak-{seed}-{number}'
        self._served = set()
        self._past = []
        self._id = None
        self._step = None
        # Whether there was a reason for the last operation to fail.
        self._is_excused = False
        self.number = number
        self.stack = None
        self.operations = collections.Counter()
        self.faults = collections.Counter()
        self.hits = collections.Counter()
        self.violations = []
        self.trace = []

    # The life of the place -----------------------------------------------

    def run(self):
        """Do one step after the other until it is time."""
        for step in self._plan:
            # The pace that the plan sets, not a wait for anything.
            time.sleep(step.pause)
            if time.monotonic() > self._end:
                return
            self._step = step
            self._note(str(step))
            try:
                self._do(step)
            except access.Stuck as error:
                self._violate(f'stuck: {error}')
                self._abandon()
                return

    def finish(self):
        """With all faults over, repair what failed, and judge."""
        if self.stack is None:
            return
        try:
            if not self.stack.is_sound or self.stack.is_gone:
                self._repair()
            self._judge('at the end')
        except access.Stuck as error:
            self._violate(f'stuck at the end: {error}')
            self._abandon()

    def clean_up(self):
        """Delete the stack that is left."""
        if self._id is not None:
            self._delete('clean-up')

    def owned(self):
        """Return the ids of the images that belong to the stack."""
        if self._id is None:
            return set()
        return set(self._stacks.images(self._id).values())

    def judge_downloads(self, counts):
        """Look whether data was fetched more often than it had to be."""
        for each in (*self._past, self.stack):
            if each is not None:
                for sentence in oracle.downloads(each, counts):
                    self._violate(sentence)

    def _abandon(self):
        """Leave a stack that is stuck, and do not judge it."""
        self._past.append(self.stack)
        self.stack = None

    # Steps ---------------------------------------------------------------

    def _do(self, step):
        if step.declaration.data:
            self._serve(step.declaration.data)
        if step.operation == 'vanish':
            self._vanish()
            return
        if step.operation == 'delete':
            self._delete('delete', step)
            return
        if step.operation in ('rollback', 'refused') and (
            not self.stack.is_sound or self.stack.is_gone
        ):
            # Heat would go back to what had failed, too.
            self._repair()
        if step.operation == 'refused':
            self._refuse(step)
            return
        with self._writing(step), self._failing(step):
            self._act(step.operation, step.declaration, step)

    def _serve(self, data):
        if data.name not in self._served:
            self._cloud.source.put(data.name, data.content())
            self._served.add(data.name)

    def _act(self, operation, declaration, step=None):
        """Do one operation that ends well or not; return whether it did."""
        if self.stack is None:
            self.stack = model.Stack()
        before, gone = self.stack.accepted, self.stack.is_gone
        image = self._images.get(self.stack.image_id)
        usable = self._is_usable(image)
        # What an import left that was cut off: the next one gives it up.
        hangs = image is not None and not access.is_at_rest(image)
        begun = time.monotonic()
        if operation != 'check':
            self.stack.declare(declaration)
        old = self.stack.image_id
        status, reason = self._send_and_wait(operation, declaration, step)
        trouble = self._trouble.since(begun)
        excuse = bool(trouble or hangs or (step and step.faults))
        if excuse:
            # An import that was cut off has a reason to begin again.
            self.stack.allow_download(self.stack.tried.data)
        image_id = self._stacks.images(self._id).get('image')
        self._note(f'  {status} {reason[:200]} {image_id}')
        if (
            old is not None
            and image_id != old
            and not self.stack.may_replace(before, usable and not gone)
        ):
            self._violate(f'{operation} replaced image {old} by {image_id}')
        self._is_excused = excuse
        return self._conclude(operation, status, image_id, reason)

    def _conclude(self, operation, status, image_id, reason):
        """Take into account how an operation has ended."""
        stack, excuse = self.stack, self._is_excused
        outcome = status.partition('_')[2] if status else 'INTERRUPTED'
        self.operations[operation, outcome] += 1
        is_complete = status.endswith('_COMPLETE')
        if operation == 'check':
            if is_complete and stack.is_gone:
                self._violate('the check did not see that the image is gone')
            if not is_complete:
                if not excuse and stack.is_sound and not stack.is_gone:
                    self._violate(f'check: {status}: {reason}')
                stack.fail(image_id)
            return is_complete
        if operation == 'rollback':
            if status == 'ROLLBACK_COMPLETE':
                stack.see(image_id)
                stack.take_back()
                self._judge('after the roll-back')
                return True
            if is_complete:
                self._violate(f'what Glance refuses is {status}')
            elif not excuse:
                self._violate(f'rollback: {status}: {reason}')
            stack.fail(image_id)
            stack.take_back()
            return False
        if is_complete:
            stack.accept(image_id)
            self._judge(f'after {operation}')
            return True
        fails = stack.tried.data and stack.tried.data.fails
        if not excuse and not fails:
            self._violate(f'{operation}: {status}: {reason}')
            self.trace += [f'    {each}' for each in self._why()]
        stack.fail(image_id)
        return False

    def _why(self):
        return self._stacks.reasons(self._id)

    def _send_and_wait(self, operation, declaration, step):
        """Ask for an operation, and return how it has ended, and why.

        The status is an empty text if the engine that did it was killed.
        """
        begun = time.monotonic()
        template = declaration.template(self._cloud.source.url)
        if operation == 'create':
            self._id = self._stacks.create(
                f'{self._name}-{step.life}', template
            )
        elif operation == 'check':
            self._stacks.check(self._id)
        else:
            self._stacks.update(
                self._id, template, rolls_back=operation == 'rollback'
            )

        def is_over():
            # Nothing goes on by itself after that.
            return self._trouble.is_abandoned(begun)

        status, reason = self._stacks.wait(self._id, is_over)
        if status.endswith('IN_PROGRESS'):
            return '', f'{status} when the engine was killed'
        return status, reason

    def _refuse(self, step):
        """Ask for something that the rules refuse."""
        template = step.declaration.template(self._cloud.source.url)
        try:
            self._stacks.update(self._id, template)
        except heat_exc.HTTPBadRequest as error:
            self.operations['refused', 'REFUSED'] += 1
            self._note(f'  {str(error)[:200]}')
            return
        self.operations['refused', 'ACCEPTED'] += 1
        self._violate('what the rules refuse was accepted')
        self.stack.declare(step.declaration)
        self._stacks.wait(self._id)
        self.stack.fail(self.stack.image_id)

    def _repair(self):
        """Update without a fault of ours until the stack is complete."""
        declared = plan.mended(self.stack.tried)
        for attempt in range(_REPAIRS):
            # Something changes, or an image that is gone is not noticed.
            changed = plan.repaired(declared, self._step.number, attempt)
            if self._act('repair', changed):
                return
            if not self._is_excused:
                break
        self._violate('a repair without a fault did not succeed')

    def _vanish(self):
        """Delete the image behind the stack's back, if it can be."""
        image_id = self.stack.image_id
        if image_id is None or not self._images.delete(image_id):
            self.operations['vanish', 'REFUSED'] += 1
            return
        self.operations['vanish', 'COMPLETE'] += 1
        self.stack.vanish()

    def _delete(self, operation, step=None):
        """Delete the stack, until it is deleted."""
        image_id = self.stack.image_id if self.stack else None
        for attempt in range(_REPAIRS):
            begun = time.monotonic()
            with contextlib.ExitStack() as block:
                if step and not attempt:
                    block.enter_context(self._failing(step))
                    if step.in_use and image_id:
                        self.faults['store in use'] += 1
                        block.enter_context(
                            self._cloud.stores.in_use(image_id, 'the soak')
                        )
                self._stacks.delete(self._id)
                status, reason = self._stacks.wait(
                    self._id,
                    lambda begun=begun: self._trouble.is_abandoned(begun),
                )
            self._note(f'  {status} {reason[:200]}')
            if status == 'DELETE_COMPLETE':
                self.operations[operation, 'COMPLETE'] += 1
                break
            self.operations[operation, 'FAILED'] += 1
            excused = step and not attempt and (step.faults or step.in_use)
            if not excused and not self._trouble.since(begun):
                self._violate(f'delete: {status}: {reason}')
        else:
            self._violate('the stack cannot be deleted')
        if self._images.get(image_id):
            self._violate(f'image {image_id} outlives its stack')
        if self.stack:
            self._past.append(self.stack)
        self.stack = self._id = None

    # What is done meanwhile ----------------------------------------------

    @contextlib.contextmanager
    def _failing(self, step):
        """Make the faults of a step, for the image of the stack only."""
        match = {}
        if self.stack and self.stack.image_id:
            match['image_id'] = self.stack.image_id
        else:
            match['name'] = step.declaration.name
        with contextlib.ExitStack() as block:
            handles = []
            for fault in step.faults:
                handle = block.enter_context(
                    _make(self._cloud.wire, fault, match)
                )
                handles.append((f'wire {fault.kind}', handle))
                self.faults[f'wire {fault.kind}'] += 1
            yield
            for name, handle in handles:
                self.hits[name] += handle.count

    @contextlib.contextmanager
    def _writing(self, step):
        """Let another client write keys of its own."""
        image = None
        if step.foreign and self.stack and not self.stack.is_gone:
            image = self._images.get(self.stack.image_id)
        # A write that crosses an import breaks it, whoever has begun it: a
        # client that knows Glance does not.
        if not access.is_at_rest(image) or (
            image['status'] == 'queued' and step.declaration.data
        ):
            yield
            return
        writer = foreign.Writer(access.Images(self._cloud))
        keys = {
            (image['id'], f'foreign_{number}'): f'step {step.number}'
            for number in range(step.foreign)
        }
        stack = self.stack
        for _, name in keys:
            # Which of the two values it has is not known until that is over.
            stack.foreign.pop(name, None)
        thread = threading.Thread(target=writer.write_all, args=(keys,))
        thread.start()
        try:
            yield
        finally:
            thread.join()
            writer.look_again()
            self.faults['foreign writer'] += 1
            self.hits['foreign writer'] += writer.counts.sent
            if stack.image_id == image['id']:
                stack.foreign.update(writer.values[image['id']])

    # Judgement -----------------------------------------------------------

    def _is_usable(self, image):
        if image is None:
            return False
        accepted = self.stack.accepted
        had_data = accepted is not None and accepted.data is not None
        return not had_data or image['status'] in ('active', 'deactivated')

    def _judge(self, when):
        stack = self.stack
        if not stack.is_sound or stack.is_gone:
            return
        image = self._images.get(stack.image_id)
        members = set()
        if image and image['visibility'] == 'shared':
            members = self._images.members(stack.image_id)
        for sentence in oracle.judge(stack, image, members):
            self._violate(f'{when}: {sentence}')

    def _note(self, text):
        self.trace.append(f'{time.strftime("%X")} {text}')

    def _violate(self, sentence):
        place = f'stack {self.number}, step {self._step}'
        self.violations.append(f'{place}: {sentence}')
        self._note(f'  VIOLATION: {sentence}')
        tables.say(f'VIOLATION: {place}: {sentence}')


def _make(wire, fault, match):
    """Begin a fault of the wire."""
    match = {
        **match,
        'operation': fault.operation,
        'skip': fault.skip,
        'times': fault.times,
    }
    make = getattr(wire, fault.kind)
    if fault.kind in ('answer', 'answer_after'):
        return make(fault.status, **match)
    if fault.kind == 'delay':
        return make(fault.seconds, **match)
    return make(**match)
