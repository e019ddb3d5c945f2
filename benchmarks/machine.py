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

"""What the benchmarks run on."""

import collections.abc
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import time

#: Whose versions matter to a figure.
_PACKAGES = (
    'heat-image-props',
    'openstack-heat',
    'glance',
    'python-glanceclient',
    'openstacksdk',
    'python-openstackclient',
    'jsonpatch',
    'pyperf',
)


def describe() -> dict[str, str]:
    """The machine, the versions and the date."""
    return {
        'date': time.strftime('%Y-%m-%d', time.gmtime()),
        'processor': f'{_processor()}, {os.cpu_count()} CPUs',
        'memory': f'{_gibibytes()} GiB',
        'system': f'{platform.system()} {platform.release().split("-")[0]}',
        'Python': platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
        **_version('bench-ansible', 'ansible'),
        **_version('bench-image-manager', 'openstack-image-manager'),
    }


def caption(machine: collections.abc.Mapping[str, str]) -> str:
    """The same in a line, for below a table."""
    return ', '.join(
        value
        if name in ('date', 'processor', 'memory', 'system')
        else f'{name} {value}'
        for name, value in machine.items()
    )


def _version(environment: str, package: str) -> dict[str, str]:
    """The version of a peer that has an environment of its own."""
    python = pathlib.Path(
        os.environ.get('BENCH_ENVS', ''), environment, 'bin', 'python'
    )
    if not python.is_file():
        return {}
    program = (
        'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))'
    )
    version = subprocess.run(
        [python, '-c', program, package],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    return {package: version}


def _processor() -> str:
    path = pathlib.Path('/proc/cpuinfo')
    for line in path.read_text().splitlines() if path.exists() else ():
        name, _, value = line.partition(':')
        if name.strip() == 'model name':
            return value.strip()
    return platform.machine()


def _gibibytes() -> int:
    pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    return round(pages / 2**30)
