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

"""Tests every supported Heat, and writes the results into the README.

::

    python tools/heat_matrix.py [--constraints DIR] [--functional] [MAJOR...]

runs ``tox -e heat22`` and the like, with ``--functional`` also those that have
functional tests, and puts the rows of these releases into the table of
``README.rst``; a cell whose tests were not run keeps what it says.  DIR has
constraints files whose names end with ``-heat22.txt`` and so on, for a machine
that does not reach those of OpenStack.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]

#: OpenStack series by the Heat that was released in it.
SERIES = {
    22: '2024.1',
    23: '2024.2',
    24: '2025.1',
    25: '2025.2',
    26: '2026.1',
    27: '2026.2',
}

#: The oldest and the newest have an environment with functional tests.
FUNCTIONAL = (min(SERIES), max(SERIES))


def passes(environment: str, constraints: pathlib.Path | None) -> bool:
    """Run an environment of tox.ini.

    :param constraints: the file to use instead of that of the series.
    """
    variables = dict(os.environ)
    if constraints is not None:
        variables['TOX_CONSTRAINTS_FILE'] = str(constraints.resolve())
    done = subprocess.run(
        ['/bin/sh', TOP / 'tools' / 'tox.sh', '-e', environment],
        env=variables,
    )
    return done.returncode == 0


def version(major: int) -> str:
    """The version of Heat in the environment of a release."""
    return subprocess.run(
        [
            TOP / '.tox' / f'heat{major}' / 'bin' / 'python',
            '-c',
            'from importlib import metadata; '
            'print(metadata.version("openstack-heat"))',
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.strip()


def write(readme: pathlib.Path, major: int, cells: list[str | None]) -> None:
    """Put a row into the table.

    :param cells: None stands for what the table says.
    :raises ValueError: the table has no such row.
    """
    text = readme.read_text('utf-8')
    row = re.search(rf'^   {major}\..*$', text, re.M)
    if row is None:
        raise ValueError(f'{readme} has no row for Heat {major}')
    before = [each.strip() for each in row.group().split(',')]
    after = ', '.join(
        old if new is None else new
        for old, new in zip(before, cells, strict=True)
    )
    readme.write_text(text.replace(row.group(), f'   {after}'), 'utf-8')


def main() -> int:
    """The command line.

    :returns: 1 if tests failed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--constraints', type=pathlib.Path, metavar='DIR')
    parser.add_argument('--functional', action='store_true')
    parser.add_argument('majors', nargs='*', type=int, metavar='MAJOR')
    options = parser.parse_args()
    if not SERIES.keys() >= set(options.majors):
        parser.error(f'there are {", ".join(map(str, SERIES))}')
    words = {True: 'passed', False: 'failed', None: None}
    results: list[bool | None] = []
    for major in options.majors or SERIES:
        constraints = None
        if options.constraints is not None:
            (constraints,) = options.constraints.glob(f'*-heat{major}.txt')
        one = passes(f'heat{major}', constraints)
        two = None
        if options.functional and major in FUNCTIONAL:
            two = passes(f'functional-heat{major}', None)
        results += [one, two]
        write(
            TOP / 'README.rst',
            major,
            [version(major), SERIES[major], words[one], words[two]],
        )
    return 1 if False in results else 0


if __name__ == '__main__':
    sys.exit(main())
