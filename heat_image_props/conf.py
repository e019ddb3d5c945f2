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

"""Operator options, in two sections of heat.conf.

:mod:`heat_image_props.bridge` reads those of ``[heat_plugins]``, the resource
type those of ``[heat_image_props]``.  They are listed for
``oslo-config-generator --namespace heat_image_props`` through the entry point
``oslo.config.opts`` of this package.

This module must not import Heat: the generator, and every tool that lists the
options of an installation, imports it too.
"""

from __future__ import annotations

from oslo_config import cfg

#: Section of the options of the bridge.
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

#: Section of the options of the resource type.
IMAGE_GROUP = 'heat_image_props'

IMAGE_OPTS: list[cfg.Opt] = [
    cfg.IntOpt(
        'import_stall_timeout',
        default=3000,
        min=0,
        help='Seconds without any sign of progress after which an import, '
        'copy or upload of the data of an image is given up, and the stack '
        'fails with that reason; 0 means never. A Glance that is stopped in '
        'the middle of an import neither goes on with it nor says so. While '
        'Glance downloads it shows no progress at all, and while it writes '
        'to a store it does once a minute, so this has to be longer than the '
        'longest download, and than a few minutes in any case. The default '
        'is less than the hour after which Heat gives up a stack by default '
        '(stack_action_timeout) without a reason. Whoever lets stacks '
        'take longer for the sake of bigger downloads should raise this too. '
        'Takes effect when heat-engine is restarted.',
    ),
    cfg.StrOpt(
        'metadefs',
        default='warn',
        choices=[
            ('off', 'no definition is read'),
            ('warn', 'what differs is an event of the stack, and is logged'),
            (
                'enforce',
                'a template with a value that differs is refused when the '
                'stack is validated, and so is the next update of a stack '
                'that has one already',
            ),
        ],
        help='What becomes of properties that are not as the metadata '
        'definitions of the cloud have them, those of Glance that are '
        'associated with OS::Glance::Image. Properties that are not defined '
        'are always accepted, and if the definitions cannot be read, so is '
        'everything. Those that Glance ships may lag behind what Nova takes: '
        'compare them before they are enforced. Takes effect when '
        'heat-engine is restarted.',
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Make the options known to a configuration.

    Registering them again changes nothing.

    :param conf: the configuration, that of heat-engine as a rule.
    """
    conf.register_opts(OPTS, group=GROUP)
    conf.register_opts(IMAGE_OPTS, group=IMAGE_GROUP)


def import_stall_timeout(conf: cfg.ConfigOpts) -> float:
    """Return the option of this name, in seconds.

    :param conf: the configuration, that of heat-engine as a rule.
    :raises: :class:`oslo_config.cfg.Error` if it cannot be read
    """
    register_opts(conf)
    seconds = conf[IMAGE_GROUP].import_stall_timeout
    if seconds is None:
        # What oslo.config makes of nothing behind the sign of equality.
        raise cfg.ConfigFileValueError('import_stall_timeout has no value')
    return float(seconds)


def metadefs(conf: cfg.ConfigOpts) -> str:
    """Return the option of this name: ``off``, ``warn`` or ``enforce``.

    :param conf: the configuration, that of heat-engine as a rule.
    :raises: :class:`oslo_config.cfg.Error` if it cannot be read
    """
    register_opts(conf)
    return str(conf[IMAGE_GROUP].metadefs)


def unreadable(conf: cfg.ConfigOpts) -> dict[str, cfg.Error]:
    """Return the options of the resource type that cannot be read, and why.

    :param conf: the configuration, that of heat-engine as a rule.
    """
    found = {}
    for read in (import_stall_timeout, metadefs):
        try:
            read(conf)
        except cfg.Error as error:
            found[read.__name__] = error
    return found


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Options by section, in the form that oslo.config asks for.

    See https://docs.openstack.org/oslo.config/latest/cli/generator.html
    """
    return [(GROUP, OPTS), (IMAGE_GROUP, IMAGE_OPTS)]
