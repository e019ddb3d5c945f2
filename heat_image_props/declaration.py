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

"""From the properties of the resource to what an image shall hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import rules

#: Base attributes that are set at creation and changed in place.
BASE_ATTRIBUTES = ('name', 'min_disk', 'min_ram', 'protected', 'visibility')

#: Value that an attribute goes back to when a template drops it.
DEFAULTS: Mapping[str, Any] = {
    'min_disk': 0,
    'min_ram': 0,
    'protected': False,
    'visibility': 'private',
}

#: The two spellings of the map of custom properties.
MAPS = ('property', 'extra_properties')


def check(values: Mapping[str, Any]) -> tuple[rules.Offence, ...]:
    """Return all offences in the properties of a resource, sorted.

    :param values: properties of the resource by name, as far as known
    """
    return _examine(values)[1]


def read(values: Mapping[str, Any]) -> diff.Declared:
    """Return what the properties of a resource declare.

    :param values: properties of the resource by name
    :raises: :class:`exception.InvalidDeclaration` with all offences
    """
    declared, offences = _examine(values)
    if offences:
        raise exception.InvalidDeclaration(offences)
    return declared


def _examine(
    values: Mapping[str, Any],
) -> tuple[diff.Declared, tuple[rules.Offence, ...]]:
    """Return what is declared, and all that is wrong with it."""
    merged, offences = _merge(values)
    verdict = rules.check(merged)
    tags, wrong_tags = rules.check_tags(values.get('tags') or ())
    offences += [
        *verdict.offences,
        *wrong_tags,
        *rules.check_name(values.get('name')),
    ]
    if 'location' in values and not (values['location'] or '').strip():
        offences.append(
            rules.Offence('location', 'is empty', 'give the URL of the data')
        )
    # A name that is null reaches us as an empty one.
    attributes = {
        name: values[name]
        for name in BASE_ATTRIBUTES
        if values.get(name) not in (None, '')
    }
    return (
        diff.Declared(attributes, verdict.text, frozenset(tags)),
        tuple(sorted(offences)),
    )


def keys(values: Mapping[str, Any], name: str) -> set[str]:
    """Return the names of custom properties that one of the maps declares.

    :param values: properties of the resource by name
    :param name: one of :data:`MAPS`
    """
    found = {rules.key_text(key) for key in values.get(name) or {}}
    return {key for key in found if key is not None}


def _merge(
    values: Mapping[str, Any],
) -> tuple[dict[Any, object], list[rules.Offence]]:
    """Return both maps as one, and an offence for each contradiction."""
    first, second = (values.get(name) or {} for name in MAPS)
    # A key that YAML read as a number is the same key as its text.
    spelt = {_identity(key): key for key in first}
    merged = dict(first)
    double = []
    for key, value in second.items():
        same = spelt.get(_identity(key), key)
        if same not in first:
            merged[key] = value
        elif _text(same, first[same]) != _text(key, value):
            double.append(
                rules.Offence(
                    rules.shown(_identity(key)),
                    f'is declared in "{MAPS[0]}" and, with another value, in '
                    f'"{MAPS[1]}"',
                    'keep one of the two',
                )
            )
    return merged, double


def _identity(key: object) -> object:
    """Return a key as Glance knows it, or itself if that is no name."""
    text = rules.key_text(key)
    return key if text is None else text


def _text(key: object, value: object) -> object:
    """Return what Glance would be sent for a value, or the value itself."""
    return next(iter(rules.check({key: value}).text.values()), value)
