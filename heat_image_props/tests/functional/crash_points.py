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

"""Scenarios of a user, and the requests at which they are disturbed.

The points are those requests that an undisturbed run of a scenario shows: a
new request of the plugin is a new point by itself.
"""

from collections.abc import Callable
import dataclasses
import hashlib
import itertools
from typing import Any
import uuid

FIRST = b'data of an image ' * 1000
SECOND = b'other data of an image ' * 1000

#: What can happen at a request: heat-engine dies before Glance gets it, or
#: when Glance has done it; or the engine lives, and only the answer is lost.
KINDS = {'before': 'hold_before', 'after': 'hold_after', 'lost': 'cut_after'}


@dataclasses.dataclass(frozen=True)
class Values:
    """What is different in each stack."""

    key: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)
    image_id: str = dataclasses.field(
        default_factory=lambda: str(uuid.uuid4())
    )
    url: str = ''
    other_url: str = ''
    project: str = ''


Properties = Callable[[Values], dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What a user does to a stack with one image.

    :ivar requests: what the plugin is expected to send, as operations of
        :mod:`minicloud.wire`, without repetitions
    :ivar wanted: the properties that it leads to; None to delete the stack
    :ivar before: those of the stack that it begins with; None to create it
    :ivar replaces: whether another image takes the place of the first
    """

    requests: str
    wanted: Properties | None
    before: Properties | None = None
    replaces: bool = False


def _bare(it):
    return {}


def _data(it):
    return {'location': it.url, 'tags': ['a'], 'min_ram': 1}


def _shared(it):
    return {'visibility': 'shared', 'members': []}


def _protected(it):
    return {'protected': True, 'force_delete': True}


CREATE = {
    'bare': Scenario('create get', _bare),
    'location': Scenario('create import get', _data),
    'hash': Scenario(
        'create import get',
        lambda it: {
            **_data(it),
            'image_hash': {'value': hashlib.sha512(FIRST).hexdigest()},
        },
    ),
    'members': Scenario(
        'create get members add-member get members',
        lambda it: {'members': [it.project]},
    ),
    'inactive': Scenario(
        'create import get deactivate get',
        lambda it: {**_data(it), 'active': False},
    ),
    'declared id': Scenario(
        'create import get', lambda it: {**_data(it), 'id': it.image_id}
    ),
}

UPDATE = {
    'metadata': Scenario(
        'get patch get',
        lambda it: {
            **_data(it),
            'name': f'{it.key} renamed',
            'tags': ['b'],
            'property': {'new': '1'},
        },
        lambda it: {**_data(it), 'property': {'old': '1'}},
    ),
    'members': Scenario(
        'get members patch add-member get members',
        lambda it: {
            **_shared(it),
            'members': [it.project],
            'property': {'new': '1'},
        },
        _shared,
    ),
    'no members': Scenario(
        'get members remove-member get members',
        _shared,
        lambda it: {**_shared(it), 'members': [it.project]},
    ),
    'inactive': Scenario(
        'get deactivate get', lambda it: {**_data(it), 'active': False}, _data
    ),
    'replaced': Scenario(
        'get create import get delete',
        lambda it: {**_data(it), 'location': it.other_url},
        _data,
        replaces=True,
    ),
}

DELETE = {
    'plain': Scenario('delete', None, _data),
    'forced': Scenario('get patch delete', None, _protected),
}

#: Of creations that were cut short before a request: that request, and those
#: of the update that repairs it.
REPAIRS = {
    'location': ('import', 'get import get'),
    'members': ('add-member', 'get members add-member get members'),
    'inactive': ('deactivate', 'get deactivate get'),
}


@dataclasses.dataclass(frozen=True)
class Point:
    """A request of a scenario, and what happens there.

    :ivar position: its place among the requests, from 1
    :ivar operation: what it asks for
    :ivar kind: a key of KINDS
    :ivar match: how the proxy tells it from the other requests
    """

    position: int
    operation: str
    kind: str
    match: dict[str, Any]

    def __str__(self) -> str:
        return f'{self.kind} {self.position}. {self.operation}'


def without_repetitions(operations: list[str]) -> list[str]:
    """Return a list in which nothing follows itself.

    How often an image is looked at while its data comes depends on how fast
    that is.
    """
    return [operation for operation, _ in itertools.groupby(operations)]


def points(operations: list[str]) -> list[Point]:
    """Return all points of a run.

    :param operations: without repetitions
    """
    found = []
    for index, operation in enumerate(operations):
        match: dict[str, Any] = {'operation': operation}
        before = operations[:index]
        if operation in before:
            # Not by its number: there may be more of them before, see above.
            last = max(
                place
                for place, each in enumerate(before)
                if operations.count(each) == 1
            )
            match['after'] = before[last]
            match['skip'] = before[last:].count(operation)
        found += [Point(index + 1, operation, kind, match) for kind in KINDS]
    return found
