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

"""What can go wrong with the data of an image; each error carries its data."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
import http
from typing import Any

from heat_image_props import exception
from heat_image_props import state

# What an author has to know who declares the id of an image.
_OTHER_ID = (
    '; a template that declares its "id" has to give another one for that, '
    'or none, as Glance never gives the same one twice'
)


class ImportFailed(exception.ImageError):
    """The data of an image could not be imported.

    :param image_id: the image, which is left without data
    :param place: host and port of the source, or the remote image
    :param reason: what Glance reports about the import task
    """

    def __init__(self, image_id: str, place: str, reason: str) -> None:
        self.image_id = image_id
        self.place = place
        self.reason = reason
        super().__init__(
            f'Image {image_id}: the import from {place} failed: {reason}. '
            'Glance reports no more than this to a project. See that its '
            'hosts can fetch the data and its stores have room for it, then '
            'update the stack to import again'
        )


class ImportStalled(exception.ImageError):
    """The work on the data of an image shows no progress.

    :param image_id: the image
    :param phase: what Glance does as far as it shows, a clause
    :param seconds: how long nothing of it has changed
    :param live: the image as Glance shows it
    """

    def __init__(
        self,
        image_id: str,
        phase: str,
        seconds: int,
        live: Mapping[str, Any],
    ) -> None:
        self.image_id = image_id
        self.phase = phase
        self.seconds = seconds
        if not live.get(state.LOCK):
            way_out = (
                'It goes on, perhaps: wait for it and update the stack, or '
                'delete the image in Glance, and an update creates it again'
            )
        elif state.has_data(live):
            way_out = (
                'The image keeps the data that it has; the next update of the '
                'stack takes this for ended and goes on without it'
            )
        else:
            way_out = f'Update the stack to create the image again{_OTHER_ID}'
        super().__init__(
            f'Image {image_id}: no progress for {seconds} s ({phase}), which '
            'is given up, as Glance never goes on with an import in which it '
            'was stopped (heat.conf, [heat_image_props] '
            f'import_stall_timeout). {way_out}'
        )


class ImageStuck(exception.ImageError):
    """The image waits for an import that nobody works on any more.

    Glance lets no other one begin.

    :param image_id: the image
    :param status: its status
    """

    def __init__(self, image_id: str, status: str) -> None:
        self.image_id = image_id
        self.status = status
        wait = (
            ', or wait until Glance lets go of it, 60 minutes after its last '
            'sign of life'
            if status == 'queued'
            else ''
        )
        super().__init__(
            f'Image {image_id} (status {status}) is held by an import that '
            'Glance no longer works on, and takes no other one: it has to be '
            f'created again{_OTHER_ID}{wait}'
        )


class MethodNotEnabled(exception.ImageError):
    """The cloud does not offer the import method of the template.

    :param method: the import method
    :param enabled: those that the cloud offers
    """

    def __init__(self, method: str, enabled: Iterable[str]) -> None:
        self.method = method
        self.enabled = tuple(sorted(enabled))
        super().__init__(
            f'The import method {method} is not enabled in this cloud, which '
            f'has {", ".join(self.enabled) or "none"}. Choose one of these '
            'as "import_method", or ask its operator'
        )


class UnknownStores(exception.ImageError):
    """The cloud has no stores of these names that data can be written to.

    :param stores: ids in the template that the cloud does not know
    :param known: ids of the stores of the cloud
    """

    def __init__(self, stores: Iterable[str], known: Iterable[str]) -> None:
        self.stores = tuple(sorted(stores))
        self.known = tuple(sorted(known))
        offered = (
            f'it has {", ".join(self.known)}'
            if self.known
            else 'it offers no choice of stores'
        )
        super().__init__(
            f'This cloud has no store {", ".join(self.stores)} to write to, '
            f'{offered}. Correct the property "stores"'
        )


class HashMismatch(exception.ImageError):
    """The data is not what the template says.

    :param image_id: the image
    :param algorithm: name of the hash algorithm
    :param expected: hash in the template
    :param actual: hash that Glance computed, or None if it has none
    :param outcome: what became of the image, a clause
    """

    def __init__(
        self,
        image_id: str,
        algorithm: str,
        expected: str,
        actual: str | None,
        outcome: str,
    ) -> None:
        self.image_id = image_id
        self.algorithm = algorithm
        self.expected = expected
        self.actual = actual
        found = actual or (
            'no hash of this algorithm (the attribute "os_hash_algo" names '
            'the one that it computes, if it computes any)'
        )
        super().__init__(
            f'Image {image_id} does not hold the data of "image_hash": '
            f'expected {algorithm} {expected}, but Glance computed {found}. '
            f'The image {outcome}. Correct the hash or the source, and '
            'update the stack'
        )


class OtherData(exception.ImageError):
    """The live image holds other data than the template says.

    :param image_id: the image
    """

    def __init__(self, image_id: str) -> None:
        self.image_id = image_id
        super().__init__(
            f'Image {image_id} holds other data than the template says. '
            'Update the stack to replace it'
        )


class NotInStores(exception.ImageError):
    """The data did not get into all stores.

    :param image_id: the image
    :param stores: ids of the stores that lack it
    :param reason: what Glance reports
    :param is_forbidden: whether that is a matter of its policy
    """

    def __init__(
        self,
        image_id: str,
        stores: Iterable[str],
        reason: str,
        is_forbidden: bool = False,
    ) -> None:
        self.image_id = image_id
        self.stores = tuple(sorted(stores))
        self.reason = reason
        policy = (
            'The import method copy-image is for administrators by default: '
            'ask one, '
            if is_forbidden
            else 'Update the stack to try again, '
        )
        super().__init__(
            f'Image {image_id} could not be copied to '
            f'{", ".join(self.stores)}: {reason}. {policy}or take the store '
            'out of "stores"'
        )


class StillInStore(exception.ImageError):
    """The data could not be deleted from one of its stores.

    :param image_id: the image
    :param store: id of the store
    :param error: what Glance answered
    """

    def __init__(
        self, image_id: str, store: str, error: exception.RequestFailed
    ) -> None:
        self.image_id = image_id
        self.store = store
        self.error = error
        advice = 'Put the store back into "stores", or try again'
        if error.status == http.HTTPStatus.FORBIDDEN:
            advice = (
                'To take it out of a single store is for administrators by '
                'default. Put the store back into "stores", or ask one of them'
            )
        super().__init__(
            f'{error}. Image {image_id} stays in store {store}. {advice}'
        )


def needs_another(error: exception.ImageError, declared_id: object) -> bool:
    """Say whether an update shall create the image again after an error.

    :param error: what the update ended with
    :param declared_id: the id that the template gives the image, if it does:
        Glance gives none twice
    """
    if isinstance(error, ImageStuck):
        return not declared_id
    return isinstance(error, (exception.Gone, OtherData))
