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

"""What differs, and what an update did, in words.

Pure: no Heat, no HTTP.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from heat_image_props import declaration
from heat_image_props import diff
from heat_image_props import redact
from heat_image_props import rules

#: Longest reason of an event, in characters (``Event`` of
#: ``heat/db/models.py``).
MAX_REASON_LENGTH = 255

# Properties of the resource by the names of Glance.
_PROPERTY_OF = {
    glance: name for name, glance in declaration.BASE_ATTRIBUTES.items()
}

# Names that a custom property may have beside the one of the resource.
_OWN = frozenset(
    (*_PROPERTY_OF.values(), *'members active image_hash'.split())
)

Drift = dict[str, dict[str, Any]]


def drift(
    change: diff.ImageDiff,
    live: Mapping[str, Any],
    declared: diff.Declared,
    members: AbstractSet[str] = frozenset(),
) -> Drift:
    """Return what is expected and what there is, for all that differs.

    What should not be there is expected to be None, and what is missing is
    None.  Of tags and members those of others are left out.

    :param change: what would make the image as declared
    :param live: the image as Glance shows it
    :param declared: what the template asks for
    :param members: the projects that the live image is shared with
    """
    found: Drift = {}
    for name, value in change.attributes.items():
        found[_PROPERTY_OF.get(name, name)] = _pair(value, live.get(name))
    properties = change.properties
    for name, value in (
        *properties.added.items(),
        *properties.replaced.items(),
    ):
        found[_key(name)] = _pair(value, live.get(name))
    for name in properties.removed:
        found[_key(name)] = _pair(None, live.get(name))
    if change.tags is not None:
        tags = frozenset(live.get('tags') or ())
        found['tags'] = _pair(
            sorted(declared.tags),
            sorted((tags & declared.tags) | (tags - {*change.tags})),
        )
    if change.members:
        found['members'] = _pair(
            sorted(declared.members),
            sorted((members & declared.members) | change.members.removed),
        )
    if change.active is not None:
        found[diff.ACTIVE] = _pair(change.active, not change.active)
    return dict(sorted(found.items()))


def clauses(differences: Drift) -> list[str]:
    """Return a clause for each difference, fit for a message."""
    return [
        f"'{rules.shown(name)}' is {_value(pair['actual'])} instead of "
        f'{_value(pair["expected"])}'
        for name, pair in differences.items()
    ]


def summary(
    change: diff.ImageDiff,
    live: Mapping[str, Any],
    declared: diff.Declared,
    others: Collection[str] = (),
) -> str:
    """Return what an update did, by key and never by value.

    :param change: what was changed
    :param live: the image as it was before
    :param declared: what the template asks for
    :param others: further clauses, such as what was done to the data
    """
    most = 20
    while True:
        text = _summary(change, live, declared, others, most)
        if len(text) <= MAX_REASON_LENGTH:
            return text
        if not most:
            return f'{text[: MAX_REASON_LENGTH - 3]}...'
        most -= 1


def _summary(
    change: diff.ImageDiff,
    live: Mapping[str, Any],
    declared: diff.Declared,
    others: Collection[str],
    most: int,
) -> str:
    """Return a summary with a limited number of names in each list."""
    parts = []
    properties = change.properties
    alone = len(
        rules.custom(live).keys()
        - declared.properties.keys()
        - properties.removed
    )
    counted = [
        _counted(properties.added, 'added', most),
        _counted(properties.replaced, 'changed', most),
        _counted(properties.removed, 'removed', most),
    ]
    if any(counted):
        if alone:
            counted.append(f'{alone} others left alone')
        parts.append('properties: ' + ', '.join(filter(None, counted)))
    if change.attributes:
        names = [_PROPERTY_OF.get(name, name) for name in change.attributes]
        parts.append('attributes: ' + _counted(names, 'changed', most))
    if change.tags is not None:
        before = frozenset(live.get('tags') or ())
        after = frozenset(change.tags)
        parts.append(_both('tags', after - before, before - after, most))
    if change.members:
        parts.append(
            _both(
                'members', change.members.added, change.members.removed, most
            )
        )
    if change.active is not None:
        parts.append('reactivated' if change.active else 'deactivated')
    parts += others
    return '; '.join(parts) or 'nothing differed, nothing was changed'


def _key(name: str) -> str:
    """Return the name of a custom property, told from the resource's own."""
    return f'property.{name}' if name in _OWN else name


def _both(
    what: str, added: Collection[str], removed: Collection[str], most: int
) -> str:
    counted = (
        _counted(added, 'added', most),
        _counted(removed, 'removed', most),
    )
    return f'{what}: ' + ', '.join(filter(None, counted))


def _counted(names: Collection[str], done: str, most: int) -> str:
    """Return how many were treated and some of their names, or nothing."""
    if not names:
        return ''
    some = [rules.shown(name) for name in sorted(names)[:most]]
    if len(some) < len(names):
        some.append('...')
    return f'{len(names)} {done} ({", ".join(some)})'


def _pair(expected: Any, actual: Any) -> dict[str, Any]:
    return {'expected': expected, 'actual': actual}


def _value(value: Any) -> str:
    """Return a value of an image, short and without credentials."""
    if value is None:
        return 'missing'
    if isinstance(value, list):
        return '[' + ', '.join(_value(one) for one in value) + ']'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{rules.shown(redact.mask(text))}'"
