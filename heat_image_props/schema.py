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

"""Properties and attributes of the resource type OS::Glance::Image."""

from __future__ import annotations

from heat.engine import attributes
from heat.engine import constraints
from heat.engine import properties

from heat_image_props._i18n import _

PROPERTIES = (
    NAME,
    IMAGE_ID,
    MIN_DISK,
    MIN_RAM,
    PROTECTED,
    DISK_FORMAT,
    CONTAINER_FORMAT,
    LOCATION,
    TAGS,
    VISIBILITY,
    PROPERTY,
    EXTRA_PROPERTIES,
) = (
    'name',
    'id',
    'min_disk',
    'min_ram',
    'protected',
    'disk_format',
    'container_format',
    'location',
    'tags',
    'visibility',
    'property',
    'extra_properties',
)

ATTRIBUTES = (
    CHECKSUM,
    LIVE_PROPERTIES,
    SIZE,
    STATUS,
) = (
    'checksum',
    'properties',
    'size',
    'status',
)

#: Container formats that go with the disk format of the same name only.
AMAZON_FORMATS = ('aki', 'ami', 'ari')

_UUID = (
    '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}'
    '-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'
)
# Upper end of glance's min_disk and min_ram (glance/domain/__init__.py and
# the Integer columns of glance/db/sqlalchemy/models.py).
_MOST = 2**31 - 1

properties_schema = {
    NAME: properties.Schema(
        properties.Schema.STRING,
        _(
            'Name of the image; not unique. Without it a name is made from '
            'those of the stack and the resource.'
        ),
        constraints=[constraints.Length(max=255)],
        update_allowed=True,
    ),
    IMAGE_ID: properties.Schema(
        properties.Schema.STRING,
        _(
            'ID of the image, a UUID that no image has or ever had. Without '
            'it one is chosen.'
        ),
        constraints=[constraints.AllowedPattern(_UUID)],
    ),
    MIN_DISK: properties.Schema(
        properties.Schema.INTEGER,
        _(
            'Disk space in GB that an instance needs to boot the image. '
            'Glance takes 0, no limit, if it is not given.'
        ),
        constraints=[constraints.Range(min=0, max=_MOST)],
        update_allowed=True,
    ),
    MIN_RAM: properties.Schema(
        properties.Schema.INTEGER,
        _(
            'Memory in MB that an instance needs to boot the image. Glance '
            'takes 0, no limit, if it is not given.'
        ),
        constraints=[constraints.Range(min=0, max=_MOST)],
        update_allowed=True,
    ),
    PROTECTED: properties.Schema(
        properties.Schema.BOOLEAN,
        _(
            'Whether the image is protected from deletion. Glance takes '
            'false if it is not given.'
        ),
        update_allowed=True,
    ),
    DISK_FORMAT: properties.Schema(
        properties.Schema.STRING,
        _('Format of the disk in the image.'),
        required=True,
        constraints=[
            constraints.AllowedValues(
                [
                    'ami',
                    'ari',
                    'aki',
                    'vhd',
                    'vhdx',
                    'vmdk',
                    'raw',
                    'qcow2',
                    'vdi',
                    'iso',
                    'ploop',
                ]
            )
        ],
    ),
    CONTAINER_FORMAT: properties.Schema(
        properties.Schema.STRING,
        _('Format of the container around the disk.'),
        required=True,
        constraints=[
            constraints.AllowedValues(
                [
                    'ami',
                    'ari',
                    'aki',
                    'bare',
                    'ovf',
                    'ova',
                    'docker',
                    'compressed',
                ]
            )
        ],
    ),
    LOCATION: properties.Schema(
        properties.Schema.STRING,
        _(
            'URL from which Glance fetches the data of the image, by its '
            'import method web-download. Credentials in it are kept out of '
            'logs and messages; Heat itself shows it with the template and '
            'in events.'
        ),
        required=True,
    ),
    TAGS: properties.Schema(
        properties.Schema.LIST,
        _('Tags of the image. Those set by others are left alone.'),
        update_allowed=True,
    ),
    VISIBILITY: properties.Schema(
        properties.Schema.STRING,
        _(
            'Who can see and use the image. A new image is private if it is '
            'not given; "public" is for administrators by default.'
        ),
        constraints=[
            constraints.AllowedValues(
                ['public', 'private', 'community', 'shared']
            )
        ],
        update_allowed=True,
    ),
    PROPERTY: properties.Schema(
        properties.Schema.MAP,
        _(
            'Key and value pairs to keep with the image. Integers, floats and '
            'booleans become text. Pairs set by others are left alone.'
        ),
        default={},
        update_allowed=True,
    ),
    EXTRA_PROPERTIES: properties.Schema(
        properties.Schema.MAP,
        _(
            'The name that "property" has in OS::Glance::WebImage; what is '
            'given in both must be the same.'
        ),
        default={},
        update_allowed=True,
    ),
}

attributes_schema = {
    CHECKSUM: attributes.Schema(
        _('MD5 of the data of the image, null as long as there is none.'),
        cache_mode=attributes.Schema.CACHE_NONE,
        type=attributes.Schema.STRING,
    ),
    LIVE_PROPERTIES: attributes.Schema(
        _(
            'All custom properties that the image has now, also those set by '
            'others.'
        ),
        cache_mode=attributes.Schema.CACHE_NONE,
        type=attributes.Schema.MAP,
    ),
    SIZE: attributes.Schema(
        _(
            'Size of the data of the image in bytes, null as long as there is '
            'none.'
        ),
        cache_mode=attributes.Schema.CACHE_NONE,
        type=attributes.Schema.INTEGER,
    ),
    STATUS: attributes.Schema(
        _('Status of the image.'),
        cache_mode=attributes.Schema.CACHE_NONE,
        type=attributes.Schema.STRING,
    ),
}
