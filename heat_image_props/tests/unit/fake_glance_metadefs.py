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

"""The metadata definitions of the fake Glance."""

from __future__ import annotations

import json
import pathlib
from typing import Any
import urllib.parse

from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import fake_glance_image

_LOADED = pathlib.Path(__file__).with_name('metadefs_of_glance.json')


def loaded() -> list[dict[str, Any]]:
    """Return what a project sees of the definitions that Glance ships.

    They are what Glance 33.0.0 answered to a member of a project when all
    of its ``etc/metadefs`` had been loaded: one document a line, asked for
    with ``resource_type=OS::Glance::Image``, without titles, descriptions,
    times and links.
    """
    return list(json.loads(_LOADED.read_text('utf-8')))


class MetadefServer:
    """The part of a Glance that serves definitions.

    :ivar namespaces: documents as ``GET`` with a resource type shows them
    :ivar page: namespaces in one answer
    """

    def __init__(self) -> None:
        super().__init__()
        self.namespaces: list[dict[str, Any]] = []
        self.page = 1000

    def define(
        self, name: str, prefix: str = '', **properties: dict[str, Any]
    ) -> None:
        """Add a public namespace for images."""
        self.namespaces.append(
            {
                'namespace': name,
                'visibility': 'public',
                'owner': 'operator',
                'resource_type_associations': [
                    {'name': 'OS::Glance::Image', 'prefix': prefix}
                ],
                'properties': {
                    prefix + key: schema for key, schema in properties.items()
                },
            }
        )

    def _serve_metadefs(
        self, path: str, query: dict[str, str]
    ) -> tuple[int, Any]:
        visible = {
            each['namespace']: each
            for each in self.namespaces
            if self.is_admin
            or each['visibility'] == 'public'
            or each['owner'] == fake_glance_image.PROJECT
        }
        name = urllib.parse.unquote(path.partition('namespaces/')[2])
        if name:
            if name not in visible:
                raise fake_glance_data.Refusal(404, 'was not found.')
            return 200, visible[name]
        names = [*visible]
        start = names.index(query['marker']) + 1 if 'marker' in query else 0
        shown = names[start : start + self.page]
        answer: dict[str, Any] = {
            'namespaces': [
                {
                    key: value
                    for key, value in visible[each].items()
                    if key not in ('properties', 'objects')
                }
                for each in shown
            ]
        }
        if len(shown) == self.page:
            answer['next'] = f'/v2/metadefs/namespaces?marker={shown[-1]}'
        return 200, answer
