# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""What is declared of an image, and the operations that change it. Pure."""

import collections.abc
import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Wanted:
    """All that a user declares of an image.

    :ivar name: of the image.
    :ivar visibility: ``private`` or another word of Glance.
    :ivar tags: of the image, sorted.
    :ivar properties: custom ones, as text.
    """

    name: str
    visibility: str
    tags: tuple[str, ...]
    properties: collections.abc.Mapping[str, str]

    def change(
        self, removed: collections.abc.Iterable[str] = (), **properties: str
    ) -> 'Wanted':
        """The same with other properties."""
        kept = {**self.properties, **properties}
        for name in removed:
            del kept[name]
        return dataclasses.replace(self, properties=kept)

    def differences(self, image: collections.abc.Mapping[str, Any]) -> list:
        """Say how an image differs from this, which declares all of it.

        :param image: as Glance shows it.
        """
        said = [
            f'{name} is {image.get(name)!r}'
            for name, value in (
                ('name', self.name),
                ('visibility', self.visibility),
                ('tags', list(self.tags)),
            )
            if _sorted(image.get(name)) != value
        ]
        for name, value in self.properties.items():
            if name not in image:
                said.append(f'{name} is missing')
            elif image[name] != value:
                said.append(f'{name} is {image[name]!r}')
        said.extend(
            f'{name} is still there'
            for name in sorted(image)
            if name.startswith(PREFIX) and name not in self.properties
        )
        return said


#: What the names of all custom properties begin with.
PREFIX = 'bench_'


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def key(index: int) -> str:
    """The name of the nth custom property."""
    return f'{PREFIX}{index:02}'


def base(name: str) -> Wanted:
    """What an image is created with: 20 properties and 2 tags.

    :param name: of the image.
    """
    return Wanted(
        name,
        'private',
        ('golden', 'nightly'),
        {key(index): f'value {index}' for index in range(20)},
    )


def updates(name: str) -> list[tuple[str, Wanted]]:
    """The operations that change metadata, one after the other.

    :param name: of the image.
    :returns: what is done, and what is declared after it.
    """
    start = base(name)
    one = start.change(**{key(0): 'changed'})
    many = one.change(
        removed=map(key, range(15, 20)),
        **{key(index): f'new {index}' for index in range(10)},
        **{key(index): f'value {index}' for index in range(20, 25)},
    )
    everything = dataclasses.replace(
        many.change(**{key(10): 'changed'}),
        name=f'{name}-renamed',
        visibility='shared',
        tags=('golden', 'weekly'),
    )
    return [
        ('update that changes nothing', start),
        ('change 1 property', one),
        ('change 10, remove 5, add 5', many),
        ('property, tags, name and visibility', everything),
        ('empty the tags', dataclasses.replace(everything, tags=())),
    ]
