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

"""The command ``heat-image-props-status upgrade check``.

It reads the configuration of heat-engine, and has Heat load its resource
types, as heat-engine of the same Python environment does when it starts.  With
credentials of a cloud it also asks Keystone, Heat and Glance.  Nothing is
changed.

Exit codes are those of oslo.upgradecheck
(https://docs.openstack.org/oslo.upgradecheck/latest/user/usage.html).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import re
import sys
import textwrap
import traceback
from typing import Any

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from heat_image_props.cmd import cloud_checks
from heat_image_props.cmd import engine_checks
from heat_image_props import redact

PROGRAM = 'heat-image-props-status'

#: The exit code if there is no result.
UNEXPECTED = 255

#: Columns of a detail in the table.
_WIDTH = 60


def _add_parsers(subparsers: Any) -> None:
    upgrade = subparsers.add_parser('upgrade')
    upgrade.add_argument('check', choices=['check'])
    upgrade.add_argument(
        '--json', action='store_true', help='Print JSON instead of a table.'
    )
    for option in CLI_OPTS:
        # They may stand on either side of the command.
        if isinstance(option, cfg.StrOpt):
            upgrade.add_argument(
                f'--{option.name}',
                dest=option.dest,
                default=argparse.SUPPRESS,
                help=option.help,
            )


CLI_OPTS = [
    cfg.StrOpt(
        'os-cloud',
        help='Entry of clouds.yaml with the credentials to ask Keystone, Heat '
        'and Glance with. The variables OS_* do as well.',
    ),
    cfg.StrOpt('os-region-name', help='Region to ask in.'),
    cfg.SubCommandOpt('command', title='commands', handler=_add_parsers),
]


class Checks(upgradecheck.UpgradeCommands):  # type: ignore[misc]  # untyped
    """The checks, in the order in which they are shown.

    :param config: the configuration that was read
    """

    display_title = 'heat-image-props'

    def __init__(self, config: cfg.ConfigOpts) -> None:
        super().__init__()
        engine = engine_checks.EngineChecks(config)
        cloud = cloud_checks.CloudChecks(config)
        self._upgrade_checks = tuple(
            (name, lambda _self, check=check: check())
            for name, check in (
                ('Configuration', engine.configuration),
                ('Versions', engine.versions),
                ('Bridge', engine.bridge),
                ('Class of the resource type', engine.resource_class),
                ('Access to the cloud', cloud.access),
                ('Running engines', cloud.running_engines),
                ('Image service', cloud.image_service),
                ('Import methods and stores', cloud.imports),
                ('Quotas', cloud.quotas),
                ('Placeholders in stacks', cloud.placeholders),
            )
        )

    def _get_details(self, result: upgradecheck.Result) -> str:
        """Wrap each line by itself; a list stays a list."""
        return '\n'.join(
            part
            for line in str(result.details).splitlines()
            for part in textwrap.wrap(
                line,
                _WIDTH,
                subsequent_indent='  ',
                break_long_words=False,
                break_on_hyphens=False,
            )
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :param argv: arguments of the command line, by default the process' own
    :returns: the exit code: 0 if all is well, 1 if something needs
        attention, 2 if the plugin does not work, 255 if that is not known
    """
    config = cfg.CONF
    config.register_cli_opts(CLI_OPTS)
    try:
        config(
            argv,
            project='heat',
            prog=PROGRAM,
            version=engine_checks.version('heat-image-props'),
            # Those that heat-engine finds.
            default_config_files=cfg.find_config_files('heat', 'heat-engine'),
            default_config_dirs=cfg.find_config_dirs('heat', 'heat-engine'),
        )
    except (cfg.Error, OSError, ValueError) as error:
        print(
            f'{PROGRAM}: {_reason(error)}\nRun this as the user of '
            'heat-engine, with the options --config-file and --config-dir '
            'that heat-engine is started with.',
            file=sys.stderr,
        )
        return UNEXPECTED
    # It decides between a table and JSON by this.
    upgradecheck.CONF = config
    try:
        return int(Checks(config).check())
    except Exception:
        print(redact.mask(traceback.format_exc()), file=sys.stderr)
        return UNEXPECTED


def _reason(error: Exception) -> str:
    """Say why a file cannot be read, without a line of it."""
    if isinstance(error, cfg.ConfigFileParseError):
        # The message ends with the line, which may hold a password.
        line = re.search(r':(\d+), ', str(error))
        place = f', line {line[1]}' if line else ''
        return f'{error.config_file}{place}, cannot be parsed.'
    return f'{type(error).__name__}: {error}'
