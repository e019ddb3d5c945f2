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

"""Processes: started, waited for, logged and surely ended.

A :class:`Supervisor` owns everything a cloud starts.  Each process leads a
process group of its own, writes to a log file, and is ended with its whole
group; the :mod:`minicloud.reaper` does it should this process be killed.
"""

import collections.abc
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import Any
from typing import IO

import fixtures
import tenacity

from minicloud import reaper

#: Names a variable that every process of a cloud has in its environment.
MARK = 'MINICLOUD_ID'

#: Seconds that processes get to end, all together, when a cloud is stopped.
#: A heat-engine with several workers would take longer to say goodbye to a
#: message bus that ends with it.
_PATIENCE = 5.0

# From linux/prctl.h.
_PR_SET_PDEATHSIG = 1

#: Before it becomes the program, a process tells the reaper about itself on
#: standard input.  If its parent did that afterwards, being killed in between
#: would leave it behind.
_ANNOUNCED = ['sh', '-c', 'echo "+ $$ $0" >&0 && exec "$@" </dev/null']


class StartError(Exception):
    """A part of the cloud did not come up.

    :ivar service: the part's name.
    :ivar reason: what went wrong, in a sentence.
    :ivar log: its log file, or None if it has not got that far.
    """

    def __init__(
        self, service: str, reason: str, log: pathlib.Path | None = None
    ) -> None:
        self.service = service
        self.reason = reason
        self.log = log
        super().__init__(f'{service}: {reason}')


def tail(path: pathlib.Path, lines: int = 30) -> list[str]:
    """The last lines of a log file."""
    with contextlib.suppress(FileNotFoundError):
        text = path.read_text(encoding='utf-8', errors='replace')
        return text.splitlines()[-lines:]
    return []


class Process:
    """A process with its group and its log file.

    Made by :meth:`Supervisor.spawn`.

    :ivar name: what it is called in messages and in its log's name.
    :ivar log: path of the file with its standard output and error.
    :ivar base: whether others need it to the end: a database, a broker.
    """

    def __init__(
        self,
        supervisor: 'Supervisor',
        name: str,
        argv: collections.abc.Sequence[str],
        *,
        env: collections.abc.Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        inherit: Any = None,
        base: bool = False,
        **popen: Any,
    ) -> None:
        self._supervisor = supervisor
        self._argv = list(argv)
        self._env = {**supervisor.environ, **(env or {})}
        self._stop_signal = stop_signal
        self._inherit = inherit
        self.base = base
        self._popen = popen
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False
        self.name = name
        self.log = supervisor.log_dir / f'{name}.log'

    @property
    def pid(self) -> int | None:
        """The process id, or None when it is not running."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Start it; a second start appends to the same log.

        :raises StartError: there is no such program.
        """
        argv = [*_ANNOUNCED, str(int(self._stop_signal)), *self._argv]
        fds: tuple[int, ...] = ()
        if self._inherit is not None:
            fds = (self._inherit.fileno(),)
            argv = [arg.replace('{fd}', str(fds[0])) for arg in argv]
        if shutil.which(self._argv[0]) is None:
            raise StartError(self.name, f'there is no {self._argv[0]}')
        with self.log.open('ab') as log:
            self._process = subprocess.Popen(
                argv,
                stdin=self._supervisor.reaper_pipe,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._supervisor.work_dir,
                env=self._env,
                start_new_session=True,
                pass_fds=fds,
                **self._popen,
            )
        self._asked = False
        if self._inherit is not None:
            self._inherit.close()

    def wait(self, timeout: float) -> int:
        """Wait for its end.

        :param timeout: seconds.
        :returns: the exit code.
        :raises StartError: it is still running after that time.
        """
        assert self._process is not None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise StartError(
                self.name, f'not done after {timeout:.0f} s', self.log
            ) from None

    def wait_until(
        self,
        condition: collections.abc.Callable[[], object],
        what: str,
        timeout: float = 300.0,
    ) -> None:
        """Wait for a condition that the running process is to bring about.

        :param condition: called until it returns something true; a failed
            connection counts as "not yet".
        :param what: the condition in words, for the message.
        :param timeout: seconds.
        :raises StartError: the process ended, the time is over, or the cloud
            is being stopped.
        """

        def look() -> bool:
            if self._process is None or self._process.poll() is not None:
                code = self._process and self._process.returncode
                raise StartError(
                    self.name, f'ended with code {code}', self.log
                )
            return bool(condition())

        self._supervisor.wait_until(look, self.name, what, timeout, self.log)

    def ask_to_stop(self) -> None:
        """Send the polite signal, once, and do not wait."""
        if not self._asked:
            self._asked = True
            self._signal(self._stop_signal)

    def stop(self, timeout: float = 10.0) -> None:
        """End the process and its group; nothing happens if it has ended.

        :param timeout: seconds between the polite signal and ``SIGKILL``.
        """
        self.ask_to_stop()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """End the process and its group with ``SIGKILL``."""
        process, self._process = self._process, None
        if process is not None:
            # Also when the leader has ended: its children may have not.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._supervisor.tell_reaper(f'- {process.pid}')

    def _signal(self, signum: signal.Signals) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signum)


class Supervisor(fixtures.Fixture):
    """Starts the processes of one cloud and ends them all.

    :param work_dir: current directory of the processes.
    :param log_dir: where ``<name>.log`` files go.
    :param environ: their environment; the caller's own without what could
        change a service's behaviour, if not given.
    """

    def __init__(
        self,
        work_dir: pathlib.Path,
        log_dir: pathlib.Path,
        environ: collections.abc.Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.work_dir = work_dir
        self.log_dir = log_dir
        self.environ = dict(clean_environ() if environ is None else environ)
        self.environ[MARK] = str(work_dir)
        self._aborted = threading.Event()
        self._lock = threading.Lock()
        self._processes: list[Process] = []

    def _setUp(self) -> None:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self._reaper = subprocess.Popen(
            [sys.executable, '-I', '-S', reaper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self.addCleanup(self._close_reaper)
        self.addCleanup(self.stop_all)

    def _close_reaper(self) -> None:
        self.reaper_pipe.close()
        self._reaper.wait()

    @property
    def reaper_pipe(self) -> IO[str]:
        """The reaper's standard input."""
        assert self._reaper.stdin is not None
        return self._reaper.stdin

    def tell_reaper(self, line: str) -> None:
        """Send the reaper a line, see :mod:`minicloud.reaper`."""
        with self._lock:
            self.reaper_pipe.write(f'{line}\n')
            self.reaper_pipe.flush()

    def remove_at_end(self, path: pathlib.Path) -> None:
        """Have the reaper remove a file or directory when this is over.

        :param path: a path without line breaks.
        """
        self.tell_reaper(f'd {path}')

    def spawn(
        self, name: str, argv: collections.abc.Sequence[str], **kwargs: Any
    ) -> Process:
        """Start a process that stays.

        :param name: its name; the log is ``<name>.log``.
        :param argv: program and arguments; ``{fd}`` in an argument becomes
            the number of the inherited descriptor.
        :param kwargs: ``env`` (additions to the environment),
            ``stop_signal``, ``inherit`` (a :class:`minicloud.ports.Port`),
            ``base`` (others need it to the end); anything else is for
            :class:`subprocess.Popen`.
        :raises StartError: it could not be started.
        """
        process = Process(self, name, argv, **kwargs)
        self.start(process)
        return process

    def start(self, process: Process) -> None:
        """Start a process and remember to end it.

        :raises StartError: it could not be started, or the cloud is being
            stopped.
        """
        with self._lock:
            if process not in self._processes:
                self._processes.append(process)
        if self._aborted.is_set():
            raise StartError(process.name, 'stopped by request', process.log)
        process.start()
        if self._aborted.is_set():
            # The request came while it started, after stop_all() looked.
            process.stop()

    def run(
        self,
        name: str,
        argv: collections.abc.Sequence[str],
        timeout: float = 600.0,
        **kwargs: Any,
    ) -> None:
        """Run a command to its end.

        :param timeout: seconds.
        :raises StartError: it failed or took too long.
        """
        process = self.spawn(name, argv, **kwargs)
        try:
            code = process.wait(timeout)
        finally:
            process.stop()
        if code:
            reason = f'exit code {code}'
            if self._aborted.is_set():
                reason = 'stopped by request'
            raise StartError(name, reason, process.log)

    def wait_until(
        self,
        condition: collections.abc.Callable[[], object],
        service: str,
        what: str,
        timeout: float = 300.0,
        log: pathlib.Path | None = None,
    ) -> None:
        """Call a condition until it is true, unless the cloud is stopped.

        :raises StartError: it did not become true in ``timeout`` seconds.
        """

        def look() -> bool:
            try:
                return bool(condition())
            except OSError:
                # Refused, reset or timed out: not ready yet.
                return False

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda done: not done),
            stop=tenacity.stop_any(
                tenacity.stop_after_delay(timeout),
                tenacity.stop_when_event_set(self._aborted),
            ),
            wait=tenacity.wait_fixed(0.1),
            sleep=tenacity.sleep_using_event(self._aborted),
        )
        try:
            retrying(look)
        except tenacity.RetryError:
            reason = f'not {what} after {timeout:.0f} s'
            if self._aborted.is_set():
                reason = 'stopped by request'
            raise StartError(service, reason, log) from None

    def pids(self) -> dict[str, int]:
        """The process id of everything that is running, by name."""
        with self._lock:
            processes = list(self._processes)
        return {each.name: each.pid for each in processes if each.pid}

    def stop_all(self) -> None:
        """End every process and all waiting, databases and broker last."""
        self._aborted.set()
        with self._lock:
            processes = list(self._processes)
        for base in (False, True):
            group = [each for each in processes if each.base is base]
            # All at once: most of them take seconds to think it over.
            for process in group:
                process.ask_to_stop()
            deadline = time.monotonic() + _PATIENCE
            for process in group:
                process.stop(max(deadline - time.monotonic(), 0.1))


def end_with_tox() -> None:
    """Have this process told to end (SIGTERM) when tox itself is ended.

    A tox that is terminated does not tell the commands that it runs.
    """
    if 'TOX_ENV_NAME' in os.environ:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM):
            raise OSError(ctypes.get_errno(), 'prctl(PR_SET_PDEATHSIG)')


def clean_environ() -> dict[str, str]:
    """This process' environment, without what could change a service.

    ``OS_*`` would be taken as configuration or credentials, ``PYTHON*``
    could put this source tree on a service's path (and so make its plug-ins
    visible without being installed), and a proxy must not come between
    loopback and us.
    """
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(('OS_', 'PYTHON', 'MINICLOUD_'))
        and not name.lower().endswith('_proxy')
    }
    environ['no_proxy'] = '*'
    return environ
