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

"""Deletes an image, also one that is protected where that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import time
from typing import Any

from heat.common import exception as heat_exception
from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import patience
from heat_image_props import state

LOG = logging.getLogger(__name__)

#: Seconds after which it is looked whether an image is really gone.
LOOK_AFTER = 1.0

_GOING = frozenset(('deleted', 'pending_delete'))


class DeletionRefused(heat_exception.PhysicalResourceExists):  # type: ignore[misc]  # Heat is untyped
    """The image is in use just now.

    Of the type that makes Heat try a deletion again, up to its option
    ``action_retry_limit`` (``Resource.delete``).
    """

    msg_fmt = '%(message)s'


class Deletion:
    """Deletes an image, by steps none of which waits.

    One that is gone already is no error, but that has to be said twice: a
    server before Glance may say so, too, and the image would be left behind.

    :param api: connection to Glance
    :param image_id: the image
    :param managed: what the resource has set on it
    :param is_forced: whether a protection may be lifted
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image_id: str,
        managed: diff.Managed,
        *,
        is_forced: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._image_id = image_id
        self._managed = managed
        self._is_forced = is_forced
        self._clock = clock
        self._due = clock()
        self._patience = patience.Patience()
        self._miss: exception.NotFound | None = None
        self._is_in_doubt = False
        self._is_lifted = False

    def step(self) -> float | None:
        """Do what can be done now.

        :returns: seconds until the next step is of use, or None when the
            image is deleted
        :raises: :class:`exception.Conflict` if the image is in use,
            :class:`exception.Protected`, :class:`exception.RequestFailed`
        """
        wait = self._due - self._clock()
        if wait > 0:
            return wait
        try:
            delay = self._look_and_delete()
        except exception.ImageError:
            self._restore()
            raise
        if delay is None:
            return None
        delay = max(delay, self._api.pause)
        self._due = self._clock() + delay
        return delay

    def _look_and_delete(self) -> float | None:
        """Delete the image, unless an attempt before has done so.

        :returns: seconds to the next step, or None for none
        """
        try:
            if self._miss is not None:
                self._api.get(self._image_id)
                # It is there.
                miss, self._miss = self._miss, None
                raise exception.Unavailable.of(miss)
            if self._is_in_doubt:
                self._api.get(self._image_id)
            self._delete()
        except exception.NotFound as error:
            if self._miss is None:
                self._miss = error
                return LOOK_AFTER
            # That it is gone is what was wanted.
            LOG.info('Image %s is gone already', self._image_id)
        except exception.Unavailable as error:
            self._is_in_doubt = True
            wait = self._patience.wait(error)
            LOG.warning('%s; trying again', error)
            return wait
        return None

    def _delete(self) -> None:
        if 'protected' in self._managed.attributes:
            # Glance refuses to delete a protected image, and yet ends the
            # import that works on it.
            live = self._api.get(self._image_id)
            if live.get('protected'):
                self._delete_protected(live)
                return
        try:
            self._api.delete(self._image_id)
        except (exception.NotFound, exception.Conflict):
            raise
        except exception.Refused:
            live = self._api.get(self._image_id)
            if live['status'] in _GOING:
                # Another request deletes it at this moment: 400, "transition
                # from deleted to deleted is not allowed".
                LOG.info('Image %s is being deleted already', self._image_id)
                return
            if not live.get('protected'):
                raise
            self._delete_protected(live)

    def _delete_protected(self, live: Mapping[str, Any]) -> None:
        """Delete a protected image, if that may be.

        One whose data did not arrive, or was rejected, would be in the way
        of every attempt to repair the stack.
        """
        attributes = self._managed.attributes
        is_useless = 'protected' in attributes and (
            (live['status'] == 'queued' and self._managed.data)
            or (self._managed.stalled and not state.has_data(live))
            or diff.REJECTED in attributes
        )
        if not self._is_forced and not is_useless:
            raise exception.Protected(self._image_id)
        # Also if the answer is lost.
        self._is_lifted = True
        try:
            self._protect(False)
        except exception.Refused:
            self._is_lifted = False
            raise
        self._api.delete(self._image_id)

    def _restore(self) -> None:
        """Protect what stays as it was protected before."""
        if not self._is_lifted:
            return
        try:
            self._protect(True)
        except exception.RequestFailed as refusal:
            LOG.warning('%s; the image is no longer protected', refusal)

    def _protect(self, protected: bool) -> None:
        change = diff.ImageDiff({'protected': protected})
        self._api.patch(self._image_id, change.to_patch())
