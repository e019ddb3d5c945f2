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

"""Faults of the wire between Glance and its users.

Users reach Glance through a reverse proxy (:mod:`minicloud.proxy`), as they
do in most clouds.  A *fault* makes the proxy answer some requests itself,
cut, delay or hold them::

    with cloud.wire.answer(503, operation='patch', times=1) as fault:
        ...
    assert fault.count == 1

A fault concerns a request if all of these say so:

``operation``
    what is asked for, one of :data:`OPERATIONS`; all of them, if not given.
``image_id``
    the image.
``name``
    the name that the image was created with: for an image whose id is not
    known yet.
``user_agent``
    a text that the user agent contains; that of the plugin if not given, so
    that a test's own requests are let pass.
``after``
    an operation that must have been seen before; nothing, if not given.
``skip``
    how many such requests are let pass before.
``times``
    how many it is for; all that follow, if not given.

Of several faults that concern a request, the one that was made first and is
not used up acts, and the later ones do not see it.

Any process that knows the running cloud can do this, several at a time: a
fault is a file of its own, for which the proxy looks at each request.
"""

import collections.abc
import contextlib
import dataclasses
import json
import pathlib
import time
from typing import Any
import uuid

import tenacity

from minicloud import requestlog

#: What can be asked of Glance, by method and path below ``/v2``.  A star is
#: one segment, that of an image is ``ID``.
_PATHS = {
    'create': 'POST images',
    'list': 'GET images',
    'get': 'GET images/ID',
    'patch': 'PATCH images/ID',
    'delete': 'DELETE images/ID',
    'import': 'POST images/ID/import',
    'add-location': 'POST images/ID/locations',
    'locations': 'GET images/ID/locations',
    'members': 'GET images/ID/members',
    'add-member': 'POST images/ID/members',
    'member': 'GET images/ID/members/*',
    'accept-member': 'PUT images/ID/members/*',
    'remove-member': 'DELETE images/ID/members/*',
    'add-tag': 'PUT images/ID/tags/*',
    'remove-tag': 'DELETE images/ID/tags/*',
    'deactivate': 'POST images/ID/actions/deactivate',
    'reactivate': 'POST images/ID/actions/reactivate',
    'tasks': 'GET images/ID/tasks',
    'upload': 'PUT images/ID/file',
    'download': 'GET images/ID/file',
    'stage': 'PUT images/ID/stage',
    'remove-from-store': 'DELETE stores/*/ID',
    'methods': 'GET info/import',
    'stores': 'GET info/stores',
}

#: The operations that a fault can be for.
OPERATIONS = (*_PATHS, 'other')

KINDS = (
    'watch',
    'answer',
    'answer_after',
    'cut_before',
    'cut_after',
    'delay',
    'truncate',
    'hold_before',
    'hold_after',
)

#: The user agent of the plugin.
AGENT = 'heat-image-props'

_BY_METHOD: dict[tuple[str, int], list[tuple[str, list[str]]]] = {}
for _name, _path in _PATHS.items():
    _method, _, _rest = _path.partition(' ')
    _parts = _rest.split('/')
    _BY_METHOD.setdefault((_method, len(_parts)), []).append((_name, _parts))


def operation(method: str, path: str) -> tuple[str, str | None]:
    """Tell what a request asks for, and of which image.

    :param method: the request's method.
    :param path: its path, with ``/v2``.
    """
    version, *parts = path.strip('/').split('/')
    if version == 'v2':
        for name, pattern in _BY_METHOD.get((method, len(parts)), ()):
            if all(
                want in ('*', 'ID') or want == part
                for want, part in zip(pattern, parts, strict=True)
            ):
                image_id = None
                if 'ID' in pattern:
                    image_id = parts[pattern.index('ID')]
                return name, image_id
    return 'other', None


@dataclasses.dataclass(frozen=True)
class Fault:
    """What happens to which requests; see the module for the latter.

    :ivar kind: one of :data:`KINDS`.
    :ivar status: of the answer.
    :ivar headers: of the answer, besides its type and length.
    :ivar body: of the answer.
    :ivar seconds: of the delay.
    """

    kind: str
    operation: str | None = None
    image_id: str | None = None
    name: str | None = None
    user_agent: str = AGENT
    after: str | None = None
    skip: int = 0
    times: int | None = None
    status: int = 0
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: str = ''
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f'no kind {self.kind!r}')
        for each in (self.operation, self.after):
            if each not in (None, *OPERATIONS):
                raise ValueError(
                    f'no operation {each!r}; there are {", ".join(OPERATIONS)}'
                )

    def is_of(
        self, image_id: str | None, name: str | None, user_agent: str
    ) -> bool:
        """Say whether it is about an image, and whoever asks for it."""
        return (
            self.image_id in (None, image_id)
            and self.name in (None, name)
            and self.user_agent in user_agent
        )


@dataclasses.dataclass(frozen=True)
class Hit:
    """A request that a fault acted on.

    :ivar time: when, in seconds since the epoch.
    """

    time: float
    method: str
    path: str
    operation: str
    image_id: str | None

    def __str__(self) -> str:
        return f'{self.method} {self.path}'


class Handle:
    """A fault that was made, to see what it does and to end it.

    :param path: the file that is the fault.
    :param record: the file in which the proxy notes what it does.
    """

    def __init__(self, path: pathlib.Path, record: pathlib.Path) -> None:
        self._path = path
        self._record = record

    def _events(self, kind: str) -> list[dict[str, Any]]:
        try:
            lines = self._record.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        events = [json.loads(line) for line in lines if line[-1:] == b'\n']
        return [each for each in events if each.pop('event') == kind]

    @property
    def hits(self) -> list[Hit]:
        """The requests that it acted on, in order."""
        return [Hit(**each) for each in self._events('hit')]

    @property
    def count(self) -> int:
        """How many requests it acted on."""
        return len(self._events('hit'))

    @property
    def held(self) -> int:
        """How many requests it holds now."""
        return len(self._events('held')) - len(self._events('left'))

    def wait_for_hits(self, count: int = 1, timeout: float = 60.0) -> None:
        """Wait until it acted on so many requests.

        :param timeout: seconds.
        :raises TimeoutError: it did not.
        """
        self._wait(lambda: self.count, count, 'hit', timeout)

    def wait_until_held(self, count: int = 1, timeout: float = 60.0) -> None:
        """Wait until it holds so many requests.

        :param timeout: seconds.
        :raises TimeoutError: it does not.
        """
        self._wait(lambda: self.held, count, 'held', timeout)

    def _wait(
        self,
        look: collections.abc.Callable[[], int],
        count: int,
        what: str,
        timeout: float,
    ) -> None:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda seen: seen < count),
            stop=tenacity.stop_after_delay(timeout),
            wait=tenacity.wait_fixed(0.05),
        )
        try:
            retrying(look)
        except tenacity.RetryError as error:
            seen = error.last_attempt.result()
            raise TimeoutError(
                f'{seen} of {count} {what} after {timeout:.0f} s'
            ) from None

    def wait_until_left(self, timeout: float = 60.0) -> None:
        """Wait until it holds no request: all clients have gone.

        :param timeout: seconds.
        :raises TimeoutError: it still does.
        """
        self._wait(lambda: -self.held, 0, 'left', timeout)

    def release(self) -> None:
        """End the fault, and let go what it holds."""
        # Gone already if the cloud was stopped meanwhile.
        self._path.unlink(missing_ok=True)


class Wire:
    """The faults that the wire has at the moment.

    Each method that makes one returns a context manager: the fault begins
    when the block is entered and ends with it.  The keyword arguments
    ``match`` say which requests it is about, see the module.

    :param directory: where they are kept; made when it is needed.
    :param log: the proxy's log, with what users sent and were answered; a
        status of 0 is that of a request that got no answer.  Glance's own
        log has what arrived there.
    """

    def __init__(
        self, directory: pathlib.Path, log: requestlog.RequestLog
    ) -> None:
        self._directory = directory
        self.log = log

    def watch(self, **match: Any) -> contextlib.AbstractContextManager[Handle]:
        """Let everything pass, other faults too, and note what does."""
        return self.fault(Fault('watch', **match))

    def answer(
        self, status: int, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Answer in Glance's place, which does not get the request.

        The headers and the body of the answer may be given, too.
        """
        return self.fault(Fault('answer', status=status, **match))

    def answer_after(
        self, status: int, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Let Glance do it, and then answer something else."""
        return self.fault(Fault('answer_after', status=status, **match))

    def garbage(
        self, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Answer 200 with a page that is no JSON, as a portal would."""
        return self.answer(
            200,
            headers={'Content-Type': 'text/html'},
            body='<html><body>Please log in.</body></html>',
            **match,
        )

    def cut_before(
        self, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Reset the connection before Glance gets the request."""
        return self.fault(Fault('cut_before', **match))

    def cut_after(
        self, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Reset the connection when Glance has done what was asked."""
        return self.fault(Fault('cut_after', **match))

    def truncate(
        self, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Close the connection after one half of the answer's body."""
        return self.fault(Fault('truncate', **match))

    def delay(
        self, seconds: float, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Wait before passing the request on, also if the client leaves."""
        return self.fault(Fault('delay', seconds=seconds, **match))

    def hold_before(
        self, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Keep the request until the fault ends.

        Glance never gets it if the client leaves before that.
        """
        return self.fault(Fault('hold_before', **match))

    def hold_after(
        self, **match: Any
    ) -> contextlib.AbstractContextManager[Handle]:
        """Keep Glance's answer until the fault ends or the client leaves."""
        return self.fault(Fault('hold_after', **match))

    @contextlib.contextmanager
    def fault(self, fault: Fault) -> collections.abc.Iterator[Handle]:
        """Begin a fault, and end it with the block."""
        records = self._directory / 'records'
        records.mkdir(parents=True, exist_ok=True)
        # In the order in which they are made.
        name = f'{time.time_ns()}-{uuid.uuid4()}'
        path = self._directory / f'{name}.json'
        # Renamed into place: the proxy must not find half of it.
        partial = path.with_suffix('.partial')
        partial.write_text(json.dumps(dataclasses.asdict(fault)))
        partial.replace(path)
        handle = Handle(path, records / name)
        try:
            yield handle
        finally:
            handle.release()
