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

"""A resource of Heat that keeps the secrets of its location.

Heat shows the properties of a resource in places of its own, to people who
need not know them: an event refers to the row in which it keeps them
(``Resource._add_event``), where a hidden parameter is not hidden, and errors
of Heat and of its database quote them.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import re
from typing import Any

from heat.common import exception as heat_exception
from heat.engine import function
from heat.engine import resource
from oslo_log import log as logging

from heat_image_props import exception
from heat_image_props import redact

LOG = logging.getLogger(__name__)

# Where a database begins to quote what it was to store: PostgreSQL the row,
# which it may cut off within a password, and SQLAlchemy the statement.
_QUOTED = re.compile(r'DETAIL:|\[SQL:')


class Concealed(exception.ImageError):
    """What went wrong, without the credentials that were in its message."""


class DiscreetResource(resource.Resource):  # type: ignore[misc]  # Heat is untyped
    """A resource with a property ``location`` that may hold credentials."""

    # What Heat keeps of the properties, and the id of the row it is in.
    _stored_properties_data: Mapping[str, Any] | None
    _rsrc_prop_data_id: int | None

    #: The properties that an update leads to; Heat has them in a local
    #: variable until it has succeeded.
    _coming: Any = None

    def _prepare_update_props(self, after: Any, before: Any) -> Any:
        """Take note of the new properties, before anybody looks at them."""
        found = super()._prepare_update_props(after, before)
        self._coming = found[0]
        return found

    def _needs_update(self, *args: Any, **kwargs: Any) -> Any:
        """Decide what an update does, which is no part of its action."""
        with self._discreetly():
            return super()._needs_update(*args, **kwargs)

    def validate_template(self) -> Any:
        """Refuse what Heat refuses, without the values that it quotes."""
        with self._discreetly():
            return super().validate_template()

    def _add_event(self, action: str, status: str, reason: str) -> None:
        """Let the event show a copy of the properties.

        An update compares with the properties themselves, which stay in a
        row that no event leads to.  The copy is not kept for the next event:
        Heat deletes a row with the last event that refers to it
        (``_delete_event_rows`` of ``heat/db/api.py``).
        """
        properties = self._stored_properties_data
        row = self._rsrc_prop_data_id
        copy = _shown(properties)
        if copy == properties:
            super()._add_event(action, status, reason)
            return
        self._stored_properties_data = copy
        try:
            self._rsrc_prop_data_id = None
            self._create_or_replace_rsrc_prop_data()
            super()._add_event(action, status, reason)
        finally:
            self._stored_properties_data = properties
            self._rsrc_prop_data_id = row

    @contextlib.contextmanager
    def _action_recorder(
        self, action: str, expected_exceptions: Any = ()
    ) -> Iterator[None]:
        """Record, and log, an action and what went wrong with it."""
        with super()._action_recorder(action, expected_exceptions):
            with self._discreetly():
                yield

    def _create_or_replace_rsrc_prop_data(self) -> Any:
        """Store the properties, which a failing database quotes."""
        with self._discreetly():
            return super()._create_or_replace_rsrc_prop_data()

    @contextlib.contextmanager
    def _discreetly(self) -> Iterator[None]:
        """Let no error through that quotes the location.

        :raises: :class:`Concealed` instead of one that does
        """
        try:
            yield
        except Exception as error:
            text = str(error)
            said = redact.mask(text, *self._secrets())
            if said == text:
                raise
            said = _QUOTED.split(said)[0].strip()
            if isinstance(error, heat_exception.StackValidationFailed):
                # Heat tells it from an error of its own.
                failed = heat_exception.StackValidationFailed(message=said)
            else:
                failed = Concealed(f'{type(error).__name__}: {said}')
            raise failed from None

    def _secrets(self) -> Iterator[str]:
        """Yield the locations that are known, before and after an update."""
        yield from _texts((self._stored_properties_data or {}).get('location'))
        for properties in (self.properties, self._coming):
            if properties is not None:
                yield from _texts(properties.data.get('location'))


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in what is given as a location, be it right or not."""
    try:
        value = function.resolve(value)
    except Exception as error:
        # Then nothing quotes it, as nobody knows it.
        LOG.debug('the location is not known: %s', type(error).__name__)
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _shown(properties: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the properties of a resource, without credentials."""
    location = (properties or {}).get('location')
    if not location:
        return properties
    return {**(properties or {}), 'location': redact.url(str(location))}
