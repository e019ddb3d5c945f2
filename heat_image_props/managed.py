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

"""Remembers, in the data of a Heat resource, what the resource manages.

The names are written before the first request that sets them.
Without that record an update that fails half-way and is rolled back would
leave names on the image which are in neither of the two templates.
The record travels with the resource through abandon and adopt.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import json
from typing import Any
import uuid

from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import rules

LOG = logging.getLogger(__name__)

KEY = 'managed'

# ResourceData.value of heat/db/models.py is a TEXT: 65 535 bytes on MySQL.
_ROW = 60000

_TEXTS = ('data', 'stalled')
_KINDS = tuple(
    kind.name
    for kind in dataclasses.fields(diff.Managed)
    if kind.name not in _TEXTS
)


class Record:
    """The record of one resource.

    :param read: returns all data of the resource
    :param write: stores one key of it
    :param remove: removes one key of it
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, str]],
        write: Callable[[str, str], object],
        remove: Callable[[str], object],
    ) -> None:
        self._read = read
        self._write = write
        self._remove = remove

    def load(self) -> diff.Managed | None:
        """Return what is managed, or None if nothing was ever recorded."""
        data = self._read()
        if KEY not in data:
            return None
        try:
            names = json.loads(data[KEY])
            if 'rows' in names:
                names = json.loads(''.join(data[key] for key in names['rows']))
            found: dict[str, Any] = {
                kind: frozenset(map(str, names.get(kind, ())))
                for kind in _KINDS
            }
            found['properties'] = frozenset(
                rules.custom(dict.fromkeys(found['properties']))
            )
            for kind in _TEXTS:
                found[kind] = str(names.get(kind, ''))
            return diff.Managed(**found)
        except (
            AttributeError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            # It came with the data of an adoption, which anybody may write.
            LOG.warning('The record is not readable: %s', error)
            return None

    def save(self, managed: diff.Managed) -> None:
        """Record what is managed, unless that is recorded already.

        One row is replaced at the end, so a crash on the way leaves the old
        record or the new one and nothing between.
        """
        if self.load() == managed:
            return
        text = json.dumps(
            {
                **{kind: sorted(getattr(managed, kind)) for kind in _KINDS},
                'data': managed.data,
                **({'stalled': managed.stalled} if managed.stalled else {}),
            }
        )
        rows: list[str] = []
        if len(text) > _ROW:
            stem = uuid.uuid4().hex[:8]
            parts = [text[i : i + _ROW] for i in range(0, len(text), _ROW)]
            for number, part in enumerate(parts):
                rows.append(f'{KEY}.{stem}.{number}')
                self._write(rows[-1], part)
            text = json.dumps({'rows': rows})
        self._write(KEY, text)
        for key in list(self._read()):
            if key.startswith(f'{KEY}.') and key not in rows:
                self._remove(key)
