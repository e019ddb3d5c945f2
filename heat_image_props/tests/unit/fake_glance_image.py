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

"""What an image of a fake Glance is made of, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable
import re
from typing import Any

from heat_image_props.tests.unit import fake_glance_data

Refusal = fake_glance_data.Refusal

#: The project of the user.
PROJECT = 'test_tenant_id'

#: What every image has.
BASE = {
    'name': None,
    'status': 'queued',
    'visibility': 'shared',
    'protected': False,
    'os_hidden': False,
    'min_disk': 0,
    'min_ram': 0,
    'disk_format': None,
    'container_format': None,
    'tags': [],
    'size': None,
    'virtual_size': None,
    'checksum': None,
    'os_hash_algo': None,
    'os_hash_value': None,
    'owner': PROJECT,
    'created_at': '2026-01-01T00:00:00Z',
    'updated_at': '2026-01-01T00:00:00Z',
    'schema': '/v2/schemas/image',
}
#: What an image may have besides, which is no custom property.
SHOWN = ('id', 'stores', 'file', 'direct_url', 'locations')

_READ_ONLY = frozenset(
    (
        *('id', 'status', 'size', 'virtual_size', 'checksum', 'stores'),
        *('os_hash_algo', 'os_hash_value', 'created_at', 'updated_at'),
        *('schema', 'file', 'direct_url'),
    )
)
_VISIBILITIES = ('community', 'public', 'private', 'shared')
_TYPES: dict[str, Any] = {
    'name': str,
    'owner': str,
    'min_disk': int,
    'min_ram': int,
    'protected': bool,
    'os_hidden': bool,
    'visibility': str,
    'tags': list,
    'disk_format': str,
    'container_format': str,
}
_UUID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.IGNORECASE)


def check(values: dict[str, Any]) -> None:
    """Refuse what does not match the schema of images."""
    for name, value in values.items():
        if name in _READ_ONLY:
            continue
        kind = _TYPES.get(name, str)
        optional = name in ('name', 'owner', 'disk_format', 'container_format')
        if not (type(value) is kind or (value is None and optional)):
            raise Refusal(
                400, f'{value!r} is not of type &#x27;{kind.__name__}&#x27;'
            )
        if name == 'visibility' and value not in _VISIBILITIES:
            raise Refusal(400, f'{value!r} is not one of {_VISIBILITIES}')
        if name in ('kernel_id', 'ramdisk_id') and not _UUID.fullmatch(value):
            raise Refusal(400, f'{value!r} does not match')


def page(
    images: Iterable[dict[str, Any]], query: dict[str, str], most: int
) -> dict[str, Any]:
    """Return a part of a list, as Glance on MySQL finds images by name."""
    query = {'os_hidden': 'false', **query}
    found = [
        image
        for image in reversed(list(images))
        if str(image['os_hidden']).lower() == query['os_hidden']
        and image['owner'] == query.get('owner', image['owner'])
        and (
            'name' not in query
            or str(image['name']).lower() == query['name'].lower()
        )
    ]
    ids = [image['id'] for image in found]
    start = ids.index(query['marker']) + 1 if 'marker' in query else 0
    end = start + min(most, int(query['limit']))
    answer = {'images': found[start:end]}
    if end < len(found):
        answer['next'] = f'/v2/images?marker={ids[end - 1]}'
    return answer


def apply(image: dict[str, Any], operation: dict[str, Any]) -> None:
    """Apply one operation as Glance does, strictly."""
    pointer = operation['path']
    name = pointer[1:].replace('~1', '/').replace('~0', '~')
    if pointer[:1] != '/' or '/' in pointer[1:]:
        raise Refusal(400, f'Invalid JSON pointer: {pointer}')
    if name in ('disk_format', 'container_format'):
        if image['status'] != 'queued':
            raise Refusal(403, f"Attribute '{name}' is read-only.")
    if name in _READ_ONLY or name.startswith('os_glance'):
        raise Refusal(403, f"Attribute '{name}' is read-only.")
    kind = operation['op']
    if kind == 'remove':
        if name in BASE:
            raise Refusal(403, f'Property {name} may not be removed.')
        if name not in image:
            raise Refusal(409, f'Property {name} does not exist.')
        del image[name]
        return
    if kind not in ('add', 'replace'):
        raise Refusal(400, f'Invalid operation: `{kind}`.')
    if kind == 'replace' and name not in image:
        raise Refusal(409, f'Property {name} does not exist.')
    check({name: operation['value']})
    image[name] = operation['value']
