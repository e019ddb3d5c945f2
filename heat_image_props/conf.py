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

"""Operator options of the bridge, section ``[heat_plugins]`` of heat.conf.

:mod:`heat_image_props.bridge` reads them.  They are listed for
``oslo-config-generator --namespace heat_image_props`` through the entry point
``oslo.config.opts`` of this package.

This module must not import Heat: the generator, and every tool that lists the
options of an installation, imports it too.
"""

from __future__ import annotations

from oslo_config import cfg

#: Section of the options.
GROUP = 'heat_plugins'

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=True,
        help='Load the resource types that installed packages offer as entry '
        'points of the namespace "heat.plugins". If this is false, none of '
        'them is loaded, and Heat\'s own class is used for a type that one '
        'of them overrides. For OS::Glance::Image that is a placeholder: '
        'stacks that have images would then report success without doing '
        'anything, and their images would stay behind when they are deleted. '
        'Delete or abandon such stacks first. Takes effect when heat-engine '
        'is restarted.',
    ),
    cfg.ListOpt(
        'disabled',
        default=[],
        help='Resource types not to load from the namespace "heat.plugins", '
        'by the names that templates use, as in OS::Glance::Image. Their code '
        'is not imported. The caution at option "enabled" holds for each of '
        'them. Takes effect when heat-engine is restarted.',
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Make the options known to a configuration.

    Registering them again changes nothing.

    :param conf: the configuration, that of heat-engine as a rule.
    """
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Options by section, in the form that oslo.config asks for.

    See https://docs.openstack.org/oslo.config/latest/cli/generator.html
    """
    return [(GROUP, OPTS)]
