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

"""What ``python -m benchmarks cpu`` lets pyperf measure.

::

    python -m benchmarks.cpu_suite [OPTIONS OF PYPERF]

The CPU time, not that of the clock, in which a client finds out what differs
between a declared map and a live image, and builds the patch.
"""

import collections.abc
import functools
import time
from typing import Any

import jsonpatch
import pyperf

from heat_image_props import diff
from heat_image_props import rules

SIZES = (10, 128, 1_000, 10_000)

#: How many of the keys have another value.
CASES = ('1 changed', 'all changed')

OURS, FLOOR, JSONPATCH, CLIENT, RULES = (
    'compute and to_patch',
    'floor',
    'jsonpatch',
    'glanceclient',
    'rules',
)

#: More than one run takes minutes: glanceclient copies and validates the
#: whole image for each key.
TOO_LONG = {(CLIENT, 10_000, 'all changed')}


def name(who: str, size: int, case: str) -> str:
    """The name of a benchmark in the file of pyperf."""
    return f'{who}, {size} keys, {case}'


def _maps(size: int, case: str) -> tuple[dict, dict]:
    """What is declared, and the live image."""
    live = {f'key_{i:05}': f'value {i}' for i in range(size)}
    declared = dict(live)
    for key in list(live)[: None if case == 'all changed' else 1]:
        declared[key] += ' changed'
    image = {
        'id': '9f1c3c0e-6d7a-4c0f-8a8e-3c1f1b6c7a11',
        'name': 'image',
        'status': 'active',
        'tags': [],
    }
    return declared, {**image, **live}


def _ours(declared: dict, managed: frozenset, live: dict) -> Any:
    return diff.compute(declared, managed, live).to_patch()


def _floor(declared: dict, live: dict) -> Any:
    return {
        key: value for key, value in declared.items() if live.get(key) != value
    }


def _client(declared: dict, live: dict) -> Any:
    """What ``images.update`` of glanceclient does between its requests."""
    image = _model()(**live)
    for key, value in declared.items():
        if live[key] != value:
            setattr(image, key, value)
    return image.patch


@functools.cache
def _model() -> Any:
    # Each benchmark has processes of its own, and these take seconds to
    # import.
    from glance.api.v2 import images as glance_images
    from glanceclient.v2 import schemas
    import warlock

    return warlock.model_factory(
        schemas.Schema(glance_images.get_schema().raw()).raw(),
        base_class=schemas.SchemaBasedModel,
    )


def _time(function: collections.abc.Callable[[], Any], loops: int) -> float:
    started = time.process_time()
    for _ in range(loops):
        function()
    return time.process_time() - started


def functions(
    size: int, case: str
) -> dict[str, collections.abc.Callable[[], Any]]:
    """What is measured, by who does it."""
    declared, live = _maps(size, case)
    managed = frozenset(declared)
    found = {
        OURS: functools.partial(_ours, declared, managed, live),
        FLOOR: functools.partial(_floor, declared, live),
        JSONPATCH: functools.partial(
            jsonpatch.make_patch, live, {**live, **declared}
        ),
        CLIENT: functools.partial(_client, declared, live),
        RULES: functools.partial(rules.check, declared, managed),
    }
    return {
        who: function
        for who, function in found.items()
        if (who, size, case) not in TOO_LONG
        and (who != RULES or case == CASES[0])
    }


def main() -> None:
    """Measure."""
    runner = pyperf.Runner(
        processes=1,
        min_time=0.05,
        values=3,
        warmups=1,
        program_args=('-m', 'benchmarks.cpu_suite'),
    )
    for size in SIZES:
        for case in CASES:
            for who, function in functions(size, case).items():
                runner.bench_time_func(
                    name(who, size, case),
                    lambda loops, function=function: _time(function, loops),
                )


if __name__ == '__main__':
    main()
