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

"""CPU of Glance itself, by how a map of 128 keys is written."""

import collections
import collections.abc
import uuid

from keystoneauth1 import adapter
import psutil

from benchmarks import figures
from benchmarks import glance_requests
from benchmarks import spread
from benchmarks import wanted
from minicloud import running

TITLE = 'CPU of Glance for a map of 128 keys'

KEYS = 128

RUNS = 5

ONE, EACH, AGAIN, MINIMAL, LOOK, NOTHING = (
    'all keys in one PATCH',
    'one PATCH for each key',
    'all keys again, 1 changed',
    'only the key that changed',
    'a look at the image',
    'no request, as nothing differs',
)


class _Meter:
    """The CPU time of Glance and of all its children."""

    def __init__(self, cloud: running.RunningCloud) -> None:
        parent = psutil.Process(cloud.processes['glance'])
        self._processes = [parent, *parent.children(recursive=True)]

    def read(self) -> float:
        """Seconds so far."""
        times = [each.cpu_times() for each in self._processes]
        return sum(each.user + each.system for each in times)


class _Run:
    """One run of all ways to write."""

    def __init__(self, cloud: running.RunningCloud, meter: _Meter) -> None:
        self._meter = meter
        self._images = glance_requests.Images(cloud)
        self._glance = adapter.Adapter(
            cloud.session(),
            service_type='image',
            region_name=cloud.region,
            user_agent=glance_requests.AGENT,
        )

    def measure(self) -> dict[str, float]:
        """The milliseconds of each way."""
        one, other = self._create(), self._create()
        values = {wanted.key(index): 'value' for index in range(KEYS)}
        changed = {**values, wanted.key(0): 'changed'}
        back = {wanted.key(0): 'value'}

        def each() -> None:
            for name, value in values.items():
                self._write(other, {name: value})

        ways = {
            ONE: lambda: self._write(one, values),
            EACH: each,
            AGAIN: lambda: self._write(one, changed),
            MINIMAL: lambda: self._write(one, back),
            LOOK: lambda: self._images.get(one),
            NOTHING: lambda: None,
        }
        try:
            return {name: self._count(way) for name, way in ways.items()}
        finally:
            self._images.delete(one)
            self._images.delete(other)

    def _count(self, way: collections.abc.Callable[[], object]) -> float:
        before = self._meter.read()
        way()
        return 1000 * (self._meter.read() - before)

    def _create(self) -> str:
        record = {'name': f'bench-{uuid.uuid4().hex[:8]}'}
        answer = self._glance.post('/v2/images', json=record)
        return str(answer.json()['id'])

    def _write(self, image_id: str, values: dict[str, str]) -> None:
        self._images.patch(
            image_id,
            *(
                {'op': 'add', 'path': f'/{name}', 'value': value}
                for name, value in values.items()
            ),
        )


def measure() -> list[figures.Figure]:
    """Measure all ways, in rounds."""
    cloud = running.RunningCloud.from_environment()
    meter = _Meter(cloud)
    # The first requests cost more than those that follow.
    _Run(cloud, meter).measure()
    runs = [_Run(cloud, meter).measure() for _ in range(RUNS)]
    by_way = collections.defaultdict(list)
    for run in runs:
        for way, millis in run.items():
            by_way[way].append(millis)
    found = []
    for way, values in by_way.items():
        millis = spread.of(values)
        times = spread.ratios(values, by_way[ONE])
        found += [
            figures.Figure(
                way, 'Glance', millis.median, 'ms', millis.low, millis.high
            ),
            figures.Figure(
                way,
                'of one PATCH',
                times.median,
                low=times.low,
                high=times.high,
            ),
        ]
    return found
