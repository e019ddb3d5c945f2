# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A figure of the benchmarks, and the file that holds all of them."""

import collections.abc
import dataclasses
import json
import pathlib
from typing import Any

#: What the first peer is called everywhere.
OURS = 'OS::Glance::Image'

CANNOT = 'cannot'


@dataclasses.dataclass(frozen=True)
class Figure:
    """One thing that was measured of one peer.

    :ivar what: was measured, a row of the table.
    :ivar who: it was measured of, a column of the table.
    :ivar value: in ``unit``; None if the peer cannot do it.
    :ivar unit: empty for a count.
    :ivar low: the lowest of several runs; None if there was one.
    :ivar high: the highest of them.
    :ivar note: what else there is to say; of a peer that cannot do it, what
        happened.
    :ivar target: what the value should be, in words.
    :ivar met: whether it is; None without a target.
    """

    what: str
    who: str
    value: float | None
    unit: str = ''
    low: float | None = None
    high: float | None = None
    note: str = ''
    target: str = ''
    met: bool | None = None

    @property
    def text(self) -> str:
        """The value as the table shows it."""
        if self.value is None:
            return CANNOT
        shown = number(self.value)
        if self.low is not None and self.high is not None:
            shown += f' ({number(self.low)}-{number(self.high)})'
        return f'{shown} {self.unit}'.rstrip()


@dataclasses.dataclass(frozen=True)
class Part:
    """What one part of the benchmarks came to.

    :ivar name: of the part, as on the command line.
    :ivar title: of its table.
    :ivar figures: in the order of the table.
    :ivar machine: what it ran on, and when.
    """

    name: str
    title: str
    figures: collections.abc.Sequence[Figure]
    machine: collections.abc.Mapping[str, str]

    @property
    def command(self) -> str:
        """What measures this part again."""
        return command(self.name)

    def rows(self) -> list[str]:
        """The names of the rows, in order."""
        return list(dict.fromkeys(each.what for each in self.figures))

    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return list(dict.fromkeys(each.who for each in self.figures))

    def find(self, what: str, who: str) -> Figure | None:
        """The figure of a cell, if there is one."""
        return next(
            (
                each
                for each in self.figures
                if (each.what, each.who) == (what, who)
            ),
            None,
        )

    def series(self, who: str) -> list[Figure]:
        """The figures of a column that have a value."""
        return [
            each
            for each in self.figures
            if each.who == who and each.value is not None
        ]


def command(name: str) -> str:
    """What measures a part, by its name."""
    return f'sh tools/tox.sh -e bench -- {name}'


def number(value: float) -> str:
    """A number with as many digits as are of use."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    if abs(value) >= 100:
        return f'{value:.0f}'
    return f'{value:.3g}'


def met(value: float | None, most: float) -> bool:
    """Say whether something is at most what it should be."""
    return value is not None and value <= most


def merge(before: Part | None, part: Part) -> Part:
    """A part with the columns that were measured before and not again.

    They keep their place.
    """
    if before is None:
        return part
    again = set(part.columns())
    kept = [each for each in before.figures if each.who not in again]
    order = list(dict.fromkeys([*before.columns(), *part.columns()]))
    return dataclasses.replace(
        part,
        figures=sorted(
            [*kept, *part.figures], key=lambda each: order.index(each.who)
        ),
    )


def save(path: pathlib.Path, part: Part) -> None:
    """Put a part into a file, in place of what it came to before."""
    document = _read(path)
    document[part.name] = {
        'title': part.title,
        'command': part.command,
        'machine': dict(part.machine),
        'figures': [
            {**dataclasses.asdict(each), 'command': part.command}
            for each in part.figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + '\n', encoding='utf-8')


def load(path: pathlib.Path) -> dict[str, Part]:
    """The parts that a file holds, by name."""
    names = {each.name for each in dataclasses.fields(Figure)}
    return {
        name: Part(
            name,
            part['title'],
            [
                Figure(**{k: v for k, v in each.items() if k in names})
                for each in part['figures']
            ],
            part['machine'],
        )
        for name, part in _read(path).items()
    }


def _read(path: pathlib.Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    document: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
    return document
