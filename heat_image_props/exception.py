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

"""What can go wrong with an image; each error carries its data."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
import http
from typing import Any

from heat_image_props import redact
from heat_image_props import rules

# An error is stored with the resource and with an event of Heat, and a
# column of MySQL holds 64 KiB.
_MOST_SHOWN = 100


class ImageError(Exception):
    """Base of all errors of this package."""


class InvalidDeclaration(ImageError):
    """A template declares what Glance would not keep; nothing was changed.

    :param offences: all that is wrong, in the order to be shown
    """

    def __init__(self, offences: Iterable[rules.Offence]) -> None:
        self.offences = tuple(offences)
        lines = [str(offence) for offence in self.offences[:_MOST_SHOWN]]
        if len(self.offences) > _MOST_SHOWN:
            lines.append(f'and {len(self.offences) - _MOST_SHOWN} more')
        super().__init__(
            'Glance would not keep what is declared, nothing '
            'was changed:\n- ' + '\n- '.join(lines)
        )


class RequestFailed(ImageError):
    """Glance refused a request, or did not answer it.

    :param action: what was attempted, a clause such as ``change image ID``
    :param reason: what Glance said, without markup and without credentials
    :param status: HTTP status, or None if there was no answer
    :param request_id: request id of Glance, if it gave one
    """

    def __init__(
        self,
        action: str,
        reason: str,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.action = action
        self.reason = reason
        self.status = status
        self.request_id = request_id
        details = [] if status is None else [f'HTTP {status}']
        if request_id:
            details.append(request_id)
        super().__init__(
            f'Could not {action}: {reason}'
            + (f' ({", ".join(details)})' if details else '')
        )


class Refused(RequestFailed):
    """Glance will give the same answer to the same request: a 4xx."""


class NotFound(Refused):
    """The image does not exist, or is not visible to this project: 404."""


class Conflict(Refused):
    """The state of the image forbids the request just now: 409."""


class Unavailable(RequestFailed):
    """No answer, or a 5xx or 429: whether it was applied is not known."""


class ImageIdTaken(ImageError):
    """An image with the declared ``id`` exists, or once existed.

    :param image_id: the declared id
    """

    def __init__(self, image_id: str) -> None:
        self.image_id = image_id
        super().__init__(
            f'Image {image_id} exists already, or existed once, and Glance '
            'never reuses an id, also not for a replacement: remove the '
            'property "id" or choose another one; to manage the existing '
            'image use "external_id" or adopt it'
        )


class NoImage(ImageError):
    """The resource has no image.

    :param name: name of the resource
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f'Resource {name} has no image in Glance; update the stack to '
            'create it'
        )


class Protected(ImageError):
    """The image is protected from deletion.

    :param image_id: the image
    """

    def __init__(self, image_id: str) -> None:
        self.image_id = image_id
        super().__init__(
            f'Image {image_id} is protected and cannot be deleted. Give it '
            '"protected: false" or "force_delete: true" in the template '
            'before the stack is deleted; now, run "openstack image set '
            f'--unprotect {image_id}" and repeat what failed'
        )


class NotApplied(ImageError):
    """Glance failed to make a change, again and again.

    :param image_id: the image
    :param names: what should have been changed
    :param error: what the last attempt met with
    """

    def __init__(
        self, image_id: str, names: Iterable[str], error: RequestFailed
    ) -> None:
        self.image_id = image_id
        self.names = tuple(names)
        self.error = error
        shown = [f"'{rules.shown(name)}'" for name in self.names]
        if len(shown) > _MOST_SHOWN:
            shown[_MOST_SHOWN:] = [f'and {len(shown) - _MOST_SHOWN} more']
        advice = ''
        if error.status == http.HTTPStatus.INTERNAL_SERVER_ERROR:
            advice = (
                '. A Glance on MySQL keeps answering this when a name or a '
                'tag differs only in case or accents from one that the image '
                'has or once had: choose another one then'
            )
        super().__init__(
            f'Image {image_id}: could not change {", ".join(shown)}: '
            f'{error}{advice}'
        )


class ImportFailed(ImageError):
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
            'Glance reports no more than this to a project; see that its '
            'hosts can fetch the data and its stores have room for it, then '
            'update the stack to import again'
        )


class MethodNotEnabled(ImageError):
    """The cloud does not offer the import method of the template.

    :param method: the import method
    :param enabled: those that the cloud offers
    """

    def __init__(self, method: str, enabled: Iterable[str]) -> None:
        self.method = method
        self.enabled = tuple(sorted(enabled))
        super().__init__(
            f'The import method {method} is not enabled in this cloud, which '
            f'has {", ".join(self.enabled) or "none"}: choose one of these '
            'as "import_method", or ask its operator'
        )


class UnknownStores(ImageError):
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
            f'{offered}: correct the property "stores"'
        )


class HashMismatch(ImageError):
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
            f'The image {outcome}; correct the hash or the source and update '
            'the stack'
        )


class OtherData(ImageError):
    """The live image holds other data than the template says.

    :param image_id: the image
    """

    def __init__(self, image_id: str) -> None:
        self.image_id = image_id
        super().__init__(
            f'Image {image_id} holds other data than the template says; '
            'update the stack to replace it'
        )


class NotInStores(ImageError):
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


class ForAdministrators(ImageError):
    """What Glance's default policy allows to administrators only.

    :param image_id: the image
    :param values: what was refused, values by property of the resource
    :param error: what Glance answered
    """

    def __init__(
        self, image_id: str, values: Mapping[str, Any], error: RequestFailed
    ) -> None:
        self.image_id = image_id
        self.values = dict(values)
        self.error = error
        shown = [
            f'"{name}: {rules.shown(value)}"'
            for name, value in sorted(self.values.items())
        ]
        super().__init__(
            f'{error}. {" and ".join(shown)} is for administrators by '
            'default: remove it, or ask one of them'
        )


def explain(
    error: RequestFailed, image_id: str, attributes: Mapping[str, Any]
) -> None:
    """Raise what is likely to be the cause of a refusal, if it is known.

    :param attributes: base attributes that the request set
    :raises: :class:`ForAdministrators`
    """
    if error.status != http.HTTPStatus.FORBIDDEN:
        return
    values = {}
    if attributes.get('visibility') == 'public':
        values['visibility'] = 'public'
    if 'owner' in attributes:
        values['owner'] = attributes['owner']
    if values:
        raise ForAdministrators(image_id, values, error) from None


class StillInStore(ImageError):
    """The data could not be deleted from one of its stores.

    :param image_id: the image
    :param store: id of the store
    :param error: what Glance answered
    """

    def __init__(
        self, image_id: str, store: str, error: RequestFailed
    ) -> None:
        self.image_id = image_id
        self.store = store
        self.error = error
        advice = 'put the store back into "stores", or try again'
        if error.status == http.HTTPStatus.FORBIDDEN:
            advice = (
                'to take it out of a single store is for administrators by '
                'default; put the store back into "stores", or ask one of them'
            )
        super().__init__(
            f'{error}. Image {image_id} stays in store {store}: {advice}'
        )


class NotOwned(ImageError):
    """An image that shall be adopted belongs to another project.

    :param image_id: the image
    :param owner: id of the project that owns it
    """

    def __init__(self, image_id: str, owner: str) -> None:
        self.image_id = image_id
        self.owner = owner
        super().__init__(
            f'Image {image_id} belongs to another project ({owner}), so this '
            'stack could neither change nor delete it: refer to it by '
            '"external_id", or adopt it as its owner'
        )


class Unusable(ImageError):
    """The image is in a state that no request leads out of.

    :param image_id: the image
    :param status: its status
    """

    def __init__(self, image_id: str, status: str) -> None:
        self.image_id = image_id
        self.status = status
        super().__init__(
            f'Image {image_id} has the status {status}; update the stack to '
            'create the image again'
        )


class NotKept(ImageError):
    """Glance answered a change with success and does not hold it.

    :param image_id: the image
    :param seen: value seen by name of what was changed; None for a name
        that was not there
    """

    def __init__(self, image_id: str, seen: Mapping[str, Any]) -> None:
        self.image_id = image_id
        self.seen = dict(seen)
        names = sorted(self.seen)
        shown = [
            f"'{rules.shown(name)}' {_state(self.seen[name])}"
            for name in names[:_MOST_SHOWN]
        ]
        if len(names) > _MOST_SHOWN:
            shown.append(f'and {len(names) - _MOST_SHOWN} more')
        super().__init__(
            f'Image {image_id} does not hold what was written to it: '
            f'{", ".join(shown)}. '
            'Another client changes it at the same time, or the server '
            'overrules it; update the stack to try again'
        )


def _state(seen: Any) -> str:
    if seen is None:
        return 'is missing'
    return f"is '{rules.shown(redact.mask(str(seen)))}'"


class Drifted(ImageError):
    """A check found the image different from what the template declares.

    :param image_id: the image
    :param reasons: what is different, a clause each
    """

    def __init__(self, image_id: str, reasons: Iterable[str]) -> None:
        self.image_id = image_id
        self.reasons = tuple(reasons)
        super().__init__(
            f'Image {image_id}: {"; ".join(self.reasons)}; update the stack '
            'to repair it'
        )
