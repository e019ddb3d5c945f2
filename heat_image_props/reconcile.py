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
from collections.abc import Set as AbstractSet
import dataclasses
import random
import time
from typing import Any

from oslo_log import log as logging

from heat_image_props import creation
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import patience
from heat_image_props import progress
from heat_image_props import refusal
from heat_image_props import report
from heat_image_props import rules
from heat_image_props import sending
from heat_image_props import source as sources
from heat_image_props import state
from heat_image_props import transfer

LOG = logging.getLogger(__name__)

#: A look counts only this many seconds after the write it verifies.  A
#: request that was under way beside it may restore what it had read before
#: (``ImageRepo.save`` of ``glance/db/__init__.py`` writes every column).
SETTLING_TIME = 1.0

#: Writes after which an attempt is given up.
#: Where two clients write as often as they can, one change in four is lost.
MOST_ROUNDS = 8

#: Longest pause between two writes, seconds, before it is spread.
LONGEST_PAUSE = 4.0

# Part of a pause by which it may be longer, so that clients that wrote at the
# same time do not do so again.
_SPREAD = 0.5


class Reconciler:
    """One attempt to bring an image to what is declared.

    :param api: connection to Glance
    :param image_id: the image
    :param declared: what the image shall hold
    :param managed: what the resource has set on it before
    :param defaults: values for managed attributes no longer declared
    :param source: what the template says about the data
    :param remember: called with all that is managed, before the first
        change and after the last one
    :param tell: called with what there is to say while it goes on
    :param stall_timeout: seconds without progress after which an import is
        given up, 0 for never
    :param clock: seconds on a clock that never goes back
    :param chance: returns a number from 0 to 1, at random
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        declared: diff.Declared,
        managed: diff.Managed,
        *,
        defaults: Mapping[str, Any],
        source: sources.Source,
        remember: Callable[[diff.Managed], None],
        tell: Callable[[str], None],
        stall_timeout: float = 0,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._api = api
        self._image_id = image_id
        self._declared = declared
        self._managed = self._before = managed
        self._defaults = defaults
        self._remember = remember
        self._clock = clock
        self._chance = chance
        self._begun = self._due = clock()
        self._transfer = transfer.Transfer(
            api,
            image_id,
            source,
            managed,
            stall_timeout=stall_timeout,
            note=self._note,
            tell=tell,
            clock=clock,
        )
        self._write_error: exception.RequestFailed | None = None
        self._first: Mapping[str, Any] = {}
        self._first_members: AbstractSet[str] = frozenset()
        self._change = diff.ImageDiff()
        self._rounds = 0
        self._patience = patience.Patience()
        self._creation: creation.Creation | None = None
        self._is_checked = False
        # What was found instead of what was written, by name.
        self._seen: dict[str, list[Any]] = {}
        #: What Glance is doing to the image meanwhile, or an empty text.
        self.waits_for = ''

    def create(self, record: creation.Creation) -> None:
        """Begin with the record of the image, and then get its data.

        :param record: how the record comes to be
        """
        self._creation = record

    def seconds(self) -> float:
        """Return for how long this attempt goes on."""
        return self._clock() - self._begun

    @property
    def has_changed(self) -> bool:
        """Whether anything was sent that changes the image."""
        return bool(self._change or self._transfer.done)

    def summary(self) -> str:
        """Return what was done, by key and never by value."""
        return report.summary(
            self._change,
            self._first,
            self._declared,
            [*self._transfer.done, *self._transfer.remarks],
        )

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
            if self._creation is None:
                delay = self._look_and_act()
            else:
                delay = self._create(self._creation)
        except (exception.NotFound, exception.Unavailable) as error:
            # Only a look at the image can tell that it is gone.
            wait = self._patience.wait(error)
            LOG.warning('%s; trying again', error)
            return self._later(wait)
        self._patience.restore()
        return delay if delay is None else self._later(delay)

    def _create(self, record: creation.Creation) -> float:
        """Create the record, and make Glance fetch the data.

        :returns: seconds to the first look
        """
        if not self._is_checked:
            self._transfer.check()
            self._is_checked = True
        record.create()
        self._creation = None
        return SETTLING_TIME if self._transfer.begin() else 0.0

    def _look_and_act(self) -> float | None:
        """Look at the image, and do the one thing that is next.

        :returns: seconds to the next look, or None for none
        """
        live = self._api.get(self._image_id)
        pause = self._transfer.wait(live)
        if pause is not None:
            self.waits_for = progress.phase_of(live)
            return pause
        self.waits_for = ''
        if state.has_ended(live):
            raise exception.Unusable(self._image_id, live['status'])
        if not self._transfer.verify(live):
            return SETTLING_TIME
        members = self._live_members(live)
        self._refuse_other_spellings(live)
        change = diff.compare(
            self._declared, self._managed, live, self._defaults, members
        )
        if change.active is False and self._transfer.has_wish:
            # Glance copies no data of an image that is not active.
            rest = dataclasses.replace(change, active=None)
            if not rest and self._transfer.advance(live):
                return SETTLING_TIME
            change = rest or change
        if change:
            return self._write(change, live, members)
        if self._transfer.advance(live):
            return SETTLING_TIME
        self._remember(self._ours(live))
        return None

    def _note(self, more: diff.Managed) -> None:
        """Record what is about to be managed besides."""
        self._managed |= more
        self._remember(self._managed)

    def _live_members(self, live: Mapping[str, Any]) -> frozenset[str]:
        """Return the members of an image, as far as they matter.

        Glance keeps those of an image that is not shared, and neither shows
        nor changes them (``ImageMembersController``).
        """
        if live.get('visibility') == 'shared' and (
            self._declared.members or self._managed.members
        ):
            return self._api.members(self._image_id)
        return frozenset()

    def _ours(self, live: Mapping[str, Any]) -> diff.Managed:
        """Return what is managed when the image holds what is declared."""
        members = self._managed.members
        if live.get('visibility') == 'shared':
            # Not those that are members by others.  While the image is not
            # shared they are kept: they come back if it is again.
            members &= self._declared.members
        ours = diff.Managed.of(self._declared)
        return self._transfer.record() | dataclasses.replace(
            ours, members=members
        )

    def _write(
        self,
        change: diff.ImageDiff,
        live: Mapping[str, Any],
        members: frozenset[str],
    ) -> float:
        """Send a change, unless too many were sent in vain."""
        if self._rounds and self._write_error is None:
            self._see(change, live, members)
        if self._rounds >= MOST_ROUNDS:
            self._forget_what_failed(live, members)
            if self._write_error is not None:
                raise exception.NotApplied(
                    self._image_id,
                    report.drift(change, live, self._declared, members),
                    self._write_error,
                )
            raise exception.NotKept(self._image_id, self._seen, self._rounds)
        if not self._rounds:
            self._first, self._first_members = live, members
        self._change |= change
        self._rounds += 1
        self._managed |= dataclasses.replace(
            diff.Managed.of(self._declared), members=change.members.added
        )
        self._remember(self._managed)
        LOG.info(
            'Image %(image)s: changing %(names)s',
            {'image': self._image_id, 'names': ', '.join(change.names())},
        )
        try:
            doubt = sending.send(self._api, self._image_id, change)
        except (
            exception.Conflict,
            exception.NotFound,
            exception.Unavailable,
        ) as error:
            # Something to remove is gone, or the image is, or the answer was
            # lost and the change applied all the same: another look tells.
            LOG.warning('%s; looking again', error)
            self._write_error = error
        except exception.Refused as error:
            self._explain(error, change, live, members)
            raise
        else:
            self._write_error = doubt
        return self._pause()

    def _see(
        self,
        change: diff.ImageDiff,
        live: Mapping[str, Any],
        members: frozenset[str],
    ) -> None:
        """Note what a look found instead of what was written."""
        found = report.drift(change, live, self._declared, members)
        seen = {name: self._seen.get(name, []) for name in found}
        for name, pair in found.items():
            if pair['actual'] not in seen[name]:
                seen[name].append(pair['actual'])
        self._seen = seen

    def _pause(self) -> float:
        """Return the time to the look that verifies a write.

        The first one is not spread: nobody is known to be in the way.
        """
        pause = min(SETTLING_TIME * (1 << self._rounds - 1), LONGEST_PAUSE)
        if self._rounds > 1:
            pause *= 1 + _SPREAD * self._chance()
        return pause

    def _explain(
        self,
        error: exception.Refused,
        change: diff.ImageDiff,
        live: Mapping[str, Any],
        members: AbstractSet[str],
    ) -> None:
        """Record what became of a refused change, and raise why it was.

        :raises: what :func:`refusal.explain` raises
        """
        total = len(members - change.members.removed | change.members.added)
        refused: dict[str, Any] = {}
        try:
            limit = refusal.over_limit(
                error, self._image_id, self._declared, total
            )
            if limit is not None and limit.kind == refusal.MEMBERS:
                self._take_back(change, live)
            after = self._api.get(self._image_id)
            self._forget_what_failed(after, self._live_members(after))
            refused = {
                name: value
                for name, value in change.attributes.items()
                if after.get(name) != value
            }
        except exception.RequestFailed as failure:
            LOG.warning('%s; all that was sent stays recorded', failure)
        refusal.explain(
            error,
            self._image_id,
            self._declared,
            attributes=refused,
            members=total,
            names=change.properties.names(),
            attempt=lambda names: self._api.patch(
                self._image_id, change.properties.to_patch(names)
            ),
        )

    def _take_back(
        self, change: diff.ImageDiff, before: Mapping[str, Any]
    ) -> None:
        """Undo the requests of a change before the one that was refused.

        Members have requests of their own, so what goes before them has been
        carried out.
        """
        live = self._api.get(self._image_id)
        back = change.undo(before, live, self._live_members(live))
        if back:
            sending.send(self._api, self._image_id, back)

    def _forget_what_failed(
        self, live: Mapping[str, Any], members: frozenset[str]
    ) -> None:
        """Record of an attempt that failed what it did change, and no more.

        Names whose change was refused stay whose they were, so that no later
        update takes them for its own and removes them.  A refusal alone does
        not tell: properties are stored before tags are looked at
        (``ImageRepo.save`` of ``glance/db/__init__.py``).
        """
        gained = diff.gained(
            self._declared,
            self._first,
            live,
            (self._first_members, members),
        )
        self._remember(
            dataclasses.replace(
                self._before | gained,
                stores=self._managed.stores,
                asked=self._managed.asked,
                data=self._managed.data,
                stalled=self._managed.stalled,
            )
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

    def _later(self, seconds: float) -> float:
        """Note that nothing is sent for so long, or as Glance asks."""
        seconds = max(seconds, self._api.pause)
        self._due = self._clock() + seconds
        return seconds
