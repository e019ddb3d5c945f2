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


"""How long a Glance that does not answer, or not sensibly, is waited for.

All bounds on repeated requests stand here, but for those on writes that are
not kept (:mod:`heat_image_props.reconcile`) and on imports
(:mod:`heat_image_props.transfer`).
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import datetime
import email.utils
import time
from typing import TypeVar

import tenacity

from heat_image_props import exception

_T = TypeVar('_T')

#: Attempts in a row without an answer after which the last error is raised.
MOST_ATTEMPTS = 5

#: Seconds before the second attempt; doubled before each further one.
FIRST_WAIT = 2.0

#: Looks in a row that do not find an image after which it is gone.  What
#: stands before Glance may answer 404 for it while it is restarted.
MOST_MISSES = 3

#: Longest time in seconds that a ``Retry-After`` is obeyed for.
LONGEST_PAUSE = 60.0

#: Requests for one thing where there are no steps between which to wait,
#: seconds before the second one, doubled before the third, and the longest
#: ``Retry-After`` after which there is another one.
MOST_READS, READ_WAIT, READ_PAUSE = 3, 1.0, 10.0


class Patience:
    """Counts attempts that failed one after the other."""

    def __init__(self) -> None:
        self._failures = 0
        self._misses = 0

    def wait(self, error: exception.RequestFailed) -> float:
        """Return how long to wait after a failure, in seconds.

        :param error: what the attempt met with
        :raises: the error, if there were too many
        """
        self._failures += 1
        if isinstance(error, exception.Gone):
            self._misses += 1
            if self._misses >= MOST_MISSES:
                raise error
        else:
            self._misses = 0
            if self._failures >= MOST_ATTEMPTS:
                raise error
        return FIRST_WAIT * float(2 ** (self._failures - 1))

    def restore(self) -> None:
        """Forget the failures, as an attempt succeeded."""
        self._failures = self._misses = 0


def repeat(
    ask: Callable[[], _T],
    failure: type[exception.RequestFailed],
    pause: Callable[[], float],
) -> _T:
    """Ask for something again, for some seconds, without any steps.

    :param ask: returns what is asked for
    :param failure: what is not believed the first time
    :param pause: returns for how long the server wants to be left alone
    :raises: what the last attempt met with
    """

    def wait(attempt: tenacity.RetryCallState) -> float:
        backoff = READ_WAIT * float(2 ** (attempt.attempt_number - 1))
        return max(backoff, pause())

    def stop(attempt: tenacity.RetryCallState) -> bool:
        return attempt.attempt_number >= MOST_READS or pause() > READ_PAUSE

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(failure),
        wait=wait,
        stop=stop,
        sleep=time.sleep,
        reraise=True,
    )(ask)


def asked(headers: Mapping[str, str]) -> float:
    """Return how long a server asks to be left alone, within bounds.

    It says so in seconds or by a date (RFC 9110, 10.2.3).

    :param headers: those of its answer
    """
    text = headers.get('Retry-After', '').strip()
    try:
        seconds = float(min(int(text), LONGEST_PAUSE))
    except ValueError:
        try:
            until = email.utils.parsedate_to_datetime(text)
        except (TypeError, ValueError):
            # There is none, or none that a machine can read.
            return 0.0
        now = datetime.datetime.now(until.tzinfo)
        seconds = (until - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_PAUSE)
