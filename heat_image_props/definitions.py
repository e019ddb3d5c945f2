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

"""Gets the metadata definitions of clouds, and keeps them for a while.

The list of namespaces names neither their properties nor a state that would
change with them, and no request returns several namespaces (``index`` and
``show`` of ``glance/api/v2/metadef_namespaces.py``).  So each namespace takes
a request, and those alone are asked for whose prefix the declared names have.

The list is kept for each project, and so are the namespaces that are not
public; what one project defines for itself no other one gets.
Public namespaces are kept once for all projects, and where the operator has
given Heat a cache, once for all engines.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Hashable
import hashlib
import json
import threading
import time
from typing import Any
from typing import Generic
from typing import TypeVar

from oslo_log import log as logging

from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import metadefs
from heat_image_props import redact

LOG = logging.getLogger(__name__)

_T = TypeVar('_T')

#: Seconds for which definitions are used without asking again, and those
#: for which a cloud is left alone that did not answer.
LONGEST, PAUSE = 3600.0, 60.0

#: Longest time in seconds that somebody waits for definitions.
PATIENCE = 5.0

#: Seconds after which the reading of all of them is given up.
LONGEST_READING = 60.0

#: Lists and namespaces that are kept, pages of a list and namespaces that
#: are read at a time, and readings at a time.
MOST_KEPT, MOST_PAGES, MOST_NAMESPACES, MOST_READINGS = 1000, 10, 200, 10


class _TooMuch(Exception):
    """The definitions are more, or take longer, than is reasonable."""


class _Changed(Exception):
    """A namespace is not what it was when it was listed."""


class Library:
    """The definitions of all clouds that one process has to do with.

    :param shared: region of dogpile.cache that processes share, for the
        namespaces; Heat has one, which keeps nothing unless an operator
        enables it
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self, shared: Any, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._lists: _Kept[list[metadefs.Namespace]] = _Kept(LONGEST, clock)
        self._shelves: _Kept[metadefs.Definitions] = _Kept(LONGEST, clock)
        self._failures: _Kept[bool] = _Kept(PAUSE, clock)
        self._readings: dict[Hashable, threading.Thread] = {}
        self._lock = threading.Lock()

    def get(
        self,
        place: Hashable,
        project: str,
        keys: Collection[str],
        connect: Callable[[], image_api.ImageAPI],
    ) -> metadefs.Definitions | None:
        """Return what is defined that concerns some names.

        Another thread reads it, so that nobody waits longer than
        :data:`PATIENCE`, whatever Glance and Keystone do; it goes on for the
        next one who asks.

        :param place: tells Glances of several regions or clouds apart
        :param project: id of the project that asks
        :param keys: names of declared properties
        :param connect: returns a connection to the Glance, as the project
        :returns: None if it is not known in time
        """
        who = (place, project)
        end = self._clock() + PATIENCE
        while True:
            found = self._known(place, project, keys)
            if found is not None:
                return found
            if self._failures.get(who):
                return None
            left = end - self._clock()
            with self._lock:
                reading = self._readings.get(who)
                if reading is None and len(self._readings) < MOST_READINGS:
                    reading = threading.Thread(
                        target=self._read,
                        args=(place, project, tuple(keys), connect()),
                        daemon=True,
                    )
                    # It ends by taking itself out, for which it needs the
                    # lock; one that cannot be started is never in.
                    reading.start()
                    self._readings[who] = reading
                if reading is None:
                    # For a place among those that are under way.
                    reading = next(iter(self._readings.values()))
            if left <= 0:
                LOG.debug('Metadata definitions of %s: not in time', place)
                self._failures.put(who, True)
                return None
            reading.join(left)

    def _known(
        self, place: Hashable, project: str, keys: Collection[str]
    ) -> metadefs.Definitions | None:
        """Return what concerns some names, if all of it is there."""
        namespaces = self._lists.get((place, project))
        if namespaces is None:
            return None
        found = []
        for namespace in namespaces:
            if namespace.concerns(keys):
                shelf = self._shelves.get(_key(place, project, namespace))
                if shelf is None:
                    # A part would make wrong what another part allows.
                    return None
                found.append(shelf)
        return metadefs.merge(found)

    def _read(
        self,
        place: Hashable,
        project: str,
        keys: Collection[str],
        api: image_api.ImageAPI,
    ) -> None:
        """Read what is not known yet; a failure is noted down."""
        who = (place, project)
        end = self._clock() + LONGEST_READING
        try:
            namespaces = self._lists.get(who)
            if namespaces is None:
                namespaces = self._list(api, project)
                self._lists.put(who, namespaces)
            needed = [each for each in namespaces if each.concerns(keys)]
            if len(needed) > MOST_NAMESPACES:
                raise _TooMuch(f'{len(needed)} namespaces')
            for namespace in needed:
                key = _key(place, project, namespace)
                if self._shelves.get(key) is None:
                    if self._clock() > end:
                        raise _TooMuch(f'more than {LONGEST_READING:.0f} s')
                    self._shelves.put(key, self._shelf(api, namespace, key))
        except Exception as error:
            # Whatever it is: advice that cannot be given is no failure of
            # the stack.
            LOG.debug(
                'Metadata definitions of %s: %s',
                place,
                redact.mask(str(error)),
            )
            self._failures.put(who, True)
            if isinstance(error, (exception.Refused, _Changed)):
                # Of what is listed something is there no longer.
                self._lists.drop(who)
        finally:
            with self._lock:
                del self._readings[who]

    def _list(
        self, api: image_api.ImageAPI, project: str
    ) -> list[metadefs.Namespace]:
        """Return the namespaces for images.

        :raises: :class:`exception.Refused` if there is no such API: for a
            while, as a proxy before Glance says so too when Glance is away
        """
        found: list[metadefs.Namespace] = []
        after = ''
        for _ in range(MOST_PAGES):
            page = api.namespaces(metadefs.RESOURCE_TYPE, after)
            found += metadefs.namespaces(page, project)
            if not page.get('next'):
                return found
            after = str(page['namespaces'][-1]['namespace'])
        raise _TooMuch(f'more than {MOST_PAGES} pages of namespaces')

    def _shelf(
        self,
        api: image_api.ImageAPI,
        namespace: metadefs.Namespace,
        key: Hashable,
    ) -> metadefs.Definitions:
        """Return what a namespace defines.

        One that is public no longer, and that an administrator is shown all
        the same, is not for the others.

        :raises: :class:`_Changed`, :class:`exception.Refused` if it is not
            what it was listed as
        """
        name = hashlib.sha256(f'metadefs {key!r}'.encode()).hexdigest()
        text = self._shared.get(name, expiration_time=LONGEST)
        if text:
            return metadefs.read(json.loads(text))
        document = api.namespace(namespace.name, metadefs.RESOURCE_TYPE)
        is_public = document.get('visibility') == 'public'
        if is_public != namespace.is_public:
            raise _Changed(f'the visibility of {namespace.name}')
        self._shared.set(name, json.dumps(document))
        return metadefs.read(document)


class _Kept(Generic[_T]):
    """Values that are forgotten after a time, the oldest when too many.

    :param age: seconds for which a value is kept
    :param clock: seconds on a clock that never goes back
    """

    def __init__(self, age: float, clock: Callable[[], float]) -> None:
        self._age = age
        self._clock = clock
        self._values: collections.OrderedDict[Hashable, tuple[float, _T]] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> _T | None:
        """Return a value, unless there is none, or it is too old."""
        with self._lock:
            since, value = self._values.get(key, (0.0, None))
            if value is None or self._clock() - since > self._age:
                return None
            return value

    def drop(self, key: Hashable) -> None:
        """Forget a value, if there is one."""
        with self._lock:
            self._values.pop(key, None)

    def put(self, key: Hashable, value: _T) -> None:
        """Keep a value."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = (self._clock(), value)
            if len(self._values) > MOST_KEPT:
                self._values.popitem(last=False)


def _key(
    place: Hashable, project: str, namespace: metadefs.Namespace
) -> Hashable:
    """Return what a namespace is kept under: by project if not public."""
    return place, namespace.name, '' if namespace.is_public else project
