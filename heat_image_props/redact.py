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

import html
import json
import re
from typing import Any
import urllib.parse

# A URL may hold an apostrophe, and may itself be quoted within a URL.  What
# stands before the slashes is of no interest.
_URL = re.compile(
    r'(?P<start>(?::|%3A)(?:/|%2F){2})(?P<rest>[^\s"<>]+)', re.IGNORECASE
)
_AT = re.compile('@|%40')
_END = re.compile('[?#]|%3F|%23', re.IGNORECASE)
_SCHEME = re.compile(r'\s*[a-z][a-z0-9+.-]*', re.IGNORECASE)
_HIDDEN = '***'

# What a parser of URLs may cut a password or a query at.
_CUTS = re.compile('[/?#:@&=;]')

#: What stands for the host of a URL that has none.
INVALID = 'an invalid URL'


def host(url: str) -> str:
    """Return the host and the port of a URL, and nothing else of it."""
    try:
        parts = urllib.parse.urlsplit(url)
        name, port = parts.hostname or '', parts.port
    except ValueError:
        return INVALID
    if not name:
        return INVALID
    name = f'[{name}]' if ':' in name else name
    if port is None or ('@' in url and '@' not in parts.netloc):
        # What looks like a port may be the beginning of a password.
        return name
    return f'{name}:{port}'


def mask(text: str, *secrets: str) -> str:
    """Return a text without the credentials of the URLs in it.

    User information, query and fragment of each URL are hidden.

    :param text: any text, such as an answer of Glance
    :param secrets: URLs known to be in the text, perhaps with characters by
        which a URL in running text cannot be recognised as a whole
    """
    # Glance strips a location before it quotes it.
    for secret in filter(None, map(str.strip, secrets)):
        place = host(secret)
        name = 'the location' + ('' if place == INVALID else f' at {place}')
        for form in _forms(secret):
            text = text.replace(form, name)
    return _URL.sub(_masked, text)


def scrub(text: str, secret: str) -> str:
    """Return what somebody says about a URL, without its credentials.

    Also where a part of them stands alone: of ``http://u:p/w@h/x`` some say
    that ``p`` is no port.
    """
    text = mask(text, secret)
    for part in _parts(secret):
        # A word of the text that happens to hold it stays a word.
        text = re.sub(rf'(?<!\w){re.escape(part)}(?!\w)', _HIDDEN, text)
    return text


def url(text: str) -> str:
    """Return a URL without credentials, whatever characters are in it.

    User information, query and fragment are hidden, and so is all that may
    be the one or the other in what is no proper URL.
    """
    scheme, slashes, rest = text.partition('://')
    if not slashes or not _SCHEME.fullmatch(scheme):
        scheme, slashes, rest = '', '', text
    return scheme + slashes + _hide(rest)


def image(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image as Glance shows it, without credentials.

    An operator may let Glance show where the data is stored, and that may
    be a URL with the credentials of the store.
    """
    shown = dict(image)
    if shown.get('direct_url'):
        shown['direct_url'] = url(shown['direct_url'])
    if shown.get('locations'):
        shown['locations'] = [
            {**location, 'url': url(location.get('url', ''))}
            for location in shown['locations']
        ]
    return shown


def _forms(url: str) -> list[str]:
    """Return a URL in the forms that a message may quote it in."""
    plain = {url, urllib.parse.unquote(url), ' '.join(url.split())}
    forms = {form for each in plain for form in _escaped(each)}
    for safe in ('', '/', ':/', ':/@', ':/?=&@'):
        forms.add(urllib.parse.quote(url, safe=safe))
    return sorted(forms, key=len, reverse=True)


def _escaped(text: str) -> set[str]:
    """Return a text as it is, and as it stands within quotes of some kind."""
    return {text, html.escape(text), json.dumps(text)[1:-1], repr(text)[1:-1]}


def _parts(url: str) -> list[str]:
    """Return what is secret of a URL, in the parts that may stand alone."""
    rest = url.partition('://')[2] or url
    user, _, after = rest.rpartition('@')
    ends = _END.split(after, maxsplit=1)
    # Names of a query are ordinary words.
    values = [
        field.rpartition('=')[2]
        for field in (ends[1] if len(ends) > 1 else '').split('&')
    ]
    parts = {user, *values}
    parts |= {cut for part in parts for cut in _CUTS.split(part)}
    parts |= {urllib.parse.unquote(part) for part in parts}
    parts = {form for part in parts for form in _escaped(part)}
    return sorted(filter(None, parts), key=len, reverse=True)


def _masked(match: re.Match[str]) -> str:
    return match['start'] + _hide(match['rest'])


def _hide(rest: str) -> str:
    """Return what follows the slashes of a URL, without credentials."""
    end = _END.search(rest)
    head, tail = (
        (rest[: end.start()], rest[end.end() :]) if end else (rest, '')
    )
    # The last @ ends the user information: a password may hold slashes and
    # further ones.  Where it belongs to the path, too much is hidden.
    ats = list(_AT.finditer(head))
    if ats:
        head = f'{_HIDDEN}{head[ats[-1].start() :]}'
    elif _AT.search(tail) and ':' in head.partition('/')[0]:
        # A password with a question mark in it, not a port.
        return _HIDDEN
    return head + (f'{end[0]}{_HIDDEN}' if end else '')
