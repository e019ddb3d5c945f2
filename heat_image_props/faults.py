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


"""What becomes of a request to Glance that meets with a fault.

Facts about the other modules: the table in the documentation is made of
them, and a functional test holds all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses

from heat_image_props import deletion
from heat_image_props import patience
from heat_image_props import reconcile
from heat_image_props import transfer
from heat_image_props import transport

#: How a fault may end for the action of a stack.
DONE, FAILED, REPLACED = 'done', 'failed', 'replaced'


@dataclasses.dataclass(frozen=True)
class Request:
    """A kind of request.

    :param title: of the column of the table
    :param attempts: how often it is sent, at most, if it fails
    """

    title: str
    attempts: int = patience.MOST_ATTEMPTS


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    :param title: of the row of the table
    :param status: of the answer; none for faults of the connection
    """

    title: str
    status: int | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the plugin makes of a fault.

    :param title: in the table
    :param text: a sentence that explains the title
    :param once: how the action ends if the fault is over then
    :param lasting: how it ends if the fault stays
    :param requests: how often the request is sent while it stays; as often
        as there are attempts, if not given
    """

    title: str
    text: str
    once: str
    lasting: str
    requests: int | None = None


FAILS = Outcome(
    'fails',
    'The request is not sent again, as Glance would give the same answer: '
    'the action of the stack fails at once.',
    once=FAILED,
    lasting=FAILED,
    requests=1,
)
EXPIRED = Outcome(
    'fails, or new token',
    'The token of the user, with which Heat works by default, cannot be '
    'renewed: the action fails at once. Where the operator has set '
    '``reauthentication_auth_method = trusts`` in Heat, Keystone is asked for '
    'a new token, and the request is sent again, once.',
    once=FAILED,
    lasting=FAILED,
    requests=1,
)
AGAIN = Outcome(
    'again',
    'The request only asks, so it is sent again after a pause. If all '
    'attempts meet with the fault the action fails.',
    once=DONE,
    lasting=FAILED,
)
LOOKS = Outcome(
    'looks',
    'The request may have been carried out all the same. So the image is '
    'looked at after a pause, and the request is sent again only if the look '
    'shows that it was not. If all attempts meet with the fault the action '
    'fails.',
    once=DONE,
    lasting=FAILED,
)
APPLIED = Outcome(
    'looks, done',
    'Glance has carried the request out, and only its answer was lost. A '
    'look at the image after a pause shows that, so the request is not sent '
    'again.',
    once=DONE,
    lasting=DONE,
    requests=1,
)
IN_USE = Outcome(
    'Heat repeats',
    'The image is in use. Heat repeats the deletion as often as its option '
    '``action_retry_limit`` says, with a longer pause each time, and if the '
    'image is still in use then, the deletion fails.',
    once=DONE,
    lasting=FAILED,
    requests=6,
)
GONE = Outcome(
    'looks, replaced',
    'One answer is not believed: the image is looked for again, after a '
    f'pause each time. If it is not found {patience.MOST_MISSES} times in a '
    'row it counts as gone. An update then creates it again, under a new id '
    '(with the property ``id`` it fails, as Glance gives no id twice); a '
    'creation or a check fails; a deletion is done.',
    once=DONE,
    lasting=REPLACED,
    requests=patience.MOST_MISSES,
)
WAITS = Outcome(
    'waits',
    'The answer comes late and is waited for; nothing is sent again.',
    once=DONE,
    lasting=DONE,
    requests=1,
)
EMPTY = Outcome(
    'none',
    'This cannot happen: a success has no body that could be cut.',
    once=DONE,
    lasting=DONE,
    requests=1,
)

#: The outcomes, in the order of their explanations.
OUTCOMES = (
    *(FAILS, EXPIRED, AGAIN, LOOKS, APPLIED, GONE, IN_USE, WAITS, EMPTY),
)

#: The requests, by the names that ``minicloud.wire`` has for them.
REQUESTS: Mapping[str, Request] = {
    'get': Request('GET image'),
    'create': Request('POST image'),
    'import': Request('POST import', transfer.MOST_ATTEMPTS),
    'patch': Request('PATCH image', reconcile.MOST_ROUNDS),
    'members': Request('GET members'),
    'add-member': Request('POST member', reconcile.MOST_ROUNDS),
    'remove-member': Request('DELETE member', reconcile.MOST_ROUNDS),
    'delete': Request('DELETE image'),
}

#: The faults, by name.
FAULTS: Mapping[str, Fault] = {
    '400': Fault('400 Bad Request', 400),
    '401': Fault('401 Unauthorized', 401),
    '403': Fault('403 Forbidden', 403),
    '404': Fault('404 Not Found', 404),
    '409': Fault('409 Conflict', 409),
    '413': Fault('413 Content Too Large', 413),
    '429': Fault('429 Too Many Requests', 429),
    '500': Fault('500 Internal Server Error', 500),
    '502': Fault('502 Bad Gateway', 502),
    '503': Fault('503 Service Unavailable', 503),
    '504': Fault('504 Gateway Timeout', 504),
    'cut before': Fault('connection cut before the request is carried out'),
    'cut after': Fault('connection cut after it'),
    'delay': Fault('answer after 30 s'),
    'truncated': Fault('body of the answer cut'),
    'no JSON': Fault('another body, such as a page of a portal', 200),
}

#: The bounds, by what they are for.
BOUNDS: Mapping[str, str] = {
    'An answer': (
        f'is waited for until {transport.TIMEOUT:.0f} seconds pass without a '
        'byte of it.'
    ),
    'A question, a creation or a deletion': (
        f'is sent {patience.MOST_ATTEMPTS} times in a row at most, '
        f'{patience.FIRST_WAIT:.0f} seconds after the first failure and twice '
        'as long after each further one: for '
        f'{patience.FIRST_WAIT * (2 ** (patience.MOST_ATTEMPTS - 1) - 1):.0f} '
        'seconds.'
    ),
    'A change': (
        f'that the look after it does not show is sent {reconcile.MOST_ROUNDS}'
        f' times at most. The looks come {reconcile.SETTLING_TIME:.0f} second '
        'after the first one, twice as long after each further one, and no '
        f'more than {reconcile.LONGEST_PAUSE:.0f} seconds, or half as much '
        'again, after any.'
    ),
    'An import': f'is asked for {transfer.MOST_ATTEMPTS} times at most.',
    '``Retry-After``': (
        'is obeyed, in seconds or as a date, for '
        f'{patience.LONGEST_PAUSE:.0f} seconds at most, and makes these '
        'pauses longer.'
    ),
    'An image that is not found': (
        f'is looked for {patience.MOST_MISSES} times in a row. At a deletion '
        f'once more, {deletion.LOOK_AFTER:.0f} second later.'
    ),
    'Where Heat leaves no room for pauses': (
        '(the look by which it decides whether to replace an image, a check, '
        f'attributes) a question is sent {patience.MOST_READS} times at most, '
        f'{patience.READ_WAIT:.0f} second after the first failure and twice '
        'as long after the second, or as Glance asks if that is no more than '
        f'{patience.READ_PAUSE:.0f} seconds.'
    ),
}

_READS = ('get', 'members')
_PERMANENT = ('400', '403', '413')
_WITHOUT_BODY = ('import', 'remove-member', 'delete')


def outcome(request: str, fault: str) -> Outcome:
    """Return what becomes of a request that meets with a fault.

    :param request: one of :data:`REQUESTS`
    :param fault: one of :data:`FAULTS`
    """
    if fault in _PERMANENT:
        return FAILS
    if fault == '401':
        return EXPIRED
    if fault == 'delay':
        return WAITS
    if fault == 'truncated' and request in _WITHOUT_BODY:
        return EMPTY
    if request in _READS:
        if fault == '409':
            return FAILS
        return GONE if (request, fault) == ('get', '404') else AGAIN
    if fault == '409' and request == 'delete':
        return IN_USE
    if fault in ('cut after', 'truncated'):
        return APPLIED
    return LOOKS
