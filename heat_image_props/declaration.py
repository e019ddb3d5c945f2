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

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Union

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import rules
from heat_image_props import source

#: Base attributes that are set at creation and changed in place, by the name
#: of the property of the resource: their names in Glance.
BASE_ATTRIBUTES: Mapping[str, str] = {
    'name': 'name',
    'min_disk': 'min_disk',
    'min_ram': 'min_ram',
    'protected': 'protected',
    'hidden': 'os_hidden',
    'visibility': 'visibility',
    'owner': 'owner',
}

#: Value that an attribute goes back to when a template drops it.  The owner
#: stays: nobody else is known.
DEFAULTS: Mapping[str, Any] = {
    'min_disk': 0,
    'min_ram': 0,
    'protected': False,
    'os_hidden': False,
    'visibility': 'private',
}

#: What is sent at creation where a template says nothing: without it Glance
#: takes "shared".
INITIAL: Mapping[str, Any] = {'visibility': DEFAULTS['visibility']}

#: The two spellings of the map of custom properties.
MAPS = ('property', 'extra_properties')

#: Custom properties that are properties of the resource too.
NAMED = ('architecture', 'kernel_id', 'ramdisk_id', 'os_distro', 'os_version')

#: The name of a property without a value, or that of a map and a key of it.
Unknown = Union[str, tuple[str, Any]]

#: All properties of the resource that are read here.
PROPERTIES = (
    *BASE_ATTRIBUTES,
    'is_public',
    'active',
    'members',
    'tags',
    *MAPS,
    *NAMED,
)


def check(
    values: Mapping[str, Any], unknown: Collection[Unknown] = ()
) -> tuple[rules.Offence, ...]:
    """Return all offences in the properties of a resource, sorted.

    :param values: properties of the resource by name, as far as known
    :param unknown: names of properties that are given, with values that
        cannot be known yet; a pair names a key of one of the maps
    """
    return _examine(values, unknown)[1]


def read(values: Mapping[str, Any]) -> diff.Declared:
    """Return what the properties of a resource declare.

    :param values: properties of the resource by name
    :raises: :class:`exception.InvalidDeclaration` with all offences
    """
    declared, offences = _examine(values, ())
    if offences:
        raise exception.InvalidDeclaration(offences)
    return declared


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the declared custom properties as text, where they have one.

    Others may be declared beside, in vain.

    :param values: properties of the resource by name, as far as known
    """
    found: dict[str, str] = {}
    for _, key, value in _given(values):
        found.update(rules.check({key: value}).text)
    return found


def managed(values: Mapping[str, Any]) -> diff.Managed:
    """Return what a resource with these properties has set on its image.

    They are those of a stored resource, which may be older than this package
    and hold what it would refuse.

    :param values: properties of the resource by name
    """
    names = {name for place in MAPS for name in keys(values, place)}
    names.update(name for name in NAMED if _is_given(values, name))
    attributes = {
        glance
        for name, glance in BASE_ATTRIBUTES.items()
        if _is_given(values, name)
    }
    members = _texts(values.get('members'))
    if values.get('is_public') is not None or members:
        attributes.add('visibility')
    if values.get('active') is not None:
        attributes.add(diff.ACTIVE)
    return diff.Managed(
        attributes=frozenset(attributes),
        # Not what an older type took for a custom property.
        properties=frozenset(rules.custom(dict.fromkeys(names))),
        tags=_texts(values.get('tags')),
        members=members,
        stores=_texts(values.get('stores')),
        data=source.read(values).fingerprint(),
    )


def keys(values: Mapping[str, Any], name: str) -> set[str]:
    """Return the names of custom properties that one place declares.

    :param values: properties of the resource by name
    :param name: one of :data:`MAPS` or :data:`NAMED`
    """
    if name in NAMED:
        return {name}
    found = {rules.key_text(key) for key in values.get(name) or {}}
    return {key for key in found if key is not None}


def _is_given(values: Mapping[str, Any], name: str) -> bool:
    """Say whether a template gives a property.

    A text that is null reaches us as an empty one.
    """
    return values.get(name) not in (None, '')


def _texts(values: Collection[object] | None) -> frozenset[str]:
    """Return the items of a list as text, without those that have none."""
    texts = (rules.key_text(value) for value in values or ())
    return frozenset(text for text in texts if text)


def _examine(
    values: Mapping[str, Any], unknown: Collection[Unknown]
) -> tuple[diff.Declared, tuple[rules.Offence, ...]]:
    """Return what is declared, and all that is wrong with it."""
    merged, offences = _merge(values, unknown)
    verdict = rules.check(merged)
    tags, wrong_tags = rules.check_tags(values.get('tags') or ())
    members, wrong_members = _members(values.get('members') or ())
    visibility, contradictions = _visibility(values, bool(members))
    offences += [
        *verdict.offences,
        *wrong_tags,
        *wrong_members,
        *contradictions,
        *rules.check_name(values.get('name')),
        *source.check(
            values, [name for name in unknown if isinstance(name, str)]
        ),
    ]
    attributes = {
        glance: values[name]
        for name, glance in BASE_ATTRIBUTES.items()
        if _is_given(values, name)
    }
    if visibility is not None:
        attributes['visibility'] = visibility
    return (
        diff.Declared(
            attributes,
            verdict.text,
            frozenset(tags),
            members,
            values.get('active'),
        ),
        tuple(sorted(offences)),
    )


def _visibility(
    values: Mapping[str, Any], is_shared: bool
) -> tuple[str | None, list[rules.Offence]]:
    """Return the visibility that is declared, and what contradicts it."""
    visibility, is_public = values.get('visibility'), values.get('is_public')
    offences = []
    if is_public is not None:
        if visibility is None:
            visibility = (
                'public'
                if is_public
                else 'shared'
                if is_shared
                else DEFAULTS['visibility']
            )
        elif is_public != (visibility == 'public'):
            offences.append(
                rules.Offence(
                    'is_public',
                    f'is {str(is_public).lower()} and contradicts '
                    f'"visibility", which is {visibility}',
                    'remove "is_public"',
                )
            )
    if is_shared:
        if visibility is None:
            visibility = 'shared'
        elif visibility != 'shared':
            given = 'visibility' if values.get('visibility') else 'is_public'
            offences.append(
                rules.Offence(
                    'members',
                    f'needs the visibility shared, and "{given}" makes it '
                    f'{visibility}',
                    'remove one of the two',
                )
            )
    return visibility, offences


def _members(
    declared: Collection[object],
) -> tuple[frozenset[str], list[rules.Offence]]:
    """Return the declared members, and what cannot be one."""
    members, offences = set(), []
    for raw in declared:
        member = '' if raw is None else str(raw)
        # ImageMember.member of glance/db/sqlalchemy/models.py is String(255).
        if (
            0 < len(member) <= rules.MAX_NAME_LENGTH
            and member.isascii()
            and member.isprintable()
            and not {*'/ ?#%'} & {*member}
            # In a path they would lead to the image itself.
            and member.strip('.')
        ):
            members.add(member)
            continue
        offences.append(
            rules.Offence(
                f'members: {rules.shown(member)}',
                'is not the id of a project',
                'use the id that "openstack project list" shows',
            )
        )
    return frozenset(members), offences


def _merge(
    values: Mapping[str, Any], unknown: Collection[Unknown]
) -> tuple[dict[Any, object], list[rules.Offence]]:
    """Return all custom properties as one map, and what is given twice."""
    merged: dict[Any, object] = {}
    places: dict[object, list[str]] = {}
    for place, key, value in _given(values):
        # A key that YAML read as a number is the same key as its text.
        identity = _identity(key)
        seen = places.setdefault(identity, [])
        if place not in seen:
            seen.append(place)
        if len(seen) == 1:
            # Twice in one place is for the rules to refuse.
            merged[key] = value
    for name in unknown:
        place, key = (name, name) if isinstance(name, str) else name
        if place in (*MAPS, *NAMED):
            places.setdefault(_identity(key), []).append(place)
    return merged, [
        rules.Offence(
            rules.shown(identity),
            'is given in ' + ' and in '.join(f'"{name}"' for name in found),
            'keep one of them',
        )
        for identity, found in places.items()
        if len(found) > 1
    ]


def _given(
    values: Mapping[str, Any],
) -> Iterator[tuple[str, object, object]]:
    """Yield place, key and value of each custom property that is given."""
    for place in MAPS:
        for key, value in (values.get(place) or {}).items():
            yield place, key, value
    for name in NAMED:
        if _is_given(values, name):
            yield name, name, values[name]


def _identity(key: object) -> object:
    """Return a key as Glance knows it, or itself if that is no name."""
    text = rules.key_text(key)
    return key if text is None else text
