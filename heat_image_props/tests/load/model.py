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

"""What a stack of the soak declares, and what is known of it.

Pure: no Heat, no HTTP, no clock.
"""

import dataclasses
import hashlib

#: Values that attributes go back to when a template drops them.
DEFAULTS = {
    'min_disk': 0,
    'min_ram': 0,
    'protected': False,
    'hidden': False,
    'visibility': 'private',
}

#: Name in Glance of a property of the resource, where it is another one.
GLANCE = {'hidden': 'os_hidden'}

#: Bytes of data of an image.
SIZE = 256 * 1024


@dataclasses.dataclass(frozen=True)
class Data:
    """The data of an image.

    :param name: of the file that the source serves
    :param has_hash: whether the template says which hash it has
    :param fails: whether the source fails to deliver it
    """

    name: str
    has_hash: bool = False
    fails: bool = False

    def content(self):
        """Return the bytes of the file."""
        return hashlib.sha256(self.name.encode()).digest() * (SIZE // 32)

    @property
    def path(self):
        """The path that the template asks the source for."""
        return f'status/500/{self.name}' if self.fails else self.name


@dataclasses.dataclass(frozen=True)
class Declaration:
    """What a template says about its one image.

    :param properties: custom properties, as the template gives them
    :param tags: tags
    :param attributes: of the properties of :data:`DEFAULTS`, those given
    :param name: name of the image
    :param members: ids of projects
    :param active: whether the data can be used, or None
    :param data: the :class:`Data`, or None for an image without
    """

    properties: dict = dataclasses.field(default_factory=dict)
    tags: frozenset = frozenset()
    attributes: dict = dataclasses.field(default_factory=dict)
    name: str = ''
    members: frozenset = frozenset()
    active: bool | None = None
    data: Data | None = None

    def template(self, url_of):
        """Return the template.

        :param url_of: makes a URL of a path of the source
        """
        properties = {
            'name': self.name,
            'disk_format': 'raw',
            'container_format': 'bare',
            'property': dict(self.properties),
            'tags': sorted(self.tags),
            # Whatever becomes protected shall be deleted all the same.
            'force_delete': True,
            **self.attributes,
        }
        if self.members:
            properties['members'] = sorted(self.members)
        if self.active is not None:
            properties['active'] = self.active
        if self.data:
            properties['location'] = url_of(self.data.path)
            if self.data.has_hash:
                digest = hashlib.sha512(self.data.content()).hexdigest()
                properties['image_hash'] = {'algo': 'sha512', 'value': digest}
        return {
            'heat_template_version': '2021-04-16',
            'resources': {
                'image': {
                    'type': 'OS::Glance::Image',
                    'properties': properties,
                }
            },
        }

    def texts(self):
        """Return the custom properties as Glance shall keep them."""
        return {name: text(value) for name, value in self.properties.items()}

    def expected(self):
        """Return all attributes as Glance shall show them, by its names."""
        values = {**DEFAULTS, **self.attributes}
        if self.members:
            values['visibility'] = 'shared'
        status = 'queued'
        if self.data:
            status = 'deactivated' if self.active is False else 'active'
        return {
            'name': self.name,
            'status': status,
            **{GLANCE.get(name, name): each for name, each in values.items()},
        }


def text(value):
    """Return a value as the text that Glance keeps."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return str(value)


@dataclasses.dataclass
class Stack:
    """What is known of a stack from its creation to its deletion.

    :param accepted: what the last operation that was complete has declared
    :param tried: what was declared last, whatever became of it
    :param is_sound: whether the image is what is accepted: no operation
        after that one failed
    :param is_gone: whether the image was deleted behind the stack's back
    :param image_id: the image
    :param keys: all custom properties that were ever declared
    :param tags: all tags, likewise
    :param members: all members, likewise
    :param foreign: what others set on the image
    :param downloads: how often the data of a name may have been fetched
    """

    accepted: Declaration | None = None
    tried: Declaration | None = None
    is_sound: bool = False
    is_gone: bool = False
    image_id: str | None = None
    keys: set = dataclasses.field(default_factory=set)
    tags: set = dataclasses.field(default_factory=set)
    members: set = dataclasses.field(default_factory=set)
    foreign: dict = dataclasses.field(default_factory=dict)
    downloads: dict = dataclasses.field(default_factory=dict)

    def declare(self, declaration):
        """Note what is declared before it is asked for."""
        if declaration.data and (
            self.tried is None or self.tried.data != declaration.data
        ):
            self.allow_download(declaration.data)
        self.tried = declaration
        self.keys |= set(declaration.properties)
        self.tags |= declaration.tags
        self.members |= declaration.members

    def allow_download(self, data):
        """Note a reason to fetch data (again)."""
        if data:
            self.downloads[data.name] = self.downloads.get(data.name, 0) + 1

    def accept(self, image_id):
        """Note that the last operation is complete.

        :param image_id: the image that the stack has now
        """
        self.see(image_id)
        self.accepted = self.tried
        self.is_sound = True
        self.is_gone = False

    def fail(self, image_id):
        """Note that it failed."""
        self.see(image_id)
        self.is_sound = False

    def take_back(self):
        """Note that what was declared last is rolled back, or refused."""
        self.tried = self.accepted

    def see(self, image_id):
        """Note the image that the stack has now."""
        if image_id != self.image_id:
            # What others set was on the old one.
            self.foreign = {}
            self.is_gone = False
        self.image_id = image_id

    def vanish(self):
        """Note that the image was deleted behind the stack's back."""
        self.is_gone = True
        self.foreign = {}
        self.allow_download(self.tried.data)

    def may_replace(self, before, was_usable):
        """Say whether an operation may have led to another image.

        :param before: what was accepted before it
        :param was_usable: whether the image existed, with its data if it
            shall have some
        """
        return (
            not was_usable or before is None or before.data != self.tried.data
        )
