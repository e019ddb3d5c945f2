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

"""The faults of :mod:`minicloud.stores`, in the process that is Glance.

Glance's own driver does all the work.  It is given slower or failing data,
or is not asked to delete.

Glance tells in the image's task how far a write is, but at most once a
minute; here it does so every second, or whoever tests what becomes of that
would have to wait for minutes.
"""

import collections
import collections.abc
import errno
import functools
import os
import pathlib
import time
from typing import Any

from glance.common.scripts import utils as import_scripts
from glance_store._drivers import filesystem
from glance_store.common import utils
from glance_store import exceptions

from minicloud import stores

_CHUNK = 64 * 1024

#: Seconds after which a slow write looks whether it still has to be slow.
_LOOK = 0.1

#: Seconds between two reports of how far an import is; Glance has 60.
_REPORT = 1

#: Glance's staging area and its like, which are not stores of a cloud.
_RESERVED = 'os_glance_'


def install(directory: pathlib.Path) -> None:
    """Make the file stores of this process subject to faults.

    :param directory: where :class:`minicloud.stores.Stores` keeps them.
    """
    faults = stores.Stores(directory)
    driver = filesystem.Store
    driver.add = _adding(driver.add, faults)
    driver.delete = _deleting(driver.delete, faults)
    iterator = import_scripts.CallbackIterator
    iterator.__init__ = _reporting(iterator.__init__)


def _reporting(
    init: collections.abc.Callable[..., None],
) -> collections.abc.Callable[..., None]:
    @functools.wraps(init)
    def wrapper(
        self: Any, source: Any, callback: Any, min_interval: Any = None
    ) -> None:
        # None means at each chunk, which must stay so.
        init(self, source, callback, min_interval and _REPORT)

    return wrapper


def _adding(
    add: collections.abc.Callable[..., Any], faults: stores.Stores
) -> collections.abc.Callable[..., Any]:
    @functools.wraps(add)
    def wrapper(
        self: Any, image_id: Any, image_file: Any, *args: Any, **kwargs: Any
    ) -> Any:
        name = self.backend_group
        if not name.startswith(_RESERVED):
            image_file = _chunks(image_file, faults, str(image_id), name)
        return add(self, image_id, image_file, *args, **kwargs)

    return wrapper


def _chunks(
    image_file: Any, faults: stores.Stores, image_id: str, store: str
) -> collections.abc.Iterator[bytes]:
    """The data as the driver reads it, from within its error handling."""
    data = iter(utils.chunkreadable(image_file, _CHUNK))
    due = time.monotonic()
    for chunk in data:
        # What took too long a moment ago is made up for.
        since = max(due, time.monotonic() - _LOOK)
        due = _wait(since, len(chunk), faults, image_id, store)
        if faults.faults('full', image_id, store):
            # To the end: a client that is still uploading, and whose
            # connection gets closed, would not see the answer.
            collections.deque(data, maxlen=0)
            # What the driver gets from a full file system.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield chunk


def _wait(
    since: float, size: int, faults: stores.Stores, image_id: str, store: str
) -> float:
    """Wait until this many bytes may have been written.

    :param since: when that began, by the monotonic clock.
    :returns: when it ended.
    """
    while slow := faults.faults('slow', image_id, store):
        due = since + size / min(each.rate for each in slow)
        left = due - time.monotonic()
        if left <= 0 or faults.faults('full', image_id, store):
            return due
        # The rate, not a wait for anything; ends with the fault.
        time.sleep(min(left, _LOOK))
    return since


def _deleting(
    delete: collections.abc.Callable[..., Any], faults: stores.Stores
) -> collections.abc.Callable[..., Any]:
    @functools.wraps(delete)
    def wrapper(self: Any, location: Any, *args: Any, **kwargs: Any) -> Any:
        name = self.backend_group
        # The driver names a file after its image.
        image_id = os.path.basename(location.store_location.path)
        if not name.startswith(_RESERVED):
            for each in faults.faults('in_use', image_id, name):
                raise exceptions.InUseByStore(each.reason)
        return delete(self, location, *args, **kwargs)

    return wrapper
