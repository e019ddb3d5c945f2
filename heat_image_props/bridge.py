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

"""Makes Heat load the resource types of the namespace ``heat.plugins``.

Heat finds resource types in its own packages and in the directories of its
option ``plugin_dirs``; it has no entry-point namespace for them.  But when
heat-engine starts, it asks the class behind every entry point of
``heat.clients`` whether it ``is_available()`` (``initialise`` in
heat/engine/clients/__init__.py), and it does so before it reads
``plugin_dirs`` (heat/engine/resources/__init__.py).  :class:`PluginLoader` is
such an entry point: it puts the directory ``heat_plugins`` of this package
first in ``plugin_dirs``.  Heat then reads that directory as it reads any
other, and gets from it what :func:`load_resource_types` finds.

The last registration of a type is the one that counts in Heat
(heat/engine/environment.py, ``ResourceRegistry._register_info``).  The order
is: Heat's own classes; the namespace; the operator's ``plugin_dirs``; the
files of ``environment_dir``.

Only what Heat itself needs is imported here, so that no broken dependency of a
plug-in, this package's included, can keep the bridge from being loaded.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
import os
from typing import Any
from typing import NoReturn

from oslo_config import cfg
from oslo_log import log as logging
from stevedore import extension

from heat_image_props._i18n import _
from heat_image_props import conf

LOG = logging.getLogger(__name__)

#: Entry points of this namespace are resource types: the name is the type as
#: templates write it, the object a subclass of heat.engine.resource.Resource.
NAMESPACE = 'heat.plugins'

#: The directory for Heat's ``plugin_dirs``.
PLUGIN_DIR = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), 'heat_plugins'
)


class PluginLoader:
    """An entry point of ``heat.clients`` that never becomes a client."""

    @classmethod
    def is_available(cls) -> bool:
        """Hook the plug-in directory in; called by Heat when it starts.

        :returns: False, so that Heat registers no client of this name.
        """
        try:
            add_plugin_dir(cfg.CONF)
        except Exception:
            # Heat would only say that it does not use this client.
            LOG.exception(
                'Resource types of the namespace %s are not loaded', NAMESPACE
            )
        return False


@dataclasses.dataclass(frozen=True, order=True)
class Offer:
    """An entry point of the namespace; offers have a stable order.

    :ivar distribution: name of the installed distribution that has it.
    :ivar version: version of that distribution.
    :ivar target: the object it names, as ``module:attribute``.
    :ivar entry_point: the entry point itself.
    """

    distribution: str
    version: str
    target: str
    entry_point: importlib.metadata.EntryPoint = dataclasses.field(
        compare=False, repr=False
    )

    @property
    def package(self) -> str:
        """The distribution and its version, for messages."""
        return f'{self.distribution} {self.version}'

    def __str__(self) -> str:
        return f'{self.target} of {self.package}'


def add_plugin_dir(config: cfg.ConfigOpts) -> None:
    """Put :data:`PLUGIN_DIR` first in Heat's ``plugin_dirs``.

    First, because the operator's own directories then come later and win.
    Nothing is changed if the operator has named it already, in whatever
    spelling: its place in the list is then a decision.

    :param config: the configuration of heat-engine.
    """
    # Registered by Heat when its resources are loaded, which is yet to come.
    config.import_opt('plugin_dirs', 'heat.common.config')
    ours = os.path.realpath(PLUGIN_DIR)
    if any(os.path.realpath(path) == ours for path in config.plugin_dirs):
        return
    if not option(config, 'enabled'):
        _log_switched_off()
        return
    for name, error in conf.unreadable(config).items():
        # Now, and not only when somebody's stack is refused.
        LOG.error(
            '[%(group)s] %(name)s cannot be read, stacks with images are '
            'refused: %(reason)s',
            {'group': conf.IMAGE_GROUP, 'name': name, 'reason': error},
        )
    # The values of an override are expanded again.
    dirs = [
        path.replace('$', '$$') for path in (PLUGIN_DIR, *config.plugin_dirs)
    ]
    config.set_override('plugin_dirs', dirs)


def load_resource_types() -> dict[str, Any]:
    """Load what the installed distributions offer in :data:`NAMESPACE`.

    Whatever a plug-in raises is logged and contained: a type that cannot be
    loaded gets a class that refuses every use with the reason.  Heat's class
    of the same name must not come back unasked, because in the case of
    OS::Glance::Image that is a placeholder which reports success, does nothing
    and forgets the images of the stacks that it deletes.

    :returns: resource classes by type name; a type that is switched off by
        ``[heat_plugins]`` is not in it, nor has its code been imported.
    """
    if not option(cfg.CONF, 'enabled'):
        _log_switched_off()
        return {}
    offers = find_offers()
    disabled = frozenset(option(cfg.CONF, 'disabled'))
    for name in sorted(disabled - offers.keys()):
        LOG.warning(
            '[%(group)s] disabled names %(type)s, but no installed package '
            'offers that resource type; check the spelling',
            {'group': conf.GROUP, 'type': name},
        )
    classes: dict[str, Any] = {}
    loaded = []
    for name, (offer, *ignored) in sorted(offers.items()):
        if name in disabled:
            LOG.info(
                'Resource type %(type)s is switched off by [%(group)s] '
                'disabled',
                {'type': name, 'group': conf.GROUP},
            )
            continue
        if ignored:
            LOG.warning(
                'Resource type %(type)s is offered more than once. Using '
                '%(offer)s; ignoring %(ignored)s. Uninstall what you do not '
                'want',
                {
                    'type': name,
                    'offer': offer,
                    'ignored': ', '.join(map(str, ignored)),
                },
            )
        try:
            classes[name] = _load(offer)
            loaded.append(f'{name} ({offer.package})')
        except KeyboardInterrupt:
            raise
        except BaseException as exc:
            # SystemExit too: it must not stop an engine that serves every
            # other type, and must not put Heat's class in this one's place.
            LOG.error(
                'Resource type %(type)s cannot be loaded from %(offer)s. It '
                'refuses every use until that package is repaired and '
                'heat-engine is restarted',
                {'type': name, 'offer': offer},
                exc_info=exc,
            )
            classes[name] = _stand_in(offer, exc)
    LOG.info(
        'Resource types of the namespace %(namespace)s: %(types)s',
        {'namespace': NAMESPACE, 'types': ', '.join(loaded) or 'none'},
    )
    return classes


def option(config: cfg.ConfigOpts, name: str) -> Any:
    """The value of an option of ours, or its default if it is unusable.

    A value that cannot be read must not be what switches a plug-in off.
    """
    try:
        conf.register_opts(config)
        return config[conf.GROUP][name]
    except cfg.Error as exc:
        default = {opt.name: opt.default for opt in conf.OPTS}[name]
        LOG.error(
            '[%(group)s] %(option)s cannot be read, going on with '
            '%(default)s: %(reason)s',
            {
                'group': conf.GROUP,
                'option': name,
                'default': default,
                'reason': exc,
            },
        )
        return default


def _log_switched_off() -> None:
    LOG.info(
        'Resource types of the namespace %(namespace)s are switched off by '
        '[%(group)s] enabled',
        {'namespace': NAMESPACE, 'group': conf.GROUP},
    )


def find_offers() -> dict[str, list[Offer]]:
    """Offers by type name, each list sorted; loads nothing.

    The metadata is read here, and not through stevedore: its cache forgets
    which distribution an entry point belongs to.
    """
    found: dict[tuple[str, str], Offer] = {}
    for distribution in importlib.metadata.distributions():
        # To parse the metadata of all that is installed would take longer
        # than all else that is done here.
        if NAMESPACE not in (distribution.read_text('entry_points.txt') or ''):
            continue
        name = distribution.metadata['Name']
        if not name:
            # What an interrupted pip leaves behind is not installed.
            LOG.warning(
                'Ignoring %s, which has no metadata', _place(distribution)
            )
            continue
        for entry_point in distribution.entry_points:
            if entry_point.group != NAMESPACE:
                continue
            offer = Offer(
                name,
                distribution.version or 'of no version',
                entry_point.value,
                entry_point,
            )
            # A distribution that is on the path twice, as in a source tree
            # beside an installation, is imported from its first place.
            found.setdefault((entry_point.name, offer.distribution), offer)
    offers: dict[str, list[Offer]] = {}
    for (name, _distribution), offer in found.items():
        offers.setdefault(name, []).append(offer)
    # The choice depends on what is installed and on nothing else: not on the
    # order of directories, and not on whether another one can be loaded.
    return {name: sorted(group) for name, group in offers.items()}


def _place(distribution: importlib.metadata.Distribution) -> str:
    """Return where a distribution was found, for messages."""
    return str(getattr(distribution, '_path', distribution))


class _OneExtension(extension.ExtensionManager):  # type: ignore[type-arg]
    """A stevedore manager of a single entry point.

    A manager of the whole namespace imports also what is switched off, and
    stops at the first plug-in that raises AssertionError or SystemExit.
    """

    def __init__(self, entry_point: importlib.metadata.EntryPoint) -> None:
        self._entry_point = entry_point
        super().__init__(NAMESPACE, on_load_failure_callback=_fail)

    def list_entry_points(self) -> list[importlib.metadata.EntryPoint]:
        """What this manager loads."""
        return [self._entry_point]


def _fail(_manager: Any, _entry_point: Any, exc: BaseException) -> NoReturn:
    raise exc


def _load(offer: Offer) -> Any:
    """The class of a resource type.

    :raises TypeError: it is not a resource class.
    :raises BaseException: anything else, from the plug-in's code.
    """
    # Imported late: an error in Heat is then one of loading a type.
    from heat.engine import resource

    plugin = _OneExtension(offer.entry_point).extensions[0].plugin
    if not (inspect.isclass(plugin) and issubclass(plugin, resource.Resource)):
        raise TypeError(
            f'{offer.target} is not a subclass of '
            'heat.engine.resource.Resource'
        )
    return plugin


def _stand_in(offer: Offer, exc: BaseException) -> Any:
    """A class that takes the place of one that cannot be loaded."""
    from heat_image_props import unavailable

    reason = _(
        '%(package)s (entry point %(target)s) cannot be loaded: %(error)s. '
        'Nothing has been done. Ask the operator to repair that package and '
        'to restart heat-engine, then try again.'
    ) % {
        'package': offer.package,
        'target': offer.target,
        # On one line: some import errors are a page of advice.
        'error': ' '.join(f'{type(exc).__name__}: {exc}'.split()),
    }
    return unavailable.resource_class(NAMESPACE, reason)
