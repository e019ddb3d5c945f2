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

"""What the answers of Glance are made of, as far as it is relied upon.

A proxy, or a portal, may answer a request in the place of Glance, with JSON
too.  What is not of the shape given here is no answer of Glance; what else it
holds is not looked at.

A shape is a type; a map of shapes by member; a list of one shape, that of all
its items; or :class:`Maybe`.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Maybe:
    """Something of a shape that may be null, or missing in a map.

    :param shape: what it is otherwise
    """

    shape: Any


_TEXT = Maybe(str)
_NAMES: Mapping[type, str] = {
    dict: 'JSON object',
    list: 'list',
    str: 'text',
}

#: ``_format_image`` of ``glance/api/v2/images.py``.
IMAGE: Mapping[str, Any] = {
    'id': str,
    'status': str,
    'tags': Maybe([str]),
    'os_glance_import_task': _TEXT,
    'direct_url': _TEXT,
    'locations': Maybe([{'url': str}]),
}

#: ``index`` of ``glance/api/v2/images.py``.
IMAGES: Mapping[str, Any] = {'images': [IMAGE], 'next': _TEXT}

#: ``_format_image_member`` of ``glance/api/v2/image_members.py``.
MEMBER: Mapping[str, Any] = {'member_id': str}
MEMBERS: Mapping[str, Any] = {'members': [MEMBER]}

#: ``get_image_import`` and ``get_stores`` of ``glance/api/v2/discovery.py``.
METHODS: Mapping[str, Any] = {'import-methods': {'value': [str]}}
STORES: Mapping[str, Any] = {'stores': [{'id': str}]}

#: ``_task_format`` of ``glance/db/sqlalchemy/api.py``.
TASKS: Mapping[str, Any] = {
    'tasks': [{'id': str, 'status': str, 'message': _TEXT}]
}

#: ``to_wsme_model`` of ``glance/api/v2/model/metadef_namespace.py``.
NAMESPACE: Mapping[str, Any] = {'namespace': str}
NAMESPACES: Mapping[str, Any] = {'namespaces': [NAMESPACE]}


def flaw(document: object, shape: Any, name: str = 'the answer') -> str:
    """Return in which way JSON is not of a shape, or an empty text.

    :param document: what it is read as; None stands for null
    :param name: what the text calls it
    """
    if isinstance(shape, Maybe):
        return '' if document is None else flaw(document, shape.shape, name)
    kind = shape if isinstance(shape, type) else type(shape)
    if not isinstance(document, kind):
        return f'{name} is no {_NAMES[kind]}'
    found: list[str] = []
    if isinstance(document, dict):
        for key, inner in shape.items():
            if key not in document and not isinstance(inner, Maybe):
                return f'{name} has no "{key}"'
            found.append(flaw(document.get(key), inner, f'"{key}" in {name}'))
    elif isinstance(document, list):
        found += [
            flaw(each, shape[0], f'an item of {name}') for each in document
        ]
    return next(filter(None, found), '')
