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

"""What a template would say about an image that exists.

Pure: no Heat, no HTTP.
What every image has, and what is as it is by default, is not said: a property
of the resource that is not declared is left alone by an update.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import fnmatch
from typing import Any

from heat_image_props import declaration
from heat_image_props import exception
from heat_image_props import rules
from heat_image_props import source
from heat_image_props import state


class NotDeclarable(exception.ImageError):
    """No template can declare an image as it is.

    :param image: the image as Glance shows it
    :param reason: why, a clause that follows its name
    """

    def __init__(self, image: Mapping[str, Any], reason: str) -> None:
        self.image_id = image['id']
        self.reason = reason
        super().__init__(f'{label(image)} {reason}')


@dataclasses.dataclass(frozen=True)
class Export:
    """An existing image in the terms of a template.

    :param values: properties of the resource by name, those that the rules
        accept
    :param left_out: what is on the image and cannot be declared
    """

    values: Mapping[str, Any]
    left_out: tuple[rules.Offence, ...]


def label(image: Mapping[str, Any]) -> str:
    """Return how messages call an image: by its name and its id."""
    name = image.get('name')
    if not name:
        return f'Image {image["id"]}'
    return f"Image '{rules.shown(name)}' ({image['id']})"


def export(
    image: Mapping[str, Any],
    members: Iterable[str] = (),
    owner: str | None = None,
    excluded: Iterable[str] = (),
) -> Export:
    """Return the properties of a resource that declare an image as it is.

    The hash of its data is among them, so that a location can be added to
    the template later: of the same data nothing is downloaded.  The location
    itself is not, as Glance does not keep where data came from.

    :param image: the image as Glance shows it
    :param members: ids of the projects that it is shared with
    :param owner: id of the project to declare as its owner, or None to leave
        that unsaid
    :param excluded: names of custom properties that are not declared, as
        patterns of a shell
    :raises: :class:`NotDeclarable`
    """
    _check(image)
    excluded = tuple(excluded)
    wanted = {
        'name': image.get('name'),
        'disk_format': image['disk_format'],
        'container_format': image['container_format'],
        **{
            name: image.get(glance)
            for name, glance in declaration.BASE_ATTRIBUTES.items()
            if image.get(glance) != declaration.DEFAULTS.get(glance)
        },
        'owner': owner,
        'members': sorted(members),
        # An image that waits for its data will be active by itself.
        'active': False if image['status'] == 'deactivated' else None,
        'stores': _stores(image),
        'image_hash': _hash(image),
        'tags': sorted(image.get('tags') or ()),
        'property': {
            name: value
            for name, value in sorted(rules.custom(image).items())
            if not any(
                fnmatch.fnmatchcase(name, pattern) for pattern in excluded
            )
        },
    }
    values = {}
    left_out: list[rules.Offence] = []
    for name, whole in wanted.items():
        value, offences = _sift(name, whole)
        left_out += offences
        if value is False or value:
            values[name] = value
    return Export(values, tuple(sorted(left_out)))


def _check(image: Mapping[str, Any]) -> None:
    """Refuse an image of which a valid resource cannot be made."""
    if state.has_ended(image):
        raise NotDeclarable(
            image, f'has the status {image["status"]} and is of no use'
        )
    formats = {
        'disk_format': source.DISK_FORMATS,
        'container_format': source.CONTAINER_FORMATS,
    }
    for name, known in formats.items():
        value = image.get(name)
        if value is None:
            option = name.replace('_', '-')
            raise NotDeclarable(
                image,
                f'has no {name}, which a resource needs: give it one with '
                f'"openstack image set --{option} ..."',
            )
        if value not in known:
            raise NotDeclarable(
                image,
                f"has the {name} '{rules.shown(value)}', which "
                'OS::Glance::Image does not have',
            )
    for offence in declaration.check({name: image[name] for name in formats}):
        raise NotDeclarable(image, f"has a '{offence.key}' {offence.reason}")


def _stores(image: Mapping[str, Any]) -> list[str]:
    """Return the stores of an image that is in several.

    One store is where the cloud puts data by default, or a choice that no
    longer matters: the data is there.
    """
    stores = sorted(state.stores_of(image) or ())
    return stores if len(stores) > 1 and not state.is_busy(image) else []


def _hash(image: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of the data, if there is data and Glance has one."""
    if not state.has_data(image) or state.is_busy(image):
        return {}
    found = {
        'algo': image.get('os_hash_algo'),
        'value': image.get('os_hash_value'),
    }
    return {} if None in found.values() else found  # type: ignore[return-value]


def _sift(name: str, whole: Any) -> tuple[Any, list[rules.Offence]]:
    """Return what of a value the rules accept, and what is wrong with it.

    Of a list and a map, the items that are right are kept.
    """
    if name in declaration.MAPS:
        parts: list[Any] = [{key: value} for key, value in whole.items()]
    elif isinstance(whole, list):
        parts = [[item] for item in whole]
    else:
        offences = [] if whole is None else declaration.check({name: whole})
        return (None if offences else whole), list(offences)
    kept: list[Any] = []
    left_out: list[rules.Offence] = []
    for part in parts:
        offences = declaration.check({name: part})
        left_out += offences
        if not offences:
            kept.append(part)
    # Each by itself is right, and some may be one for a Glance on MySQL:
    # which of them was meant nobody can say.
    clashes = declaration.check({name: _joined(whole, kept)})
    left_out += clashes
    names = {offence.key for offence in clashes}
    prefix = '' if name in declaration.MAPS else f'{name}: '
    kept = [
        part
        for part in kept
        if f'{prefix}{rules.shown(next(iter(part)))}' not in names
    ]
    return _joined(whole, kept), left_out


def _joined(whole: Any, parts: list[Any]) -> Any:
    """Return parts of a list as a list, of a map as a map."""
    if isinstance(whole, list):
        return [item for part in parts for item in part]
    return {key: value for part in parts for key, value in part.items()}
