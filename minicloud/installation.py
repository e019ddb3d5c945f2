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

"""Where the programs and data files of a cloud are found.

All of them are in the Python environment that runs minicloud, except that Heat
may be in another one: ``MINICLOUD_HEAT_PYTHON`` names its interpreter.  So a
Heat of any age runs beside today's Keystone and Glance.
"""

import os
import pathlib
import shutil
import sys
import sysconfig

from minicloud import process

#: Debian puts servers where only root's path leads.
_SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'


#: The distribution of Heat.
HEAT = 'openstack-heat'


def python(distribution: str) -> pathlib.Path:
    """The interpreter of the environment that has a distribution.

    Its path is not resolved: the environment is where the symlink is.
    """
    other = os.environ.get('MINICLOUD_HEAT_PYTHON')
    if distribution == HEAT and other:
        return pathlib.Path(other).absolute()
    return pathlib.Path(sys.executable)


def data_file(distribution: str, *parts: str) -> pathlib.Path:
    """A file that a wheel has put below ``etc`` of its environment.

    :param distribution: the wheel's name.
    :raises minicloud.process.StartError: it is not there.
    """
    return _existing(distribution, 'data', 'etc', *parts)


def script(distribution: str, name: str) -> pathlib.Path:
    """A console script of the environment that has a distribution.

    :param distribution: the wheel's name.
    :raises minicloud.process.StartError: it is not there.
    """
    return _existing(distribution, 'scripts', name)


def _existing(distribution: str, scheme: str, *parts: str) -> pathlib.Path:
    interpreter = python(distribution)
    if interpreter == pathlib.Path(sys.executable):
        root = sysconfig.get_path(scheme)
        prefix = sys.prefix
    else:
        # A virtual environment, on the only systems that minicloud runs on.
        prefix = str(interpreter.parents[1])
        root = sysconfig.get_path(
            scheme, 'venv', {'base': prefix, 'installed_base': prefix}
        )
    path = pathlib.Path(root, *parts)
    if not path.exists():
        raise process.StartError(
            distribution,
            f'{path} is missing; {distribution} must be installed in the '
            f'Python environment {prefix}',
        )
    return path


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
