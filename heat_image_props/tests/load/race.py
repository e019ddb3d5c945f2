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

"""The race load: many images at once, changed while others change them too.

::

    python -m heat_image_props.tests.load.race [OPTIONS]

Creates images in stacks of 20, then updates all of them twice while another
client writes keys of its own on the same images, and fails if anything is
lost, stuck, replaced, fetched twice, or not ours and touched.  Heat's own
``OS::Glance::WebImage`` is led through the same, to compare.
It needs the environment of a cloud (``python -m minicloud run -- ...``).
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import os
import sys
import time
import uuid

from heat_image_props.tests.load import access
from heat_image_props.tests.load import foreign
from heat_image_props.tests.load import model
from heat_image_props.tests.load import oracle
from heat_image_props.tests.load import tables
from minicloud import running

PHASES = ('create', 'update 1', 'update 2')

#: What a stack may take besides the time that Heat gives it, seconds.
_MARGIN = 60


@dataclasses.dataclass(frozen=True)
class Kind:
    """A type of resource, as the load uses it.

    :param name: of the type
    :param key: the property that holds custom properties
    :param agent: what the user agent of its requests contains
    """

    name: str
    key: str
    agent: str


OURS = Kind('OS::Glance::Image', 'property', 'heat-image-props')
WEB = Kind('OS::Glance::WebImage', 'extra_properties', 'python-glanceclient')


@dataclasses.dataclass
class Phase:
    """What one phase came to, or the look at the end.

    :ivar lost: keys and tags that images lack or have another value of
    :ivar unlucky: images that have lost something
    :ivar stuck: images whose operation is not complete
    :ivar replaced: images that are other ones than before
    :ivar requests: what was sent to Glance, by method
    """

    seconds: float = 0.0
    lost: int = 0
    unlucky: int = 0
    stuck: int = 0
    replaced: int = 0
    requests: collections.Counter = dataclasses.field(
        default_factory=collections.Counter
    )


@dataclasses.dataclass
class Result:
    """What the load came to.

    :ivar phases: by name
    :ivar fetched_again: downloads beyond one for each image
    :ivar surplus: images beyond one for each resource
    :ivar touched: changes of ours that name a key of the other client
    :ivar foreign_lost: keys of the other client that are not as it wrote them
    :ivar client: what the other client did
    :ivar reasons: why stacks failed
    """

    kind: Kind
    images: int
    phases: dict = dataclasses.field(default_factory=dict)
    fetched_again: int = 0
    surplus: int = 0
    touched: int = 0
    foreign_lost: int = 0
    client: foreign.Counts = dataclasses.field(default_factory=foreign.Counts)
    reasons: list = dataclasses.field(default_factory=list)

    @property
    def is_good(self):
        """Whether the promise is kept."""
        return not any(
            (
                *(
                    (each.lost, each.stuck, each.replaced) != (0, 0, 0)
                    for each in self.phases.values()
                ),
                self.fetched_again,
                self.surplus,
                self.touched,
                self.foreign_lost,
                self.client.given_up,
            )
        )


def declaration(phase, number):
    """Return what is declared of an image in a phase.

    :param phase: index of the phase
    :param number: of the image
    """
    # One value changes, one key comes and another one goes.
    properties = {
        'hw_disk_bus': 'scsi',
        'build': f'{number}.{phase}',
        f'since_{phase}': f'phase {phase} of image {number}',
    }
    tags = frozenset(('golden', f'phase-{phase}'))
    return model.Declaration(
        properties=properties, tags=tags, name=f'race-{number}'
    )


class Load:
    """The load with one type of resource.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    :param kind: the :class:`Kind`
    :param options: of the command
    """

    def __init__(self, cloud, kind, count, minutes, options):
        self._cloud = cloud
        self._kind = kind
        self._count = count
        self._size = min(options.size, count)
        self._stacks = access.Stacks(cloud, minutes)
        self._images = access.Images(cloud)
        self._options = options
        self._run = uuid.uuid4().hex[:6]
        # By number of the stack: its id; by number of the image: its id.
        self._ids = {}
        self._image_ids = {}
        self.result = Result(kind, count)

    def run(self):
        """Do all of it, and return the :class:`Result`."""
        content = os.urandom(self._options.bytes)
        for number in range(self._count):
            self._cloud.source.put(self._file(number), content)
        before = {image['id'] for image in self._images.all()}
        mark = self._cloud.source.mark()
        wire = self._cloud.wire.log.mark()
        try:
            self._do(0)
            made = set(filter(None, self._image_ids.values()))
            crowd = foreign.Crowd(
                self._cloud, sorted(made), self._options.writers
            )
            with crowd:
                self._do(1)
                self._do(2)
            self._look(crowd, mark, wire, before)
        finally:
            self._clean_up()
        return self.result

    def _file(self, number):
        return f'race-{self._run}-{number}.img'

    def _numbers(self, stack):
        first = stack * self._size
        return range(first, min(first + self._size, self._count))

    def _template(self, phase, stack):
        resources = {}
        for number in self._numbers(stack):
            declared = declaration(phase, number)
            resources[f'image_{number}'] = {
                'type': self._kind.name,
                'properties': {
                    'name': declared.name,
                    'disk_format': 'raw',
                    'container_format': 'bare',
                    'location': self._cloud.source.url(self._file(number)),
                    'tags': sorted(declared.tags),
                    self._kind.key: declared.properties,
                },
            }
        return {
            'heat_template_version': '2021-04-16',
            'resources': resources,
        }

    def _do(self, index):
        """Lead all stacks through a phase."""
        phase = self.result.phases[PHASES[index]] = Phase()
        mark = self._cloud.wire.log.mark()
        started = time.monotonic()
        stacks = range(-(-self._count // self._size))
        with concurrent.futures.ThreadPoolExecutor(
            self._options.at_once
        ) as pool:
            for each in pool.map(lambda n: self._do_one(index, n), stacks):
                phase.lost += each.lost
                phase.unlucky += each.unlucky
                phase.stuck += each.stuck
                phase.replaced += each.replaced
        phase.seconds = time.monotonic() - started
        phase.requests.update(
            request.method
            for request in self._cloud.wire.log.since(
                mark, user_agent=self._kind.agent
            )
        )
        tables.say(
            f'{self._kind.name}: {PHASES[index]} of {self._count} images: '
            f'{phase.seconds:.0f} s, {phase.unlucky} lost, {phase.stuck} '
            f'stuck, {phase.replaced} replaced'
        )

    def _do_one(self, index, stack):
        """Create or update a stack, and look at its images at once."""
        template = self._template(index, stack)
        if index:
            stack_id = self._ids[stack]
            self._stacks.update(stack_id, template)
        else:
            stack_id = self._ids[stack] = self._stacks.create(
                f'race-{self._run}-{stack}', template
            )
        try:
            status, reason = self._stacks.wait(stack_id, margin=_MARGIN)
        except access.Stuck as error:
            status, reason = 'STUCK', str(error)
        if not status.endswith('_COMPLETE'):
            self.result.reasons.append(f'{PHASES[index]}: {status}: {reason}')
        return self._see(index, stack)

    def _see(self, index, stack):
        seen = Phase()
        found = self._stacks.images(self._ids[stack])
        complete = self._stacks.complete(self._ids[stack])
        for number in self._numbers(stack):
            image_id = found.get(f'image_{number}')
            if index and image_id != self._image_ids[number]:
                seen.replaced += 1
            self._image_ids[number] = image_id
            image = self._images.get(image_id)
            if (
                image is None
                or image['status'] != 'active'
                or f'image_{number}' not in complete
            ):
                seen.stuck += 1
            if image is None or image['status'] != 'active':
                continue
            lost = oracle.lost(declaration(index, number), image)
            # What an earlier phase declared, and this one does not.
            lost += [name for name in image if _is_old(name, index) and index]
            seen.lost += len(lost)
            seen.unlucky += bool(lost)
        return seen

    def _look(self, crowd, mark, wire, before):
        """Look at everything once more, when all is quiet."""
        result = self.result
        result.client = crowd.counts
        last = Phase()
        for stack in self._ids:
            seen = self._see(len(PHASES) - 1, stack)
            last.lost += seen.lost
            last.unlucky += seen.unlucky
            last.stuck += seen.stuck
            last.replaced += seen.replaced
        result.phases['at the end'] = last
        ids = set(filter(None, self._image_ids.values()))
        for image_id in ids:
            image = self._images.get(image_id) or {}
            result.foreign_lost += sum(
                image.get(name) != value
                for name, value in crowd.values(image_id).items()
            )
        result.touched = sum(
            pointer.startswith('/foreign_')
            for request in self._cloud.wire.log.since(
                wire, user_agent=self._kind.agent
            )
            for pointer in request.changes
        )
        result.surplus = len(
            {each['id'] for each in self._images.all()} - before
        ) - len(ids)
        fetched = [
            request
            for request in self._cloud.source.requests(mark)
            if request['method'] == 'GET' and self._run in request['path']
        ]
        result.fetched_again = len(fetched) - self._count

    def _clean_up(self):
        for stack_id in self._ids.values():
            self._stacks.delete(stack_id)
        for stack_id in self._ids.values():
            self._stacks.wait(stack_id)


def _is_old(name, index):
    return name.startswith('since_') and name != f'since_{index}'


def _parser():
    parser = argparse.ArgumentParser(
        prog='python -m heat_image_props.tests.load.race',
        description='Many images at once, changed while others change them.',
    )
    add = parser.add_argument
    add('--images', type=int, default=200, help='default: %(default)s')
    add('--size', type=int, default=20, help='of a stack (%(default)s)')
    add(
        '--at-once',
        type=int,
        default=10,
        help='stacks that are worked on at a time (%(default)s)',
    )
    add('--writers', type=int, default=4, help='foreign ones (%(default)s)')
    add('--bytes', type=int, default=1 << 20, help='data of an image')
    add(
        '--minutes',
        type=int,
        default=20,
        help='that an operation may take (%(default)s)',
    )
    add(
        '--baseline',
        type=int,
        default=40,
        help='images of the comparison; 0 for none (%(default)s)',
    )
    add(
        '--baseline-minutes',
        type=int,
        default=3,
        help='that an operation of the comparison may take (%(default)s)',
    )
    return parser


def main(arguments=None):
    """Run the load, print the figures, and say whether they are good."""
    options = _parser().parse_args(arguments)
    cloud = running.RunningCloud.from_environment()
    tables.say(f'profile {cloud.profile}; {tables.versions()}')
    results = [
        Load(cloud, OURS, options.images, options.minutes, options).run()
    ]
    if options.baseline:
        results.append(
            Load(
                cloud,
                WEB,
                options.baseline,
                options.baseline_minutes,
                options,
            ).run()
        )
    tables.show(tables.race(results))
    for result in results:
        for reason in result.reasons[:10]:
            tables.say(f'{result.kind.name}: {reason[:300]}')
    if not results[0].is_good:
        tables.say('The promise is broken: see above.')
    return int(not results[0].is_good)


if __name__ == '__main__':
    sys.exit(main())
