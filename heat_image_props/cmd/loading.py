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

"""What heat-engine would load from this Python environment.

Heat itself loads it, in this process and from the configuration that was
read, as it does when heat-engine starts (``initialise`` of
heat/engine/resources/__init__.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import dataclasses
import fnmatch
import glob
import logging
import os
import sys
import types
from typing import Any
import warnings

from oslo_config import cfg

from heat_image_props import bridge
from heat_image_props import conf

#: The resource type that this package overrides.
IMAGE = 'OS::Glance::Image'

#: The package that Heat makes of the directories in ``plugin_dirs``.
OPERATORS = 'heat.engine.plugins'

_MODULE = os.path.join(bridge.PLUGIN_DIR, 'heat_plugins_namespace.py')


@dataclasses.dataclass(frozen=True)
class Mapped:
    """An entry of a file in ``environment_dir`` about the image type.

    :ivar path: the file
    :ivar target: what the type is mapped to
    :ivar names: pattern of the names of the resources that it holds for, or
        None if it holds for all
    """

    path: str
    target: str
    names: str | None = None

    def __str__(self) -> str:
        names = f' for resources named {self.names}' if self.names else ''
        return f'{self.path} maps it to {self.target}{names}'


@dataclasses.dataclass(frozen=True)
class Loaded:
    """What Heat has loaded.

    :ivar resource_class: the class that templates get for :data:`IMAGE`
    :ivar off: the option that switches the type off, if one does
    :ivar times: how often Heat has read the module of this package
    :ivar dirs: ``plugin_dirs`` as Heat used it
    :ivar complaints: warnings and errors of this package
    :ivar mapped: what the operator's environment says about the type
    """

    resource_class: Any
    off: str
    times: int
    dirs: tuple[str, ...]
    complaints: tuple[str, ...]
    mapped: tuple[Mapped, ...]


def load(config: cfg.ConfigOpts) -> Loaded:
    """Have Heat load its resource types.

    :param config: the configuration of the process, which Heat uses
    :raises Exception: what keeps heat-engine from starting; mostly an error
        of a module in ``plugin_dirs``
    """
    with _heard() as complaints:
        _choose_backend()
        # Imported late: that takes seconds, and registers options.
        from heat.engine import resources

        resources.initialise()
        registry = resources.global_env().registry
        resource_class = registry.get_class_to_instantiate(IMAGE)
        off = _switched_off(config)
    return Loaded(
        resource_class,
        off,
        _times(),
        tuple(config.plugin_dirs),
        tuple(dict.fromkeys(complaints)),
        tuple(_mapped(config.environment_dir)),
    )


def _switched_off(config: cfg.ConfigOpts) -> str:
    if not bridge.option(config, 'enabled'):
        return f'[{conf.GROUP}] enabled'
    if IMAGE in bridge.option(config, 'disabled'):
        return f'[{conf.GROUP}] disabled'
    return ''


def _choose_backend() -> None:
    """Keep oslo.service from choosing eventlet, as heat-engine does.

    It warns of it, and may come without it.
    """
    try:
        from oslo_service import backend
    except ImportError:
        # That of a Heat that has no choice.
        return
    backend.init_backend(backend.BackendType.THREADING)


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what this package says; Heat's own warnings are no news."""
        if record.name.startswith('heat_image_props'):
            text = record.getMessage()
            if record.exc_info and record.exc_info[1]:
                text += f': {record.exc_info[1]}'
            self._heard.append(' '.join(text.split()))


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect warnings and errors, and keep all else out of the output."""
    heard: list[str] = []
    ear = _Ear(heard)
    root = logging.getLogger()
    root.addHandler(ear)
    try:
        with warnings.catch_warnings():
            # Of libraries, about each other.
            warnings.simplefilter('ignore')
            yield heard
    finally:
        root.removeHandler(ear)


def _times() -> int:
    """Count the names under which Heat has imported our module."""
    ours = os.path.realpath(_MODULE)
    return sum(
        os.path.realpath(getattr(module, '__file__', None) or '') == ours
        for module in _modules(sys.modules[OPERATORS])
    )


def _modules(package: types.ModuleType) -> Iterator[types.ModuleType]:
    """Yield the modules of a package of Heat's making.

    They are no members of ``sys.modules`` (``_import_module`` of
    heat/common/plugin_loader.py).
    """
    for value in list(vars(package).values()):
        if isinstance(value, types.ModuleType) and value.__name__.startswith(
            f'{package.__name__}.'
        ):
            yield value
            yield from _modules(value)


def _mapped(environment_dir: str) -> Iterator[Mapped]:
    """Read what Heat reads, and yield what concerns the image type."""
    from heat.common import environment_format

    for path in sorted(glob.glob(os.path.join(environment_dir, '*'))):
        try:
            with open(path) as stream:
                document = environment_format.parse(stream.read())
        except (OSError, ValueError):
            # Heat logs it, and goes on without the file.
            continue
        # Of a form that Heat has accepted, as it has loaded it.
        registry = document.get(environment_format.RESOURCE_REGISTRY) or {}
        yield from _entries(path, registry)
        for names, entries in (registry.get('resources') or {}).items():
            yield from _entries(path, entries, names)


def _entries(
    path: str, registry: Mapping[Any, Any], names: str | None = None
) -> Iterator[Mapped]:
    for pattern, target in registry.items():
        if isinstance(target, str) and (
            pattern == IMAGE
            or (
                str(pattern).endswith('*')
                and fnmatch.fnmatchcase(IMAGE, str(pattern))
            )
        ):
            yield Mapped(path, target, names)
