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

"""Bytes that Glance downloads again, by the property that an update changes.

All images are of one stack for each type, and each gets one change.
"""

import dataclasses
import hashlib
import os
from typing import Any
import uuid

from benchmarks import figures
from benchmarks import glance_requests
from benchmarks import peer
from benchmarks import peers_heat
from benchmarks import wanted
from heat_image_props import schema
from minicloud import running

TITLE = 'Bytes downloaded again by an update'

WEB = 'OS::Glance::WebImage'

SIZE = 256 * 1024

#: What needs another region, or an administrator.
NOT_MEASURED = frozenset(
    (
        'all_stores',
        'remote_image',
        'remote_interface',
        'remote_region',
        'stores',
    )
)

_SOME_IMAGE = '11111111-1111-4111-8111-111111111111'


@dataclasses.dataclass(frozen=True)
class Change:
    """A property that changes.

    :ivar after: what is declared besides by the update.
    :ivar before: what is declared besides at first.
    :ivar of_web: whether WebImage has the property too.
    """

    after: dict[str, Any]
    before: dict[str, Any] = dataclasses.field(default_factory=dict)
    of_web: bool = False


def updatable() -> set[str]:
    """The properties of ours that an update can change."""
    return {
        name
        for name, each in schema.properties_schema.items()
        if each.update_allowed
    }


def changes(
    project: str, other: str, mirror: str, digest: str
) -> dict[str, Change]:
    """A change of each property, by its name.

    :param project: id of the project.
    :param other: id of another one.
    :param mirror: another URL of the same data.
    :param digest: its SHA-512.
    """
    data = {'image_hash': {'algo': 'sha512', 'value': digest}}
    shared = {'visibility': 'shared'}
    tested = {'bench_00': 'changed'}
    return {
        'name': Change({'name': 'another'}, of_web=True),
        'visibility': Change({'visibility': 'community'}, of_web=True),
        'is_public': Change({'is_public': False, 'visibility': None}),
        'members': Change({**shared, 'members': [other]}, shared, of_web=True),
        'owner': Change({'owner': project}, of_web=True),
        'min_disk': Change({'min_disk': 1}, of_web=True),
        'min_ram': Change({'min_ram': 64}, of_web=True),
        'protected': Change({'protected': False}, {'protected': True}, True),
        'hidden': Change({'hidden': True}),
        'active': Change({'active': False}, of_web=True),
        'tags': Change({'tags': ['another']}, of_web=True),
        'property': Change({'property': tested}),
        'extra_properties': Change({'extra_properties': tested}, of_web=True),
        'architecture': Change({'architecture': 'x86_64'}, of_web=True),
        'kernel_id': Change({'kernel_id': _SOME_IMAGE}),
        'ramdisk_id': Change({'ramdisk_id': _SOME_IMAGE}),
        'os_distro': Change({'os_distro': 'debian'}, of_web=True),
        'os_version': Change({'os_version': '13'}, of_web=True),
        'force_delete': Change({'force_delete': True}),
        'all_stores_must_succeed': Change({'all_stores_must_succeed': True}),
        'import_method': Change({'import_method': 'web-download'}),
        'image_hash': Change(data),
        'location': Change({**data, 'location': mirror}, data),
    }


class _Images:
    """A stack of one type with an image for each property."""

    def __init__(self, cloud: running.RunningCloud, kind: str) -> None:
        self._cloud = cloud
        self._kind = kind
        self._stacks = peers_heat.Stacks(cloud)
        self._content = os.urandom(SIZE)
        self._run = uuid.uuid4().hex[:6]
        digest = hashlib.sha512(self._content).hexdigest()
        self._changes = {
            name: change
            for name, change in changes(
                cloud.session().get_project_id(),
                cloud.session('other').get_project_id(),
                cloud.source.put(self._file('location'), self._content)
                + '?mirror',
                digest,
            ).items()
            if kind == figures.OURS or change.of_web
        }

    def _file(self, name: str) -> str:
        return f'bench-{self._run}-{name}.img'

    def _resources(self, is_after: bool) -> dict[str, Any]:
        found = {}
        for name, change in self._changes.items():
            url = self._cloud.source.put(self._file(name), self._content)
            declared = change.before | (change.after if is_after else {})
            new = wanted.Wanted(f'bench-{name}', 'private', ('nightly',), {})
            each = peers_heat.resource(self._kind, new, url)
            if self._kind == figures.OURS:
                # Two properties are another name for something declared.
                del each['properties'][peers_heat.KEYS[self._kind]]
            each['properties'].update(declared)
            each['properties'] = {
                key: value
                for key, value in each['properties'].items()
                if value is not None
            }
            found[name] = each
        return found

    def measure(self) -> list[figures.Figure]:
        """Create and update the stack, and count what is sent."""
        stack_id = self._stacks.create(self._resources(False), 2)
        problem = ''
        try:
            try:
                self._stacks.wait(stack_id)
            except peer.Cannot as error:
                problem = str(error)
            before = self._stacks.image_ids(stack_id)
            stuck = self._stuck(before)
            mark = self._cloud.source.mark()
            try:
                self._stacks.update(stack_id, self._resources(True))
                self._stacks.wait(stack_id)
            except peer.Cannot as error:
                problem = problem or str(error)
            after = self._stacks.image_ids(stack_id)
        finally:
            self._unprotect(stack_id)
            self._stacks.delete(stack_id)
        if problem:
            print(f'downloads: {self._kind}: {problem}', flush=True)
        self._stacks.wait(stack_id)
        return [
            figures.Figure(
                name,
                self._kind,
                None,
                note='the image did not become active when it was created',
            )
            if name in stuck
            else self._figure(name, mark, before.get(name) != after.get(name))
            for name in self._changes
        ]

    def _stuck(self, ids: dict[str, str]) -> set[str]:
        """The images that have no data, although the stack is made."""
        images = glance_requests.Images(self._cloud)
        found = {name: images.get(ids.get(name) or 'none') for name in ids}
        return {
            name
            for name in self._changes
            if (found.get(name) or {}).get('status') != 'active'
        }

    def _unprotect(self, stack_id: str) -> None:
        """Let all images be deleted, whatever became of the update."""
        images = glance_requests.Images(self._cloud)
        for image_id in self._stacks.image_ids(stack_id).values():
            image = images.get(image_id) if image_id else None
            if image and image['protected']:
                change = {'path': '/protected', 'value': False}
                images.patch(image_id, {'op': 'replace', **change})

    def _figure(
        self, name: str, mark: int, is_replaced: bool
    ) -> figures.Figure:
        sent = sum(
            request['bytes']
            for request in self._cloud.source.requests(mark)
            if self._file(name) in request['path']
            and request['method'] == 'GET'
        )
        figure = figures.Figure(
            name,
            self._kind,
            sent,
            note='the image is replaced' if is_replaced else '',
        )
        if self._kind != figures.OURS:
            return figure
        return dataclasses.replace(
            figure,
            target='0',
            met=figures.met(sent, 0) and not is_replaced,
        )


def measure() -> list[figures.Figure]:
    """Update every property of both types."""
    cloud = running.RunningCloud.from_environment()
    return [
        figure
        for kind in peers_heat.KEYS
        if peer.is_chosen(kind)
        for figure in _Images(cloud, kind).measure()
    ]
