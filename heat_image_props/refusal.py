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

"""Why Glance refuses what the rules cannot know: its limits, its protections.

Neither the quotas of an image nor the property protections of a cloud are
shown by any request; Glance tells of them when it refuses one.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import http
import re
from typing import Any

from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import permission
from heat_image_props import rules

LOG = logging.getLogger(__name__)

#: Most protected names that are looked for; each takes a request.
MOST_FOUND = 20

PROPERTIES, TAGS, MEMBERS = 'properties', 'tags', 'members'

_OPTIONS = {
    PROPERTIES: 'image_property_quota',
    TAGS: 'image_tag_quota',
    MEMBERS: 'image_member_quota',
}

# ImagePropertyLimitExceeded and its like, and ReservedProperty, of
# glance/common/exception.py.
_OVER = re.compile(
    rf'number of allowed image ({"|".join(_OPTIONS)})\b.*?'
    r'Attempted: (\d+), Maximum: (\d+)'
)
_RESERVED = re.compile("Attribute '(.*)' is reserved", re.DOTALL)


class OverLimit(exception.ImageError):
    """The image would hold more of something than Glance allows.

    :param image_id: the image
    :param kind: :data:`PROPERTIES`, :data:`TAGS` or :data:`MEMBERS`
    :param declared: how many the template declares
    :param total: how many the image would have
    :param maximum: how many Glance allows
    :param error: what Glance answered
    """

    def __init__(
        self,
        image_id: str,
        kind: str,
        declared: int,
        total: int,
        maximum: int,
        error: exception.RequestFailed,
    ) -> None:
        self.image_id = image_id
        self.kind = kind
        self.declared = declared
        self.total = total
        self.maximum = maximum
        self.error = error
        others = ''
        if total > declared:
            others = f', of which {total - declared} are not in the template'
        super().__init__(
            f'{error}. The template declares {declared} {kind}, the image '
            f'would have {total}{others}, and this Glance allows {maximum}. '
            f'Remove at least {total - maximum}, or ask the operator to raise '
            f'{_OPTIONS[kind]}'
        )


class PropertiesProtected(exception.ImageError):
    """The operator does not let this user change some properties.

    :param image_id: the image
    :param names: properties whose change is refused
    :param error: what Glance answered first
    """

    def __init__(
        self,
        image_id: str,
        names: Iterable[str],
        error: exception.RequestFailed,
    ) -> None:
        self.image_id = image_id
        self.names = tuple(sorted(names))
        self.error = error
        shown = ', '.join(f"'{rules.shown(name)}'" for name in self.names)
        more = ' (and perhaps more)' if len(self.names) >= MOST_FOUND else ''
        super().__init__(
            f'{error}. Property protections of this cloud forbid this user '
            f'to set, change or remove {shown}{more}. Leave them in the '
            'template as they are on the image, or ask the operator to '
            'permit it'
        )


class ForAdministrators(exception.ImageError):
    """What Glance's default policy allows to administrators only.

    :param image_id: the image
    :param values: what was refused, values by property of the resource
    :param error: what Glance answered
    """

    def __init__(
        self,
        image_id: str,
        values: Mapping[str, Any],
        error: exception.RequestFailed,
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
            'default. Remove it, or ask one of them'
        )


def over_limit(
    error: exception.RequestFailed,
    image_id: str,
    declared: diff.Declared,
    members: int = 0,
) -> OverLimit | None:
    """Return which limit an answer is about, if it is about one.

    :param declared: what the template asks for
    :param members: how many members the image would have
    """
    found = _OVER.search(error.reason)
    if error.status != http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE or not found:
        return None
    kind = found[1]
    # Members are added one by one, and the first one too many is refused.
    total = members if kind == MEMBERS else 0
    return OverLimit(
        image_id,
        kind,
        len(getattr(declared, kind)),
        max(total, int(found[2])),
        int(found[3]),
        error,
    )


def protected(
    error: exception.RequestFailed,
    names: Iterable[str],
    attempt: Callable[[Sequence[str]], object],
) -> list[str]:
    """Return the names of all protected properties that a request met with.

    Glance names the first one, in the order of the request, and carries
    nothing out.  The others are found by the same request without those
    before it, and with that one at its end: so it is refused again.

    :param error: the answer to the request
    :param names: properties in the request, in its order
    :param attempt: repeats the request with these properties only
    """
    rest = list(names)
    found: list[str] = []
    while True:
        name = _named(error, rest)
        if name is None:
            break
        found.append(name)
        rest = rest[rest.index(name) + 1 :]
        if not rest or len(found) == MOST_FOUND:
            break
        try:
            attempt([*rest, found[0]])
        except exception.RequestFailed as again:
            error = again
        else:
            LOG.warning('Glance permits now what it refused: %s', error)
            break
    return found


def _named(error: exception.RequestFailed, names: Iterable[str]) -> str | None:
    """Return which property an answer calls reserved, if it does.

    It is not one that Glance alone may set: those the rules have refused.
    """
    found = _RESERVED.search(error.reason)
    if error.status != http.HTTPStatus.FORBIDDEN or not found:
        return None
    # The words of a server are shown without the white space between them.
    return next(
        (name for name in names if ' '.join(name.split()) == found[1]), None
    )


def _for_administrators(
    error: exception.RequestFailed, attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what of a refused request is not for everybody."""
    if error.status != http.HTTPStatus.FORBIDDEN:
        return {}
    return {
        name: value
        for name, value in attributes.items()
        if name == 'owner' or (name, value) == ('visibility', 'public')
    }


def explain(
    error: exception.RequestFailed,
    image_id: str,
    declared: diff.Declared,
    *,
    attributes: Mapping[str, Any],
    members: int = 0,
    names: Iterable[str] = (),
    attempt: Callable[[Sequence[str]], object],
) -> None:
    """Raise what is the cause of a refusal, if it is known.

    :param declared: what the template asks for
    :param attributes: base attributes that the request set
    :param members: how many members the image would have
    :param names: custom properties in the request, in its order
    :param attempt: repeats the request with these properties only
    :raises: :class:`OverLimit`, :class:`PropertiesProtected`,
        :class:`ForAdministrators`
    """
    if isinstance(error, permission.NotAMember):
        # It says all there is to say.
        return
    limit = over_limit(error, image_id, declared, members)
    if limit is not None:
        raise limit from None
    found = protected(error, names, attempt)
    if found:
        raise PropertiesProtected(image_id, found, error) from None
    values = _for_administrators(error, attributes)
    if values:
        raise ForAdministrators(image_id, values, error) from None
