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

"""The soak: anything, in any order, while everything fails now and then.

::

    python -m heat_image_props.tests.load.soak [OPTIONS]

Creates, updates, rolls back, checks and deletes stacks at random, while
requests fail, stores fail, services are killed, images vanish, and others
write to the same images.
At the end all must be as the last template says that was accepted.
It needs the environment of a cloud (``python -m minicloud run -- ...``).
"""

import argparse
import collections
import contextlib
import random
import sys
import threading
import time

from heat_image_props.tests.load import access
from heat_image_props.tests.load import disturbed
from heat_image_props.tests.load import oracle
from heat_image_props.tests.load import plan
from heat_image_props.tests.load import tables
from heat_image_props.tests.load import worker
from minicloud import running

#: Seconds between two disturbances of the cloud in a long run and a short one.
_RARE, _OFTEN = 30, 8


class Soak:
    """One run.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    :param options: of the command
    :ivar violations: what is not as it should be, as sentences
    """

    def __init__(self, cloud, options):
        self._cloud = cloud
        self._options = options
        self._images = access.Images(cloud)
        self.faults = collections.Counter()
        self.hits = collections.Counter()
        self.operations = collections.Counter()
        self.violations = []

    def run(self):
        """Do all of it."""
        end = time.monotonic() + self._options.seconds
        before = {image['id'] for image in self._images.all()}
        mark = self._cloud.source.mark()
        trouble = disturbed.Trouble(
            self._cloud,
            self._options.seed,
            min(_RARE, max(_OFTEN, self._options.seconds / 15)),
            end,
        )
        workers = [
            worker.Worker(
                self._cloud, self._options.seed, number, end, trouble
            )
            for number in range(self._options.stacks)
        ]
        with trouble:
            _together([each.run for each in workers])
        tables.say('the faults are over; repairing what failed')
        _together([each.finish for each in workers])
        self._judge(workers, before, mark)
        tables.say('deleting all')
        _together([each.clean_up for each in workers])
        self.violations += [
            f'after all stacks were deleted: {each}'
            for each in oracle.orphans(self._images.all(), before)
        ]
        for each in workers:
            self.operations += each.operations
            self.faults += each.faults
            self.hits += each.hits
            if any(each.violations):
                self.violations += each.violations
                self._trace(each)
        self.faults += trouble.faults

    def _judge(self, workers, before, mark):
        """Look at what no stack can tell alone."""
        owned = set().union(*(each.owned() for each in workers))
        self.violations += oracle.orphans(self._images.all(), before | owned)
        counts = collections.Counter(
            request['path'].rpartition('/')[2]
            for request in self._cloud.source.requests(mark)
            if request['method'] == 'GET' and request['status'] == 200
        )
        for each in workers:
            each.judge_downloads(counts)

    def _trace(self, each):
        tables.say(f'stack {each.number} of seed {self._options.seed}:')
        for line in each.trace:
            print(f'    {line}')


def _together(functions):
    """Call functions in threads of their own; raise what they raise."""
    errors = []

    def call(function):
        try:
            function()
        except Exception as error:
            tables.say(f'{type(error).__name__}: {error}')
            errors.append(error)

    threads = [
        threading.Thread(target=call, args=(each,), daemon=True)
        for each in functions
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if errors:
        raise errors[0]


def _parser():
    parser = argparse.ArgumentParser(
        prog='python -m heat_image_props.tests.load.soak',
        description='Anything, in any order, while everything fails.',
    )
    add = parser.add_argument
    add('--seconds', type=float, default=1800, help='default: %(default)s')
    add('--stacks', type=int, default=20, help='default: %(default)s')
    add('--seed', type=int, help='of all decisions (default: another one)')
    add('--dry', type=int, help='print so many decisions of each stack only')
    return parser


def main(arguments=None):
    """Run the soak, print the figures, and say whether they are good."""
    options = _parser().parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    tables.say(f'seed {options.seed}')
    if options.dry:
        for number in range(options.stacks):
            for step, _ in zip(
                plan.Plan(options.seed, number),
                range(options.dry),
                strict=False,
            ):
                print(f'stack {number}: {step}')
        return 0
    cloud = running.RunningCloud.from_environment()
    tables.say(f'profile {cloud.profile}; {tables.versions()}')
    soak = Soak(cloud, options)
    with contextlib.ExitStack() as stack:
        # Also when it breaks off: the seed is what is needed to repeat it.
        stack.callback(tables.say, f'seed {options.seed}')
        soak.run()
    faults = {
        name: (made, soak.hits[name]) for name, made in soak.faults.items()
    }
    tables.show(*tables.soak(soak.operations, faults))
    for each in soak.violations:
        print(f'VIOLATION: {each}')
    tables.say(
        f'{soak.operations.total()} operations, {soak.faults.total()} '
        f'faults, {len(soak.violations)} violations; seed {options.seed}'
    )
    if not soak.operations or not any(soak.hits.values()):
        tables.say('Nothing was disturbed, so nothing is shown.')
        return 1
    return int(bool(soak.violations))


if __name__ == '__main__':
    sys.exit(main())
