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


"""What an answer of Glance says, in words fit for a message."""

from __future__ import annotations

import html
import re
from typing import Any
from typing import TYPE_CHECKING

from heat_image_props import redact

if TYPE_CHECKING:
    import requests

_MARKUP = re.compile(
    r'<(?:head|title|h1)\b.*?</(?:head|title|h1)>|<[^>]*>',
    re.DOTALL | re.IGNORECASE,
)
_MOST_SAID = 800


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
