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

"""The last resort: ends what a killed minicloud has left behind.

A process of its own, started by :class:`minicloud.process.Supervisor`, that
reads lines on standard input, from that process and from those it starts::

    + PGID SIGNAL    a process group to end, and how it wants to be asked
    - PGID           that group has been ended
    d PATH           a file or directory to remove

End of file means that the controlling process is gone, however it went
(``SIGKILL`` included): everything still listed is ended and removed.

The pipe is used rather than ``PR_SET_PDEATHSIG``: that signal comes when the
*thread* that forked ends (services are started from short-lived threads), it
reaches only the first generation, and it is Linux only.

Standard library only, so that it starts at once.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

#: Seconds that groups get between their own signal and ``SIGKILL``.
GRACE = 3.0


def _alive(pgid: int) -> bool:
    try:
        os.killpg(pgid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end(groups: dict[int, int], grace: float = GRACE) -> None:
    """Ask process groups to end, then make them.

    :param groups: signal number by process group id.
    :param grace: seconds in between.
    """
    for pgid, signum in groups.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, signum)
    deadline = time.monotonic() + grace
    while any(map(_alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pgid in filter(_alive, groups):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, signal.SIGKILL)


def main() -> None:
    """Follow the list until the other end of the pipe is closed."""
    groups: dict[int, int] = {}
    paths: list[str] = []
    for line in sys.stdin:
        verb, _, rest = line.rstrip('\n').partition(' ')
        if verb == '+':
            pgid, signum = rest.split()
            groups[int(pgid)] = int(signum)
        elif verb == '-':
            groups.pop(int(rest), None)
        elif verb == 'd':
            paths.append(rest)
    end(groups)
    for path in paths:
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


if __name__ == '__main__':
    # The terminal's Ctrl-C and a service manager's SIGTERM are for the
    # controlling process; its going away is what counts here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    main()
