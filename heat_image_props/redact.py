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

"""Keeps credentials in URLs out of messages, logs, events and attributes."""

from __future__ import annotations

import re
from typing import Any
import urllib.parse

_URL = re.compile(
    r'\b(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)'
    r'(?P<rest>[^\s\'"<>]+)'
)
_HIDDEN = '***'


def host(url: str) -> str:
    """Return the host and the port of a URL, and nothing else of it."""
    try:
        parts = urllib.parse.urlsplit(url)
        name, port = parts.hostname or '', parts.port
    except ValueError:
        return 'an invalid URL'
    if not name:
        return 'an invalid URL'
    name = f'[{name}]' if ':' in name else name
    return name if port is None else f'{name}:{port}'


def mask(text: str, *secrets: str) -> str:
    """Return a text without the credentials of the URLs in it.

    User information, query and fragment of each URL are hidden.

    :param text: any text, such as an answer of Glance
    :param secrets: URLs known to be in the text, perhaps with characters by
        which a URL in running text cannot be recognised as a whole
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, f'a URL at {host(secret)}')
    return _URL.sub(_masked, text)


def mask_values(value: Any) -> Any:
    """Return a JSON document with :func:`mask` applied to each text in it."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [mask_values(item) for item in value]
    if isinstance(value, dict):
        return {name: mask_values(item) for name, item in value.items()}
    return value


def _masked(match: re.Match[str]) -> str:
    rest = match['rest']
    # The last @ before the path ends the user information, and a password
    # may hold further ones.
    authority, slash, path = rest.partition('/')
    if '@' in path.partition('?')[0] and '@' not in authority:
        # A password with a slash in it: nothing before the @ is safe.
        authority, slash, path = path.rpartition('@')[2], '', ''
        authority = f'{_HIDDEN}@{authority}'
    elif '@' in authority:
        authority = f'{_HIDDEN}@{authority.rpartition("@")[2]}'
    rest = authority + slash + path
    cut = re.search('[?#]', rest)
    if cut is not None:
        rest = f'{rest[: cut.start() + 1]}{_HIDDEN}'
    return match['scheme'] + rest
