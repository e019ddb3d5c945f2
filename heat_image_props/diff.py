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

"""The difference between a declared and a live image.

Pure: no Heat, no HTTP, standard library only.
The comparison is three-way.  What is *declared* is set, what is *managed*
(set before by the same resource) and no longer declared is removed, and
everything else on the *live* image belongs to somebody else and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
import dataclasses
import types
from typing import Any

Operation = dict[str, Any]

#: The name under which the state of an image, active or not, is managed.
ACTIVE = 'active'

#: The name under which it is managed that the resource deactivated an image
#: because of its data.
REJECTED = 'rejected'

_MISSING = object()
_NOTHING: Mapping[str, Any] = types.MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class PropertyDiff:
    """What to do to the custom properties of an image.

    The three parts have no name in common.
    If all of them are empty, the live image holds what is declared.

    :param added: properties to set that the image does not have
    :param replaced: properties to set that the image has with another value
    :param removed: names of properties to remove
    """

    added: Mapping[str, str] = dataclasses.field(default_factory=dict)
    replaced: Mapping[str, str] = dataclasses.field(default_factory=dict)
    removed: AbstractSet[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.replaced or self.removed)

    def names(self) -> list[str]:
        """Return the names of all that differs, in the order of the patch."""
        return [
            *sorted(self.removed),
            *sorted((*self.added, *self.replaced)),
        ]

    def to_patch(self, names: Iterable[str] | None = None) -> list[Operation]:
        """Return the operations of a v2.1 image patch, in a stable order.

        A property is set by ``add`` whether the image has it or not: ``add``
        is an upsert, while ``replace`` of a property that somebody removed
        meanwhile fails the whole request with 409
        (``glance/api/v2/images.py``, ``_do_add`` and ``_do_replace``).

        :param names: some of :meth:`names`, to do no more than that
        """
        values = self.replaced
        if self.added:
            values = {**self.added, **self.replaced}
        names = self.names() if names is None else list(names)
        text = ''.join(names)
        if self.removed or '~' in text or '/' in text:
            return [
                _set(name, values[name])
                if name in values
                else {'op': 'remove', 'path': pointer(name)}
                for name in names
            ]
        # Large maps are mostly of this kind, and half of the time goes into
        # asking each name whether it is special.
        return [
            {'op': 'add', 'path': '/' + name, 'value': values[name]}
            for name in names
        ]


def compute(
    declared: Mapping[str, str],
    managed: Iterable[str],
    live: Mapping[str, Any],
) -> PropertyDiff:
    """Return what makes the live custom properties equal the declared ones.

    :param declared: every property that the template asks for, as text
    :param managed: names that this resource has set on the image before
    :param live: properties of the image as Glance shows them; other
        members of the image may be there too, they are not looked at
    """
    get = live.get
    # One pass over everything; what follows sees the differences only.
    differing = {
        name: value
        for name, value in declared.items()
        if get(name, _MISSING) != value
    }
    if differing.keys() <= live.keys():
        added, replaced = {}, differing
    else:
        added = {k: v for k, v in differing.items() if k not in live}
        replaced = {k: v for k, v in differing.items() if k in live}
    undeclared = frozenset(managed).difference(declared)
    removed = frozenset(name for name in undeclared if name in live)
    return PropertyDiff(added, replaced, removed)


@dataclasses.dataclass(frozen=True)
class Declared:
    """All that a template says about the metadata of one image.

    :param attributes: base attributes by Glance's name, such as ``min_ram``
        (MB), ``min_disk`` (GB) or ``visibility``
    :param properties: custom properties, as text
    :param tags: tags
    :param members: ids of the projects to share the image with
    :param active: whether its data can be used, or None if nothing is said
    """

    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    properties: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: AbstractSet[str] = frozenset()
    members: AbstractSet[str] = frozenset()
    active: bool | None = None


@dataclasses.dataclass(frozen=True)
class Managed:
    """What one resource has ever set or asked for, and not yet undone.

    :param attributes: names of base attributes, :data:`ACTIVE` and
        :data:`REJECTED`
    :param properties: names of custom properties
    :param tags: tags
    :param members: ids of projects
    :param stores: ids of stores that got the data
    :param asked: ids of stores that were asked to get the data
    :param data: :meth:`heat_image_props.source.Source.fingerprint` of the
        data that was asked for last, or an empty text
    :param stalled: :attr:`heat_image_props.watch.Watch.mark` of an import
        that was given up, or an empty text
    """

    attributes: AbstractSet[str] = frozenset()
    properties: AbstractSet[str] = frozenset()
    tags: AbstractSet[str] = frozenset()
    members: AbstractSet[str] = frozenset()
    stores: AbstractSet[str] = frozenset()
    asked: AbstractSet[str] = frozenset()
    data: str = ''
    stalled: str = ''

    @classmethod
    def of(cls, declared: Declared) -> Managed:
        """Return the names that a declared image makes managed."""
        state = () if declared.active is None else (ACTIVE,)
        return cls(
            frozenset((*declared.attributes, *state)),
            frozenset(declared.properties),
            frozenset(declared.tags),
            frozenset(declared.members),
        )

    def __or__(self, other: Managed) -> Managed:
        return Managed(
            self.attributes | other.attributes,
            self.properties | other.properties,
            self.tags | other.tags,
            self.members | other.members,
            self.stores | other.stores,
            self.asked | other.asked,
            other.data or self.data,
            other.stalled or self.stalled,
        )


@dataclasses.dataclass(frozen=True)
class MemberDiff:
    """With which projects to begin and to end sharing an image.

    :param added: ids of projects to add
    :param removed: ids of projects to remove
    """

    added: AbstractSet[str] = frozenset()
    removed: AbstractSet[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@dataclasses.dataclass(frozen=True)
class ImageDiff:
    """What to do to an image; false if there is nothing to do.

    :param attributes: base attributes to set; they can never be removed
        (``_do_remove`` of ``glance/api/v2/images.py``)
    :param properties: what to do to the custom properties
    :param tags: the complete new list of tags, sorted, or None for no change
    :param members: what to do to the members
    :param active: true to reactivate, false to deactivate, None for neither
    """

    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    properties: PropertyDiff = dataclasses.field(default_factory=PropertyDiff)
    tags: tuple[str, ...] | None = None
    members: MemberDiff = dataclasses.field(default_factory=MemberDiff)
    active: bool | None = None

    def __bool__(self) -> bool:
        return bool(
            self.attributes
            or self.properties
            or self.tags is not None
            or self.members
            or self.active is not None
        )

    def to_patch(self) -> list[Operation]:
        """Return the operations of one v2.1 image patch, perhaps none.

        The list of tags can only be set as a whole.  Members and the state
        have requests of their own.
        """
        operations = [
            _set(name, value) if name != 'owner' else _give(value)
            for name, value in sorted(self.attributes.items())
        ]
        if self.tags is not None:
            operations.append(_set('tags', list(self.tags)))
        return operations + self.properties.to_patch()

    def __or__(self, later: ImageDiff) -> ImageDiff:
        """Return what both do, one after the other.

        What is done again, as it was lost, counts as it did at first.
        """
        known = {*self.properties.names()}
        added, replaced = (
            {name: value for name, value in new.items() if name not in known}
            for new in (later.properties.added, later.properties.replaced)
        )
        return ImageDiff(
            {**self.attributes, **later.attributes},
            PropertyDiff(
                {**self.properties.added, **added},
                {**self.properties.replaced, **replaced},
                self.properties.removed | (later.properties.removed - known),
            ),
            self.tags if later.tags is None else later.tags,
            MemberDiff(
                self.members.added | later.members.added,
                self.members.removed | later.members.removed,
            ),
            self.active if later.active is None else later.active,
        )

    def undo(
        self,
        before: Mapping[str, Any],
        live: Mapping[str, Any],
        members: AbstractSet[str],
    ) -> ImageDiff:
        """Return what takes back as much of this as came true.

        The state is left out: it is changed last.

        :param before: the image as it was
        :param live: the image as it is
        :param members: the projects that it is shared with
        """
        old_tags = frozenset(before.get('tags') or ())
        new_tags = old_tags if self.tags is None else frozenset(self.tags)
        return compare(
            Declared(
                {name: before.get(name) for name in self.attributes},
                {
                    name: before[name]
                    for name in self.properties.names()
                    if name in before
                },
                old_tags - new_tags,
                self.members.removed,
            ),
            Managed(
                properties=frozenset(self.properties.added),
                tags=new_tags - old_tags,
                members=self.members.added,
            ),
            live,
            members=members,
        )

    def names(self) -> list[str]:
        """Return the names of all that differs, sorted."""
        return sorted(
            {
                *self.attributes,
                *self.properties.names(),
                *(() if self.tags is None else ('tags',)),
                *(('members',) if self.members else ()),
                *(() if self.active is None else (ACTIVE,)),
            }
        )


def compare(
    declared: Declared,
    managed: Managed,
    live: Mapping[str, Any],
    defaults: Mapping[str, Any] = _NOTHING,
    members: AbstractSet[str] = frozenset(),
) -> ImageDiff:
    """Return what makes a live image equal the declared one.

    :param declared: what the template asks for
    :param managed: what this resource has set before
    :param live: the image as Glance shows it
    :param defaults: value that an attribute goes back to when it is managed
        and no longer declared; one without a default stays as it is
    :param members: the projects that the live image is shared with
    """
    wanted = {
        name: value
        for name, value in defaults.items()
        if name in managed.attributes
    }
    wanted.update(declared.attributes)
    attributes = {
        name: value
        for name, value in wanted.items()
        if live.get(name, _MISSING) != value
    }
    live_tags = frozenset(live.get('tags') or ())
    tags = (live_tags - managed.tags) | declared.tags
    return ImageDiff(
        attributes,
        compute(declared.properties, managed.properties, live),
        None if tags == live_tags else tuple(sorted(tags)),
        MemberDiff(
            declared.members - members,
            (managed.members - declared.members) & members,
        ),
        _switch(declared, managed, live),
    )


def _switch(
    declared: Declared, managed: Managed, live: Mapping[str, Any]
) -> bool | None:
    """Return whether to make an image active, or not, or leave its state.

    An image without data, or with an import at work, is neither.
    """
    wanted = declared.active
    if wanted is None and {ACTIVE, REJECTED} & managed.attributes:
        wanted = True
    is_active = {'active': True, 'deactivated': False}.get(
        live.get('status', '')
    )
    return None if is_active in (None, wanted) else wanted


def gained(
    declared: Declared,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    members: tuple[AbstractSet[str], AbstractSet[str]] = (
        frozenset(),
        frozenset(),
    ),
) -> Managed:
    """Return what of the declared an image did not hold before, and now does.

    :param declared: what the template asks for
    :param before: the image as it was
    :param after: the image as it is
    :param members: the projects it was shared with, and those it is
    """
    then, now = (
        compare(declared, Managed(), image, members=shared)
        for image, shared in zip((before, after), members)
    )
    tags = frozenset(after.get('tags') or ())
    switched = then.active is not None and now.active is None
    return Managed(
        {
            *(then.attributes.keys() - now.attributes.keys()),
            *((ACTIVE,) if switched else ()),
        },
        {*then.properties.added, *then.properties.replaced}
        - {*now.properties.added, *now.properties.replaced},
        (declared.tags - frozenset(before.get('tags') or ())) & tags,
        then.members.added - now.members.added,
    )


def pointer(name: str) -> str:
    """Return the JSON pointer (RFC 6901) to a member of the image."""
    return '/' + name.replace('~', '~0').replace('/', '~1')


def _set(name: str, value: Any) -> Operation:
    return {'op': 'add', 'path': pointer(name), 'value': value}


def _give(owner: str) -> Operation:
    """Return the operation that changes the owner.

    It is refused to whom it is not allowed, while ``add`` is answered with a
    refusal and carried out (``_do_replace`` and ``_do_add`` of
    ``glance/api/v2/images.py``).
    """
    return {'op': 'replace', 'path': pointer('owner'), 'value': owner}
