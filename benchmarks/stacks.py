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

"""Time of whole stacks, by the number of images and of keys."""

import collections
import dataclasses
import os
import time
from typing import Any
import uuid

from benchmarks import figures
from benchmarks import peer
from benchmarks import peers_heat
from benchmarks import spread
from benchmarks import wanted
from minicloud import running

TITLE = 'Time of stacks'

RUNS = 5

#: Runs in which a type may fail before it is not tried again.
_MOST_FAILURES = 2

_BYTES = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Load:
    """A stack.

    :ivar images: how many it has.
    :ivar keys: how many custom properties each of them has.
    """

    images: int
    keys: int = 3

    def name(self, action: str) -> str:
        """The name of a row."""
        images = 'image' if self.images == 1 else 'images'
        return f'{action} {self.images} {images} of {self.keys} keys'


LOADS = (Load(1), Load(10), Load(10, 120), Load(50))


class _Stack:
    """One run of a load with one type."""

    def __init__(
        self, cloud: running.RunningCloud, kind: str, load: Load
    ) -> None:
        self._cloud, self._kind, self._load = cloud, kind, load
        self._stacks = peers_heat.Stacks(cloud)
        self._run = uuid.uuid4().hex[:6]

    def measure(self) -> dict[str, float]:
        """Create, update and delete the stack.

        :returns: the seconds of creation and update.
        :raises peer.Cannot: it failed.
        """
        started = time.monotonic()
        stack_id = self._stacks.create(self._resources(1), 2)
        try:
            self._stacks.wait(stack_id)
            created = time.monotonic()
            self._stacks.update(stack_id, self._resources(2))
            self._stacks.wait(stack_id)
            updated = time.monotonic()
        finally:
            self._stacks.delete(stack_id)
            self._stacks.wait(stack_id)
        return {'create': created - started, 'update': updated - created}

    def _resources(self, version: int) -> dict[str, Any]:
        return {
            f'image_{number}': self._resource(number, version)
            for number in range(self._load.images)
        }

    def _resource(self, number: int, version: int) -> dict[str, Any]:
        name = f'bench-{self._run}-{number}'
        url = self._cloud.source.put(f'{name}.img', bytes(_BYTES))
        properties = {
            wanted.key(index): f'value {index}'
            for index in range(self._load.keys)
        }
        properties[wanted.key(0)] = f'version {version}'
        new = wanted.Wanted(name, 'private', ('nightly',), properties)
        return peers_heat.resource(self._kind, new, url)


class _Times:
    """What all runs came to."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[Load, str, str], list[float]] = (
            collections.defaultdict(list)
        )
        self.failures: dict[tuple[Load, str], list[str]] = (
            collections.defaultdict(list)
        )

    def run(self, cloud: running.RunningCloud, load: Load, kind: str) -> None:
        """One run, unless it failed too often."""
        failures = self.failures[load, kind]
        if len(failures) >= _MOST_FAILURES:
            return
        try:
            found = _Stack(cloud, kind, load).measure()
        except peer.Cannot as error:
            failures.append(str(error))
            print(f'stacks: {kind}: {load}: {error}', flush=True)
            return
        for action, seconds in found.items():
            self.seconds[load, kind, action].append(seconds)
        print(f'stacks: {kind}: {load}: {found}', flush=True)

    def table(self) -> list[figures.Figure]:
        """The table."""
        return [
            figure
            for action in ('create', 'update')
            for load in LOADS
            for kind in peers_heat.KEYS
            for figure in self._figure(action, load, kind)
        ]

    def _figure(
        self, action: str, load: Load, kind: str
    ) -> list[figures.Figure]:
        values = self.seconds[load, kind, action]
        failures = self.failures[load, kind]
        runs = len(values) + len(failures)
        what = load.name(action)
        if failures:
            note = f'{len(failures)} of {runs} runs failed: {failures[0]}'
            if not values:
                return [figures.Figure(what, kind, None, note=note)]
        elif not values:
            return []
        else:
            note = f'{runs} runs'
        found = spread.of(values)
        return [
            figures.Figure(
                what,
                kind,
                found.median,
                's',
                found.low,
                found.high,
                note=note,
            )
        ]


def measure() -> list[figures.Figure]:
    """Measure both types in turn, in rounds.

    ``BENCH_SECONDS`` bounds the time: no round begins after that.
    """
    cloud = running.RunningCloud.from_environment()
    end = time.monotonic() + float(os.environ.get('BENCH_SECONDS', 7200))
    times = _Times()
    for _ in range(RUNS):
        for load in LOADS:
            for kind in peers_heat.KEYS:
                if time.monotonic() < end:
                    times.run(cloud, load, kind)
    return times.table()
