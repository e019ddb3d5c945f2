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

"""Writes what is installed beside this Python into a constraints file.

``tox -e constraints`` runs it in an environment that was just filled, without
constraints, from all requirement files.
"""

import pathlib
import platform
import subprocess
import sys

HEADER = f"""\
# The versions that all environments of tox.ini use: the minicloud, the tests
# and the documentation are the same on a fresh machine next year.
# Written by "tox -e constraints" on Python {platform.python_version()}.
"""


def main(path: str) -> None:
    """Write the constraints to the file ``path``."""
    frozen = subprocess.run(
        [sys.executable, '-m', 'pip', 'freeze', '--all', '--exclude', 'pip'],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    pathlib.Path(path).write_text(HEADER + frozen.stdout)


if __name__ == '__main__':
    main(*sys.argv[1:])
