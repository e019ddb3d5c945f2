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

"""``python -m benchmarks``: measure, print one table, write what is shown.

::

    python -m benchmarks [--out DIR] [PART...]
    python -m benchmarks --table

Without a PART all are measured.  Each one that needs a cloud gets a fresh one.
DIR gets ``figures.json``, the plots, and the tables of the documentation;
parts that are not measured stay in it as they are.
"""

import argparse
import collections.abc
import os
import pathlib
import subprocess
import sys

from benchmarks import figures
from benchmarks import machine
from benchmarks import parts
from benchmarks import plots
from benchmarks import tables

#: What the documentation shows.
OUT = pathlib.Path('doc', 'source', 'contributor', 'figures')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks', description='Measure beside peers.'
    )
    parser.add_argument(
        'names',
        nargs='*',
        metavar='PART',
        help=f'some of: {" ".join(parts.PARTS)} (default: all)',
    )
    parser.add_argument(
        '--out',
        type=pathlib.Path,
        default=OUT,
        metavar='DIR',
        help='where the results go (default: %(default)s)',
    )
    parser.add_argument(
        '--table',
        action='store_true',
        help='measure nothing: print and draw what is there',
    )
    # One part, in the environment that it needs.
    parser.add_argument('--inside', help=argparse.SUPPRESS)
    return parser


def _measure(name: str, out: pathlib.Path) -> None:
    """Measure a part in a process of its own.

    :raises subprocess.CalledProcessError: that failed.
    """
    command = [sys.executable, '-m', 'benchmarks']
    command += ['--out', str(out), '--inside', name]
    if parts.PARTS[name].has_cloud and 'MINICLOUD_WORK_DIR' not in os.environ:
        cloud = [sys.executable, '-m', 'minicloud', 'run', '--']
        command = [*cloud, *command]
    subprocess.run(command, check=True)


def _inside(name: str, path: pathlib.Path) -> None:
    part = parts.PARTS[name]
    measured = part.measure()
    found = figures.Part(name, part.title, measured, machine.describe())
    if os.environ.get('BENCH_PEERS'):
        found = figures.merge(figures.load(path).get(name), found)
    figures.save(path, found)


def main(arguments: collections.abc.Sequence[str] | None = None) -> int:
    """The command line.

    :returns: the exit code, 1 if a part could not be measured.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    path = options.out / 'figures.json'
    if options.inside:
        _inside(options.inside, path)
        return 0
    unknown = sorted(set(options.names) - parts.PARTS.keys())
    if unknown:
        parser.error(f'no such part: {", ".join(unknown)}')
    failed = []
    for name in [] if options.table else options.names or parts.PARTS:
        try:
            _measure(name, options.out)
        except subprocess.CalledProcessError as error:
            failed.append(f'{name} failed: exit code {error.returncode}')
    found = figures.load(path)
    ordered = [found[name] for name in parts.PARTS if name in found]
    tables.show(ordered)
    tables.write(found, parts.PARTS, options.out)
    plots.draw(found, options.out)
    for each in failed:
        print(each, file=sys.stderr)
    return int(bool(failed))


if __name__ == '__main__':
    sys.exit(main())
