# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Stores that behave as those of real clouds do: in use, slow, full.

Glance's two file stores are real, quick and never full.  A *fault* makes one
of them, or the data of one image, behave otherwise while it lasts::

    with cloud.stores.in_use(image_id, 'cloned by volume 7'):
        ...  # DELETE of the image is answered with 409 and that reason

Any process that knows the running cloud can do this, several at a time: a
fault is a file of its own, which Glance looks for at each operation.  That
side of it is :mod:`minicloud.servers.store_faults`.
"""

import collections.abc
import contextlib
import dataclasses
import json
import pathlib
import uuid


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing that is not as it should be.

    :ivar kind: ``in_use``, ``slow`` or ``full``.
    :ivar image_id: the image whose data this is about; None for all.
    :ivar store: the store that this is about; None for all.
    :ivar reason: who holds the data (``in_use``).
    :ivar rate: bytes per second (``slow``).
    """

    kind: str
    image_id: str | None = None
    store: str | None = None
    reason: str = ''
    rate: float = 0.0

    def concerns(self, image_id: str, store: str) -> bool:
        """Say whether it is about an image's data in a store."""
        return self.image_id in (None, image_id) and self.store in (
            None,
            store,
        )


class Stores:
    """The faults that the stores have at the moment.

    Each method that makes one returns a context manager: the fault begins
    when the block is entered and ends with it.

    :param directory: where they are kept; made when it is needed.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory

    def in_use(
        self, image_id: str, reason: str, *, store: str | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Refuse to delete an image's data, as Ceph does for one with clones.

        Glance answers 409, and the image stays as it is.

        :param image_id: the image.
        :param reason: who holds the data, for the text of the answer.
        :param store: only in this store.
        """
        return self._fault(Fault('in_use', image_id, store, reason=reason))

    def slow(
        self,
        rate: float,
        *,
        image_id: str | None = None,
        store: str | None = None,
    ) -> contextlib.AbstractContextManager[None]:
        """Write slowly.

        A write that is going on slows down too, and gets its full speed back
        when the block ends: a rate of 1 holds it until then.  What Glance
        does before, downloading to its staging area, is as quick as ever.

        :param rate: bytes per second; the lowest counts if there are several.
        :param image_id: only for this image.
        :param store: only in this store.
        :raises ValueError: the rate is not positive, or there is neither an
            image nor a store.
        """
        if rate <= 0:
            raise ValueError(f'a rate of {rate} bytes per second')
        return self._fault(
            Fault('slow', *_scope(image_id, store), rate=float(rate))
        )

    def full(
        self, *, image_id: str | None = None, store: str | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Let writes fail for want of space, also one that is going on.

        :param image_id: only for this image.
        :param store: only in this store.
        :raises ValueError: there is neither an image nor a store.
        """
        return self._fault(Fault('full', *_scope(image_id, store)))

    def faults(self, kind: str, image_id: str, store: str) -> list[Fault]:
        """The faults of a kind that an image's data in a store has now."""
        found = []
        for path in self._directory.glob('*.json'):
            # It may have ended since.
            with contextlib.suppress(FileNotFoundError):
                found.append(Fault(**json.loads(path.read_bytes())))
        return [
            each
            for each in found
            if each.kind == kind and each.concerns(image_id, store)
        ]

    @contextlib.contextmanager
    def _fault(self, fault: Fault) -> collections.abc.Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f'{uuid.uuid4()}.json'
        # Renamed into place: Glance must not find half of it.
        partial = path.with_suffix('.partial')
        partial.write_text(json.dumps(dataclasses.asdict(fault)))
        partial.replace(path)
        try:
            yield
        finally:
            # Gone already if the cloud was stopped meanwhile.
            path.unlink(missing_ok=True)


def _scope(
    image_id: str | None, store: str | None
) -> tuple[str | None, str | None]:
    if image_id is None and store is None:
        raise ValueError('neither an image nor a store')
    return image_id, store
