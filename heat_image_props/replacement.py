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

"""When an image is replaced by another one: as seldom as can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heat.common import exception as heat_exception
from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import effects
from heat_image_props import exception
from heat_image_props import holder
from heat_image_props import known
from heat_image_props import schema
from heat_image_props import source
from heat_image_props import state

LOG = logging.getLogger(__name__)

# Key of the resource's data: the update in which the image was replaced.
_REPLACED = 'replaced'


class Replaceable(holder.ImageHolder):
    """A resource that decides, by looks at its image, what an update does."""

    #: Whether the update that goes on follows a failure: then there is work
    #: to do even if the template did not change.
    _repair = False

    #: The image as it was found after a failure.
    _found: Mapping[str, Any] | None = None

    #: The properties that the update that goes on leads to.
    _after: Mapping[str, Any] | None = None

    #: The names of the properties that change in it.
    _changed: frozenset[str] = frozenset()

    #: Whether it is not known if the update that goes on needs other data.
    _is_unsure = False

    # Heat's own.
    current_template_id: int | None

    def needs_replace_failed(self) -> bool:
        """Replace the image after a failure only if there is none."""
        try:
            self._recover()
            if not self._has_image():
                return True
            self._found = self._api().find(self.resource_id)
        except exception.Gone:
            return True
        except exception.RequestFailed as error:
            # In doubt the image is alive.
            LOG.warning('%s; it is not replaced', error)
            self._is_unsure = True
            return False
        return state.has_ended(self._found)

    def needs_replace(self, after_props: Any) -> bool:
        """Replace what Heat's own type only pretended to create.

        And, after a failure, an image with data that is not what it is now
        declared to be.
        """
        if self._is_placeholder():
            return True
        live, self._found = self._found, None
        self._after = known.given(after_props)
        ours = self._ours()
        wanted = source.read(self._after)
        if live and not wanted and diff.REJECTED in ours.attributes:
            # There was none before it got data that was refused.
            return True
        # A failed update may have asked for other data than the properties
        # before it, which Heat keeps.
        had = ours.data or wanted.fingerprint()
        return bool(live and state.needs_other(live, wanted, had))

    def needs_replace_with_prop_diff(
        self,
        changed_properties_set: set[str],
        after_props: Any,
        before_props: Any,
    ) -> bool:
        """Replace an image that shall get other data than it has."""
        self._changed = frozenset(changed_properties_set)
        if not changed_properties_set.intersection(
            (*source.IDENTITY, schema.IMAGE_HASH)
        ):
            return False
        try:
            return self._needs_other_data(
                known.given(after_props), known.given(before_props)
            )
        except exception.RequestFailed as error:
            LOG.warning('%s; the update looks again', error)
            self._is_unsure = True
            return False

    def _needs_other_data(
        self, after: Mapping[str, Any], before: Mapping[str, Any]
    ) -> bool:
        """Look whether the image has to be replaced for its data."""
        try:
            live = self._api().find(self.resource_id)
        except exception.Gone:
            return True
        had = self._ours().data or source.read(before).fingerprint()
        return state.needs_other(live, source.read(after), had)

    def _needs_update(self, *args: Any, **kwargs: Any) -> bool:
        """Go through a failed update again even if nothing changed.

        Heat would declare it complete (``_persist_update_no_change``).
        """
        self._found = None
        self._is_unsure = False
        self._repair = self.status == self.FAILED
        return bool(super()._needs_update(*args, **kwargs)) or self._repair

    def _persist_update_no_change(self, new_template_id: int | None) -> None:
        """Stay of the former template if another engine works on the image.

        If that engine is dead, Heat stores this object as failed
        (``_stale_resource_needs_retry`` of ``heat/engine/check_resource.py``).
        A resource of the new template would not be deleted when it is
        replaced, and might be taken for its replacement.
        """
        before = self.current_template_id
        try:
            super()._persist_update_no_change(new_template_id)
        except heat_exception.UpdateInProgress:
            self.current_template_id = before
            raise

    def make_replacement(self, *args: Any, **kwargs: Any) -> Any:
        """Note whether the new template lets the old image be deleted.

        Its properties stay as they were before.  The note holds for the
        update that goes on, not for a deletion after a roll-back.
        """
        after = self._after
        if (
            after is not None
            and self._traversal()
            and (
                after[schema.FORCE_DELETE] or after[schema.PROTECTED] is False
            )
        ):
            self.data_set(_REPLACED, self._traversal())
        reasons = self._changed.intersection(effects.REPLACING)
        if reasons:
            self._add_event(
                self.UPDATE,
                self.IN_PROGRESS,
                f'replaced, as {", ".join(sorted(reasons))} changed',
            )
        return super().make_replacement(*args, **kwargs)

    def _is_forced(self) -> bool:
        """Say whether a protection is in the way of what the author wants."""
        return bool(
            self._given()[schema.FORCE_DELETE]
            or self.data().get(_REPLACED) == self._traversal()
        )

    def _traversal(self) -> str:
        return str(self.stack.current_traversal or '')
