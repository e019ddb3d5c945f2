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

"""Installed distributions made for a test: real metadata, real modules."""

from __future__ import annotations

import collections.abc
import importlib
import os
import pathlib
import sys
import textwrap

import fixtures

EntryPoints = collections.abc.Mapping[str, collections.abc.Mapping[str, str]]


def write(
    directory: str | os.PathLike[str],
    name: str,
    version: str,
    entry_points: EntryPoints,
    modules: collections.abc.Mapping[str, str],
) -> None:
    """Write what an installer leaves in a directory of the import path.

    :param directory: the directory.
    :param name: name of the distribution.
    :param version: its version.
    :param entry_points: objects by name, by group.
    :param modules: source text by module name.
    """
    path = pathlib.Path(directory)
    dist_info = path / f'{name.replace("-", "_")}-{version}.dist-info'
    dist_info.mkdir()
    (dist_info / 'METADATA').write_text(
        f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'
    )
    lines = []
    for group, group_entry_points in entry_points.items():
        lines.append(f'[{group}]')
        lines += [f'{k} = {v}' for k, v in group_entry_points.items()]
    (dist_info / 'entry_points.txt').write_text('\n'.join(lines) + '\n')
    for module, source in modules.items():
        (path / f'{module}.py').write_text(textwrap.dedent(source))


class Distribution(fixtures.Fixture):
    """A distribution that is installed while the fixture is in use.

    The parameters are those of :func:`write`.  Module names must be unique
    among all tests of a process.

    :ivar path: the directory it is installed in, first on the import path.
    """

    def __init__(
        self,
        name: str,
        version: str,
        entry_points: EntryPoints,
        modules: collections.abc.Mapping[str, str],
    ) -> None:
        super().__init__()
        self._name = name
        self._version = version
        self._entry_points = entry_points
        self._modules = modules

    def _setUp(self) -> None:
        self.path = self.useFixture(fixtures.TempDir()).path
        write(
            self.path,
            self._name,
            self._version,
            self._entry_points,
            self._modules,
        )
        for module in self._modules:
            self.addCleanup(sys.modules.pop, module, None)
        self.useFixture(
            fixtures.MonkeyPatch('sys.path', [self.path, *sys.path])
        )
        importlib.invalidate_caches()
