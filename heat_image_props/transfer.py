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
from typing import Any

from oslo_log import log as logging

from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import progress
from heat_image_props import redact
from heat_image_props import source as sources

LOG = logging.getLogger(__name__)

# Shortest and longest time between two looks at a running import, seconds,
# and the part of the time passed that a look may come late.
_SHORTEST, _LONGEST, _LATENESS = 2.0, 60.0, 0.1

# Looks for the reason of a failure before it is taken for unknown.
_PATIENCE = 2

# Requests for an import before the cloud is taken to be out of order.
_MOST_ATTEMPTS = 3

#: Stands among the stores for all that the cloud has.
ALL_STORES = '*'

_UNKNOWN = 'no reason is given'

_AT_WORK = frozenset(('importing', 'saving', 'uploading'))
_ENDED = frozenset(('deleted', 'killed', 'pending_delete'))
_WITH_DATA = frozenset(('active', 'deactivated'))


def is_busy(image: Mapping[str, Any]) -> bool:
    """Say whether an import, a copy or an upload works on an image.

    A status of ``active`` is not enough: the task that made it so still
    holds the lock and will write back the properties it has read
    (``glance/async_/flows/api_image_import.py``).
    The stores that an import goes to are not a sign: one that fails early
    leaves their names behind, and drops the lock.
    """
    return bool(
        image.get('os_glance_import_task') or image.get('status') in _AT_WORK
    )


def has_ended(image: Mapping[str, Any]) -> bool:
    """Say whether an image is beyond use."""
    return image.get('status') in _ENDED


def has_data(image: Mapping[str, Any]) -> bool:
    """Say whether an image has its data, be it usable or not."""
    return image.get('status') in _WITH_DATA


def stores_of(image: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the stores that hold the data of an image."""
    return frozenset(filter(None, str(image.get('stores') or '').split(',')))


def is_wrong(image: Mapping[str, Any], wanted: sources.Source) -> bool:
    """Say whether an image has data, and not that of the declared hash."""
    return bool(
        wanted.digest and has_data(image) and not wanted.digest.matches(image)
    )


def needs_other(
    image: Mapping[str, Any], wanted: sources.Source, before: sources.Source
) -> bool:
    """Say whether an image has or gets data, and shall have other data.

    The hash tells if there is one; a location may be new and still lead to
    the same data.

    :param image: the image as Glance shows it
    :param wanted: what the template says about the data
    :param before: what it said before
    """
    if not wanted or not (has_data(image) or is_busy(image)):
        return False
    refers, referred = (
        one.method == sources.REFERENCE for one in (wanted, before)
    )
    if before and refers != referred:
        # The same data, perhaps, but not at the same place.
        return True
    if wanted.digest:
        # What is on its way is compared when it is there.
        return is_wrong(image, wanted) and not is_busy(image)
    return not wanted.is_same(before)


def wish(source: sources.Source) -> frozenset[str]:
    """Return the stores that a template names, or :data:`ALL_STORES`."""
    return frozenset((ALL_STORES,) if source.all_stores else source.stores)


class Transfer:
    """What one attempt does about the data of an image.

    :param api: connection to Glance
    :param image_id: the image
    :param source: what the template says about the data
    :param held: stores that this resource gave the data before
    :param tell: called with what there is to say about the progress
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        source: sources.Source,
        held: AbstractSet[str],
        *,
        tell: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._image_id = image_id
        self._source = source
        self._held = frozenset(held)
        self._wish = wish(source)
        self._tell = tell
        self._clock = clock
        self._start = clock()
        self._progress = progress.Progress(tell, clock)
        self._imported = False
        self._copied = False
        self._patience = _PATIENCE
        self._attempts = 0
        #: Whether the image was deactivated, as its data is wrong.
        self.has_deactivated = False
        self._error: exception.RequestFailed | None = None
        #: What was done, as clauses for a summary.
        self.done: list[str] = []

    @property
    def stores(self) -> frozenset[str]:
        """Stores that the resource gave the data, and has to take it from."""
        return self._held

    def begin(self) -> bool:
        """Make Glance fetch the data; false if there is none to fetch.

        :raises: :class:`exception.Refused`,
            :class:`exception.MethodNotEnabled`,
            :class:`exception.UnknownStores`
        """
        if not self._source:
            return False
        self._imported = True
        self._attempts += 1
        self._error = None
        self.done = ['data imported']
        url = self._source.location or ''
        try:
            if self._source.method == sources.REFERENCE:
                self._api.add_location(self._image_id, url)
            else:
                self._api.import_data(
                    self._image_id, self._source.import_request(), url
                )
        except (exception.Conflict, exception.Unavailable) as error:
            # An import may be under way all the same, by this request or by
            # one whose answer was lost: a look tells.
            self._explain(error)
            self._error = error
        except exception.Refused as error:
            self._explain(error)
            raise
        self._start = self._clock()
        return True

    def wait(self, live: Mapping[str, Any]) -> float | None:
        """Return how long to leave the image alone, or None for not at all."""
        if not is_busy(live):
            return None
        self._error = None
        self._progress.see(live, lambda: self._message(live))
        passed = self._clock() - self._start
        return min(max(_SHORTEST, _LATENESS * passed), _LONGEST)

    def verify(self, live: Mapping[str, Any]) -> bool:
        """See that the data of an image at rest is that of the template.

        :returns: false to look again, as the reason of a failure is not
            written down yet
        :raises: :class:`exception.ImportFailed` if it did not arrive,
            :class:`exception.HashMismatch` if what arrived is other data,
            :class:`exception.OtherData` if what was there before is
        """
        if live['status'] == 'queued' and self._imported:
            return self._explain_failure()
        digest = self._source.digest
        if digest is None or not has_data(live) or digest.matches(live):
            return True
        if self._source and not self._imported:
            raise exception.OtherData(self._image_id)
        raise exception.HashMismatch(
            self._image_id,
            digest.algorithm,
            digest.value,
            digest.live(live),
            self._reject() if self._imported else 'was left as it is',
        )

    def _explain_failure(self) -> bool:
        """Fail for data that did not arrive, unless more can be done."""
        if isinstance(self._error, exception.Conflict):
            raise self._error
        if self._attempts < _MOST_ATTEMPTS and self._error is not None:
            # It was never begun: another import cannot run beside it.
            self.begin()
            return False
        reason = str(self._error or self._reason())
        if reason or not self._patience:
            raise exception.ImportFailed(
                self._image_id, self._source.place(), reason or _UNKNOWN
            )
        self._patience -= 1
        return False

    def _reject(self) -> str:
        """Take the data out of use, and return what became of the image."""
        try:
            self._api.set_active(self._image_id, False)
        except exception.RequestFailed as refusal:
            LOG.warning('%s; the image is deleted', refusal)
        else:
            self.has_deactivated = True
            return 'was deactivated'
        try:
            self._api.delete(self._image_id)
        except exception.RequestFailed as error:
            return f'is still in use, as it could not be deleted: {error}'
        return 'was deleted'

    def advance(
        self,
        live: Mapping[str, Any],
        note: Callable[[frozenset[str]], None],
    ) -> bool:
        """Do the next thing about the data; false if all is done.

        :param live: the image, at rest
        :param note: called with the stores that the resource has a say in,
            before any of them gets the data
        :raises: :class:`exception.ImageError`
        """
        if live['status'] == 'queued':
            if self._wish:
                note(self._held | self._wish)
            return self.begin()
        present = stores_of(live)
        wanted = self._wanted(present)
        if not wanted or not has_data(live):
            self._held = frozenset()
            return False
        missing = wanted - present
        if missing:
            if not self._imported and not self._copied:
                note(self._held | missing)
                if self._copy(missing):
                    return True
            lasting = missing - self._held
            if ALL_STORES in self._held & self._wish:
                # The cloud has new ones.
                lasting = frozenset()
            if lasting and self._source.must_succeed:
                note(self._held | (wanted & present))
                raise exception.NotInStores(
                    self._image_id, lasting, self._lack()
                )
            # That one of several may fail, or that a store lost what it had,
            # is no reason to fail an update of something else.
            stores = ', '.join(sorted(missing))
            self._tell(f'not in the stores {stores}: {self._lack()}')
        surplus = (self._held - wanted) & present
        if surplus and wanted & present:
            self._remove(surplus)
            return True
        self._held = wanted | self._wish
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

    def _copy(self, stores: frozenset[str]) -> bool:
        """Make Glance copy the data into further stores; say if it does."""
        self._copied = True
        known = frozenset(self._api.stores())
        if stores - known - self._held:
            raise exception.UnknownStores(stores - known - self._held, known)
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
        self._start = self._clock()
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
                raise exception.StillInStore(
                    self._image_id, store, error
                ) from None
        self.done.append(f'deleted from {", ".join(sorted(stores))}')
        self._held -= stores

    def _lack(self) -> str:
        """Return why a store did not get the data."""
        return str(self._error or self._reason() or _UNKNOWN)

    def check(self) -> None:
        """See that the cloud offers what the template asks for.

        The default is not looked up: it is enabled nearly everywhere, and
        explained if Glance refuses it.

        :raises: :class:`exception.MethodNotEnabled`,
            :class:`exception.UnknownStores`,
            :class:`exception.RequestFailed`
        """
        if self._source.method == sources.GLANCE_DOWNLOAD:
            self._check_method()
        if self._source.stores:
            self._check_stores()

    def _check_method(self) -> None:
        enabled = self._api.import_methods()
        if self._source.method not in enabled:
            raise exception.MethodNotEnabled(self._source.method, enabled)

    def _check_stores(self) -> None:
        known = self._api.stores()
        unknown = frozenset(self._source.stores).difference(known)
        if unknown:
            raise exception.UnknownStores(unknown, known)

    def _explain(self, error: exception.RequestFailed) -> None:
        """Raise what the cloud's own information says about a refusal."""
        if (
            error.status not in (400, 403, 404, 409)
            or self._source.method == sources.REFERENCE
        ):
            return
        try:
            self._check_method()
            if self._source.stores:
                self._check_stores()
        except exception.RequestFailed as unanswered:
            LOG.warning('%s; the refusal is not explained', unanswered)

    def _message(self, live: Mapping[str, Any]) -> str:
        """Return what the task at work says of itself."""
        try:
            tasks = self._api.tasks(self._image_id)
        except exception.RequestFailed as error:
            LOG.info('%s; the progress is not known', error)
            return ''
        lock = live.get('os_glance_import_task')
        return next(
            (
                redact.mask(task.get('message') or '')
                for task in tasks
                if task.get('id') == lock
            ),
            '',
        )

    def _reason(self) -> str:
        """Return why the last task on the image failed.

        A failed import is not a state of the image: it is as it was before,
        without the lock that a running import holds.
        The lock goes first, and then the task gets its message.
        """
        try:
            failed = [
                task
                for task in self._api.tasks(self._image_id)
                if task.get('status') == 'failure'
            ]
        except exception.RequestFailed as error:
            return str(error)
        message = failed[-1].get('message') if failed else None
        return redact.mask(message or '', self._source.location or '')
