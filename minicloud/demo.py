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

"""``python -m minicloud.demo``: the main job of the package, on a real cloud.

Starts a cloud, takes the steps of :mod:`minicloud.demo_steps` in it and stops
it.  Whatever is printed as found has been checked; what is not as it should
be ends the demo with exit code 1.
"""

import argparse
import collections.abc
import contextlib
from importlib import metadata
import os
import shlex
import signal
import sys
import threading
import types

from rich import console

from minicloud import cloud as minicloud
from minicloud import demo_steps
from minicloud import demo_view
from minicloud import process

#: Exit codes; 128 + number after a signal.
MISMATCH, CANNOT_START = 1, 125

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_SERVICES = {
    'Keystone': 'keystone',
    'Glance': 'glance',
    'Heat': 'openstack-heat',
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m minicloud.demo',
        description='Properties of an image, changed in place on a real '
        'Keystone, Glance and Heat.',
    )
    parser.add_argument(
        '--keep',
        action='store_true',
        help='leave the cloud running after the demo, until Ctrl-C',
    )
    parser.add_argument(
        '--profile',
        choices=minicloud.PROFILES,
        default='embedded',
        help='embedded: from PyPI alone; production: MariaDB, RabbitMQ and '
        'several heat-engine workers (default: %(default)s)',
    )
    return parser


def _interrupt(signum: int, frame: types.FrameType | None) -> None:
    """Make a signal an exception, so that cleanups run."""
    # The cleanup that follows must not be cut short by a second one.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if signum == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + signum)


def _show(options: argparse.Namespace, view: demo_view.View) -> int:
    cloud = minicloud.MiniCloud(profile=options.profile, progress=view.part)
    services = ', '.join(
        f'{name} {metadata.version(distribution)}'
        for name, distribution in _SERVICES.items()
    )
    package = demo_steps.AGENT
    view.copyable(f'{package} {metadata.version(package)} on {services}')
    logs = f'{os.path.relpath(cloud.work_dir)}/log'
    view.copyable(f'Logs: {logs}')
    with contextlib.ExitStack() as stack:
        with view.step('Start a cloud'):
            view.say('Side by side, each as soon as what it needs is there:')
            stack.enter_context(cloud)
        stack.callback(
            view.copyable, f'\nStopping the cloud; its logs stay in {logs}.'
        )
        code = _take(cloud, view)
        if options.keep:
            _keep(cloud, view)
    return code


def _take(cloud: minicloud.MiniCloud, view: demo_view.View) -> int:
    """Take the steps; the exit code says whether all was as claimed."""
    try:
        demo_steps.Tour(cloud.running, view).run()
    except demo_view.Mismatch as exc:
        view.wrong(exc)
        return MISMATCH
    view.requests(demo_steps.AGENT)
    view.copyable('\nAll that was claimed has been checked, and holds.')
    return 0


def _keep(cloud: minicloud.MiniCloud, view: demo_view.View) -> None:
    url = cloud.source.url(demo_steps.FILE)
    view.copyable('To use this cloud from another shell:\n')
    for line in cloud.running.exports(demo_steps.USER):
        view.copyable(line)
    view.copyable(
        '\n(A line "Could not load \'reservation_host_unset\'" is a fault of '
        'python-blazarclient, and harmless.)'
    )
    view.copyable(
        '\nopenstack stack create --wait mine '
        f'-t {shlex.quote(str(demo_steps.EXAMPLE))} '
        f'--parameter location={url}\n'
    )
    view.copyable('Running until Ctrl-C.')
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        # The announced way to end it, not a failure.
        return


def main(arguments: collections.abc.Sequence[str] | None = None) -> int:
    """The command line.

    :returns: the exit code: 0 if all was as claimed, 1 if not, 125 if the
        cloud does not start, 130 after Ctrl-C.
    :raises SystemExit: after SIGTERM or SIGHUP, with 128 + its number.
    """
    options = _parser().parse_args(arguments)
    view = demo_view.View(
        console.Console(highlight=False), 1 + len(demo_steps.STEPS)
    )
    for signum in _SIGNALS:
        signal.signal(signum, _interrupt)
    process.end_with_tox()
    try:
        return _show(options, view)
    except process.StartError as exc:
        view.error(str(exc), exc.log)
        return CANNOT_START
    except KeyboardInterrupt:
        view.copyable('Interrupted; the cloud has been stopped.')
        return 128 + signal.SIGINT


if __name__ == '__main__':
    sys.exit(main())
