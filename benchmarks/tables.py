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

"""Shows the figures: as one table, and as tables of the documentation."""

import collections.abc
import csv
import io
import pathlib
import textwrap

from rich import box
from rich import console as rich_console
from rich import table

from benchmarks import figures
from benchmarks import machine

#: The parts of which there is a plot, and what can be seen in it.
PLOTS = {
    'requests': 'Bars of the number of requests, by operation and peer.',
    'polls': 'Looks by the length of the import, with the two targets.',
    'cpu': 'CPU time by the number of keys, on logarithmic scales.',
    'stacks': 'Seconds by the number of images in a stack.',
}

#: Wide enough for a log, whatever the terminal is.
_WIDTH = 190


def show(parts: collections.abc.Sequence[figures.Part]) -> None:
    """Print one table, with a section for each part."""
    console = rich_console.Console(width=_WIDTH)
    widest = max((len(part.columns()) for part in parts), default=0)
    grid = table.Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for _ in range(widest + 4):
        grid.add_column(overflow='fold')
    for part in parts:
        padding = [''] * (widest - len(part.columns()))
        grid.add_section()
        grid.add_row(
            part.title.upper(),
            *(*part.columns(), *padding),
            *('target', '', 'command'),
            style='bold',
        )
        for row in cells(part):
            name, *values, target, verdict = row
            grid.add_row(
                name, *values, *padding, target, verdict, part.command
            )
    console.print(grid)
    for part in parts:
        console.print(f'{part.title}: {remarks(part)}', markup=False)


def cells(part: figures.Part) -> list[list[str]]:
    """The rows of a table: name, values, target, and whether it is met."""
    rows = []
    for what in part.rows():
        found = [part.find(what, who) for who in part.columns()]
        judged = [each for each in found if each and each.target]
        rows.append(
            [
                what,
                *('' if each is None else each.text for each in found),
                '; '.join(dict.fromkeys(each.target for each in judged)),
                verdict(judged),
            ]
        )
    return rows


def verdict(judged: collections.abc.Sequence[figures.Figure]) -> str:
    """Say of each target of a row whether it is met."""
    found = {}
    for each in judged:
        found[each.target] = bool(each.met) and found.get(each.target, True)
    return '; '.join(
        'met' if is_met else 'missed' for is_met in found.values()
    )


def remarks(part: figures.Part) -> str:
    """What happened where a peer cannot do something."""
    return '; '.join(
        f'{each.who}, {each.what}: {each.note}'
        for each in part.figures
        if each.value is None
    )


def write(
    found: collections.abc.Mapping[str, figures.Part],
    names: collections.abc.Iterable[str],
    directory: pathlib.Path,
) -> None:
    """Write what the documentation includes, a file for each part.

    :param found: what was measured, by name.
    :param names: of all parts.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        part = found.get(name)
        text = _unmeasured(name) if part is None else _fragment(part)
        directory.joinpath(f'{name}.inc').write_text(text, encoding='utf-8')


def _unmeasured(name: str) -> str:
    return f'Not measured yet: ``{figures.command(name)}``.\n'


def _fragment(part: figures.Part) -> str:
    """What the documentation shows of a part."""
    text = _table('', ['', *part.columns(), 'target', ''], cells(part))
    if part.name in PLOTS:
        text += (
            f'.. image:: figures/{part.name}.svg\n'
            f'   :alt: {PLOTS[part.name]}\n\n'
        )
    unable = [
        [each.who, each.what, each.note]
        for each in part.figures
        if each.value is None
    ]
    if unable:
        header = ['peer', 'operation', 'what happened']
        text += _table('What peers cannot do', header, unable)
    return f'{text}``{part.command}``: {machine.caption(part.machine)}.\n'


def _table(title: str, header: list[str], rows: list[list[str]]) -> str:
    lines = io.StringIO()
    writer = csv.writer(
        lines, lineterminator='\n', quoting=csv.QUOTE_ALL, escapechar='\\'
    )
    writer.writerows([header, *rows])
    directive = f'.. csv-table:: {title}'.rstrip()
    return '\n'.join(
        (
            directive,
            '   :header-rows: 1',
            '',
            textwrap.indent(_literal(lines.getvalue()), '   '),
            '',
        )
    )


def _literal(text: str) -> str:
    """A text without what reStructuredText takes for markup."""
    return ''.join(f'\\{c}' if c in '*`|_\\' else c for c in text)
