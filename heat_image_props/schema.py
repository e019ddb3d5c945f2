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

"""Properties of the resource type OS::Glance::Image."""

from __future__ import annotations

from typing import Any

from heat.engine import constraints
from heat.engine import properties
from heat.engine import support

from heat_image_props._i18n import _
from heat_image_props import source

PROPERTIES = (
    NAME,
    IMAGE_ID,
    IS_PUBLIC,
    VISIBILITY,
    MEMBERS,
    OWNER,
    MIN_DISK,
    MIN_RAM,
    PROTECTED,
    HIDDEN,
    ACTIVE,
    DISK_FORMAT,
    CONTAINER_FORMAT,
    LOCATION,
    IMPORT_METHOD,
    REMOTE_REGION,
    REMOTE_IMAGE,
    REMOTE_INTERFACE,
    STORES,
    ALL_STORES,
    ALL_STORES_MUST_SUCCEED,
    IMAGE_HASH,
    TAGS,
    PROPERTY,
    EXTRA_PROPERTIES,
    ARCHITECTURE,
    KERNEL_ID,
    RAMDISK_ID,
    OS_DISTRO,
    OS_VERSION,
    FORCE_DELETE,
) = (
    'name',
    'id',
    'is_public',
    'visibility',
    'members',
    'owner',
    'min_disk',
    'min_ram',
    'protected',
    'hidden',
    'active',
    'disk_format',
    'container_format',
    'location',
    'import_method',
    'remote_region',
    'remote_image',
    'remote_interface',
    'stores',
    'all_stores',
    'all_stores_must_succeed',
    'image_hash',
    'tags',
    'property',
    'extra_properties',
    'architecture',
    'kernel_id',
    'ramdisk_id',
    'os_distro',
    'os_version',
    'force_delete',
)

#: Members of the property ``image_hash``.
HASH_ALGORITHM, HASH_VALUE = 'algo', 'value'

_UUID = (
    '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}'
    '-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'
)
# Upper end of glance's min_disk and min_ram (glance/domain/__init__.py and
# the Integer columns of glance/db/sqlalchemy/models.py).
_MOST = 2**31 - 1

#: Release of this package that brought what names none of its own.
FIRST_RELEASE = '0.1.0'


def _property(kind: str, description: str, **kwargs: Any) -> properties.Schema:
    """Return the schema of a property, by default of the first release."""
    kwargs.setdefault(
        'support_status', support.SupportStatus(version=FIRST_RELEASE)
    )
    is_text = kind == properties.Schema.STRING and not kwargs.get('required')
    schema = _OptionalText if is_text else properties.Schema
    return schema(kind, description, **kwargs)


class _OptionalText(properties.Schema):  # type: ignore[misc]  # untyped
    """The schema of a text that may be null, which Heat makes empty."""

    def validate_constraints(self, value: Any, *args: Any, **kw: Any) -> None:
        """Judge a value that is given."""
        if value != '':
            super().validate_constraints(value, *args, **kw)


def _one_of(values: str) -> list[constraints.AllowedValues]:
    """Return the constraint to one of some words."""
    return [constraints.AllowedValues(values.split())]


properties_schema: dict[str, properties.Schema] = {
    NAME: _property(
        properties.Schema.STRING,
        _(
            'Name of the image; not unique. Without it a name is made from '
            'those of the stack and the resource.'
        ),
        constraints=[constraints.Length(max=255)],
        update_allowed=True,
    ),
    IMAGE_ID: _property(
        properties.Schema.STRING,
        _(
            'ID of the image, a UUID that no image has or ever had. Without '
            'it one is chosen.'
        ),
        # A null becomes an empty text too, and shall not be a change.
        default='',
        constraints=[constraints.AllowedPattern(_UUID)],
    ),
    IS_PUBLIC: _property(
        properties.Schema.BOOLEAN,
        _(
            'What version 1 of the Image API had in place of "visibility": '
            'true is "public", false is "private", or "shared" with members.'
        ),
        update_allowed=True,
        support_status=support.SupportStatus(
            status=support.HIDDEN,
            version=FIRST_RELEASE,
            message=_('Use the property "visibility".'),
        ),
    ),
    VISIBILITY: _property(
        properties.Schema.STRING,
        _(
            'Who can see and use the image. If it is not given a new image is '
            'private, or shared if it has members; "public" is for '
            'administrators by default.'
        ),
        constraints=_one_of('public private community shared'),
        update_allowed=True,
    ),
    MEMBERS: _property(
        properties.Schema.LIST,
        _(
            'IDs of the projects that the image is shared with. Those that '
            'others share it with are left alone. The visibility has to be '
            '"shared", and is if it is not given.'
        ),
        schema=properties.Schema(
            properties.Schema.STRING, _('ID of a project.')
        ),
        update_allowed=True,
    ),
    OWNER: _property(
        properties.Schema.STRING,
        _(
            'ID of the project that owns the image. Any other than the '
            'project of the stack is for administrators.'
        ),
        constraints=[constraints.Length(max=255)],
        update_allowed=True,
    ),
    MIN_DISK: _property(
        properties.Schema.INTEGER,
        _(
            'Disk space in GB that an instance needs to boot the image. '
            'Glance takes 0, no limit, if it is not given.'
        ),
        constraints=[constraints.Range(min=0, max=_MOST)],
        update_allowed=True,
    ),
    MIN_RAM: _property(
        properties.Schema.INTEGER,
        _(
            'Memory in MB that an instance needs to boot the image. Glance '
            'takes 0, no limit, if it is not given.'
        ),
        constraints=[constraints.Range(min=0, max=_MOST)],
        update_allowed=True,
    ),
    PROTECTED: _property(
        properties.Schema.BOOLEAN,
        _(
            'Whether the image is protected from deletion. Glance takes '
            'false if it is not given.'
        ),
        update_allowed=True,
    ),
    HIDDEN: _property(
        properties.Schema.BOOLEAN,
        _(
            'Whether lists of images leave this one out unless asked for '
            'hidden ones. Nothing is sent if it is not given.'
        ),
        update_allowed=True,
    ),
    ACTIVE: _property(
        properties.Schema.BOOLEAN,
        _(
            'Whether the data can be used: false deactivates the image, true '
            'makes it active again. It applies as soon as there is data; '
            'nothing is sent if it is not given.'
        ),
        update_allowed=True,
    ),
    DISK_FORMAT: _property(
        properties.Schema.STRING,
        _('Format of the disk in the image.'),
        required=True,
        constraints=_one_of(' '.join(source.DISK_FORMATS)),
    ),
    CONTAINER_FORMAT: _property(
        properties.Schema.STRING,
        _('Format of the container around the disk.'),
        required=True,
        constraints=_one_of(' '.join(source.CONTAINER_FORMATS)),
    ),
    LOCATION: _property(
        properties.Schema.STRING,
        _(
            'URL of the data. Without it, and without a remote image, the '
            'image stays queued for an upload by other means. Credentials in '
            'it are kept out of logs and messages; Heat itself shows it with '
            'the template and in events.'
        ),
        update_allowed=True,
    ),
    IMPORT_METHOD: _property(
        properties.Schema.STRING,
        _(
            'How the data comes into Glance: "web-download" (also if it is '
            'not given) fetches it from the location, "glance-download" from '
            'an image of another region, and "reference" leaves it at the '
            'location, which needs a store of type http.'
        ),
        constraints=_one_of('web-download glance-download reference'),
        update_allowed=True,
    ),
    REMOTE_REGION: _property(
        properties.Schema.STRING,
        _('Name of the region of the image that "glance-download" fetches.'),
        update_allowed=True,
    ),
    REMOTE_IMAGE: _property(
        properties.Schema.STRING,
        _('ID of the image that "glance-download" fetches.'),
        constraints=[constraints.AllowedPattern(_UUID)],
        update_allowed=True,
    ),
    REMOTE_INTERFACE: _property(
        properties.Schema.STRING,
        _(
            'Interface of the endpoint that "glance-download" uses; Glance '
            'takes "public" if it is not given.'
        ),
        constraints=_one_of('public internal admin'),
        update_allowed=True,
    ),
    STORES: _property(
        properties.Schema.LIST,
        _(
            'IDs of the stores that hold the data. A store added later gets a '
            'copy, and the copy in one that is taken out is deleted; both are '
            'for administrators by default. Without it Glance uses its '
            'default store.'
        ),
        schema=properties.Schema(
            properties.Schema.STRING, _('ID of a store.')
        ),
        update_allowed=True,
    ),
    ALL_STORES: _property(
        properties.Schema.BOOLEAN,
        _('Whether all stores of the cloud hold the data.'),
        update_allowed=True,
    ),
    ALL_STORES_MUST_SUCCEED: _property(
        properties.Schema.BOOLEAN,
        _(
            'Whether it is a failure if one of several stores did not get '
            'the data. Glance takes true if it is not given.'
        ),
        update_allowed=True,
    ),
    IMAGE_HASH: _property(
        properties.Schema.MAP,
        _(
            'Hash of the data, compared with the one that Glance computes. '
            'It says which data it is: a new location of the same data '
            'replaces nothing.'
        ),
        schema={
            HASH_ALGORITHM: properties.Schema(
                properties.Schema.STRING,
                _(
                    'Name of the algorithm: the one that Glance is '
                    'configured to use, sha512 by default, or md5.'
                ),
                default='sha512',
            ),
            HASH_VALUE: properties.Schema(
                properties.Schema.STRING,
                _('The hash in hexadecimal digits; always needed.'),
            ),
        },
        update_allowed=True,
    ),
    TAGS: _property(
        properties.Schema.LIST,
        _('Tags of the image. Those set by others are left alone.'),
        update_allowed=True,
    ),
    PROPERTY: _property(
        properties.Schema.MAP,
        _(
            'Key and value pairs to keep with the image. Integers, floats and '
            'booleans become text. Pairs set by others are left alone.'
        ),
        default={},
        update_allowed=True,
    ),
    EXTRA_PROPERTIES: _property(
        properties.Schema.MAP,
        _(
            'The name that "property" has in OS::Glance::WebImage. A key is '
            'given in one of the two only.'
        ),
        default={},
        update_allowed=True,
    ),
    ARCHITECTURE: _property(
        properties.Schema.STRING,
        _('The custom property "architecture": that of the processor.'),
        update_allowed=True,
    ),
    KERNEL_ID: _property(
        properties.Schema.STRING,
        _(
            'The custom property "kernel_id": the image that is the kernel '
            'of one of format ami.'
        ),
        update_allowed=True,
    ),
    RAMDISK_ID: _property(
        properties.Schema.STRING,
        _(
            'The custom property "ramdisk_id": the image that is the RAM '
            'disk of one of format ami.'
        ),
        update_allowed=True,
    ),
    OS_DISTRO: _property(
        properties.Schema.STRING,
        _(
            'The custom property "os_distro": common name of the operating '
            'system distribution, in lower case.'
        ),
        update_allowed=True,
    ),
    OS_VERSION: _property(
        properties.Schema.STRING,
        _(
            'The custom property "os_version": version of the operating '
            'system, as its distributor gives it.'
        ),
        update_allowed=True,
    ),
    FORCE_DELETE: _property(
        properties.Schema.BOOLEAN,
        _(
            'Whether to lift the protection of a protected image that is to '
            'be deleted, with the stack or by a replacement.'
        ),
        update_allowed=True,
    ),
}
