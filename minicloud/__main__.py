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

"""``python -m minicloud``: keep a cloud running, or run a command in one.

::

    python -m minicloud [OPTIONS]
    python -m minicloud run [OPTIONS] [--keep] -- COMMAND [ARGUMENT...]
    python -m minicloud run --clouds N [OPTIONS] -- COMMAND [ARGUMENT...]

The third gives COMMAND several clouds, of which each of its processes claims
one (:meth:`minicloud.running.RunningCloud.from_environment`).

Progress goes to standard error.  Standard output gets the ``export`` lines of
the first form, and what COMMAND writes.
"""

import argparse
import collections.abc
import contextlib
import functools
import os
import pathlib
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import types
from typing import Any

from minicloud import cloud
from minicloud import clouds
from minicloud import keystone
from minicloud import process

#: Exit code when the cloud does not start; COMMAND's own codes are lower.
CANNOT_START = 125


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m minicloud',
        description='Keystone, Glance and Heat on loopback.',
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--profile',
        choices=cloud.PROFILES,
        default='embedded',
        help='embedded: from PyPI alone; production: MariaDB, RabbitMQ and '
        'several heat-engine workers (default: %(default)s)',
    )
    common.add_argument(
        '--workers',
        type=int,
        default=3,
        metavar='N',
        help='heat-engine processes of the production profile '
        '(default: %(default)s)',
    )
    common.add_argument(
        '--work-dir',
        type=pathlib.Path,
        metavar='DIR',
        help='where configuration, data and logs go (default: a new '
        'directory below .minicloud)',
    )
    common.add_argument(
        '--user',
        choices=[each.user for each in (keystone.ADMIN, *keystone.PEOPLE)],
        default='demo',
        help='whose credentials the environment has (default: %(default)s)',
    )
    common.add_argument(
        '--set',
        dest='overrides',
        action='append',
        type=_override,
        default=[],
        metavar='SERVICE.SECTION.OPTION=VALUE',
        help='a configuration option, e.g. '
        'glance.DEFAULT.image_property_quota=16; may be repeated',
    )
    for action in common._actions:
        parser._add_action(action)
    commands = parser.add_subparsers(dest='command', metavar='run')
    run = commands.add_parser(
        'run',
        parents=[common],
        help='run a command with the environment of a cloud',
        usage='%(prog)s [OPTIONS] -- COMMAND [ARGUMENT...]',
    )
    run.add_argument(
        '--keep',
        action='store_true',
        help='leave the cloud running after COMMAND, until Ctrl-C',
    )
    run.add_argument(
        '--clouds',
        type=_positive,
        default=1,
        metavar='N',
        help='how many clouds; each process of COMMAND that asks for one gets '
        'its own (default: %(default)s)',
    )
    run.add_argument('argv', nargs='+', metavar='COMMAND')
    parser.set_defaults(clouds=1)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is less than 1')
    return number


def _override(text: str) -> tuple[str, str, str, str]:
    name, equals, value = text.partition('=')
    parts = name.split('.')
    if not equals or len(parts) != 3 or not all(parts):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not SERVICE.SECTION.OPTION=VALUE'
        )
    return parts[0], parts[1], parts[2], value


def _nested(
    overrides: list[tuple[str, str, str, str]],
) -> dict[str, dict[str, dict[str, str]]]:
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for service, section, option, value in overrides:
        nested.setdefault(service, {}).setdefault(section, {})[option] = value
    return nested


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Terminated(BaseException):
    """SIGTERM or SIGHUP, as an exception, so that cleanups run."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signum)


def _terminate(signum: int, frame: types.FrameType | None) -> None:
    # The cleanup that follows must not be cut short by a second one.
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise _Terminated(signum)


def _run_command(argv: list[str], environ: dict[str, str]) -> int:
    """Run a command in the foreground.

    :returns: its exit code, the shell's way (128 + number) for a signal.
    """
    try:
        child = subprocess.Popen(argv, env=environ)
    except OSError as exc:
        _say(f'minicloud: {argv[0]}: {exc.strerror}')
        return 127
    try:
        code = child.wait()
    except BaseException as exc:
        # On Ctrl-C the terminal has told the command, too, which gets a
        # moment to end by itself; SIGTERM came to us alone.
        if isinstance(exc, KeyboardInterrupt):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5)
        child.kill()
        child.wait()
        raise
    return code if code >= 0 else 128 - code


def _wait_for_signal() -> None:
    """Sleep until an exception comes out of a signal handler."""
    threading.Event().wait()


def _environment(
    minis: collections.abc.Sequence[cloud.MiniCloud], user: str
) -> dict[str, str]:
    scripts = sysconfig.get_path('scripts')
    environ = {
        **os.environ,
        # The command finds this Python's "openstack" without activation.
        'PATH': os.pathsep.join([scripts, os.environ.get('PATH', '')]),
    }
    one, *others = minis
    if not others:
        return {**environ, **one.environment(user)}
    # Nor does it take the cloud of the shell that this was started from.
    for name in one.environment(user):
        environ.pop(name, None)
    return {**environ, **clouds.environment(minis)}


def _make(options: argparse.Namespace) -> list[cloud.MiniCloud]:
    """The clouds, not started; of several, each has its number in all it says.

    :raises ValueError: an option is wrong.
    """
    started = time.monotonic()

    def progress(label: str, step: str, seconds: float) -> None:
        now = time.monotonic() - started
        _say(f'{now:6.1f} s  {label}{step} ({seconds:.1f} s)')

    work_dir = options.work_dir or cloud.new_work_dir(options.profile)
    numbers = range(1, options.clouds + 1)
    return [
        cloud.MiniCloud(
            profile=options.profile,
            workers=options.workers,
            overrides=_nested(options.overrides),
            work_dir=work_dir / str(number) if len(numbers) > 1 else work_dir,
            progress=functools.partial(
                progress, f'{number}: ' if len(numbers) > 1 else ''
            ),
        )
        for number in numbers
    ]


def _serve(options: argparse.Namespace) -> int:
    started = time.monotonic()
    minis = _make(options)
    logs = ' '.join(f'{each.work_dir}/log' for each in minis)
    _say(f'minicloud: profile {options.profile}, logs in {logs}')
    with clouds.together(minis):
        _say(f'minicloud: ready after {time.monotonic() - started:.1f} s')
        try:
            return _use(minis, options)
        finally:
            _say(f'minicloud: stopping; logs stay in {logs}')


def _use(
    minis: collections.abc.Sequence[cloud.MiniCloud],
    options: argparse.Namespace,
) -> int:
    code = 0
    if options.command == 'run':
        code = _run_command(options.argv, _environment(minis, options.user))
        if not options.keep:
            return code
    for mini in minis:
        print('\n'.join(mini.running.exports(options.user)), flush=True)
    _say('minicloud: running until Ctrl-C')
    try:
        _wait_for_signal()
    except KeyboardInterrupt:
        # The announced way to end it, not a failure.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def main(arguments: collections.abc.Sequence[str] | None = None) -> int:
    """The command line.

    :returns: the exit code: COMMAND's own, 0 after Ctrl-C on a cloud that
        was kept running, 128 + number after a signal, 125 if the cloud does
        not start.
    """
    options: Any = _parser().parse_args(arguments)
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _terminate)
    process.end_with_tox()
    try:
        return _serve(options)
    except process.StartError as exc:
        _say(f'minicloud: {exc}')
        if exc.log is not None:
            _say(f'--- the end of {exc.log}')
            for line in process.tail(exc.log):
                _say(line)
        return CANNOT_START
    except ValueError as exc:
        _say(f'minicloud: {exc}')
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except _Terminated as exc:
        return 128 + exc.signum


if __name__ == '__main__':
    sys.exit(main())
