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

"""Attributes of the resource type OS::Glance::Image."""

from __future__ import annotations

from heat.engine import attributes

from heat_image_props._i18n import _

#: All custom properties that the image has.
LIVE_PROPERTIES = 'properties'
#: Those of them that the resource set.
MANAGED_PROPERTIES = 'managed_properties'
#: What is declared and differs.
DRIFT = 'property_drift'
#: IDs of the stores, which Glance gives as one text.
STORES = 'stores'


def _attribute(kind: str, description: str) -> attributes.Schema:
    """Return the schema of an attribute that is read from Glance each time."""
    return attributes.Schema(
        description, cache_mode=attributes.Schema.CACHE_NONE, type=kind
    )


attributes_schema: dict[str, attributes.Schema] = {
    LIVE_PROPERTIES: _attribute(
        attributes.Schema.MAP,
        _(
            'All custom properties that the image has now, also those set by '
            'others.'
        ),
    ),
    MANAGED_PROPERTIES: _attribute(
        attributes.Schema.MAP,
        _(
            'Those custom properties of the image that the resource set, with '
            'the values that they have now.'
        ),
    ),
    DRIFT: _attribute(
        attributes.Schema.MAP,
        _(
            'What is declared and differs on the image now: by key, a map of '
            '"expected" and "actual", which is null for what is missing.'
        ),
    ),
    'checksum': _attribute(
        attributes.Schema.STRING,
        _('MD5 of the data of the image, null as long as there is none.'),
    ),
    'created_at': _attribute(
        attributes.Schema.STRING,
        _('When the image was created, as ISO 8601 in UTC.'),
    ),
    'direct_url': _attribute(
        attributes.Schema.STRING,
        _(
            'Where the store keeps the data, without credentials; null '
            'unless the cloud shows it.'
        ),
    ),
    'file': _attribute(
        attributes.Schema.STRING,
        _('Path in the Image API from which the data can be fetched.'),
    ),
    'os_hash_algo': _attribute(
        attributes.Schema.STRING,
        _('Algorithm of the hash in the attribute "os_hash_value".'),
    ),
    'os_hash_value': _attribute(
        attributes.Schema.STRING,
        _(
            'Hash of the data in hexadecimal digits, null as long as there '
            'is none.'
        ),
    ),
    'owner': _attribute(
        attributes.Schema.STRING,
        _('ID of the project that owns the image.'),
    ),
    'schema': _attribute(
        attributes.Schema.STRING,
        _('Path in the Image API of the schema of the image.'),
    ),
    'size': _attribute(
        attributes.Schema.INTEGER,
        _(
            'Size of the data of the image in bytes, null as long as there is '
            'none.'
        ),
    ),
    'status': _attribute(
        attributes.Schema.STRING,
        _('Status of the image.'),
    ),
    STORES: _attribute(
        attributes.Schema.LIST,
        _(
            'IDs of the stores that hold the data; null if Glance does not '
            'show them, as of a deactivated image.'
        ),
    ),
    'tags': _attribute(
        attributes.Schema.LIST,
        _('All tags of the image, also those set by others.'),
    ),
    'updated_at': _attribute(
        attributes.Schema.STRING,
        _('When the image was changed last, as ISO 8601 in UTC.'),
    ),
    'virtual_size': _attribute(
        attributes.Schema.INTEGER,
        _(
            'Size in bytes of the disk that the data describes, null if it '
            'is not known.'
        ),
    ),
    'visibility': _attribute(
        attributes.Schema.STRING,
        _('Who can see and use the image.'),
    ),
}
