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


"""What an answer of Glance says, and which error that is."""

from __future__ import annotations

from collections.abc import Mapping
import html
import re
from typing import Any
from typing import TYPE_CHECKING

from heat_image_props import exception
from heat_image_props import permission
from heat_image_props import redact

if TYPE_CHECKING:
    import requests

_MARKUP = re.compile(
    r'<(?:head|title|h1)\b.*?</(?:head|title|h1)>|<[^>]*>',
    re.DOTALL | re.IGNORECASE,
)
_MOST_SAID = 800

#: Status of an answer that does not tell whether a request was carried out.
RETRIABLE = frozenset((429, 500, 502, 503, 504))

_ERRORS: Mapping[int, type[exception.RequestFailed]] = {
    401: exception.Unauthorized,
    404: exception.NotFound,
    409: exception.Conflict,
    **dict.fromkeys(RETRIABLE, exception.Unavailable),
}


def request_id(response: requests.Response) -> str | None:
    """Return the id by which a request is found in the logs of Glance."""
    return response.headers.get('x-openstack-request-id')


def document(response: requests.Response) -> Any:
    """Return the JSON that an answer is, or None if it is none."""
    try:
        return response.json()
    except (RecursionError, ValueError):
        # The former of one that is nested as Glance nests nothing.
        return None


def said(response: requests.Response, secret: str) -> str:
    """Return what an error response says, as plain text."""
    text = response.text
    found = document(response)
    if isinstance(found, dict):
        error = found.get('error', found)
        text = str(
            error.get('message') or text if isinstance(error, dict) else error
        )
    text = html.unescape(_MARKUP.sub(' ', text))
    text = redact.scrub(' '.join(text.split()), secret)
    return text[:_MOST_SAID] or (response.reason or 'no reason given')


def refusal(
    response: requests.Response, action: str, secret: str
) -> exception.RequestFailed:
    """Return the error that an answer without success is.

    :param action: what was attempted
    :param secret: URL in the request, to be kept out of the message
    """
    status = response.status_code
    reason = said(response, secret)
    kind = _ERRORS.get(status, exception.Refused)
    if status == 403 and permission.is_for_members(reason):
        kind = permission.NotAMember
    return kind(action, reason, status, request_id(response))


def disbelief(
    response: requests.Response, action: str, flaw: str
) -> exception.Unavailable:
    """Return the error that a success is which is not one of Glance.

    :param action: what was attempted
    :param flaw: by which that is known
    """
    return exception.Unavailable(
        action, flaw, response.status_code, request_id(response)
    )
