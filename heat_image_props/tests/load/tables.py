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

"""What the race load and the soak print."""

import importlib.metadata
import os
import platform
import threading
import time

from rich import box
from rich import console as rich_console
from rich import table

#: Wide enough for a log, whatever the terminal is.
_WIDTH = 110

_STARTED = time.monotonic()
_LOCK = threading.Lock()


def say(text):
    """Print a line with the time since the start, in seconds."""
    with _LOCK:
        print(f'{time.monotonic() - _STARTED:7.1f} s  {text}', flush=True)


def show(*tables):
    """Print tables."""
    console = rich_console.Console(width=_WIDTH)
    for each in tables:
        console.print(each)


def versions():
    """Return what this runs on, in a line."""
    packages = ', '.join(
        f'{name} {importlib.metadata.version(name)}'
        for name in ('openstack-heat', 'glance')
    )
    return (
        f'{packages}, Python {platform.python_version()}, '
        f'{os.cpu_count()} CPUs'
    )


def _table(title, *columns):
    made = table.Table(title=title, box=box.SIMPLE, title_justify='left')
    made.add_column('', no_wrap=True)
    for each in columns:
        made.add_column(each, justify='right')
    return made


def race(results):
    """Return the table of the race load.

    :param results: a ``race.Result`` for each type, ours first
    """
    made = _table('Race load', *(each.kind.name for each in results))

    def row(name, value):
        made.add_row(name, *(str(value(each)) for each in results))

    row('images', lambda each: each.images)
    for name in results[0].phases:
        made.add_section()
        for title, show in (
            (f'{name}: images with losses', _unlucky),
            ('  stuck', lambda phase, _: phase.stuck),
            ('  replaced', lambda phase, _: phase.replaced),
            ('  seconds', lambda phase, _: f'{phase.seconds:.0f}'),
            ('  requests to Glance per image', _requests),
        ):
            made.add_row(
                title,
                *(
                    str(show(each.phases[name], each.images))
                    for each in results
                ),
            )
    made.add_section()
    row('second downloads', lambda each: each.fetched_again)
    row('images too many', lambda each: each.surplus)
    row('foreign keys in our changes', lambda each: each.touched)
    row('foreign keys not as written', lambda each: each.foreign_lost)
    row('foreign keys written', lambda each: each.client.written)
    row('  sent again by their client', lambda each: each.client.lost)
    row('  sent again later', lambda each: each.client.late)
    row('  given up by their client', lambda each: each.client.given_up)
    return made


def _unlucky(phase, _):
    return f'{phase.unlucky} ({phase.lost})' if phase.lost else 0


def _requests(phase, images):
    counts = phase.requests
    parts = ', '.join(
        f'{count / images:.1f} {method}'
        for method, count in sorted(counts.items())
    )
    return f'{counts.total() / images:.1f} ({parts})' if counts else ''


def soak(operations, faults):
    """Return the tables of the soak.

    :param operations: how often each ended how, by pairs of the two
    :param faults: how often each kind was made, and how many requests it hit
    """
    outcomes = sorted({outcome for _, outcome in operations})
    first = _table('Operations', *outcomes, 'all')
    for name in sorted({name for name, _ in operations}):
        counts = [operations[name, outcome] for outcome in outcomes]
        first.add_row(name, *map(_number, counts), str(sum(counts)))
    totals = [
        sum(count for pair, count in operations.items() if pair[1] == outcome)
        for outcome in outcomes
    ]
    first.add_section()
    first.add_row('all', *map(str, totals), str(sum(totals)))
    second = _table('Faults', 'made', 'requests hit')
    for name, (made, hit) in sorted(faults.items()):
        second.add_row(name, str(made), _number(hit))
    return first, second


def _number(count):
    return str(count) if count else ''
