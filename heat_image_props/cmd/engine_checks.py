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

"""Checks of what heat-engine of this Python environment loads."""

from __future__ import annotations

import functools
import importlib.metadata
import re
import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from heat_image_props import bridge
from heat_image_props.cmd import loading
from heat_image_props.cmd import results
from heat_image_props import redact

_OLDEST_HEAT = 22

_RESTART = 'restart heat-engine'


class EngineChecks:
    """The checks that need no cloud.

    :param config: the configuration that was read
    """

    def __init__(self, config: cfg.ConfigOpts) -> None:
        super().__init__()
        self._config = config

    @functools.cached_property
    def _loaded(self) -> loading.Loaded | str:
        """What Heat has loaded, or the error by which it could not."""
        try:
            return loading.load(self._config)
        except (Exception, SystemExit) as error:
            text = redact.mask(f'{type(error).__name__}: {error}')
            return ' '.join(text.split())

    def configuration(self) -> upgradecheck.Result:
        """Say which files were read."""
        files = [*self._config.config_file, *self._config.config_dir]
        if files:
            return results.result(
                results.SUCCESS,
                f'Read: {", ".join(files)}.',
                'heat-engine has to be started with the same ones.',
            )
        return results.result(
            results.WARNING,
            'No heat.conf was found, so the defaults were checked.',
            'Run this as the user of heat-engine, and with the options '
            '--config-file and --config-dir that heat-engine is started with.',
        )

    def versions(self) -> upgradecheck.Result:
        """Compare Heat's version with the oldest that can be used."""
        versions = {
            name: version(name)
            for name in ('heat-image-props', 'openstack-heat')
        }
        heat = versions['openstack-heat']
        shown = ', '.join(
            f'{name} {version or "of no known version"}'
            for name, version in versions.items()
        )
        text = f'{shown}, in {sys.prefix}.'
        match = re.match(r'\d+', heat or '')
        if match is None:
            return results.result(
                results.WARNING,
                text,
                f'See to it that Heat is {_OLDEST_HEAT} or newer.',
            )
        if int(match[0]) < _OLDEST_HEAT:
            return results.result(
                results.FAILURE,
                text,
                f'This package needs Heat {_OLDEST_HEAT} or newer: upgrade '
                'Heat, or uninstall this package.',
            )
        return results.result(results.SUCCESS, text)

    def bridge(self) -> upgradecheck.Result:
        """See that Heat reads the resource types of installed packages."""
        loaded = self._loaded
        if isinstance(loaded, str):
            return results.result(
                results.FAILURE,
                f'heat-engine cannot load its resource types: {loaded}',
                'It would not start. Repair or remove what is named, mostly a '
                'module in a directory of plugin_dirs.',
            )
        complaints = [f'Logged: {text}' for text in loaded.complaints]
        if loaded.off:
            return results.result(
                results.FAILURE,
                f'The type is switched off by {loaded.off}: Heat uses its '
                'placeholder, which reports success and makes no image.',
                f'Take that out of heat.conf and {_RESTART}; or delete or '
                'abandon the stacks with images, and uninstall this package.',
                *complaints,
            )
        if not loaded.times:
            return results.result(
                results.FAILURE,
                f'Heat has not read {bridge.PLUGIN_DIR}.',
                'The entry points of this package are missing: install it '
                'again, with pip, into the Python environment of '
                f'heat-engine, and {_RESTART}.',
                *complaints,
            )
        if loaded.times > 1:
            return results.result(
                results.WARNING,
                f'Heat reads this package {loaded.times} times. Directories '
                f'it reads: {", ".join(loaded.dirs)}.',
                'Take those that lead to this package out of plugin_dirs: '
                f'none is needed. Then {_RESTART}.',
                *complaints,
            )
        if complaints:
            return results.result(
                results.WARNING,
                'Active and loaded once, but not all is well.',
                f'Repair what is named below and {_RESTART}.',
                *complaints,
            )
        return results.result(results.SUCCESS, 'Active, and loaded once.')

    def resource_class(self) -> upgradecheck.Result:
        """Say which class templates get for the type."""
        loaded = self._loaded
        if isinstance(loaded, str):
            return results.result(
                results.FAILURE,
                'Not known: see "Bridge", and repair that first.',
            )
        # Imported late: without Heat there is no class.
        from heat.engine.resources.openstack.glance import image as heats
        from heat.engine.resources.openstack.heat import none_resource

        from heat_image_props import image
        from heat_image_props import unavailable

        answers = loaded.resource_class
        name = f'{answers.__module__}.{answers.__name__}'
        said = f'{loading.IMAGE} is {name}.'
        mapped = [f'{each}.' for each in loaded.mapped]
        for_all = [each for each in loaded.mapped if not each.names]
        if issubclass(answers, unavailable.UnavailableResource):
            return results.result(
                results.FAILURE,
                f'{loading.IMAGE} refuses every use: {answers.reason}',
            )
        if answers is image.GlanceImage:
            if mapped:
                return results.result(
                    results.WARNING,
                    f'{said} But:',
                    *mapped,
                    f'Unless that is intended, remove it and {_RESTART}.',
                )
            return results.result(results.SUCCESS, said)
        code = results.WARNING
        if issubclass(answers, none_resource.NoneResource):
            code = results.FAILURE
            said += (
                ' It is a placeholder: it reports success, makes no image, '
                'and forgets the images of the stacks that it deletes.'
            )
        if for_all:
            advice = f'Remove the mapping and {_RESTART}.'
        elif name.startswith(f'{loading.OPERATORS}.'):
            advice = (
                'It is in a directory of plugin_dirs '
                f'({", ".join(loaded.dirs)}), and so wins over this package. '
                f'Unless that is intended, remove it and {_RESTART}.'
            )
        elif answers is heats.GlanceImage:
            advice = 'See "Bridge" for the reason and the way out.'
        else:
            advice = (
                'Another package offers the type too. Uninstall that package '
                f'unless it is the one that is wanted, and {_RESTART}.'
            )
        return results.result(code, said, *mapped, advice)


def version(distribution: str) -> str | None:
    """Return the version of an installed distribution, if it is known."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        # Distributors may install Heat in their own way.
        return None
