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

"""Installs what would be published into a new virtual environment.

``tox -e build`` runs it: ``python release_check.py DIST VENV``.  The wheel in
the directory DIST, and nothing else but what it depends on, comes into VENV;
then pip finds no conflict, and Heat takes the demo's template there and
refuses one that has the type of Heat itself, a placeholder, would take.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import venv

TOP = pathlib.Path(__file__).resolve().parents[1]
TEMPLATE = TOP / 'examples' / 'image.yaml'

#: Of the template, and a key in its place that only Glance itself sets.
GOOD, BAD = 'hw_cpu_cores: 4', 'status: 4'


class Failed(Exception):
    """What would be published is not fit for it."""


def run(*command: str | pathlib.Path, wanted: int = 0) -> str:
    """Run a command and print it.

    :param wanted: its exit code.
    :returns: what it has printed.
    :raises Failed: the code is another one.
    """
    print('$', *command, flush=True)
    done = subprocess.run(
        command,
        # Where nothing of the source tree can be imported from.
        cwd=tempfile.gettempdir(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != wanted:
        raise Failed(f'exit code {done.returncode}\n{done.stdout}')
    return done.stdout


def main(dist: str, environment: str) -> None:
    """Check the wheel in the directory ``dist``.

    :raises Failed: something is wrong with it.
    """
    (wheel,) = pathlib.Path(dist).resolve().glob('*.whl')
    clean = pathlib.Path(environment).resolve()
    venv.create(clean, clear=True, with_pip=True)
    python = clean / 'bin' / 'python'
    pip = (python, '-m', 'pip')
    constraints = TOP / 'minicloud' / 'constraints.txt'
    run(*pip, 'install', '--no-compile', '-c', constraints, wheel)
    print(run(*pip, 'check').strip())

    # A module of the same directory would be found before that of a package.
    validate = (
        *(python, '-P', TOP / 'tools' / 'validate_template.py'),
        *('--parameter', 'location=https://images.example.org/noble.img'),
    )
    print(run(*validate, TEMPLATE).splitlines()[-1])
    with tempfile.TemporaryDirectory() as name:
        refused = pathlib.Path(name, 'refused.yaml')
        text = TEMPLATE.read_text('utf-8')
        refused.write_text(text.replace(GOOD, BAD), 'utf-8')
        said = run(*validate, refused, wanted=1)
    if "'status' is read-only" not in said:
        raise Failed(f'refused for another reason:\n{said}')
    print('and one with a key that Glance sets itself is refused')


if __name__ == '__main__':
    os.environ.pop('PYTHONPATH', None)
    try:
        main(*sys.argv[1:])
    except Failed as exc:
        sys.exit(str(exc))
