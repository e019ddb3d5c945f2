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

"""Says how far an import is, often enough and not too often."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import re
from typing import Any

#: Seconds between two reports within one phase of an import.
INTERVAL = 30.0

# Of no interest by itself: it lasts for an instant.
_LAST = 'finishing the import'

# _status_callback of glance/async_/flows/api_image_import.py writes
# "Copied 15 MiB" into the task; the rest may be translated.
_AMOUNT = re.compile(r'[0-9]+ [KMGT]i?B')


class Progress:
    """Reports of one import, copy or upload.

    One is made when a phase begins, and within it one every
    :data:`INTERVAL` seconds.

    :param tell: called with each report
    :param clock: seconds on a clock that never goes back
    """

    def __init__(
        self, tell: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._phase = ''
        self._begun = self._told = clock()

    def see(
        self, image: Mapping[str, Any], message: Callable[[], str]
    ) -> None:
        """Report on an image that is being worked on, if it is time.

        :param image: the image as Glance shows it
        :param message: returns what the task at work says of itself; called
            only if that is to be reported
        """
        phase = phase_of(image)
        now = self._clock()
        if phase != self._phase:
            self._phase = phase
            self._begun = self._told = now
            if phase != _LAST:
                self._tell(phase)
        elif now - self._told >= INTERVAL:
            self._told = now
            amount = _AMOUNT.search(message())
            passed = f'{round(now - self._begun)} s so far'
            self._tell(
                f'{phase}: {amount[0]}, {passed}'
                if amount
                else f'{phase}: {passed}'
            )


def phase_of(image: Mapping[str, Any]) -> str:
    """Return what is being done to an image, in words."""
    status = image.get('status')
    stores = image.get('os_glance_importing_to_stores')
    where = f' into {stores}' if stores else ''
    if status in ('active', 'deactivated'):
        return f'copying{where}' if where else _LAST
    if status == 'queued':
        return 'waiting for Glance to begin the import'
    if status == 'importing':
        return f'importing{where}'
    return f'waiting for an upload by another client (status {status})'
