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

"""What the soak does, decided by a seed alone.

Pure.  Each stack has decisions of its own, which depend neither on what
becomes of them nor on the other stacks: the same seed leads to the same
sequence for each.
"""

import dataclasses
import random
import uuid

from heat_image_props.tests.load import model

#: What can be done to a stack, and how often that is.
OPERATIONS = {
    'update': 50,
    'refused': 8,
    'rollback': 10,
    'check': 12,
    'delete': 9,
    'vanish': 5,
    'other-data': 6,
}

_KEYS = (
    *(f'soak_{number}' for number in range(8)),
    'hw_disk_bus',
    'soak:a/b~c d',
    'soak ü',
)
_TAGS = tuple(f'tag-{number}' for number in range(6))
_MEMBERS = tuple(
    uuid.uuid5(uuid.NAMESPACE_DNS, f'member-{number}.soak').hex
    for number in range(3)
)
_VISIBILITY = ('private', 'community', 'shared', 'shared')

#: Operations of Glance that a fault is about, by what is done to the stack.
_ASKED = {
    'create': ('create', 'get', 'import', 'add-member', None),
    'update': ('get', 'patch', 'patch', 'add-member', 'members', None),
    'rollback': ('get', 'patch', None),
    'check': ('get', 'members', None),
    'delete': ('delete', 'get', None),
}
# No 404 among them: it says that the image is gone, and what the plugin does
# then is right only if it is.  The operation "vanish" makes true ones.
_STATUSES = {
    'answer': (400, 401, 403, 409, 413, 429, 500, 502, 503, 504),
    # What a proxy says of a request that Glance did not answer in time.
    'answer_after': (500, 502, 503, 504),
}
_KINDS = (
    'answer',
    'answer',
    'answer',
    'answer_after',
    'cut_before',
    'cut_after',
    'delay',
    'truncate',
    'garbage',
)


@dataclasses.dataclass(frozen=True)
class Fault:
    """What goes wrong with some requests of the plugin for one image.

    :param kind: method of :class:`minicloud.wire.Wire`
    :param operation: what it asks for, or None for anything
    :param status: of the answer
    :param seconds: of a delay
    :param skip: how many requests go well before
    :param times: how many fail
    """

    kind: str
    operation: str | None = None
    status: int = 0
    seconds: float = 0.0
    skip: int = 0
    times: int = 1

    def __str__(self):
        detail = self.status or (self.seconds and f'{self.seconds:.1f} s')
        return (
            f'{self.kind}{f" {detail}" if detail else ""} of '
            f'{self.operation or "any"} x{self.times}+{self.skip}'
        )


@dataclasses.dataclass(frozen=True)
class Step:
    """One operation on a stack.

    :param number: of the step
    :param operation: ``create`` or one of :data:`OPERATIONS`
    :param life: number of the stack that has this place
    :param declaration: what the template says
    :param faults: what goes wrong meanwhile
    :param foreign: how many keys another client sets meanwhile
    :param in_use: whether the data is held by something at a deletion
    :param pause: seconds before it
    """

    number: int
    operation: str
    life: int
    declaration: model.Declaration
    faults: tuple[Fault, ...] = ()
    foreign: int = 0
    in_use: bool = False
    pause: float = 0.0

    def __str__(self):
        return ', '.join(
            (
                f'{self.number}: {self.operation}',
                *map(str, self.faults),
                *([f'{self.foreign} foreign keys'] if self.foreign else ()),
                *(['in use'] if self.in_use else ()),
            )
        )


class Plan:
    """The decisions for one stack, without end.

    :param seed: the seed of the soak
    :param number: of the stack
    """

    def __init__(self, seed, number):
        self._random = random.Random(f'{seed}/{number}')
        self._place = f'soak-{seed}-{number}'
        self._steps = 0
        self._life = 0
        self._current = None

    def __iter__(self):
        return self

    def __next__(self):
        self._steps += 1
        pause = self._random.uniform(0, 2)
        operation = 'create'
        if self._current is not None:
            operation = self._random.choices(
                list(OPERATIONS), list(OPERATIONS.values())
            )[0]
        if operation == 'other-data' and self._current.data is None:
            operation = 'update'
        declaration = self._declare(operation)
        step = Step(
            self._steps,
            operation,
            self._life,
            declaration,
            self._faults(operation),
            self._foreign(operation),
            operation == 'delete' and self._random.random() < 0.3,
            pause,
        )
        if operation not in ('refused', 'rollback'):
            self._current = declaration
        if operation == 'delete':
            self._current = None
        return step

    def _declare(self, operation):
        if operation == 'create':
            self._life += 1
            return self._first()
        if operation in ('check', 'delete', 'vanish'):
            return self._current
        after = self._change(self._current)
        if operation == 'refused':
            return self._offend(after)
        if operation == 'rollback':
            # Glance lets administrators do that.
            return dataclasses.replace(
                after,
                members=frozenset(),
                attributes={**after.attributes, 'visibility': 'public'},
            )
        if operation == 'other-data':
            return dataclasses.replace(after, data=self._data())
        return mended(after)

    def _first(self):
        data = None
        if self._random.random() < 0.7:
            data = self._data()
            if self._random.random() < 0.15:
                data = dataclasses.replace(data, fails=True)
        return self._change(
            model.Declaration(name=f'{self._place}-{self._life}', data=data)
        )

    def _data(self):
        return model.Data(
            f'{self._place}-{self._life}-{self._steps}.img',
            has_hash=self._random.random() < 0.4,
        )

    def _change(self, declared):
        """Return a declaration that differs, at least in one key."""
        pick = self._random
        properties = {
            name: pick.choice((f'value {pick.randrange(1000)}', 7, True))
            if pick.random() < 0.5 or name not in declared.properties
            else declared.properties[name]
            for name in _KEYS
            if pick.random() < 0.5
        }
        # A template that is the same would change nothing.
        properties['soak_step'] = self._steps
        attributes = {
            name: value
            for name, value in (
                ('min_disk', pick.randrange(10)),
                ('min_ram', pick.randrange(2048)),
                ('protected', pick.random() < 0.5),
                ('hidden', pick.random() < 0.5),
                ('visibility', pick.choice(_VISIBILITY)),
            )
            if pick.random() < 0.3
        }
        members = frozenset()
        if attributes.get('visibility', 'shared') == 'shared':
            members = self._some(_MEMBERS, 0.3)
        name = declared.name
        if self._steps > 1 and pick.random() < 0.2:
            name = f'{self._place}-{self._life} at {self._steps}'
        active = pick.choice((None, None, True, False))
        return dataclasses.replace(
            declared,
            properties=properties,
            tags=self._some(_TAGS, 0.4),
            attributes=attributes,
            members=members,
            name=name,
            active=active if declared.data else None,
        )

    def _some(self, names, chance):
        return frozenset(
            name for name in names if self._random.random() < chance
        )

    def _offend(self, declared):
        """Return a declaration that the rules refuse."""
        extra = self._random.choice(
            (
                {'properties': {'os_glance_soak': 'x'}},
                {'properties': {'checksum': 'x'}},
                {'properties': {'soak_0': 'x' * 65536}},
                {'properties': {'x' * 256: 'x'}},
                {'tags': frozenset(('x' * 256,))},
            )
        )
        if 'tags' in extra:
            return dataclasses.replace(declared, tags=extra['tags'])
        return dataclasses.replace(
            declared, properties={**declared.properties, **extra['properties']}
        )

    def _faults(self, operation):
        asked = _ASKED.get(
            'update' if operation == 'other-data' else operation, ()
        )
        if not asked or self._random.random() < 0.5:
            return ()
        return tuple(
            self._fault(asked, operation)
            for _ in range(self._random.choice((1, 1, 1, 2)))
        )

    def _fault(self, asked, operation):
        pick = self._random
        kind = pick.choice(_KINDS)
        statuses = _STATUSES.get(kind)
        status = pick.choice(statuses) if statuses else 0
        return Fault(
            kind,
            pick.choice(asked),
            status,
            seconds=pick.uniform(0.5, 4) if kind == 'delay' else 0.0,
            skip=pick.choice((0, 0, 0, 1, 2)),
            times=pick.choice((1, 1, 1, 2, 3, 20)),
        )

    def _foreign(self, operation):
        if operation in ('create', 'delete', 'vanish'):
            return 0
        return self._random.choice((0, 0, 1, 2))


def mended(declared):
    """Return what is declared when the source delivers again."""
    if declared.data is None or not declared.data.fails:
        return declared
    data = dataclasses.replace(declared.data, fails=False)
    return dataclasses.replace(declared, data=data)


def repaired(declared, step, attempt):
    """Return what differs in one key only, to repair a stack with."""
    text = f'{step}, repair {attempt}'
    return dataclasses.replace(
        declared, properties={**declared.properties, 'soak_step': text}
    )


@dataclasses.dataclass(frozen=True)
class Disturbance:
    """What happens to the whole cloud.

    :param kind: ``heat-engine`` or ``glance``, which is killed, or what is
        wrong with the stores: ``slow`` or ``full``
    :param gap: seconds before it
    :param seconds: that the stores are so
    """

    kind: str
    gap: float
    seconds: float = 0.0


_BAG = ('slow', 'full', 'glance', 'slow', 'full', 'heat-engine')


def disturbances(seed, scale):
    """Yield what happens to the cloud, without end.

    Each kind comes in turn, in an order that changes.

    :param seed: the seed of the soak
    :param scale: seconds between two of them, at least
    """
    pick = random.Random(f'{seed}/cloud')
    while True:
        for kind in pick.sample(_BAG, len(_BAG)):
            yield Disturbance(
                kind,
                scale * pick.uniform(1, 2),
                pick.uniform(3, 8) if kind in ('slow', 'full') else 0.0,
            )
