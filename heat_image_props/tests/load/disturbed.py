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

"""What goes wrong in the cloud of a soak, and when it did."""

import collections
import threading
import time

from heat_image_props.tests.load import plan
from heat_image_props.tests.load import tables

#: Bytes per second of a slow store.
_SLOW = 200_000

_STORE = 'fast'

#: Seconds after which an engine that is back would have done something.
_GRACE = 15


class Trouble:
    """Makes the disturbances of a seed, one after the other.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    :param seed: the seed of the soak
    :param scale: seconds between two of them, at least
    :param end: when to begin nothing new
    :ivar faults: how many of each kind there were
    """

    def __init__(self, cloud, seed, scale, end):
        self._cloud = cloud
        self._plan = plan.disturbances(seed, scale)
        self._end = end
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        # Kind, begin and end of each; no end while it goes on.
        self._times = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error = None
        self.faults = collections.Counter()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        """Let the last one end."""
        self._stopping.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self):
        try:
            for each in self._plan:
                if (
                    self._stopping.wait(each.gap)
                    or time.monotonic() > self._end
                ):
                    return
                self._make(each)
        except Exception as error:
            self._error = error

    def _make(self, each):
        place = len(self._times)
        with self._lock:
            self._times.append((each.kind, time.monotonic(), None))
        kills = each.kind in ('glance', 'heat-engine')
        name = f'kill {each.kind}' if kills else f'store {each.kind}'
        self.faults[name] += 1
        tables.say(name)
        if kills:
            self._cloud.kill(each.kind)
        elif each.kind == 'slow':
            with self._cloud.stores.slow(_SLOW, store=_STORE):
                self._stopping.wait(each.seconds)
        else:
            with self._cloud.stores.full(store=_STORE):
                self._stopping.wait(each.seconds)
        with self._lock:
            kind, begin, _ = self._times[place]
            self._times[place] = (kind, begin, time.monotonic())

    def since(self, moment):
        """Return the kinds of what went on at or after a moment.

        Those that make an operation fail: a slow store is no reason.
        """
        with self._lock:
            return {
                kind
                for kind, _, end in self._times
                if kind != 'slow' and (end is None or end >= moment)
            }

    def is_abandoned(self, moment):
        """Say whether what was asked for at a moment is nobody's work.

        The engine was killed since and has been back for a while: what it
        was asked for just before it was back would have ended.
        """
        with self._lock:
            return any(
                kind == 'heat-engine'
                and end is not None
                and moment <= end <= time.monotonic() - _GRACE
                for kind, _, end in self._times
            )
