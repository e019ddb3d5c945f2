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
from collections.abc import Sequence
import http
from typing import Any

from heat_image_props import redact
from heat_image_props import rules

# An error is stored with the resource and with an event of Heat, and a
# column of MySQL holds 64 KiB.
_MOST_SHOWN = 100


def _listed(offences: Sequence[rules.Offence]) -> str:
    """Return offences, a line each."""
    lines = [str(offence) for offence in offences[:_MOST_SHOWN]]
    if len(offences) > _MOST_SHOWN:
        lines.append(f'and {len(offences) - _MOST_SHOWN} more')
    return ''.join(f'\n- {line}' for line in lines)


class ImageError(Exception):
    """Base of all errors of this package."""


class InvalidDeclaration(ImageError):
    """A template declares what Glance would not keep; nothing was changed.

    :param offences: all that is wrong, in the order to be shown
    """

    def __init__(self, offences: Iterable[rules.Offence]) -> None:
        self.offences = tuple(offences)
        super().__init__(
            'Glance would not keep what is declared, nothing was changed:'
            + _listed(self.offences)
        )


class NotAsDefined(ImageError):
    """Properties are not as the cloud defines them, and it enforces that.

    :param offences: all that is wrong, in the order to be shown
    """

    def __init__(self, offences: Iterable[rules.Offence]) -> None:
        self.offences = tuple(offences)
        super().__init__(
            'This cloud enforces its metadata definitions, and what is '
            f'declared differs, nothing was changed:{_listed(self.offences)}'
        )


class Misconfigured(ImageError):
    """An option of the operator cannot be read; nothing was changed.

    Why not is for the log: it names a file of the operator.

    :param section: of heat.conf
    :param option: name of the option
    """

    def __init__(self, section: str, option: str) -> None:
        self.section = section
        self.option = option
        super().__init__(
            f'The option {option} in section [{section}] of heat.conf cannot '
            'be read, and nothing was changed. The operator of this Heat has '
            'to correct it and to restart heat-engine'
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


class Unauthorized(Refused):
    """The token is not valid, or no longer: 401.

    That of a user, with which an action of Heat begins, is not renewed.
    """

    def __str__(self) -> str:
        return (
            f'{super().__str__()}. The token that the action began with has '
            'expired or was revoked. Begin it again'
        )


class NotFound(Refused):
    """What a request is about is not there: 404."""


class Gone(NotFound):
    """The image itself does not exist, or is not visible to this project.

    A server before Glance may say so, too, so it is asked more than once.
    """


class Conflict(Refused):
    """The state of the image forbids the request just now: 409."""


class Unavailable(RequestFailed):
    """No answer, or a 5xx or 429: whether it was applied is not known.

    Or an answer that is not one of Glance.
    """

    @classmethod
    def of(cls, error: RequestFailed) -> Unavailable:
        """Return an answer that is not believed."""
        return cls(error.action, error.reason, error.status, error.request_id)


class ImageIdTaken(ImageError):
    """An image with the declared ``id`` exists, or once existed.

    :param image_id: the declared id
    """

    def __init__(self, image_id: str) -> None:
        self.image_id = image_id
        super().__init__(
            f'Image {image_id} exists already, or existed once, and Glance '
            'never reuses an id, also not for a replacement. Remove the '
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
            f'Resource {name} has no image in Glance. Update the stack to '
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


class OutOfTime(ImageError):
    """Something else works on the image until the time of the stack is over.

    :param image_id: the image
    :param waits_for: what is being done to it, a clause
    :param seconds: the time that the stack has for one operation
    """

    def __init__(self, image_id: str, waits_for: str, seconds: float) -> None:
        self.image_id = image_id
        self.waits_for = waits_for
        self.seconds = seconds
        super().__init__(
            f'Image {image_id} is still being worked on ({waits_for}), and '
            f'the time that the stack has, {seconds:.0f} s, is over. Nothing '
            'is written to an image meanwhile, as it would be lost. Update '
            'the stack to go on, with a longer "--timeout" if need be'
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
                'has or once had. Choose another one then'
            )
        super().__init__(
            f'Image {image_id}: could not change {", ".join(shown)}: '
            f'{error}{advice}'
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
            'stack could neither change nor delete it. Refer to it by '
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
            f'Image {image_id} has the status {status}. Update the stack to '
            'create the image again'
        )


class NotKept(ImageError):
    """Glance answered each change with success and does not hold it.

    :param image_id: the image
    :param seen: by name of what was changed, the values seen after the
        changes, the latest last; None for a name that was not there
    :param rounds: how often it was written
    """

    def __init__(
        self, image_id: str, seen: Mapping[str, Sequence[Any]], rounds: int
    ) -> None:
        self.image_id = image_id
        self.seen = {name: tuple(values) for name, values in seen.items()}
        self.rounds = rounds
        names = sorted(self.seen)
        shown = [
            f"'{rules.shown(name)}' {_states(self.seen[name])}"
            for name in names[:_MOST_SHOWN]
        ]
        if len(names) > _MOST_SHOWN:
            shown.append(f'and {len(names) - _MOST_SHOWN} more')
        hidden = ''
        if any(values[-1] is None for values in self.seen.values()):
            hidden = (
                ' What is missing each time may also be hidden from this '
                'project by a property protection of the cloud.'
            )
        super().__init__(
            f'Image {image_id} was written to {rounds} times, and each time '
            'another client changed the same again: '
            f'{", ".join(shown)}.{hidden} '
            'Stop that client, or remove from the template what it shall '
            'own, then update the stack to try again'
        )


def _states(seen: Sequence[Any]) -> str:
    """Return the last state that was seen, and some before it."""
    states = [
        'missing'
        if value is None
        else f"'{rules.shown(redact.mask(str(value)))}'"
        for value in seen[:-5:-1]
    ]
    before = f' (before that {", ".join(states[1:])})' if states[1:] else ''
    return f'is {states[0]}{before}'


class Drifted(ImageError):
    """A check found the image different from what the template declares.

    :param image_id: the image
    :param reasons: what is different, a clause each
    """

    def __init__(self, image_id: str, reasons: Iterable[str]) -> None:
        self.image_id = image_id
        self.reasons = tuple(reasons)
        super().__init__(
            f'Image {image_id}: {"; ".join(self.reasons)}. Update the stack '
            'to repair it'
        )
