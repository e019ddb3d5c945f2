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

"""Another client on the same images, one that knows Glance."""

import collections
import dataclasses
import threading
import time

from heat_image_props.tests.load import access

#: Seconds after which a write is looked at: a request that was under way
#: beside it may restore what it had read before.
SETTLING_TIME = 1.5

#: Times that a write is sent before the client gives up.
MOST_ROUNDS = 20


@dataclasses.dataclass
class Counts:
    """What the client did.

    :ivar written: keys that are as they were written
    :ivar sent: requests
    :ivar lost: keys that had to be sent again
    :ivar late: keys that had to be sent again after they had been seen
    :ivar given_up: keys that never stayed
    """

    written: int = 0
    sent: int = 0
    lost: int = 0
    late: int = 0
    given_up: int = 0

    def __add__(self, other):
        return Counts(
            *(
                mine + theirs
                for mine, theirs in zip(
                    dataclasses.astuple(self),
                    dataclasses.astuple(other),
                    strict=True,
                )
            )
        )


class Writer:
    """Writes keys of its own, and sees that they stay.

    :param images: an :class:`access.Images`
    :ivar values: what it wrote last, by image and key
    :ivar counts: what it did
    """

    def __init__(self, images):
        self._images = images
        self.values = collections.defaultdict(dict)
        self.counts = Counts()

    def write_all(self, keys):
        """Write keys of several images until they stay.

        :param keys: values, by pairs of image and key
        """
        left = dict(keys)
        for attempt in range(MOST_ROUNDS):
            self.counts.lost += len(left) if attempt else 0
            for (image_id, name), value in list(left.items()):
                self.counts.sent += 1
                if not self._images.add(image_id, name, value):
                    del left[image_id, name]
            # The time itself: that of a request beside it.
            time.sleep(SETTLING_TIME)
            for (image_id, name), value in list(left.items()):
                image = self._images.get(image_id)
                if image is None:
                    del left[image_id, name]
                elif image.get(name) == value:
                    self.values[image_id][name] = value
                    self.counts.written += 1
                    del left[image_id, name]
            if not left:
                return
        self.counts.given_up += len(left)

    def look_again(self):
        """Send again what was lost after it had been seen.

        A request that takes longer than the time after which a write is
        looked at restores what it had read all the same.  This is for when
        no other client is at work any more.
        """
        lost = {}
        for image_id, values in self.values.items():
            image = self._images.get(image_id)
            for name, value in values.items():
                if image is not None and image.get(name) != value:
                    lost[image_id, name] = value
        if lost:
            self.counts.late += len(lost)
            self.write_all(lost)


class Crowd:
    """Several writers, each of which goes round its part of the images.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    :param images: ids
    :param size: how many writers
    """

    def __init__(self, cloud, images, size):
        self._writers = [Writer(access.Images(cloud)) for _ in range(size)]
        self._images = [images[number::size] for number in range(size)]
        self._stopping = threading.Event()
        self._threads = []
        self._errors = []

    def __enter__(self):
        self._threads = [
            threading.Thread(target=self._run, args=pair, daemon=True)
            for pair in zip(self._writers, self._images, strict=True)
        ]
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        """Let each end its round, and look at all that it wrote."""
        self._stopping.set()
        for each in self._threads:
            each.join()
        if self._errors:
            raise self._errors[0]

    def _run(self, writer, images):
        turn = 0
        try:
            while not self._stopping.is_set():
                turn += 1
                writer.write_all(
                    {
                        (image_id, f'foreign_{turn % 3}'): f'turn {turn}'
                        for image_id in images
                    }
                )
            writer.look_again()
        except Exception as error:
            self._errors.append(error)

    @property
    def counts(self):
        """What all of them did."""
        return sum((each.counts for each in self._writers), Counts())

    def values(self, image_id):
        """Return what was written last on an image, by key."""
        return {
            name: value
            for each in self._writers
            for name, value in each.values[image_id].items()
        }
