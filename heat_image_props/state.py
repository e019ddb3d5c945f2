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

"""What the state of a live image says about its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heat_image_props import source as sources

#: Stands among the stores for all that the cloud has.
ALL_STORES = '*'

#: What an image shows that a task of Glance works on: the id of the task.
LOCK = 'os_glance_import_task'

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
    return bool(image.get(LOCK) or image.get('status') in _AT_WORK)


def picture(image: Mapping[str, Any]) -> list[Any]:
    """Return what changes on an image while work on it goes on.

    Not what others change meanwhile, nor the difference between active and
    deactivated.
    """
    return [
        has_data(image) or image.get('status'),
        image.get(LOCK),
        image.get('os_glance_importing_to_stores'),
    ]


def is_unfinished(image: Mapping[str, Any]) -> bool:
    """Say whether an image has the status of one that gets its data.

    If nobody works on it any more, it stays so: only a deletion helps
    (``import_image`` of ``glance/api/v2/images.py``).
    """
    return image.get('status') in _AT_WORK


def has_ended(image: Mapping[str, Any]) -> bool:
    """Say whether an image is beyond use."""
    return image.get('status') in _ENDED


def has_data(image: Mapping[str, Any]) -> bool:
    """Say whether an image has its data, be it usable or not."""
    return image.get('status') in _WITH_DATA


def stores_of(image: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the ids of the stores that hold the data of an image.

    None if that is not known: Glance does not show the locations of a
    deactivated image, and with them the stores, to an ordinary user
    (``glance/api/v2/images.py``, ``_format_image``).
    """
    if 'stores' not in image and has_data(image):
        return None
    return frozenset(filter(None, str(image.get('stores') or '').split(',')))


def is_wrong(image: Mapping[str, Any], wanted: sources.Source) -> bool:
    """Say whether an image has data, and not that of the declared hash.

    An image that refers to its data is active before there is a hash, and
    that of another algorithm says nothing.
    """
    if wanted.digest is None or not has_data(image) or is_busy(image):
        return False
    return wanted.digest.live(image) not in (None, wanted.digest.value)


def needs_other(
    image: Mapping[str, Any], wanted: sources.Source, had: str
) -> bool:
    """Say whether an image has or gets data, and shall have other data.

    The hash tells if there is one; a location may be new and still lead to
    the same data.

    :param image: the image as Glance shows it
    :param wanted: what the template says about the data
    :param had: fingerprint of the data that was asked for before
    """
    if not wanted or not (has_data(image) or is_busy(image)):
        return False
    methods = (wanted.method, had.partition(':')[0])
    if had and methods.count(sources.REFERENCE) == 1:
        # The same data, perhaps, but not at the same place.
        return True
    if wanted.digest:
        # What is on its way is compared when it is there.
        return is_wrong(image, wanted)
    return wanted.fingerprint() != had


def wish(source: sources.Source) -> frozenset[str]:
    """Return the stores that a template names, or :data:`ALL_STORES`."""
    return frozenset((ALL_STORES,) if source.all_stores else source.stores)
