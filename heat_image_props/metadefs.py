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

"""What a cloud defines about the properties of images: its metadefs.

Pure: no Heat, no HTTP, standard library only.

Definitions are written by operators, and by projects where the policy of
Glance lets them, so nothing in them is relied on: what has not the form that
is expected is left out, and what could take long is not tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import difflib
import re
from typing import Any

#: The resource type that definitions of image properties belong to.
RESOURCE_TYPE = 'OS::Glance::Image'

#: Longest name, and longest text in a definition, in characters.
MOST_LETTERS = 255

#: Properties that are read of one namespace, and values that an enumeration
#: may list.
MOST_PROPERTIES, MOST_VALUES = 1000, 1000

#: Longest value that a pattern is tried on, in characters.
MOST_MATCHED = 128

# How alike the beginning of a name and a prefix must be (the ratio of
# difflib): two of three letters.
_ALIKE = 0.6

# The namespace OS::Compute::VTPM has this prefix, and Nova reads "trait:"
# (``nova/scheduler/utils.py``): nothing reads what it defines.
_WRONG_PREFIX = 'traits:'

# One character of a regular expression, perhaps in a group, and how often.
# There is one way only to read each, or to read many would itself take for
# ever: the first character of a set is no "^".
_ATOM = (
    r'(?:\\[dDwWsS]|\\[^0-9A-Za-z]'
    r'|\[\^?(?:\\.|[^\]\\\[^])(?:\\.|[^\]\\\[])*\]'
    r'|[^\\\[\](){}*+?|^$])'
)
_PIECE = re.compile(
    rf'(?:{_ATOM}|\({_ATOM}\))'
    r'(?:\{[0-9]{1,3}\}|(?P<loose>\{[0-9]{1,3},[0-9]{0,3}\}|[*+?]))?'
)
_PLAIN_PATTERN = re.compile(
    rf'\^?(?:{_PIECE.pattern.replace("?P<loose>", "?:")})*\$?'
)
# With two parts of variable length a match takes the third power of the
# length of the value, and no more.
_MOST_LOOSE = 2


@dataclasses.dataclass(frozen=True)
class Namespace:
    """A namespace that defines properties of images.

    :param name: its name, unique in a cloud
    :param prefix: what its association with images puts before each name
    :param is_public: whether every project sees it
    """

    name: str
    prefix: str
    is_public: bool

    def concerns(self, keys: Iterable[str]) -> bool:
        """Say whether one of these names may be, or be meant as, one of it.

        :param keys: names of declared properties
        """
        if self.prefix == _WRONG_PREFIX:
            return False
        prefix = self.prefix.lower()
        heads = {key[: len(prefix)].lower() for key in keys}
        return not prefix or any(
            difflib.SequenceMatcher(None, head, prefix).ratio() >= _ALIKE
            for head in heads
        )


@dataclasses.dataclass(frozen=True)
class Definition:
    """What the value of one property shall be.

    :param kind: ``string``, ``integer``, ``number``, ``boolean``, ``array``
    :param values: all that it may be, or nothing if that is not listed
    :param lowest: least number, or number of letters or items
    :param highest: greatest one
    :param pattern: regular expression that is found in it
    :param operators: what may stand before a value
    :param item: what an item of an array shall be
    :param is_unique: whether no item of an array comes twice
    :param is_confidential: whether a value must not be shown
    """

    kind: str
    values: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    pattern: re.Pattern[str] | None = None
    operators: frozenset[str] = frozenset()
    item: Definition | None = None
    is_unique: bool = False
    is_confidential: bool = False


#: What properties shall be, by name; what is defined by several namespaces
#: shall be as one of them says.
Definitions = Mapping[str, Sequence[Definition]]


def namespaces(answer: Any, project: str) -> list[Namespace]:
    """Return the namespaces of a list that hold for a project.

    An administrator is shown those of all projects, and those that are
    neither public nor anybody's; both hold for nobody else.

    :param answer: JSON of ``GET /v2/metadefs/namespaces``
    :param project: id of the project
    """
    found = []
    for each in _list(_map(answer).get('namespaces')):
        name = _map(each).get('namespace')
        is_public = _map(each).get('visibility') == 'public'
        if not _is_name(name):
            continue
        if not is_public and _map(each).get('owner') != project:
            continue
        prefix = _prefix(each)
        if prefix is not None:
            found.append(Namespace(str(name), prefix, is_public))
    return sorted(found, key=lambda namespace: namespace.name)


def read(document: Any) -> dict[str, tuple[Definition, ...]]:
    """Return what a namespace defines, also by its objects.

    :param document: JSON of ``GET /v2/metadefs/namespaces/NAME`` with
        ``resource_type``, which makes Glance put the prefix before names
    """
    sources = [
        _map(document),
        *map(_map, _list(_map(document).get('objects'))),
    ]
    found: dict[str, tuple[Definition, ...]] = {}
    for source in sources:
        for name, schema in _map(source.get('properties')).items():
            definition = _definition(schema)
            if len(found) >= MOST_PROPERTIES:
                return found
            if definition is not None and _is_name(name):
                found[name] = (*found.get(name, ()), definition)
    return found


def merge(
    parts: Iterable[Definitions],
) -> dict[str, tuple[Definition, ...]]:
    """Return what several namespaces define together."""
    found: dict[str, tuple[Definition, ...]] = {}
    for part in parts:
        for name, definitions in part.items():
            found[name] = (*found.get(name, ()), *definitions)
    return found


def _definition(schema: Any) -> Definition | None:
    """Return a definition, or None if it has not the form of one."""
    kind = _map(schema).get('type')
    if kind not in ('string', 'integer', 'number', 'boolean', 'array'):
        return None
    lowest, highest = {
        'string': ('minLength', 'maxLength'),
        'array': ('minItems', 'maxItems'),
    }.get(kind, ('minimum', 'maximum'))
    return Definition(
        kind,
        values=_values(schema),
        lowest=_number(schema.get(lowest)),
        highest=_number(schema.get(highest)),
        pattern=_pattern(schema.get('pattern')),
        operators=frozenset(filter(_is_name, _list(schema.get('operators')))),
        item=_definition(schema.get('items')) if kind == 'array' else None,
        is_unique=schema.get('uniqueItems') is True,
        is_confidential=schema.get('confidential') is True,
    )


def _values(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return an enumeration, or nothing if it cannot be read as a whole."""
    values = _list(schema.get('enum'))
    if len(values) > MOST_VALUES or not all(map(_is_name, values)):
        return ()
    return tuple(values)


def _pattern(text: Any) -> re.Pattern[str] | None:
    """Return a regular expression, unless a match could take for ever.

    Python's can, and heat-engine would do nothing else meanwhile.
    """
    if not _is_name(text) or not _PLAIN_PATTERN.fullmatch(text):
        return None
    loose = [piece for piece in _PIECE.finditer(text) if piece['loose']]
    if len(loose) > _MOST_LOOSE:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None


def _prefix(namespace: Mapping[str, Any]) -> str | None:
    """Return the prefix of the names of a namespace, None if not for images.

    Without an association it was not asked for.
    """
    for each in _list(namespace.get('resource_type_associations')):
        if _map(each).get('name') == RESOURCE_TYPE:
            prefix = each.get('prefix') or ''
            return prefix if isinstance(prefix, str) else None
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _is_name(value: Any) -> bool:
    """Say whether something is a text of reasonable length."""
    return isinstance(value, str) and 0 < len(value) <= MOST_LETTERS


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
