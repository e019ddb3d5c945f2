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

"""Watches the work of Glance on an image: when to look, when to give up.

A Glance that is killed in the middle of an import never goes on with it and
never says so: the image keeps its lock, its task is ``processing`` for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import hashlib
import json
from typing import Any

from oslo_log import log as logging

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import progress
from heat_image_props import state

LOG = logging.getLogger(__name__)

# Shortest and longest time between two looks at running work, seconds, and
# the part of the time passed that a look may come late.  With the looks for
# the reason a failure is told within a minute.
_SHORTEST, _LONGEST, _LATENESS = 2.0, 30.0, 0.1

# Seconds after which the lock of a task that has ended is one that nobody
# drops any more: Glance writes the end down just before or after.
_DROPPING = 5.0

_OVER = 'Glance no longer works on the import that holds the image'

_ENDED = frozenset(('failure', 'success'))


class Watch:
    """What one attempt sees of the work on its image.

    :param api: connection to Glance
    :param image_id: the image
    :param limit: seconds without progress until it is given up, 0 for never
    :param given_up: :attr:`mark` of work that was given up before, or empty
    :param tell: called with what there is to say about the progress
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        *,
        limit: float,
        given_up: str,
        tell: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._image_id = image_id
        self._limit = limit
        self._given_up = given_up
        self._tell = tell
        self._clock = clock
        self._progress = progress.Progress(tell, clock)
        self._start = self._since = clock()
        self._picture: list[Any] = []
        self._said: list[Any] | None = None
        self._ended: float | None = None
        self._looked = self._start
        self._is_ours = self._is_told = self._has_told_end = False
        #: Id of the task that was at work last, if there was one.
        self.task: str | None = None
        #: What the work is known by that nobody does any more, although the
        #: image shows it; empty if there is none.
        self.mark = ''

    def begin(self) -> None:
        """Take note that work was asked for at this moment."""
        self._is_ours = True
        self._start = self._clock()
        self.task = None

    def wait(self, live: Mapping[str, Any]) -> float | None:
        """Return how long to leave the image alone, or None for not at all.

        :raises: :class:`data_exception.ImportStalled` if it shows no
            progress for too long
        """
        if not state.is_busy(live):
            self._picture, self.mark = [], ''
            return None
        now = self._clock()
        picture = state.picture(live)
        if picture != self._picture:
            self._picture = picture
            self._since = now
            self._said = self._ended = None
            self.mark = ''
            if self._given_up:
                self._read(live)
        self.task = live.get(state.LOCK) or self.task
        if self._ended is not None and now - self._ended >= _DROPPING:
            self._give_up()
        if not self.mark:
            self._report(live)
        left = 0.0 if self.mark else self._left(live, now)
        if self.mark:
            if not self._has_told_end:
                self._has_told_end = True
                self._tell(_OVER)
            return None
        if self._ended is not None:
            return _DROPPING
        late = max(_SHORTEST, _LATENESS * (now - self._start))
        return min(late, _LONGEST, left)

    def _report(self, live: Mapping[str, Any]) -> None:
        """Say how far the work is, or once that it holds this up."""
        if self._is_ours:
            self._progress.see(live, lambda: self._read(live))
            return
        # What others do is of interest as far as it holds this up.
        if not self._is_told:
            self._is_told = True
            self._tell(f'nothing is written yet: {progress.phase_of(live)}')
        if self._clock() - self._looked >= progress.INTERVAL:
            self._read(live)

    def _left(self, live: Mapping[str, Any], now: float) -> float:
        """Return the seconds until the work is given up.

        :raises: :class:`data_exception.ImportStalled` if none are left
        """
        if not self._limit:
            return _LONGEST
        if now - self._since >= self._limit:
            self._read(live)
        if (
            now - self._since >= self._limit
            and self._ended is None
            and not self.mark
        ):
            if live.get(state.LOCK):
                self._give_up()
            raise data_exception.ImportStalled(
                self._image_id,
                progress.phase_of(live),
                round(now - self._since),
                live,
            )
        # Not less than a second, which is what Heat waits at least.
        return max(1.0, self._limit - (now - self._since))

    def _read(self, live: Mapping[str, Any]) -> str:
        """Read what the task at work says of itself, and return its text.

        It may hold credentials, and is not to be shown as it is.
        """
        self._looked = self._clock()
        tasks: list[dict[str, Any]] = []
        try:
            tasks = self._api.tasks(self._image_id)
        except exception.RequestFailed as error:
            LOG.info('%s; the progress is not known', error)
            if isinstance(error, exception.Unavailable):
                return ''
        lock = live.get(state.LOCK)
        task = next((each for each in tasks if each.get('id') == lock), {})
        said = [task.get(key) for key in ('status', 'message', 'updated_at')]
        if said != self._said:
            if self._said is not None:
                self._since = self._clock()
            self._said = said
        if task.get('status') in _ENDED and self._ended is None:
            self._ended = self._clock()
        if lock and self._given_up == self._mark():
            self._give_up()
        return str(task.get('message') or '')

    def _mark(self) -> str:
        """Return what the work is known by as long as it does not go on."""
        text = json.dumps([self._picture, self._said])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _give_up(self) -> None:
        self.mark = self._mark()
