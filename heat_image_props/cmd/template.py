#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""heat-image-props-template: existing images as a template of Heat."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import importlib.metadata
import pathlib
import sys
from typing import Any

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
from openstack import config as sdk_config
from openstack import exceptions as sdk_exceptions

from heat_image_props.cmd import bar
from heat_image_props.cmd import selection
from heat_image_props import creation
from heat_image_props import exception
from heat_image_props import export
from heat_image_props import hot
from heat_image_props import image_api
from heat_image_props import redact

_DISTRIBUTION = 'heat-image-props'
_COMMAND = 'heat-image-props-template'
_USAGE = f"""\
{_COMMAND} [options] IMAGE [IMAGE ...]
       {_COMMAND} [options] --tag TAG --property KEY=VALUE
"""
_DESCRIPTION = """\
Write a template of Heat that declares existing images as they are: one
OS::Glance::Image for each, with its custom properties. It goes to the
standard output; what cannot be declared is named on the standard error.
"""
_EPILOG = f"""\
examples:
  {_COMMAND} noble bookworm > images.yaml
  {_COMMAND} --tag golden --adopt-file adopt.yaml > images.yaml
  openstack stack adopt --wait --adopt-file adopt.yaml images
"""


class NothingToWrite(exception.ImageError):
    """There is no image for a template, or not each of those named."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :param argv: its arguments, by default those of the process
    :returns: 0, 1 if nothing was written, or 2 for a wrong call
    """
    try:
        options, connection = _read(
            list(sys.argv[1:] if argv is None else argv)
        )
        _run(options, connection)
    except (
        OSError,
        exception.ImageError,
        ksa_exceptions.ClientException,
        sdk_exceptions.SDKException,
    ) as error:
        _say(redact.mask(str(error)))
        return 1
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition('=')
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    return key, value


def _read(
    argv: list[str],
) -> tuple[argparse.Namespace, sdk_config.cloud_region.CloudRegion]:
    """Return the options of the command, and those of the connection."""
    parser = argparse.ArgumentParser(
        prog=_COMMAND,
        # All options would hide what is wrong with a call.
        usage=_USAGE,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'images',
        metavar='IMAGE',
        nargs='*',
        help='name or ID of an image',
    )
    parser.add_argument(
        '--tag',
        dest='tags',
        metavar='TAG',
        action='append',
        default=[],
        help='all images of the project with this tag (repeat to ask for '
        'several)',
    )
    parser.add_argument(
        '--property',
        dest='properties',
        metavar='KEY=VALUE',
        type=_pair,
        action='append',
        default=[],
        help='all images of the project with this custom property (repeat '
        'to ask for several)',
    )
    parser.add_argument(
        '--hidden',
        action='store_true',
        help='with --tag or --property: also hidden images',
    )
    parser.add_argument(
        '--exclude-property',
        dest='excluded',
        metavar='PATTERN',
        action='append',
        default=[],
        help='leave out custom properties with such a name, which the '
        'template shall not manage, such as "owner_specified.*" (repeat '
        'for several)',
    )
    parser.add_argument(
        '--adopt-file',
        metavar='FILE',
        help='file to write for "openstack stack adopt --adopt-file", which '
        'makes a stack of the images themselves',
    )
    parser.add_argument(
        '--version',
        action='version',
        version=importlib.metadata.version(_DISTRIBUTION),
    )
    own = {action.dest for action in parser._actions}
    config = sdk_config.OpenStackConfig(
        app_name=_DISTRIBUTION,
        app_version=importlib.metadata.version(_DISTRIBUTION),
    )
    config.register_argparse_arguments(parser, argv, ['image'])
    options = parser.parse_args(argv)
    filters = options.tags or options.properties
    if options.images and (filters or options.hidden):
        parser.error('name images, or give filters, not both')
    if not (options.images or filters):
        parser.error('name an image, or give --tag or --property')
    # What is not about the connection would be taken for configuration.
    return options, config.get_one(
        argparse=argparse.Namespace(
            **{k: v for k, v in vars(options).items() if k not in own}
        )
    )


def _run(
    options: argparse.Namespace,
    connection: sdk_config.cloud_region.CloudRegion,
) -> None:
    session = connection.get_session()
    access = selection.Access.of(session)
    api = image_api.ImageAPI(
        adapter.Adapter(
            session,
            service_type=connection.get_service_type('image'),
            interface=connection.get_interface('image'),
            region_name=connection.get_region_name('image'),
            endpoint_override=connection.get_endpoint('image'),
            user_agent=_DISTRIBUTION,
        ),
        is_patient=True,
    )
    names = list(dict.fromkeys(options.images))
    wanted = names or selection.matching(
        api,
        access,
        options.tags,
        options.properties,
        hidden=options.hidden,
    )
    found: dict[str, tuple[image_api.Image, export.Export]] = {}
    problems = []
    # Whatever happens, the bar is gone before it is told.
    with contextlib.closing(
        bar.progress(wanted, 'Reading images', sys.stderr)
    ) as steps:
        for each in steps:
            try:
                image = (
                    selection.find(api, each)
                    if isinstance(each, str)
                    else each
                )
                found[image['id']] = (
                    image,
                    _export(api, access, image, options),
                )
            except (
                exception.NotOwned,
                export.NotDeclarable,
                selection.NotOneImage,
            ) as error:
                problems.append(str(error))
    if problems and names:
        # Each of them was asked for.
        raise NothingToWrite('\n'.join(problems))
    for problem in problems:
        _say(f'Left out: {problem}')
    if not found:
        raise NothingToWrite('No image of the project matches')
    _write(found, options.adopt_file)


def _export(
    api: image_api.ImageAPI,
    access: selection.Access,
    image: image_api.Image,
    options: argparse.Namespace,
) -> export.Export:
    """Return an image in the terms of a template."""
    exported = export.export(
        image,
        selection.members(api, access, image),
        # Of others Glance takes no owner.
        image.get('owner')
        if access.is_admin and not access.owns(image)
        else None,
        options.excluded,
    )
    if options.adopt_file is not None:
        creation.check_adoptable(image, access)
    return exported


def _write(
    found: Mapping[str, tuple[image_api.Image, export.Export]],
    adopt_file: str | None,
) -> None:
    """Write the template, and the data of an adoption if that is wanted."""
    resources: dict[str, Mapping[str, Any]] = {}
    names = hot.resource_names(image['name'] for image, _ in found.values())
    for name, (image, exported) in zip(names, found.values()):
        resources[name] = exported.values
        for offence in exported.left_out:
            _say(
                f"{export.label(image)}: left out '{offence.key}', which "
                f'{offence.reason}'
            )
    template = hot.template(
        resources, f'Existing images, written down by {_COMMAND}.'
    )
    if adopt_file is not None:
        document = hot.adoption(template, dict(zip(names, found)))
        pathlib.Path(adopt_file).write_text(hot.text(document), 'utf-8')
    # YAML is UTF-8, whatever the terminal is.
    sys.stdout.buffer.write(hot.text(template).encode())
    sys.stdout.flush()
