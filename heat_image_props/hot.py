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

"""How things are written in a template of Heat (HOT).

Pure: no Heat, no HTTP; PyYAML for the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
import re
from typing import Any

import yaml

#: Version of the language: the newest that Heat 22 and all later ones know.
VERSION = '2021-04-16'

#: Names of the functions of :data:`VERSION` and of its conditions.  A map
#: whose only key is one of them is a call (``parse`` of
#: ``heat/engine/template.py``).
FUNCTIONS = frozenset(
    'Fn::Base64 Fn::GetAZs Fn::Join Fn::MemberListToMap Fn::Replace '
    'Fn::ResourceFacade Fn::Select Fn::Split Ref and contains digest equals '
    'filter get_attr get_file get_param get_resource if list_concat '
    'list_concat_unique list_join make_url map_merge map_replace not or '
    'repeat resource_facade str_replace str_replace_strict '
    'str_replace_vstrict str_split yaql'.split()
)

#: Longest name of a resource that is made here, in characters.
MAX_RESOURCE_NAME = 60

_ILLEGAL = re.compile('[^A-Za-z0-9]+')

# What the client takes for a file to load, wherever it stands
# (``get_template_contents`` of ``heatclient/common/template_utils.py``).
_FILE_KEY = 'get_file'
_TYPE_KEY = 'type'
_TEMPLATE_SUFFIXES = ('.yaml', '.template')

# Texts that need no quotes, neither in YAML 1.1 nor in 1.2.
_WORD = '[A-Za-z0-9_(][A-Za-z0-9_./+,()-]*(?:::?[A-Za-z0-9_./+-]+)*'
_PLAIN = re.compile(f'(?=[A-Za-z_]){_WORD}(?: {_WORD})*')
_OTHER_THAN_TEXT = frozenset('y n yes no on off true false null'.split())


def resource_names(names: Iterable[str | None]) -> list[str]:
    """Return names of resources made from those of images, in their order.

    They have letters and digits of ASCII and underscores, begin with a
    letter, and differ in more than the case of letters.

    :param names: names of images, None and empty ones as well
    """
    taken = {_TYPE_KEY, *(name.lower() for name in FUNCTIONS)}
    found = []
    for name in names:
        stem = _ILLEGAL.sub('_', name or '').strip('_')
        if not stem[:1].isalpha():
            stem = f'image_{stem}'.rstrip('_')
        stem = chosen = stem[:MAX_RESOURCE_NAME].rstrip('_')
        number = 1
        while chosen.lower() in taken:
            number += 1
            chosen = f'{stem}_{number}'
        taken.add(chosen.lower())
        found.append(chosen)
    return found


def literal(pairs: Mapping[str, str]) -> dict[str, Any]:
    """Return a map that Heat and its client take for nothing but a map.

    A key that they would take for a function, or for the name of a file, is
    written as another one that Heat puts right.

    :param pairs: any map of text
    """
    renamed: dict[str, str] = {}
    for key, value in pairs.items():
        if not _is_taken_for_more(key, value, len(pairs)):
            continue
        stand_in = f'{key}_'
        while stand_in in pairs or stand_in in renamed.values():
            stand_in += '_'
        renamed[key] = stand_in
    if not renamed:
        return dict(pairs)
    return {
        'map_replace': [
            {renamed.get(key, key): value for key, value in pairs.items()},
            {'keys': {stand_in: key for key, stand_in in renamed.items()}},
        ]
    }


def template(
    resources: Mapping[str, Mapping[str, Any]], description: str
) -> dict[str, Any]:
    """Return a template with images.

    :param resources: properties of the images by the name of the resource
    :param description: what the template is about
    """
    return {
        'heat_template_version': VERSION,
        'description': description,
        'resources': {
            name: {
                'type': 'OS::Glance::Image',
                'properties': {
                    key: literal(value) if key == 'property' else value
                    for key, value in values.items()
                },
            }
            for name, values in resources.items()
        },
    }


def adoption(
    template: Mapping[str, Any], ids: Mapping[str, str]
) -> dict[str, Any]:
    """Return what ``openstack stack adopt`` makes a stack from.

    :param template: the template of the stack
    :param ids: ids of what exists, by the name of the resource
    """
    return {
        'action': 'CREATE',
        'status': 'COMPLETE',
        'environment': {},
        'template': dict(template),
        'resources': {
            name: {'resource_id': image_id} for name, image_id in ids.items()
        },
    }


def text(document: Mapping[str, Any]) -> str:
    """Return a document as YAML.

    Every text is read back as that text, by readers of YAML 1.1, such as
    Heat, and by those of 1.2.
    """
    written: str = yaml.dump(
        document,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=float('inf'),
    )
    return written


def _is_taken_for_more(key: str, value: str, size: int) -> bool:
    """Say whether a key of a map of some size means more than itself."""
    return (
        key == _FILE_KEY
        or (key == _TYPE_KEY and value.endswith(_TEMPLATE_SUFFIXES))
        or (size == 1 and key in FUNCTIONS)
    )


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # untyped
    """Writes texts in quotes unless they are plain words."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out, also what occurs twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False):  # type: ignore[no-untyped-def]
        """Indent the items of a list as those of a map."""
        return super().increase_indent(flow, False)


def _represent_text(dumper: _Dumper, text: str) -> Any:
    # In single quotes PyYAML would leave line breaks of any kind as they are,
    # and readers make spaces of them.
    style = "'" if text.isprintable() else '"'
    if _PLAIN.fullmatch(text) and text.lower() not in _OTHER_THAN_TEXT:
        style = ''
    elif _is_block(text):
        style = '|'
    return dumper.represent_scalar('tag:yaml.org,2002:str', text, style=style)


def _is_block(text: str) -> bool:
    """Say whether a text of several lines is readable as a block of them."""
    lines = text.split('\n')
    return (
        len(lines) > 1
        and lines[0][:1] not in ('', ' ')
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )


_Dumper.add_representer(str, _represent_text)
