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

"""Draws the figures, as SVG for the documentation."""

import collections.abc
import pathlib
import re
import textwrap
from typing import Any

import matplotlib

matplotlib.use('Agg')

from matplotlib import pyplot

from benchmarks import cpu_suite
from benchmarks import figures
from benchmarks import machine
from benchmarks import polls

#: Colours by peer, told apart without seeing colours well.
_COLOURS = {
    figures.OURS: '#0072b2',
    'OS::Glance::WebImage': '#d55e00',
    'openstack image': '#009e73',
    'openstacksdk': '#cc79a7',
    'glanceclient': '#e69f00',
    'Ansible': '#56b4e9',
    'image-manager': '#999999',
    'jsonpatch': '#009e73',
    'floor': '#000000',
}

#: The same figures make the same file.
_STYLE = {
    'svg.hashsalt': 'heat-image-props',
    'svg.fonttype': 'none',
    'font.size': 9,
    'axes.spines.top': False,
    'axes.spines.right': False,
}


def draw(
    parts: collections.abc.Mapping[str, figures.Part],
    directory: pathlib.Path,
    form: str = 'svg',
) -> None:
    """Draw all plots of which there are figures.

    :param form: ``svg`` or ``png``.
    """
    plots = {
        'requests': _requests,
        'polls': _polls,
        'cpu': _cpu,
        'stacks': _stacks,
    }
    with matplotlib.rc_context(_STYLE):
        for name, plot in plots.items():
            if name not in parts:
                continue
            figure, axes = pyplot.subplots(figsize=(8, 4.6))
            plot(parts[name], axes)
            _caption(figure, parts[name])
            figure.savefig(
                directory / f'{name}.{form}',
                metadata={'Date': None} if form == 'svg' else None,
                bbox_inches='tight',
            )
            pyplot.close(figure)


def _caption(figure: Any, part: figures.Part) -> None:
    text = f'{machine.caption(part.machine)}. {part.command}'
    figure.text(
        0.02,
        -0.02,
        '\n'.join(textwrap.wrap(text, 125)),
        fontsize=6.5,
        color='#444444',
        va='top',
    )


def _requests(part: figures.Part, axes: Any) -> None:
    rows, columns = part.rows(), part.columns()
    height = 0.8 / len(columns)
    most = max(each.value or 0 for each in part.figures)
    for index, who in enumerate(columns):
        for number, what in enumerate(rows):
            each = part.find(what, who)
            if each is None:
                continue
            y = number + (index - (len(columns) - 1) / 2) * height
            colour = _COLOURS[who]
            if each.value is None:
                axes.text(
                    0.01 * most,
                    y,
                    figures.CANNOT,
                    fontsize=5,
                    color=colour,
                    va='center',
                )
                continue
            axes.barh(y, each.value, height * 0.9, color=colour)
            axes.text(
                each.value + 0.005 * most,
                y,
                f'{each.value:.0f}',
                fontsize=5,
                va='center',
            )
    for who in columns:
        axes.barh(0, 0, color=_COLOURS[who], label=who)
    axes.figure.set_size_inches(8, 8)
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.set_xlabel('requests to Glance')
    axes.set_title(part.title, loc='left')
    axes.legend(frameon=False, fontsize=7, handlelength=4)


def _polls(part: figures.Part, axes: Any) -> None:
    lengths = range(1, 301)
    axes.plot(
        lengths,
        [polls.most_looks(each) for each in lengths],
        color='black',
        linestyle='--',
        label='most looks: 6 + T/8',
    )
    axes.plot(
        lengths,
        [polls.fewest(each) for each in lengths],
        color='black',
        linestyle=':',
        label='fewest that notice the end within max(2 s, T/10)',
    )
    axes.plot(
        lengths,
        [len(polls.schedule(each)) for each in lengths],
        color=_COLOURS[figures.OURS],
        alpha=0.4,
        label=f'{figures.OURS}, by its code',
    )
    for who in part.columns():
        points = [
            (int(match[1]), each.value)
            for each in part.series(who)
            if (match := re.match(r'looks at an import of (\d+)', each.what))
        ]
        if points:
            axes.plot(
                *zip(*points, strict=True),
                'o',
                color=_COLOURS[who],
                label=f'{who}, measured',
            )
    axes.set_xlabel('length of the import T, seconds')
    axes.set_ylabel('looks')
    axes.set_title('Looks at an import', loc='left')
    axes.legend(frameon=False, fontsize=7, handlelength=4)


def _cpu(part: figures.Part, axes: Any) -> None:
    for case, style in zip(cpu_suite.CASES, ('-', '--'), strict=True):
        for who in ('glanceclient', 'jsonpatch', figures.OURS, 'floor'):
            points = [
                (int(match[1]), each)
                for each in part.series(who)
                if (match := re.fullmatch(rf'(\d+) keys, {case}', each.what))
            ]
            axes.errorbar(
                [size for size, _ in points],
                [each.value for _, each in points],
                yerr=[
                    [each.value - each.low for _, each in points],
                    [each.high - each.value for _, each in points],
                ],
                color=_COLOURS[who],
                linestyle=style,
                marker='.',
                capsize=2,
                label=f'{who}, {case}',
            )
    axes.set_xscale('log')
    axes.set_yscale('log')
    axes.set_xlabel('custom properties')
    axes.set_ylabel('CPU time, µs')
    axes.set_title('Finding out what differs, and the patch', loc='left')
    axes.legend(frameon=False, fontsize=7, handlelength=4)


def _stacks(part: figures.Part, axes: Any) -> None:
    for action, style in (('create', '-'), ('update', '--')):
        for who in part.columns():
            points = [
                (int(match[1]), each)
                for each in part.series(who)
                if (
                    match := re.fullmatch(
                        rf'{action} (\d+) images? of 3 keys', each.what
                    )
                )
            ]
            if not points:
                continue
            axes.errorbar(
                [images for images, _ in points],
                [each.value for _, each in points],
                yerr=[
                    [each.value - each.low for _, each in points],
                    [each.high - each.value for _, each in points],
                ],
                color=_COLOURS[who],
                linestyle=style,
                marker='.',
                capsize=2,
                label=f'{action}, {who}',
            )
    axes.set_ylim(bottom=0)
    axes.set_xlabel('images in the stack')
    axes.set_ylabel('seconds')
    axes.set_title(part.title, loc='left')
    axes.legend(frameon=False, fontsize=7, handlelength=4)
