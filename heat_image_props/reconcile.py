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

"""Brings an image to what is declared: look, write, look again.

The work is cut into steps, none of which waits: the caller comes back after
the time that a step names.
It starts from what Glance holds and not from what was meant to be done
before, so the same steps serve a creation, an update, the repetition of a
failed or interrupted one, and a roll-back.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import time
from typing import Any

from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import redact
from heat_image_props import rules

LOG = logging.getLogger(__name__)

#: A look counts only this many seconds after the write it verifies.  A
#: request that was under way beside it may restore what it had read before
#: (``ImageRepo.save`` of ``glance/db/__init__.py`` writes every column).
SETTLING_TIME = 1.0

#: Writes, or failed looks in a row, after which an attempt is given up.
MOST_ROUNDS = 5

# Shortest and longest time between two looks at a running import, seconds,
# and the part of the time passed that a look may come late.
_SHORTEST, _LONGEST, _LATENESS = 2.0, 60.0, 0.1

_AT_WORK = frozenset(('importing', 'saving', 'uploading'))
_ENDED = frozenset(('deleted', 'killed', 'pending_delete'))


def is_busy(image: Mapping[str, Any]) -> bool:
    """Say whether an import, a copy or an upload works on an image.

    A status of ``active`` is not enough: the task that made it so still
    holds the image and will write back the properties it has read
    (``glance/async_/flows/api_image_import.py``).
    """
    return bool(
        image.get('os_glance_import_task')
        or image.get('os_glance_importing_to_stores')
        or image.get('status') in _AT_WORK
    )


def has_ended(image: Mapping[str, Any]) -> bool:
    """Say whether an image is beyond use."""
    return image.get('status') in _ENDED


class Reconciler:
    """One attempt to bring an image to what is declared.

    :param api: connection to Glance
    :param image_id: the image
    :param declared: what the image shall hold
    :param managed: what the resource has set on it before
    :param defaults: values for managed attributes no longer declared
    :param source: URL to import the data from, if the image has none yet
    :param remember: called with all that is managed, before the first
        change and after the last one
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        declared: diff.Declared,
        managed: diff.Managed,
        *,
        defaults: Mapping[str, Any],
        source: str | None,
        remember: Callable[[diff.Managed], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._image_id = image_id
        self._declared = declared
        self._managed = self._before = managed
        self._defaults = defaults
        self._source = source
        self._remember = remember
        self._clock = clock
        self._start = clock()
        self._due = self._start
        self._importing = False
        self._import_error: exception.RequestFailed | None = None
        self._write_error: exception.RequestFailed | None = None
        self._first: Mapping[str, Any] = {}
        self._rounds = 0
        self._failures = 0

    def start_import(self) -> None:
        """Make Glance fetch the data, if there is a source.

        :raises: :class:`exception.Refused`
        """
        if not self._source:
            return
        self._importing = True
        try:
            self._api.import_data(self._image_id, self._source)
        except (exception.Conflict, exception.Unavailable) as error:
            # An import may be under way all the same, by this request or by
            # one whose answer was lost: a look tells.
            self._import_error = error
        self._start = self._clock()
        self._later(SETTLING_TIME)

    def step(self) -> float | None:
        """Do what can be done now.

        :returns: seconds until the next step is of use, or None when the
            image holds all that is declared
        :raises: :class:`exception.ImageError`
        """
        wait = self._due - self._clock()
        if wait > 0:
            return wait
        try:
            live = self._api.get(self._image_id)
        except exception.Unavailable as error:
            self._failures += 1
            if self._failures >= MOST_ROUNDS:
                raise
            LOG.warning('%s; trying again', error)
            return self._later(SETTLING_TIME * 2**self._failures)
        self._failures = 0
        if is_busy(live):
            self._import_error = None
            return self._later(self._gap())
        if has_ended(live):
            raise exception.Unusable(self._image_id, live['status'])
        if live['status'] == 'queued' and self._importing:
            raise self._import_error or self._import_failure()
        self._refuse_other_spellings(live)
        change = diff.compare(
            self._declared, self._managed, live, self._defaults
        )
        if change:
            return self._write(change, live)
        if live['status'] == 'queued' and self._source:
            self.start_import()
            return SETTLING_TIME
        self._remember(diff.Managed.of(self._declared))
        return None

    def _write(self, change: diff.ImageDiff, live: Mapping[str, Any]) -> float:
        """Send a change, unless too many were sent in vain."""
        if self._rounds >= MOST_ROUNDS:
            self._forget_what_failed(live)
            names = change.names()
            if self._write_error is not None:
                raise exception.NotApplied(
                    self._image_id, names, self._write_error
                )
            raise exception.NotKept(
                self._image_id, {name: live.get(name) for name in names}
            )
        if not self._rounds:
            self._first = live
        self._rounds += 1
        self._managed |= diff.Managed.of(self._declared)
        self._remember(self._managed)
        LOG.info(
            'Image %(image)s: changing %(names)s',
            {'image': self._image_id, 'names': ', '.join(change.names())},
        )
        try:
            self._api.patch(self._image_id, change.to_patch())
        except (exception.Conflict, exception.Unavailable) as error:
            # Something to remove is gone, or the answer was lost and the
            # change applied all the same: another look tells.
            LOG.warning('%s; looking again', error)
            self._write_error = error
        except exception.Refused:
            try:
                self._forget_what_failed(self._api.get(self._image_id))
            except exception.RequestFailed as error:
                LOG.warning('%s; all that was sent stays recorded', error)
            raise
        else:
            self._write_error = None
        return self._later(SETTLING_TIME * 2 ** (self._rounds - 1))

    def _forget_what_failed(self, live: Mapping[str, Any]) -> None:
        """Record of an attempt that failed what it did change, and no more.

        Names whose change was refused stay whose they were, so that no later
        update takes them for its own and removes them.  A refusal alone does
        not tell: properties are stored before tags are looked at
        (``ImageRepo.save`` of ``glance/db/__init__.py``).
        """
        self._remember(
            self._before | diff.gained(self._declared, self._first, live)
        )

    def _refuse_other_spellings(self, live: Mapping[str, Any]) -> None:
        """Refuse new names that a Glance on MySQL takes for live ones."""
        tags = frozenset(live.get('tags') or ())
        offences = (
            *rules.check(
                {
                    name: value
                    for name, value in self._declared.properties.items()
                    if name not in live
                },
                rules.custom(live),
            ).offences,
            *rules.check_tags(self._declared.tags - tags, tags)[1],
        )
        if offences:
            raise exception.InvalidDeclaration(offences)

    def _gap(self) -> float:
        """Return how long to leave an import or an upload alone."""
        passed = self._clock() - self._start
        return min(max(_SHORTEST, _LATENESS * passed), _LONGEST)

    def _later(self, seconds: float) -> float:
        self._due = self._clock() + seconds
        return seconds

    def _import_failure(self) -> exception.ImportFailed:
        """Return the error for data that did not arrive.

        A failed import is not a state of the image: it is ``queued`` again,
        without the lock that a running import holds.
        """
        source = self._source or ''
        try:
            failed = [
                task
                for task in self._api.tasks(self._image_id)
                if task.get('status') == 'failure'
            ]
        except exception.RequestFailed as error:
            reason = str(error)
        else:
            reason = (
                failed[-1].get('message') if failed else None
            ) or 'no reason is given'
        return exception.ImportFailed(
            self._image_id, redact.host(source), redact.mask(reason, source)
        )
