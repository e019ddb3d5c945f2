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

"""Which custom properties and tags Glance keeps, and how a value is written.

Pure: no Heat, no HTTP, standard library only.
The facts are those of Glance's ``glance/api/v2/images.py`` and of the tables
in ``glance/db/sqlalchemy/models.py``: names that the server refuses, silently
loses, or takes for another image are refused here, before a request is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import math
import re
from typing import Any
from typing import Optional
import unicodedata

#: Longest name of a property, and longest tag, in characters.
#: ``ImageProperty.name`` and ``ImageTag.value`` are ``String(255)``.
MAX_NAME_LENGTH = 255

#: Longest value of a property in bytes of UTF-8: a ``TEXT`` of MySQL.
MAX_VALUE_BYTES = 65535

_CHOOSE = 'choose another name'
_REMOVE = 'remove it from the template'
_READ = 'remove it; its value can be read from the attribute "show"'

# Attributes that the resource sets by a property of its own.
_SETTABLE = {
    'container_format': 'container_format',
    'disk_format': 'disk_format',
    'id': 'id',
    'location': 'location',
    'locations': 'location',
    'min_disk': 'min_disk',
    'min_ram': 'min_ram',
    'name': 'name',
    'os_hidden': 'hidden',
    'owner': 'owner',
    'protected': 'protected',
    'stores': 'stores',
    'tags': 'tags',
    'visibility': 'visibility',
}

# Attributes that Glance sets (_readonly_properties, _disallowed_properties
# of RequestDeserializer).
_READ_ONLY = frozenset(
    'checksum created_at direct_url file os_hash_algo os_hash_value schema '
    'self size status updated_at virtual_size'.split()
)

# _reserved_properties of RequestDeserializer.
_RESERVED = frozenset(('deleted', 'deleted_at'))

_ATTRIBUTES = frozenset((*_SETTABLE, *_READ_ONLY))

# ImagesController._do_add asks hasattr(image, name) and then assigns to the
# server's own object: what has the name of one of its Python attributes is
# answered with 200 and not stored.
_LOST = frozenset(
    'context deactivate delete get_data get_payload get_super_class helper '
    'image member notifier property_rules reactivate repo send_notification '
    'set_data'.split()
)
_CRASHING = frozenset(('base', 'extra_properties'))

_UUID = re.compile('[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')

# Properties whose value etc/schema-image.json of Glance restricts.
_RESTRICTED: Mapping[str, tuple[Callable[[str], object], str]] = {
    'cinder_encryption_key_deletion_policy': (
        ('on_image_deletion', 'do_not_delete').__contains__,
        'on_image_deletion or do_not_delete',
    ),
    'kernel_id': (_UUID.fullmatch, 'the id of an image (a UUID)'),
    'ramdisk_id': (_UUID.fullmatch, 'the id of an image (a UUID)'),
}

# A reason and a remedy, or None.
_Problem = Optional[tuple[str, str]]

# Nearly every name: printable ASCII that starts and ends with no space.
_PLAIN_NAME = re.compile('[!-^`-~](?:[ -~]{0,253}[!-~])?')


@dataclasses.dataclass(frozen=True, order=True)
class Offence:
    """One reason why Glance would not keep what a template declares.

    :param key: name of the property, or the tag, as far as it can be shown
    :param reason: what is wrong, a clause that follows the key
    :param remedy: the way out, an imperative clause
    """

    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"'{self.key}' {self.reason}: {self.remedy}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of a declared map: text for Glance, or offences.

    Exactly one of the two is of use: ``text`` is empty as soon as there is an
    offence, so that a partial map can never be sent.

    :param text: every declared property as Glance will hold it
    :param offences: all offences, sorted by key
    """

    text: Mapping[str, str]
    offences: tuple[Offence, ...]


def check(
    declared: Mapping[Any, object], managed: Iterable[str] = ()
) -> Verdict:
    """Return the text of declared properties, or all that is wrong with them.

    :param declared: custom properties as the template gives them
    :param managed: names of properties that are on the image; needed to
        find a change that merely respells one of them
    """
    offences: list[Offence] = []
    text: dict[str, str] = {}
    for raw_key, raw_value in declared.items():
        key = key_text(raw_key)
        problem = (
            _name_problem(key)
            if key is not None
            else ('is not a name', 'write the name as text')
        )
        if key is None or problem is not None:
            offences.append(Offence(shown(raw_key), *(problem or ())))
        if key is None:
            continue
        if key in text:
            offences.append(
                Offence(
                    shown(key),
                    'is declared twice, once not as text',
                    'keep one of the two',
                )
            )
        value, problem = _value_text(key, raw_value)
        if problem is not None:
            offences.append(Offence(shown(key), *problem))
        text[key] = value
    offences.extend(_clashes(text))
    offences.extend(_renames(text, managed))
    if offences:
        return Verdict({}, tuple(sorted(offences)))
    return Verdict(text, ())


def check_tags(
    declared: Iterable[object], managed: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[Offence, ...]]:
    """Return declared tags as sorted text, and all that is wrong with them.

    :param declared: tags as the template gives them, in any order
    :param managed: tags that are on the image
    """
    offences: list[Offence] = []
    tags: set[str] = set()
    for raw in declared:
        tag, problem = _scalar_text(raw)
        problem = problem or _form_problem(tag)
        if problem is not None:
            offences.append(Offence(f'tags: {shown(raw)}', *problem))
        tags.add(tag)
    offences.extend(_clashes(tags, 'tags: '))
    offences.extend(_renames(tags, managed, 'tags: '))
    if offences:
        return (), tuple(sorted(offences))
    return tuple(sorted(tags)), ()


def check_name(name: object) -> tuple[Offence, ...]:
    """Return what is wrong with the name of an image itself.

    :param name: the name, or None if there is none
    """
    problem = _characters_problem(name) if isinstance(name, str) else None
    if problem is None:
        return ()
    return (Offence('name', f'has a value that {problem[0]}', problem[1]),)


def custom(image: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom properties of an image as Glance shows it.

    Left out are base attributes and what Glance notes down for itself.
    """
    return {
        name: value
        for name, value in image.items()
        if name not in _ATTRIBUTES and not name.startswith('os_glance')
    }


def key_text(key: object) -> str | None:
    """Return a key of a YAML map as text, or None where it is no name.

    YAML reads an unquoted ``4`` or ``yes`` as an integer or a boolean.
    """
    text, problem = _scalar_text(key)
    return text if problem is None else None


def shown(value: object) -> str:
    """Return a name in a form that is safe in messages, logs and databases.

    Characters that cannot be printed, or that a database of three-byte
    UTF-8 refuses, are written as escapes, and a long text is cut.
    """
    # As YAML spells it, not as Python does.
    text = 'null' if value is None else str(value)
    text = ''.join(
        c
        if c.isprintable() and c <= '\uffff'
        else c.encode('unicode_escape').decode('ascii')
        for c in text[:80]
    )
    return text if len(text) <= 64 else f'{text[:61]}...'


def fold(name: str) -> str:
    """Return what is left of a name for a database that ignores accents.

    Two names with different results are two names for the unique index
    (image_id, name) of a Glance on MySQL or MariaDB with its default
    collation, ``utf8_general_ci``.  Two with the same result may be one:
    compatibility characters such as ``\u00b2`` are folded too, as newer
    default collations do.
    """
    if name.isascii() and name.isprintable():
        return name.lower()
    decomposed = unicodedata.normalize('NFKD', name.translate(_GENERAL_CI))
    folded = ''.join(
        c
        for c in decomposed
        if not unicodedata.combining(c)
        and unicodedata.category(c) not in _IGNORED
    ).casefold()
    return unicodedata.normalize('NFKD', folded)


# Characters without a weight of their own in Unicode's collation.
_IGNORED = frozenset(('Cc', 'Cf', 'Cn', 'Me'))

# What utf8_general_ci takes for another letter and Unicode does not.
_GENERAL_CI = str.maketrans('\xdf\u1e9e\u0131\u0345', 'ssi\u03b9')


def _name_problem(key: str) -> _Problem:
    """Return why Glance does not keep a property of this name."""
    if key in _SETTABLE:
        return (
            'is an attribute of the image, not a custom property',
            f'use the property "{_SETTABLE[key]}" of the resource',
        )
    if key in _READ_ONLY:
        return 'is read-only, Glance sets it', _READ
    if key in _RESERVED:
        return 'is reserved by Glance', _REMOVE
    if key == 'image_id':
        return ('makes Glance overwrite the image with that id', _CHOOSE)
    if key in _CRASHING:
        return 'makes Glance fail with an internal error', _CHOOSE
    if key in _LOST:
        return 'is accepted and then lost by Glance', _CHOOSE
    # In any case of letters: on MySQL it might be the key of Glance itself.
    if key[:9].lower() == 'os_glance':
        return 'has the prefix os_glance, reserved by Glance', _CHOOSE
    if _PLAIN_NAME.fullmatch(key):
        return None
    if key.startswith('_'):
        return (
            'starts with an underscore: Glance accepts and then loses '
            'such names',
            _CHOOSE,
        )
    return _form_problem(key)


def _form_problem(text: str) -> _Problem:
    """Return why a text is neither a good name nor a good tag."""
    if not text:
        return 'is empty', 'remove it, or give it a name'
    if text != text.strip():
        # Glance strips names in changes, and MySQL pads with spaces to
        # compare.
        return 'has white space at an end', 'remove the white space'
    if len(text) > MAX_NAME_LENGTH:
        return f'is longer than {MAX_NAME_LENGTH} characters', 'shorten it'
    return _characters_problem(text)


def _characters_problem(text: str) -> _Problem:
    """Return why Glance or its database refuses a character of the text."""
    if '\0' in text:
        return 'contains a NUL character', 'remove the character'
    if text.isascii():
        return None
    highest = max(text)
    if highest > '\uffff':
        return (
            'contains a character that takes four bytes in UTF-8 '
            f'(U+{ord(highest):X})',
            'use a character up to U+FFFF',
        )
    if any('\ud800' <= c <= '\udfff' for c in text):
        return (
            'contains a lone surrogate, which is not a character',
            'remove the character',
        )
    return None


def _scalar_text(value: object) -> tuple[str, _Problem]:
    """Return a YAML scalar as text, or why it has none."""
    if isinstance(value, str):
        return value, None
    if value is None:
        return '', (
            'has the value null, which Glance does not keep',
            'remove it, or use "" for an empty text',
        )
    if isinstance(value, bool):
        return ('true' if value else 'false'), None
    if isinstance(value, int):
        try:
            return str(value), None
        except ValueError:
            return '', (
                'has an integer with too many digits as its value',
                'shorten it',
            )
    if isinstance(value, float):
        if not math.isfinite(value):
            return '', (
                'has a value that is not a finite number',
                'write the value as text, in quotes',
            )
        return repr(value), None
    kind = (
        'a map'
        if isinstance(value, Mapping)
        else 'a list'
        if isinstance(value, (list, tuple, set))
        else f'an object of type {type(value).__name__}'
    )
    return '', (
        f'has {kind} as its value, and Glance keeps text only',
        'write the value as text',
    )


def _value_text(key: str, value: object) -> tuple[str, _Problem]:
    """Return the value of a property as text, or why it has none."""
    text, problem = _scalar_text(value)
    if problem is not None:
        return '', problem
    if len(text) > MAX_VALUE_BYTES // 4 and (
        len(text.encode('utf-8', 'surrogatepass')) > MAX_VALUE_BYTES
    ):
        return '', (
            f'has a value of more than {MAX_VALUE_BYTES} bytes in UTF-8',
            'shorten the value',
        )
    problem = _characters_problem(text)
    if problem is not None:
        return '', (f'has a value that {problem[0]}', problem[1])
    if key in _RESTRICTED and not _RESTRICTED[key][0](text):
        return '', (
            f'has a value that is not {_RESTRICTED[key][1]}',
            'correct the value',
        )
    return text, None


def _clashes(names: Iterable[str], prefix: str = '') -> Iterable[Offence]:
    """Yield an offence for each name that MySQL may take for another one.

    :param prefix: what to put before a name, if it is not that of a property
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(fold(name), []).append(name)
    for group in alike.values():
        if len(group) == 1:
            continue
        for name in group:
            others = ', '.join(
                f"'{shown(other)}'" for other in sorted(group) if other != name
            )
            yield Offence(
                prefix + shown(name),
                f'is one with {others} for a Glance on MySQL, which ignores '
                'case and accents',
                'keep one of them',
            )


def _renames(
    declared: Iterable[str], present: Iterable[str], prefix: str = ''
) -> Iterable[Offence]:
    """Yield an offence for each name that only respells one that is there.

    Glance keeps a removed property as a row marked deleted, and the row
    stays in the unique index until ``glance-manage db purge``.  Two such
    tags make every later removal of a tag fail.

    :param prefix: what to put before a name, if it is not that of a property
    """
    declared = set(declared)
    gone = {fold(name): name for name in present if name not in declared}
    for name in declared if gone else ():
        before = gone.get(fold(name))
        if before is not None:
            yield Offence(
                prefix + shown(name),
                f"differs only in case or accents from '{shown(before)}', "
                'which is on the image: a Glance on MySQL can never store it',
                f"keep '{shown(before)}', or choose another name",
            )
