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

"""Whether declared properties are as a cloud's metadata definitions have it.

Pure: no Heat, no HTTP, standard library only.

Glance itself never consults its definitions: a value is text, and a
definition gives the type of what the text means (``PropertyType`` of
``glance/api/v2/model/metadef_property_type.py``).
They lag behind the services that read the properties, so whatever is found
here is advice.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import difflib
import re

from heat_image_props import metadefs

#: Pairs of an unknown name and a defined one that are compared: a second's
#: work if all are alike.
MOST_COMPARED = 50000

# How alike two names and two values must be (the ratio of difflib).  Names
# of different properties are alike up to 0.84 (hw_tpm_model, hw_vif_model),
# and one wrong letter in seven leaves 0.86.
_NAMES, _VALUES = 0.85, 0.6

# By how many letters two such names may differ in length: Nova reads both
# auto_disk_config and hw_auto_disk_config.
_LENGTHS = 2

# Names that nobody can list, as every provider of a cloud may define some.
_OPEN_PREFIX = 'trait:'

# Words that services take for a boolean (oslo_utils.strutils).
_TRUTHS = frozenset('true false yes no on off t f y n 1 0'.split())

_INTEGER = re.compile('[+-]?[0-9]{1,400}')
_NUMBER = re.compile(r'[+-]?[0-9]{1,400}(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?')

# Operators of a list of values, and those of one value
# (``nova/scheduler/filters/extra_specs_ops.py``).
_LISTS = ('<or>', '<all-in>', '<in>')
_SCALARS = tuple('= == != >= <= s== s!= s>= s> s<= s<'.split())


#: What is wrong with a value that is not listed, and with a name.
UNDEFINED = 'is not defined in this cloud'


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """Something that is declared and not as the definitions have it.

    :param key: name of the property
    :param problem: what is wrong with the value, a clause; empty if the name
        is not defined and much like one that is
    :param value: the value, or None if there is no need to show it
    :param nearest: what may be meant
    :param allowed: all that the value may be, if that is listed
    """

    key: str
    problem: str
    value: str | None = None
    nearest: str | None = None
    allowed: tuple[str, ...] = ()


def judge(
    declared: Mapping[str, str], definitions: metadefs.Definitions
) -> tuple[Finding, ...]:
    """Return what of declared properties is not as defined, sorted by name.

    Names that are not defined are in order, unless they look like a
    misspelt one that is.

    :param declared: custom properties as text
    """
    findings: list[Finding] = []
    compared = 0
    for key, value in sorted(declared.items()):
        if key in definitions:
            finding = _judge_value(key, value, definitions[key])
        elif key.startswith(_OPEN_PREFIX) or compared > MOST_COMPARED:
            continue
        else:
            compared += len(definitions)
            finding = _judge_name(key, declared, definitions)
        if finding is not None:
            findings.append(finding)
    return tuple(findings)


def _judge_value(
    key: str, value: str, definitions: Sequence[metadefs.Definition]
) -> Finding | None:
    """Return what is wrong with a value for each of its definitions."""
    problems = [_problem(value, each) for each in definitions]
    if None in problems:
        return None
    allowed = tuple(
        dict.fromkeys(
            text for each in definitions for text in (each.item or each).values
        )
    )
    wrong = next(filter(None, problems))
    return Finding(
        key,
        wrong.clause,
        wrong.shown
        if not any(each.is_confidential for each in definitions)
        else None,
        _nearest(wrong.part, allowed, _VALUES),
        allowed,
    )


def _judge_name(
    key: str, declared: Collection[str], definitions: metadefs.Definitions
) -> Finding | None:
    """Return a name that was meant, if this one looks misspelt."""
    # What is declared too was not meant by this one.
    nearest = _nearest(
        key,
        [
            name
            for name in definitions
            if name not in declared
            and abs(len(name) - len(key)) <= _LENGTHS
            and not _is_numbered(name, key)
        ],
        _NAMES,
    )
    return None if nearest is None else Finding(key, '', nearest=nearest)


@dataclasses.dataclass(frozen=True)
class _Problem:
    """Why a value is not as one definition has it.

    :param clause: what is wrong
    :param part: that which is wrong: the value, or an operand or item of it
    :param shown: what may be shown of it
    """

    clause: str
    part: str
    shown: str | None


def _problem(value: str, definition: metadefs.Definition) -> _Problem | None:
    """Return why a value is not as a definition has it."""
    operands = _operands(value, definition)
    if definition.kind == 'array':
        return _array_problem(operands, definition)
    for operand in operands:
        problem = _scalar_problem(operand, definition)
        if problem is not None:
            return problem
    return None


def _array_problem(
    items: Sequence[str], definition: metadefs.Definition
) -> _Problem | None:
    clause = _outside(len(items), definition, 'has fewer than', 'items')
    if definition.is_unique and len({*items}) < len(items):
        clause = clause or 'has an item twice'
    if clause:
        return _Problem(clause, '', None)
    for item in items if definition.item else ():
        problem = _scalar_problem(item, definition.item or definition)
        if problem is not None:
            return problem
    return None


def _scalar_problem(
    value: str, definition: metadefs.Definition
) -> _Problem | None:
    kind, text = definition.kind, value.strip()
    clause = None
    if kind == 'boolean':
        if text.lower() not in _TRUTHS:
            clause = 'is neither true nor false'
    elif kind in ('integer', 'number'):
        form = _INTEGER if kind == 'integer' else _NUMBER
        clause = (
            _outside(float(text), definition, 'is less than')
            if form.fullmatch(text)
            else f'is no {"whole " if kind == "integer" else ""}number'
        )
    if clause is None and not _is_listed(value, definition):
        clause = UNDEFINED
    if clause is not None:
        return _Problem(clause, value, value)
    if kind == 'string':
        # A text that is free otherwise may be a secret.
        clause = _outside(
            len(value), definition, 'is shorter than', 'characters'
        )
        pattern = definition.pattern
        if (
            clause is None
            and pattern is not None
            and len(value) <= metadefs.MOST_MATCHED
            and not pattern.search(value)
        ):
            clause = f'does not match the pattern {pattern.pattern}'
    return None if clause is None else _Problem(clause, value, None)


def _is_listed(value: str, definition: metadefs.Definition) -> bool:
    """Say whether a value is one of those that a definition lists, if any."""
    values = definition.values
    if not values or value in values:
        return True
    if _TRUTHS.issuperset(each.lower() for each in values):
        # Services take any word for a boolean where one is listed.
        return value.strip().lower() in _TRUTHS
    if definition.kind in ('integer', 'number'):
        return any(
            _NUMBER.fullmatch(each) and float(each) == float(value)
            for each in values
        )
    return False


def _outside(
    number: float, definition: metadefs.Definition, less: str, unit: str = ''
) -> str | None:
    """Return how a number is out of bounds, if it is."""
    clause, bound = None, 0.0
    if definition.lowest is not None and number < definition.lowest:
        clause, bound = less, definition.lowest
    elif definition.highest is not None and number > definition.highest:
        more = {
            'is less than': 'is greater than',
            'is shorter than': 'is longer than',
            'has fewer than': 'has more than',
        }
        clause, bound = more[less], definition.highest
    return None if clause is None else f'{clause} {bound:g} {unit}'.rstrip()


def _operands(value: str, definition: metadefs.Definition) -> list[str]:
    """Return what a value consists of, apart from operators.

    It is nothing where an operator is used whose operands are not known.
    """
    text = value.strip()
    for operator in _LISTS:
        if operator in definition.operators and text.startswith(operator):
            parts = text.split(operator)[1:]
            if definition.kind == 'array' and len(parts) == 1:
                parts = re.split(r'[\s,]+', parts[0].strip())
            return [part.strip() for part in parts]
    word, _, rest = text.partition(' ')
    if word in definition.operators:
        return [rest.strip()] if word in _SCALARS else []
    if definition.kind == 'array':
        return [part.strip() for part in text.split(',')] if text else []
    return [value]


def _nearest(word: str, words: Iterable[str], cutoff: float) -> str | None:
    """Return the one of some words that is most like another one."""
    if len(word) > metadefs.MOST_LETTERS:
        return None
    plain = _plain(word)
    # From the last to the first, so that of two that read alike the first
    # is taken.
    by_plain = {
        _plain(each): each
        for each in reversed([*words])
        if abs(len(each) - len(word)) <= max(3, len(word) // 2)
    }
    found = difflib.get_close_matches(plain, by_plain, 1, cutoff)
    return by_plain[found[0]] if found else None


def _plain(word: str) -> str:
    """Return a word without what is often mistaken: case and separators."""
    return re.sub('[^a-z0-9]', '_', word.lower())


def _is_numbered(one: str, other: str) -> bool:
    """Say whether two words differ in their numbers only.

    Such as ``hw_numa_cpus.0`` and ``hw_numa_cpus.1`` are two properties.
    """
    return one != other and re.sub('[0-9]', '', one) == re.sub(
        '[0-9]', '', other
    )
