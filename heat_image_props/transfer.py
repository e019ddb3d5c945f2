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

"""Brings the data of an image into Glance, and into the right stores.

Like the rest of a reconciliation it is made of steps that start from what
Glance holds and never wait.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
import http
from typing import Any

from oslo_log import log as logging

from heat_image_props import data_exception
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import offers
from heat_image_props import source as sources
from heat_image_props import state
from heat_image_props import tasks
from heat_image_props import watch

LOG = logging.getLogger(__name__)

# Looks for the reason of a failure before it is taken for unknown.
_PATIENCE = 2

#: Requests for an import before the cloud is taken to be out of order.
MOST_ATTEMPTS = 3

_UNKNOWN = 'no reason is given'


class Transfer:
    """What one attempt does about the data of an image.

    :param api: connection to Glance
    :param image_id: the image
    :param source: what the template says about the data
    :param managed: what the resource has set and asked for before
    :param stall_timeout: seconds without progress after which work on the
        image is given up, 0 for never
    :param note: called with what is managed besides, before any request that
        makes it so
    :param tell: called with what there is to say about the progress
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        source: sources.Source,
        managed: diff.Managed,
        *,
        stall_timeout: float,
        note: Callable[[diff.Managed], None],
        tell: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._image_id = image_id
        self._source = source
        self._held = frozenset(managed.stores)
        self._asked = frozenset(managed.asked)
        self._data = managed.data
        # Asked for, and not known to hold the data or not.
        self._unsure: frozenset[str] = frozenset()
        self._note = note
        self._wish = state.wish(source)
        self._tell = tell
        self._watch = watch.Watch(
            api,
            image_id,
            limit=stall_timeout,
            given_up=managed.stalled,
            tell=tell,
            clock=clock,
        )
        self._imported = False
        self._copies = 0
        self._patience = _PATIENCE
        self._attempts = 0
        self._error: exception.RequestFailed | None = None
        #: What was done, as clauses for a summary.
        self.done: list[str] = []
        #: What else there is to say in it.
        self.remarks: list[str] = []

    def record(self) -> diff.Managed:
        """Return what is managed of the data when all is done."""
        return diff.Managed(
            stores=self._held,
            asked=self._unsure,
            data=self._data,
            # It has to be known as long as its lock stays.
            stalled=self._watch.mark,
        )

    def begin(self) -> bool:
        """Make Glance fetch the data; false if there is none to fetch.

        :raises: :class:`exception.Refused`,
            :class:`data_exception.MethodNotEnabled`,
            :class:`data_exception.UnknownStores`
        """
        if not self._source:
            return False
        self._imported = True
        self._attempts += 1
        self._error = None
        self._data = self._source.fingerprint()
        self._note(diff.Managed(asked=self._wish, data=self._data))
        url = self._source.location or ''
        try:
            if self._source.method == sources.REFERENCE:
                self._api.add_location(self._image_id, url)
            else:
                self._api.import_data(
                    self._image_id, self._source.import_request(), url
                )
        except (
            exception.Conflict,
            exception.NotFound,
            exception.Unavailable,
        ) as error:
            # The image may be gone, or an import may be under way all the
            # same, by this request or by one whose answer was lost: a look
            # tells.
            offers.explain(self._api, self._source, error)
            self._error = error
        except exception.Refused as error:
            offers.explain(self._api, self._source, error)
            raise
        self._watch.begin()
        return True

    def wait(self, live: Mapping[str, Any]) -> float | None:
        """Return how long to leave the image alone, or None for not at all.

        :raises: :class:`data_exception.ImportStalled`
        """
        known = self._watch.mark
        try:
            pause = self._watch.wait(live)
        finally:
            if self._watch.mark and self._watch.mark != known:
                # The next attempt does not wait for it again.
                self._note(diff.Managed(stalled=self._watch.mark))
        if pause is not None:
            self._error = None
        return pause

    def verify(self, live: Mapping[str, Any]) -> bool:
        """See that the data of an image at rest is that of the template.

        :returns: false to look again, as the reason of a failure is not
            written down yet
        :raises: :class:`data_exception.ImportFailed` if it did not arrive,
            :class:`data_exception.ImageStuck` if it never can,
            :class:`data_exception.HashMismatch` if what arrived is other data,
            :class:`data_exception.OtherData` if what was there before is
        """
        is_unfinished = state.is_unfinished(live)
        if is_unfinished and not self._imported:
            raise data_exception.ImageStuck(self._image_id, live['status'])
        if self._imported and (is_unfinished or live['status'] == 'queued'):
            return self._explain_failure()
        if self._is_unread(live):
            # No source has this fingerprint: the next update replaces it.
            self._note(diff.Managed(data=sources.UNREAD))
            raise data_exception.ImportFailed(
                self._image_id,
                self._source.place(),
                'it could not be read to its end '
                f'({self._reason() or _UNKNOWN})',
            )
        if self._imported and not self.done:
            self.done.append('data imported')
        digest = self._source.digest
        if not state.has_data(live):
            return True
        if digest is None or digest.matches(live):
            self._recognise()
            return True
        if (
            self._source
            and not self._imported
            and state.is_wrong(live, self._source)
        ):
            raise data_exception.OtherData(self._image_id)
        raise data_exception.HashMismatch(
            self._image_id,
            digest.algorithm,
            digest.value,
            digest.live(live),
            self._reject() if self._imported else 'was left as it is',
        )

    def _is_unread(self, live: Mapping[str, Any]) -> bool:
        """Say whether Glance failed to read what a new image refers to.

        Such an image is active all the same, without a hash (``revert`` and
        ``_set_checksum_and_hash`` of ``glance/async_/flows/
        location_import.py``).  If Glance is not to compute one, it has none
        either, and its task is a success.
        """
        if (
            not self._imported
            or self._source.method != sources.REFERENCE
            or not state.has_data(live)
            or live.get('os_hash_value')
        ):
            return False
        try:
            return bool(live.get('os_hash_algo') or self._failure())
        except exception.RequestFailed as error:
            LOG.warning('%s; that there is no hash may be right', error)
            return False

    def _recognise(self) -> None:
        """Note that the data of a new source is what the image has."""
        fingerprint = self._source.fingerprint()
        if not fingerprint or fingerprint == self._data:
            return
        if self._source.method == sources.REFERENCE and self._data:
            # The data is the same, and is read from where it was before.
            self.remarks = ['the location it refers to is still the former']
        else:
            self._data = fingerprint
            self._note(diff.Managed(data=fingerprint))

    def _explain_failure(self) -> bool:
        """Fail for data that did not arrive, unless more can be done."""
        if self._watch.mark and isinstance(self._error, exception.Conflict):
            raise data_exception.ImageStuck(self._image_id, 'queued')
        if self._error is not None and self._attempts < MOST_ATTEMPTS:
            # It was never begun: another import cannot run beside it.
            self.begin()
            return False
        if isinstance(self._error, exception.Conflict):
            raise self._error
        reason = str(self._error or self._reason())
        if reason or not self._patience:
            raise data_exception.ImportFailed(
                self._image_id, self._source.place(), reason or _UNKNOWN
            )
        self._patience -= 1
        return False

    def _reject(self) -> str:
        """Take the data out of use, and return what became of the image."""
        self._note(diff.Managed(attributes=frozenset((diff.REJECTED,))))
        try:
            self._api.set_active(self._image_id, False)
        except (exception.NotFound, exception.Unavailable):
            # Whoever looks again does this again, too.
            raise
        except exception.Refused as refusal:
            LOG.warning('%s; the image is deleted', refusal)
        else:
            return 'was deactivated'
        try:
            self._api.delete(self._image_id)
        except exception.Unavailable:
            raise
        except exception.Refused as error:
            return f'is still in use, as it could not be deleted: {error}'
        return 'was deleted'

    def advance(self, live: Mapping[str, Any]) -> bool:
        """Do the next thing about the data; false if all is done.

        :param live: the image, at rest
        :raises: :class:`exception.ImageError`
        """
        if live['status'] == 'queued':
            return self.begin()
        present = state.stores_of(live)
        if present is None:
            self._unsure = self._asked
            if not self._wish <= self._held | self._asked:
                self._tell(
                    'the stores of an image that is not active are not '
                    'known, and stay as they are'
                )
            return False
        wanted = self._wanted(present)
        if not wanted:
            # What holds the data holds it until a template says otherwise.
            return False
        missing = wanted - present
        if missing:
            if not self._imported and self._may_copy():
                self._note(diff.Managed(asked=missing))
                if self._copy(missing):
                    return True
            lasting = missing - self._held
            if state.ALL_STORES in self._held & self._wish:
                # The cloud has new ones.
                lasting = frozenset()
            if lasting and self._source.must_succeed:
                raise data_exception.NotInStores(
                    self._image_id,
                    lasting,
                    self._lack(),
                    self._error is not None
                    and self._error.status == http.HTTPStatus.FORBIDDEN,
                )
            # That one of several may fail, or that a store lost what it had,
            # is no reason to fail an update of something else.
            stores = ', '.join(sorted(missing))
            self._tell(f'not in the stores {stores}: {self._lack()}')
        surplus = ((self._held | self._asked) - wanted) & present
        if surplus and wanted & present:
            self._remove(surplus)
            return True
        held = wanted & (present | self._held)
        if wanted <= present or state.ALL_STORES in self._held & self._wish:
            held |= self._wish
        # What holds the only copy is emptied another time.
        self._held = held | surplus
        return False

    @property
    def has_wish(self) -> bool:
        """Whether it matters to the template which stores hold the data."""
        return bool(self._wish)

    def _wanted(self, present: AbstractSet[str]) -> frozenset[str]:
        """Return the stores that shall hold the data; empty for no wish."""
        if not self._source.all_stores:
            return frozenset(self._source.stores)
        if self._imported:
            # It was asked for all of them, and a failure would have shown.
            return frozenset(present)
        return frozenset(self._api.stores())

    def _may_copy(self) -> bool:
        """Say whether a copy was not asked for, or not heard of."""
        return not self._copies or (
            isinstance(self._error, exception.Unavailable)
            and self._copies < MOST_ATTEMPTS
        )

    def _copy(self, stores: frozenset[str]) -> bool:
        """Make Glance copy the data into further stores; say if it does."""
        self._copies += 1
        self._error = None
        known = frozenset(self._api.stores())
        if stores - known - self._held:
            raise data_exception.UnknownStores(
                stores - known - self._held, known
            )
        stores &= known
        if not stores:
            return False
        try:
            self._api.import_data(
                self._image_id,
                {
                    'method': {'name': 'copy-image'},
                    'stores': sorted(stores),
                    'all_stores_must_succeed': self._source.must_succeed,
                },
            )
        except (exception.Conflict, exception.Unavailable) as error:
            # A look tells.
            self._error = error
        except exception.Refused as error:
            self._error = error
            return False
        else:
            self.done.append(f'copied to {", ".join(sorted(stores))}')
        self._watch.begin()
        return True

    def _remove(self, stores: frozenset[str]) -> None:
        """Delete the data from some of its stores."""
        for store in sorted(stores):
            try:
                self._api.delete_from_store(self._image_id, store)
            except exception.NotFound as error:
                # That it is not there is what was wanted; if the image is
                # gone the next look tells.
                LOG.info('%s', error)
            except exception.Refused as error:
                raise data_exception.StillInStore(
                    self._image_id, store, error
                ) from None
        self.done.append(f'deleted from {", ".join(sorted(stores))}')
        self._held -= stores
        self._asked -= stores

    def _lack(self) -> str:
        """Return why a store did not get the data."""
        reason = str(self._error or self._reason() or _UNKNOWN)
        if self._watch.mark and isinstance(self._error, exception.Conflict):
            reason += (
                ', which was given up; Glance lets go of it when it has '
                'shown no progress for 60 minutes'
            )
        return reason

    def check(self) -> None:
        """See that the cloud offers what the template asks for.

        :raises: :class:`exception.ImageError`
        """
        offers.check(self._api, self._source)

    def _reason(self) -> str:
        """Return why the last task on the image failed, if that is known."""
        try:
            return self._failure()
        except exception.RequestFailed as error:
            return str(error)

    def _failure(self) -> str:
        """Return what the last task on the image failed with, if it did."""
        return tasks.failure(
            self._api,
            self._image_id,
            self._watch.task,
            self._source.location or '',
        )
