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

"""CPU of the client side: to find out what differs, and build the patch."""

import pathlib
import statistics
import subprocess
import sys
import tempfile

import pyperf

from benchmarks import cpu_suite
from benchmarks import figures
from benchmarks import spread

TITLE = 'CPU of the client'

#: How often everything is measured, one after the other, so that what else
#: the machine does meanwhile hits all of them.
ROUNDS = 3

_COLUMNS = {
    cpu_suite.OURS: figures.OURS,
    cpu_suite.FLOOR: 'floor',
    cpu_suite.JSONPATCH: 'jsonpatch',
    cpu_suite.CLIENT: 'glanceclient',
}

GROWTH = 'growth: power of the number of keys'

#: Sizes from which the growth is worked out: below, it is calls that cost.
_LARGE = cpu_suite.SIZES[1:]


def measure() -> list[figures.Figure]:
    """Measure all, in rounds."""
    rounds = [_round(number) for number in range(1, ROUNDS + 1)]
    found = []
    for case in cpu_suite.CASES:
        for size in cpu_suite.SIZES:
            found += _row(rounds, size, case)
        found += _growth(rounds, case)
    return found + _rules(rounds)


def _round(number: int) -> dict[str, float]:
    """The medians of one round, in seconds, by the names of pyperf."""
    print(f'cpu: round {number} of {ROUNDS}', flush=True)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, 'cpu.json')
        subprocess.run(
            [
                *(sys.executable, '-m', 'benchmarks.cpu_suite'),
                '--quiet',
                # A round is a process: imports take longer than the rest.
                *('--in-process', '-o', str(path)),
            ],
            check=True,
        )
        suite = pyperf.BenchmarkSuite.load(str(path))
    return {
        each.get_name(): statistics.median(each.get_values())
        for each in suite.get_benchmarks()
    }


def _values(
    rounds: list[dict[str, float]], who: str, size: int, case: str
) -> list[float]:
    name = cpu_suite.name(who, size, case)
    return [each[name] for each in rounds if name in each]


def _figure(
    what: str, who: str, value: spread.Spread, unit: str = '', **more: object
) -> figures.Figure:
    return figures.Figure(
        what, who, value.median, unit, value.low, value.high, **more
    )


def _row(
    rounds: list[dict[str, float]], size: int, case: str
) -> list[figures.Figure]:
    what = f'{size} keys, {case}'
    found = []
    for who, column in _COLUMNS.items():
        values = _values(rounds, who, size, case)
        if values:
            micros = spread.of([1e6 * each for each in values])
            found.append(_figure(what, column, micros, 'µs'))
    ours = _values(rounds, cpu_suite.OURS, size, case)
    floor = spread.ratios(ours, _values(rounds, cpu_suite.FLOOR, size, case))
    found.append(
        _figure(
            what,
            'ours / floor',
            floor,
            target='ours / floor <= 3',
            met=figures.met(floor.median, 3),
        )
    )
    client = _values(rounds, cpu_suite.CLIENT, size, case)
    if client:
        less = spread.ratios(client, ours)
        judged = {}
        if size == 1_000:
            judged = {
                'target': 'glanceclient / ours >= 100',
                'met': less.median >= 100,
            }
        found.append(_figure(what, 'glanceclient / ours', less, **judged))
    return found


def _growth(rounds: list[dict[str, float]], case: str) -> list[figures.Figure]:
    found = []
    for who, column in _COLUMNS.items():
        sizes = [size for size in _LARGE if _values(rounds, who, size, case)]
        costs = [
            statistics.median(_values(rounds, who, size, case))
            for size in sizes
        ]
        power = spread.exponent(sizes, costs)
        judged = {}
        if column == figures.OURS:
            judged = {
                'target': 'linear: <= 1.15',
                'met': figures.met(power, 1.15),
            }
        found.append(
            figures.Figure(f'{GROWTH}, {case}', column, power, **judged)
        )
    return found


def _rules(rounds: list[dict[str, float]]) -> list[figures.Figure]:
    """What the check of names and values costs."""
    case = cpu_suite.CASES[0]
    found = []
    costs = []
    for size in cpu_suite.SIZES:
        values = _values(rounds, cpu_suite.RULES, size, case)
        each = spread.of([1e6 * value / size for value in values])
        costs.append(each.median * size)
        found.append(
            _figure(
                f'rules.check, a key of {size}',
                figures.OURS,
                each,
                'µs',
                target='<= 5 µs',
                met=figures.met(each.median, 5),
            )
        )
    power = spread.exponent(_LARGE, costs[1:])
    found.append(
        figures.Figure(
            f'{GROWTH}, rules.check',
            figures.OURS,
            power,
            target='linear: <= 1.15',
            met=figures.met(power, 1.15),
        )
    )
    return found
