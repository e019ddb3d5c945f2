# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Looks at an import, by the time that it takes.

Few looks and a prompt end exclude each other: for imports of some length no
schedule keeps both limits, see :func:`fewest`.
"""

import collections.abc
import math
import time

import tenacity

from benchmarks import figures
from benchmarks import glance_requests
from benchmarks import peers_heat
from benchmarks import wanted
from heat_image_props import watch
from minicloud import running

TITLE = 'Looks at an import, and how late its end is noticed'

#: Lengths of the imports, seconds; all are at work at the same time.
LENGTHS = (2, 5, 10, 20, 40, 80, 160)

#: Those that WebImage is led through too.
_WEB_LENGTHS = (5, 20, 80)

_SIZE = 1 << 20

#: An import that never ends is not worked out further than this, seconds.
_HOUR = 3600


def most_looks(seconds: float) -> float:
    """The most looks that an import of some length should take."""
    return 6 + seconds / 8


def latest(seconds: float) -> float:
    """How late its end should be noticed, seconds."""
    return max(2.0, seconds / 10)


def fewest(seconds: float) -> int:
    """The fewest looks with which its end is noticed in time.

    Whatever the length turns out to be: each look is as late as it may be
    after an import that has ended just after the look before.
    """
    looks, moment = 0, 0.0
    while moment < seconds:
        moment += latest(moment)
        looks += 1
    return looks


def excluded() -> tuple[int, int]:
    """The first and the last length, whole seconds, that cannot keep both."""
    found = [
        seconds
        for seconds in range(1, _HOUR)
        if fewest(seconds) > most_looks(seconds)
    ]
    return found[0], found[-1]


class _Silent:
    """The Image API to a watch that never needs to ask why."""

    def tasks(self, image_id: str) -> list:
        """The tasks on an image."""
        return []


def schedule(seconds: float) -> list[float]:
    """When the plugin looks at an import of some length, by its own code.

    :returns: seconds since the beginning; the last one sees the end.
    """
    now = 0.0
    looking = watch.Watch(
        _Silent(),  # type: ignore[arg-type]
        'image',
        limit=0,
        given_up='',
        tell=lambda text: None,
        clock=lambda: now,
    )
    looking.begin()
    busy = {'status': 'importing', 'os_glance_import_task': 'task'}
    moments = []
    # Heat asks again a second after the import began.
    now = 1.0
    while True:
        moments.append(now)
        if now >= seconds:
            return moments
        pause = looking.wait(busy)
        # Heat waits whole seconds.
        now += max(1, round(pause or 0))


class _Import:
    """An image in a stack, with a source that takes its time."""

    def __init__(
        self, cloud: running.RunningCloud, kind: str, seconds: int
    ) -> None:
        name = f'bench-{kind.rpartition(":")[2]}-{seconds}.img'
        cloud.source.put(name, bytes(_SIZE))
        url = cloud.source.url(f'slow/{_SIZE // seconds}/{name}')
        self.seconds, self.kind = seconds, kind
        self._cloud = cloud
        self._stacks = peers_heat.Stacks(cloud)
        new = wanted.Wanted(name, 'private', (), {})
        self.stack_id = self._stacks.create(
            {'image': peers_heat.resource(kind, new, url)}, timeout_mins=5
        )
        self.image_id = ''
        self.ended = 0.0

    def look(self, images: glance_requests.Images) -> bool:
        """See whether the import has ended, for the first time."""
        if not self.image_id:
            found = self._stacks.image_ids(self.stack_id)
            self.image_id = found.get('image') or ''
        image = images.get(self.image_id) if self.image_id else None
        if (
            image
            and not self.ended
            and image['status'] == 'active'
            and 'os_glance_import_task' not in image
        ):
            self.ended = time.time()
        return bool(self.ended)

    def measure(self) -> tuple[float, int, float]:
        """Its length, the looks at it, and how late the end was noticed."""
        self._stacks.wait(self.stack_id)
        requests = [
            each
            for each in self._cloud.wire.log.since(image_id=self.image_id)
            if glance_requests.AGENT not in each.user_agent
        ]
        begun = next(
            each.time + each.seconds
            for each in requests
            if each.path.endswith('/import')
        )
        looks = [
            each.time
            for each in requests
            if each.method == 'GET'
            and each.path.endswith(self.image_id)
            and each.time > begun
        ]
        late = [each for each in looks if each >= self.ended]
        # A look that saw the end before this program did is on time.
        noticed = min(late, default=self.ended)
        in_time = [each for each in looks if each <= noticed]
        return self.ended - begun, len(in_time), noticed - self.ended

    def clean_up(self) -> None:
        """Delete the stack."""
        self._stacks.delete(self.stack_id)


def measure() -> list[figures.Figure]:
    """Lead imports of all lengths through both types at the same time."""
    cloud = running.RunningCloud.from_environment()
    images = glance_requests.Images(cloud)
    imports = [
        _Import(cloud, kind, seconds)
        for kind, lengths in zip(
            peers_heat.KEYS, (LENGTHS, _WEB_LENGTHS), strict=True
        )
        for seconds in lengths
    ]
    try:
        _wait(imports, images)
        return [
            figure for each in imports for figure in _figures(each)
        ] + computed()
    finally:
        for each in imports:
            each.clean_up()


def _wait(
    imports: collections.abc.Sequence[_Import],
    images: glance_requests.Images,
) -> None:
    def look() -> bool:
        # All of them, each time.
        ended = [each.look(images) for each in imports]
        return all(ended)

    tenacity.Retrying(
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(2 * max(LENGTHS)),
        retry=tenacity.retry_if_result(lambda is_over: not is_over),
    )(look)


def _figures(one: _Import) -> list[figures.Figure]:
    length, looks, late = one.measure()
    return [
        _judged(
            f'looks at an import of {one.seconds} s',
            one.kind,
            looks,
            most_looks(length),
        ),
        _judged(
            f'seconds late, of {one.seconds} s',
            one.kind,
            max(0.0, late),
            latest(length),
        ),
    ]


def _judged(what: str, kind: str, value: float, most: float) -> figures.Figure:
    if kind != figures.OURS:
        return figures.Figure(what, kind, value)
    return figures.Figure(
        what,
        kind,
        value,
        target=f'<= {math.floor(10 * most) / 10:g}',
        met=figures.met(value, most),
    )


def computed() -> list[figures.Figure]:
    """What follows from the code alone, for all imports of up to an hour."""
    first, last = excluded()
    over = [
        len(schedule(seconds)) - most_looks(seconds)
        for seconds in range(1, _HOUR)
    ]
    late = [
        schedule(seconds)[-1] - seconds - latest(seconds)
        for seconds in range(1, _HOUR)
    ]
    return [
        figures.Figure(
            'shortest import for which the targets exclude each other',
            figures.OURS,
            first,
            's',
        ),
        figures.Figure('the longest', figures.OURS, last, 's'),
        figures.Figure(
            'most looks beyond their target, up to an hour',
            figures.OURS,
            max(0.0, *over),
        ),
        figures.Figure(
            'most seconds beyond that of lateness, up to an hour',
            figures.OURS,
            max(0.0, *late),
            's',
        ),
    ]
