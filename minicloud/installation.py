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

"""Where the programs and data files of a cloud are found."""

import pathlib
import shutil
import sys
import sysconfig

from minicloud import process

#: Debian puts servers where only root's path leads.
_SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'


def data_file(distribution: str, *parts: str) -> pathlib.Path:
    """A file that a wheel has put below ``etc`` of this environment.

    :param distribution: the wheel's name, for the message.
    :raises minicloud.process.StartError: it is not there.
    """
    path = pathlib.Path(sysconfig.get_path('data'), 'etc', *parts)
    if not path.exists():
        raise _not_installed(distribution, path)
    return path


def script(distribution: str, name: str) -> pathlib.Path:
    """A console script of this environment.

    :param distribution: the wheel's name, for the message.
    :raises minicloud.process.StartError: it is not there.
    """
    path = pathlib.Path(sysconfig.get_path('scripts'), name)
    if not path.exists():
        raise _not_installed(distribution, path)
    return path


def _not_installed(
    distribution: str, path: pathlib.Path
) -> process.StartError:
    return process.StartError(
        distribution,
        f'{path} is missing; {distribution} must be installed in the Python '
        f'environment that runs minicloud ({sys.prefix})',
    )


def system_program(name: str, package: str) -> str:
    """A program of the operating system.

    :param name: a file name, or the absolute path where Debian has it.
    :param package: the Debian package that has it, for the message.
    :raises minicloud.process.StartError: it is not there.
    """
    path = shutil.which(name) or shutil.which(name, path=_SYSTEM_PATH)
    if path is None:
        raise process.StartError(
            package,
            f'there is no {name} on this machine; '
            f'install the Debian package {package} (see bindep.txt), '
            'or use the profile "embedded", which needs none',
        )
    return path
