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

"""The faults of :mod:`minicloud.wire`, in the process that is the proxy."""

import collections.abc
import contextlib
import dataclasses
import json
import os
import pathlib
import threading
import time

from minicloud import http1
from minicloud import requestlog
from minicloud import wire


@dataclasses.dataclass
class Request:
    """A request that has come in."""

    head: http1.Head
    body: collections.abc.Iterable[bytes]
    method: str
    path: str
    query: str
    operation: str
    image_id: str | None
    started: float = dataclasses.field(default_factory=time.time)

    @property
    def user_agent(self) -> str:
        return self.head.fields.get('user-agent', '')

    def read(self) -> None:
        """Take in all of the body."""
        self.body = [b''.join(self.body)]


class Active:
    """A fault at work.

    :param path: the file that is the fault.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.fault = wire.Fault(**json.loads(path.read_bytes()))
        self._path = path
        self._record = path.parent / 'records' / path.stem
        self._seen = 0
        self._is_awake = self.fault.after is None

    def takes(self, request: Request, name: str | None) -> bool:
        """Count a request, if it concerns it; say whether it acts on it.

        :param name: that of the image, if it is known.
        """
        fault = self.fault
        if not fault.is_of(request.image_id, name, request.user_agent):
            return False
        if not self._is_awake:
            self._is_awake = request.operation == fault.after
            return False
        if fault.operation not in (None, request.operation):
            return False
        self._seen += 1
        last = None if fault.times is None else fault.skip + fault.times
        return fault.skip < self._seen and (last is None or self._seen <= last)

    def is_on(self) -> bool:
        """Whether it has not been ended."""
        return self._path.exists()

    def note(self, event: str, request: Request) -> None:
        """Tell those who made it what it does."""
        line = {
            'event': event,
            'time': request.started,
            'method': request.method,
            'path': request.path,
            'operation': request.operation,
            'image_id': request.image_id,
        }
        # Gone if the cloud is being stopped.
        with contextlib.suppress(FileNotFoundError):
            requestlog.append(self._record, line)


class Faults:
    """The faults there are, and the names of images.

    :param directory: where :class:`minicloud.wire.Wire` keeps the faults.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._lock = threading.Lock()
        self._known: dict[str, Active] = {}
        self._names: dict[str, str] = {}

    def learn(self, image_id: str, name: str) -> None:
        """Note the name that an image is created with."""
        self._names[image_id] = name

    def find(self, request: Request, name: str | None) -> Active | None:
        """Return the fault that acts on a request, if there is one.

        :param name: that of an image which is about to be created.
        """
        files = [
            each
            for each in os.listdir(self._directory)
            if each.endswith('.json')
        ]
        if not files:
            return None
        if name is None:
            name = self._names.get(request.image_id or '')
        with self._lock:
            for file in sorted(files):
                active = self._load(file)
                if active is not None and active.takes(request, name):
                    active.note('hit', request)
                    if active.fault.kind != 'watch':
                        return active
        return None

    def _load(self, file: str) -> Active | None:
        if file not in self._known:
            # It may have ended since.
            with contextlib.suppress(FileNotFoundError):
                self._known[file] = Active(self._directory / file)
        return self._known.get(file)
