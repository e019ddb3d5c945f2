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

"""Requests to Glance, by operation and peer, counted at its proxy."""

import collections
import collections.abc
import dataclasses
import uuid

from keystoneauth1 import adapter
import tenacity

from benchmarks import figures
from benchmarks import peer
from benchmarks import peers_clients
from benchmarks import peers_heat
from benchmarks import peers_tools
from benchmarks import wanted
from minicloud import requestlog
from minicloud import running

TITLE = 'Requests to Glance'

#: The user agent of what the benchmark itself asks, which is not counted.
AGENT = 'benchmark'

_PATCH = {'Content-Type': 'application/openstack-images-v2.1-json-patch'}

#: The most requests that ours may need, by operation.
_TARGETS = {
    'update that changes nothing': 0,
    'change 1 property': 3,
    'change 10, remove 5, add 5': 3,
    'property, tags, name and visibility': 3,
    'empty the tags': 3,
    'check': 1,
    'repair drift': 1 + 3,
    'delete': 1,
}

_AFTER_FAILURE = 'update refused, then a good one'


class Images:
    """Glance as the benchmark itself sees it, by requests of its own.

    :param cloud: the cloud.
    """

    def __init__(self, cloud: running.RunningCloud) -> None:
        self._glance = adapter.Adapter(
            cloud.session(),
            service_type='image',
            region_name=cloud.region,
            user_agent=AGENT,
        )

    def get(self, image_id: str) -> dict | None:
        """An image, or None if there is none."""
        answer = self._glance.get(f'/v2/images/{image_id}', raise_exc=False)
        return answer.json() if answer.status_code == 200 else None

    def named(self, name: str) -> str | None:
        """The id of an image, by its name."""
        answer = self._glance.get('/v2/images', params={'name': name})
        found = answer.json()['images']
        return found[0]['id'] if found else None

    def patch(self, image_id: str, *operations: dict) -> None:
        """Change an image."""
        self._glance.patch(
            f'/v2/images/{image_id}', json=list(operations), headers=_PATCH
        )

    def delete(self, image_id: str) -> None:
        """Delete an image, if there is one."""
        self._glance.delete(f'/v2/images/{image_id}', raise_exc=False)

    def wait(self, image_id: str) -> None:
        """Wait until an image has its data.

        :raises peer.Cannot: it does not get it.
        """

        def is_busy(image: dict | None) -> bool:
            return bool(image) and (
                image['status'] != 'active' or 'os_glance_import_task' in image
            )

        image = tenacity.Retrying(
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(60),
            retry=tenacity.retry_if_result(is_busy),
            retry_error_callback=lambda state: state.outcome.result(),
        )(self.get, image_id)
        if image is None or is_busy(image):
            raise peer.Cannot(
                f'the image is {image and image["status"]} after a minute'
            )

    def set(self, image_id: str, new: wanted.Wanted) -> None:
        """Bring the metadata of an image to what is declared."""
        image = self.get(image_id) or {}
        operations = [
            {'op': 'replace', 'path': '/name', 'value': new.name},
            {'op': 'replace', 'path': '/visibility', 'value': new.visibility},
            {'op': 'replace', 'path': '/tags', 'value': list(new.tags)},
        ]
        operations += [
            {'op': 'add', 'path': f'/{name}', 'value': value}
            for name, value in new.properties.items()
        ]
        operations += [
            {'op': 'remove', 'path': f'/{name}'}
            for name in image
            if name.startswith(wanted.PREFIX) and name not in new.properties
        ]
        self.patch(image_id, *operations)


def count(
    requests: collections.abc.Iterable[requestlog.Request],
) -> tuple[int, str]:
    """How many requests there are, and of which methods, in words."""
    methods = collections.Counter(
        request.method
        for request in requests
        if AGENT not in request.user_agent
    )
    return methods.total(), ', '.join(
        f'{number} {method}' for method, number in sorted(methods.items())
    )


class Life:
    """The life of one image with one peer.

    :param cloud: the cloud.
    :param one: the peer.
    """

    def __init__(self, cloud: running.RunningCloud, one: peer.Peer) -> None:
        self._cloud = cloud
        self._peer = one
        self._images = Images(cloud)
        self._id = ''
        self.figures: list[figures.Figure] = []

    def measure(self) -> list[figures.Figure]:
        """Lead the image through all operations."""
        name = f'bench-{uuid.uuid4().hex[:8]}-1'
        if not self._create(name):
            return self.figures
        now = wanted.base(name)
        for what, after in wanted.updates(name):
            self._update(what, now, after)
            now = after
        self._check(now)
        self._repair(now)
        now = self._update_after_failure(now)
        self._delete(now)
        return self.figures

    def _create(self, name: str) -> bool:
        new = wanted.base(name)
        url = self._cloud.source.put(f'{name}.img', name.encode() * 4096)

        def create() -> None:
            found = self._peer.create(new, url) or self._images.named(name)
            if found is None:
                raise peer.Cannot('no image was made')
            self._id = found
            self._images.wait(found)
            self._look(new)

        figure = self._count('create', create)
        polls = self._polls
        if figure.value is not None:
            figure = dataclasses.replace(
                figure, note=f'{figure.note}; {polls} of them looks at it'
            )
        if self._is_ours:
            figure = dataclasses.replace(
                figure,
                target='2 + looks',
                met=figures.met(figure.value, 2 + polls),
            )
        self.figures.append(figure)
        if self._id:
            self._images.set(self._id, new)
        return bool(self._id)

    def _update(
        self, what: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> None:
        def update() -> None:
            self._apply(before, after)

        self._note(what, update)
        self._images.set(self._id, after)

    def _apply(self, before: wanted.Wanted, after: wanted.Wanted) -> None:
        old = self._id
        self._id = self._peer.update(old, before, after) or old
        if self._id != old:
            raise peer.Cannot(
                'the image is replaced: another id, and its data is '
                'downloaded again'
            )
        self._look(after)

    def _check(self, now: wanted.Wanted) -> None:
        mark = self._cloud.wire.log.mark()

        def check() -> None:
            if not self._peer.check(self._id, now):
                raise peer.Cannot('an image that is as declared is not to it')
            if not count(self._cloud.wire.log.since(mark))[0]:
                raise peer.Cannot('says that all is well without a look')

        self._note('check', check)

    def _repair(self, now: wanted.Wanted) -> None:
        first, second = list(now.properties)[:2]
        self._images.patch(
            self._id,
            {'op': 'replace', 'path': f'/{first}', 'value': 'of others'},
            {'op': 'remove', 'path': f'/{second}'},
        )

        def repair() -> None:
            self._peer.repair(self._id, now)
            self._look(now)

        self._note('repair drift', repair)
        self._images.set(self._id, now)

    def _update_after_failure(self, now: wanted.Wanted) -> wanted.Wanted:
        good = now.change(**{wanted.key(1): 'changed at last'})
        # That is for administrators: Glance refuses it to an ordinary member.
        bad = dataclasses.replace(good, visibility='public')

        def update() -> None:
            try:
                self._peer.update(self._id, now, bad)
            except peer.Cannot:
                self._apply(now, good)
            else:
                raise peer.Cannot('a refusal is not reported')

        self._note(_AFTER_FAILURE, update)
        return good

    def _delete(self, now: wanted.Wanted) -> None:
        def delete() -> None:
            self._peer.delete(self._id, now)
            if self._images.get(self._id):
                raise peer.Cannot('the image is still there')

        self._note('delete', delete)
        self._images.delete(self._id)

    def _look(self, new: wanted.Wanted) -> None:
        """See that Glance holds what is declared.

        :raises peer.Cannot: it does not.
        """
        said = new.differences(self._images.get(self._id) or {})
        if said:
            more = f' and {len(said) - 2} more' if len(said) > 2 else ''
            raise peer.Cannot(f'afterwards {", ".join(said[:2])}{more}')

    def _note(
        self, what: str, operation: collections.abc.Callable[[], None]
    ) -> None:
        figure = self._count(what, operation)
        most = _TARGETS.get(what)
        if self._is_ours and most is not None:
            figure = dataclasses.replace(
                figure,
                target=f'<= {most}' if most else '0',
                met=figures.met(figure.value, most),
            )
        self.figures.append(figure)

    def _count(
        self, what: str, operation: collections.abc.Callable[[], None]
    ) -> figures.Figure:
        mark = self._cloud.wire.log.mark()
        reason = ''
        try:
            operation()
        except peer.Cannot as error:
            reason = str(error)
        requests = self._cloud.wire.log.since(mark)
        number, methods = count(requests)
        self._polls = sum(
            request.method == 'GET'
            and request.path.endswith(self._id)
            and AGENT not in request.user_agent
            for request in requests
        )
        if reason:
            sent = f'after {number} requests' if number else 'no request'
            return figures.Figure(
                what, self._peer.name, None, note=f'{reason} ({sent})'
            )
        return figures.Figure(what, self._peer.name, number, note=methods)

    @property
    def _is_ours(self) -> bool:
        return self._peer.name == figures.OURS


def peers(cloud: running.RunningCloud) -> list[peer.Peer]:
    """All that are compared, ours first."""
    return [
        *(peers_heat.StackPeer(cloud, kind) for kind in peers_heat.KEYS),
        peers_clients.Command(cloud),
        peers_clients.Sdk(cloud),
        peers_clients.GlanceClient(cloud),
        peers_tools.Ansible(cloud),
        peers_tools.ImageManager(cloud),
    ]


def measure() -> collections.abc.Iterator[figures.Figure]:
    """Lead one image through its life with each peer."""
    cloud = running.RunningCloud.from_environment()
    for one in peers(cloud):
        if peer.is_chosen(one.name):
            print(f'requests: {one.name}', flush=True)
            yield from Life(cloud, one).measure()
