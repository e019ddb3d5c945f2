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

"""What the demo prints, on a terminal or into a log of 80 columns."""

import collections
import collections.abc
import contextlib
import dataclasses
import os
import pathlib
import time
from typing import Any

from rich import box
from rich import console as rich_console
from rich import padding
from rich import progress
from rich import table
from rich import text

from minicloud import process
from minicloud import requestlog

_INDENT = 6
_METHODS = ('GET', 'POST', 'PATCH', 'DELETE')


class Mismatch(Exception):
    """Something is not as the demo claims.

    :param claim: the claim, as it would have been printed.
    :param expected: what should have been seen.
    :param seen: what was seen.
    """

    def __init__(self, claim: str, expected: object, seen: object) -> None:
        self.claim = claim
        self.expected = expected
        self.seen = seen
        super().__init__(f'{claim}: expected {expected!r}, seen {seen!r}')


@dataclasses.dataclass
class Step:
    """A step of the demo, and what it took.

    :ivar title: what is done, a short imperative clause.
    :ivar seconds: how long it took.
    :ivar requests: what the resource type sent to Glance meanwhile; None
        while there was no Glance.
    """

    title: str
    seconds: float = 0.0
    requests: list[requestlog.Request] | None = None


class View:
    """Prints steps and what was found in them.

    :param console: where to; what is no terminal gets plain text and no
        moving line.
    :param steps: how many steps there will be.
    :ivar steps: the steps so far.
    """

    def __init__(self, console: rich_console.Console, steps: int) -> None:
        self._console = console
        self._of = steps
        self.steps: list[Step] = []

    @contextlib.contextmanager
    def step(self, title: str) -> collections.abc.Iterator[Step]:
        """A step: its title, a line with the running time, the time it took.

        :param title: what is done, a short imperative clause.
        """
        step = Step(title)
        self.steps.append(step)
        heading = f'[{len(self.steps)}/{self._of}] {title}'
        self._console.print()
        self._console.print(text.Text(heading, style='bold cyan'))
        line = progress.Progress(
            progress.SpinnerColumn('line'),
            # As text: square brackets are no markup here.
            progress.TextColumn('{task.description}', markup=False),
            progress.TimeElapsedColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=4,
            disable=not self._console.is_terminal,
        )
        started = time.monotonic()
        with line:
            line.add_task(heading, total=None)
            yield step
        step.seconds = time.monotonic() - started
        self._row('', f'took {step.seconds:.1f} s')

    def say(self, words: str) -> None:
        """A sentence that explains what comes."""
        self._row('', words)

    def quote(self, message: str) -> None:
        """What a service has answered, with a hanging indent."""
        for line in message.splitlines():
            self._row('', line, hang=2)

    def part(self, name: str, seconds: float) -> None:
        """A part of a step that is done; may be called by any thread."""
        self._row('', f'{seconds:5.1f} s  {name}')

    def check(self, claim: str, expected: object, seen: object) -> None:
        """A claim; there is no other way to print one as found.

        :param claim: a clause about what was seen.
        :raises Mismatch: what was seen is not what is expected.
        """
        if seen != expected:
            raise Mismatch(claim, expected, seen)
        self._row('ok', claim, style='green')

    def wrong(self, mismatch: Mismatch) -> None:
        """A claim that does not hold."""
        self._row('WRONG', mismatch.claim, style='bold red')
        self._row('', f'expected: {mismatch.expected}')
        self._row('', f'seen:     {mismatch.seen}')

    def error(self, message: str, log: pathlib.Path | None) -> None:
        """What ended the demo early, and the end of a log, if there is one."""
        self._row('ERROR', message, style='bold red')
        if log is not None:
            self.say(f'The end of {os.path.relpath(log)}:')
            for line in process.tail(log):
                self.copyable(line)

    def command(self, argv: collections.abc.Sequence[str]) -> None:
        """A command that is run now."""
        self._row('$', ' '.join(argv), style='bold')

    def lines(self, lines: collections.abc.Iterable[str]) -> None:
        """Text as it is, line by line; long lines are cut."""
        width = self._console.width - _INDENT
        for line in lines:
            if len(line) > width:
                line = f'{line[: width - 3]}...'
            self._print(text.Text(' ' * _INDENT + line))

    def copyable(self, line: str) -> None:
        """A line for the reader's shell: neither wrapped nor cut."""
        self._print(text.Text(line))

    def changes(
        self,
        changed: collections.abc.Mapping[str, tuple[Any, Any]],
    ) -> None:
        """A table of values before and after, by name."""
        grid = table.Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ('of the image', 'before', 'after'):
            grid.add_column(heading, overflow='fold')
        for name, values in changed.items():
            grid.add_row(
                name, *('-' if value is None else value for value in values)
            )
        self._console.print(
            padding.Padding(grid, (0, 0, 0, _INDENT), expand=False)
        )

    def requests(self, agent: str) -> None:
        """The closing table: requests of every step by method.

        :param agent: the user agent that was counted.
        """
        grid = table.Table(
            title=f'Requests sent to Glance by {agent}',
            title_style='bold',
            title_justify='left',
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            show_footer=True,
        )
        rows = [(step, count(step.requests or ())) for step in self.steps]
        total = sum((methods for _, methods in rows), collections.Counter())
        methods = [*_METHODS, *sorted(total.keys() - set(_METHODS))]
        grid.add_column('step', footer='all')
        grid.add_column(
            'seconds',
            f'{sum(step.seconds for step in self.steps):.1f}',
            justify='right',
        )
        for method in methods:
            grid.add_column(method, str(total[method]), justify='right')
        grid.add_column('all', str(total.total()), justify='right')
        for step, counted in rows:
            numbers = [
                *(counted[method] for method in methods),
                counted.total(),
            ]
            grid.add_row(
                step.title,
                f'{step.seconds:.1f}',
                # No number where there was no Glance to send anything to.
                *(
                    '' if step.requests is None else str(number)
                    for number in numbers
                ),
            )
        self._console.print()
        self._console.print(grid)

    def _row(
        self, mark: str, words: str, style: str = '', hang: int = 0
    ) -> None:
        """Words beside a mark, in as many lines as they need."""
        margin = text.Text.assemble((f'{mark:>{_INDENT - 1}} ', style))
        width = self._console.width - _INDENT - hang
        for line in text.Text(words).wrap(self._console, width):
            line.rstrip()
            self._print(margin + line)
            margin = text.Text(' ' * (_INDENT + hang))

    def _print(self, line: text.Text) -> None:
        self._console.print(line, soft_wrap=True)


def count(
    requests: collections.abc.Iterable[requestlog.Request],
) -> 'collections.Counter[str]':
    """How many requests there are of each method."""
    return collections.Counter(request.method for request in requests)
