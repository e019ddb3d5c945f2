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

"""What the plugin adds to the start of heat-engine.

The engine is started in two environments with the same packages, of which one
lacks the plugin.
"""

import collections
import contextlib
import pathlib
import subprocess
import sys
import sysconfig
import tempfile

import psutil

from benchmarks import figures
from benchmarks import spread
from heat_image_props.tests import engine_process

TITLE = 'Start of heat-engine'

RUNS = 5

#: The most that the plugin should add.
MOST = 1.02

WITHOUT, WITH = 'without the plugin', 'with it'

_PLUGIN = 'heat_image_props'


def environment(directory: pathlib.Path, has_plugin: bool) -> pathlib.Path:
    """Make an environment with all packages of this one.

    :param has_plugin: whether the plugin is one of them.
    :returns: its Python.
    """
    subprocess.run(
        [sys.executable, '-m', 'venv', '--without-pip', directory], check=True
    )
    python = directory / 'bin' / 'python'
    program = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    there = subprocess.run(
        [python, '-c', program], capture_output=True, check=True, text=True
    ).stdout.strip()
    for path in pathlib.Path(sysconfig.get_path('purelib')).iterdir():
        if has_plugin or not path.name.startswith(_PLUGIN):
            pathlib.Path(there, path.name).symlink_to(path)
    return python


class _Engine(engine_process.HeatEngine):
    """heat-engine with one worker, run by some Python."""

    def __init__(self, python: pathlib.Path) -> None:
        super().__init__(workers=1)
        self._python = python

    def _program(self, name: str) -> list[str]:
        return [str(self._python), *super()._program(name)]


def _start(python: pathlib.Path) -> dict[str, float]:
    """Start the engine, and return what that took."""
    with _Engine(python) as engine:
        engine.start()
        parent = psutil.Process(engine.pid)
        processes = [parent, *parent.children(recursive=True)]
        times = [each.cpu_times() for each in processes]
        memory = [each.memory_full_info().pss for each in processes]
    return {
        'CPU time': sum(each.user + each.system for each in times),
        'memory': sum(memory) / 2**20,
    }


def measure() -> list[figures.Figure]:
    """Start both in turn."""
    found = collections.defaultdict(list)
    with contextlib.ExitStack() as stack:
        pythons = {}
        for who, has_plugin in ((WITHOUT, False), (WITH, True)):
            name = stack.enter_context(tempfile.TemporaryDirectory())
            pythons[who] = environment(pathlib.Path(name), has_plugin)
            # Nothing is compiled when the measurement begins.
            _start(pythons[who])
        for number in range(1, RUNS + 1):
            print(f'startup: run {number} of {RUNS}', flush=True)
            for who, python in pythons.items():
                for what, value in _start(python).items():
                    found[what, who].append(value)
    return [
        figure
        for what, unit in (('CPU time', 's'), ('memory', 'MiB'))
        for figure in _row(what, unit, found)
    ]


def _row(
    what: str, unit: str, found: dict[tuple[str, str], list[float]]
) -> list[figures.Figure]:
    row = []
    for who in (WITHOUT, WITH):
        value = spread.of(found[what, who])
        row.append(
            figures.Figure(
                what, who, value.median, unit, value.low, value.high
            )
        )
    ratio = spread.ratios(found[what, WITH], found[what, WITHOUT])
    row.append(
        figures.Figure(
            what,
            'ratio',
            ratio.median,
            low=ratio.low,
            high=ratio.high,
            target=f'<= {MOST}',
            met=figures.met(ratio.median, MOST),
        )
    )
    return row
