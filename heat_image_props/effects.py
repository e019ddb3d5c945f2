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

"""What becomes of the properties of OS::Glance::Image.

By which requests they reach Glance, and what an update of them does: facts
about the other modules that a schema of Heat has no place for.
"""

from __future__ import annotations

from collections.abc import Mapping

from heat_image_props import schema

_ON_THE_RECORD = 'POST /v2/images'
_CHANGE = 'PATCH /v2/images/{id}'
_METADATA = f'{_ON_THE_RECORD}, then {_CHANGE}'
_IMPORT = 'POST /v2/images/{id}/import'

#: The requests of the Image API that carry each property.
REQUESTS: Mapping[str, str] = {
    **dict.fromkeys(schema.PROPERTIES, _METADATA),
    **dict.fromkeys(
        (schema.IMAGE_ID, schema.DISK_FORMAT, schema.CONTAINER_FORMAT),
        _ON_THE_RECORD,
    ),
    schema.ALL_STORES: _IMPORT,
    **dict.fromkeys(
        (schema.REMOTE_REGION, schema.REMOTE_IMAGE, schema.REMOTE_INTERFACE),
        _IMPORT,
    ),
    schema.ALL_STORES_MUST_SUCCEED: _IMPORT,
    **dict.fromkeys(
        (schema.LOCATION, schema.IMPORT_METHOD), f'{_IMPORT} or /locations'
    ),
    schema.MEMBERS: (
        'POST /v2/images/{id}/members, DELETE .../members/{member}'
    ),
    schema.ACTIVE: 'POST /v2/images/{id}/actions/deactivate, reactivate',
    schema.STORES: f'{_IMPORT}, DELETE /v2/stores/{{store}}/{{id}}',
    schema.IMAGE_HASH: (
        'none: it is compared with what GET /v2/images/{id} shows'
    ),
    schema.FORCE_DELETE: f'{_CHANGE} before a deletion',
}

_OTHER_DATA = (
    'replacement; in place while the image has no data, and if image_hash '
    'tells that the data is the same'
)

#: What an update of a property does where that is not simply "in place" or,
#: for what is not ``update_allowed``, "replacement".
EFFECTS: Mapping[str, str] = {
    **dict.fromkeys(
        (schema.LOCATION, schema.REMOTE_REGION, schema.REMOTE_IMAGE),
        f'{_OTHER_DATA}; nothing if it is dropped',
    ),
    schema.IMPORT_METHOD: _OTHER_DATA,
    schema.IMAGE_HASH: (
        'nothing if the data has this hash; if not, replacement by data from '
        'the source, or a failure if there is none'
    ),
    **dict.fromkeys(
        (schema.STORES, schema.ALL_STORES),
        'in place; nothing if it is dropped',
    ),
    schema.REMOTE_INTERFACE: 'nothing, it is for the next import',
    schema.ALL_STORES_MUST_SUCCEED: (
        'nothing, it is for the next import or copy'
    ),
    schema.FORCE_DELETE: 'nothing, it is for the deletion',
}

#: Properties whose change can replace the image.
REPLACING = frozenset(
    (
        *(
            schema.LOCATION,
            schema.IMPORT_METHOD,
            schema.REMOTE_REGION,
            schema.REMOTE_IMAGE,
            schema.IMAGE_HASH,
        ),
        *(schema.IMAGE_ID, schema.DISK_FORMAT, schema.CONTAINER_FORMAT),
    )
)
