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

"""The two resource types of Heat that make images: ours and WebImage."""

import collections.abc
from typing import Any
import uuid

from heatclient import client as heat_client
from heatclient import exc as heat_exc
import tenacity

from benchmarks import figures
from benchmarks import peer
from benchmarks import wanted
from minicloud import running

#: The property that holds custom properties, by type.
KEYS = {
    figures.OURS: 'property',
    'OS::Glance::WebImage': 'extra_properties',
}

#: What the user agent of the requests of a type contains.
AGENTS = {
    figures.OURS: 'heat-image-props',
    'OS::Glance::WebImage': 'python-glanceclient',
}


def resource(
    kind: str, new: wanted.Wanted, url: str, **properties: Any
) -> dict[str, Any]:
    """One image in a template.

    :param kind: the resource type.
    :param properties: more of the resource.
    """
    return {
        'type': kind,
        'properties': {
            'name': new.name,
            'visibility': new.visibility,
            'tags': list(new.tags),
            'location': url,
            'disk_format': 'raw',
            'container_format': 'bare',
            KEYS[kind]: dict(new.properties),
            **properties,
        },
    }


class Stacks:
    """The stacks of a user.

    :param cloud: the cloud.
    """

    def __init__(self, cloud: running.RunningCloud) -> None:
        self._heat = heat_client.Client(
            '1',
            session=cloud.session(),
            service_type='orchestration',
            interface='public',
            region_name=cloud.region,
        )

    def create(
        self,
        resources: collections.abc.Mapping[str, Any],
        timeout_mins: int = 1,
    ) -> str:
        """Begin to create a stack, and return its id."""
        answer = self._heat.stacks.create(
            stack_name=f'bench-{uuid.uuid4().hex[:8]}',
            template=_template(resources),
            disable_rollback=True,
            timeout_mins=timeout_mins,
        )
        return str(answer['stack']['id'])

    def update(
        self, stack_id: str, resources: collections.abc.Mapping[str, Any]
    ) -> None:
        """Begin to update a stack.

        :raises peer.Cannot: the template is refused.
        """
        try:
            self._heat.stacks.update(
                stack_id,
                template=_template(resources),
                disable_rollback=True,
                timeout_mins=1,
            )
        except heat_exc.HTTPBadRequest as error:
            raise peer.Cannot(peer.last_line(str(error))) from None

    def check(self, stack_id: str) -> None:
        """Begin to check a stack."""
        self._heat.actions.check(stack_id)

    def delete(self, stack_id: str) -> None:
        """Begin to delete a stack."""
        self._heat.stacks.delete(stack_id)

    def wait(self, stack_id: str, longest: float = peer.LONGEST) -> str:
        """Wait until an operation has ended well, and return the state.

        :raises peer.Cannot: it ended in failure, or not in time.
        """

        def goes_on(stack: Any) -> bool:
            return bool(stack.stack_status.endswith('IN_PROGRESS'))

        stack = tenacity.Retrying(
            wait=tenacity.wait_fixed(0.2),
            stop=tenacity.stop_after_delay(longest),
            retry=tenacity.retry_if_result(goes_on),
            retry_error_callback=lambda state: state.outcome.result(),
        )(self._heat.stacks.get, stack_id, resolve_outputs=False)
        if not stack.stack_status.endswith('COMPLETE'):
            raise peer.Cannot(
                f'{stack.stack_status}: {stack.stack_status_reason}'
            )
        return str(stack.stack_status)

    def image_ids(self, stack_id: str) -> dict[str, str]:
        """The ids of the images by the names of their resources."""
        return {
            each.resource_name: each.physical_resource_id
            for each in self._heat.resources.list(stack_id)
        }


def _template(
    resources: collections.abc.Mapping[str, Any],
) -> dict[str, Any]:
    return {
        'heat_template_version': '2021-04-16',
        'resources': dict(resources),
    }


class StackPeer(peer.Peer):
    """A stack with one image.

    :param cloud: the cloud.
    :param kind: the resource type.
    """

    def __init__(self, cloud: running.RunningCloud, kind: str) -> None:
        super().__init__(cloud)
        self.name = self._kind = kind
        self._stacks = Stacks(cloud)
        self._stack_id = ''
        self._url = ''

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        self._url = url
        self._stack_id = self._stacks.create(self._resources(new))
        self._stacks.wait(self._stack_id)
        return self._image_id()

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        self._stacks.update(self._stack_id, self._resources(after))
        self._stacks.wait(self._stack_id)
        return self._image_id()

    def check(self, image_id: str, declared: wanted.Wanted) -> bool:
        self._stacks.check(self._stack_id)
        try:
            self._stacks.wait(self._stack_id)
        except peer.Cannot:
            # The state of a stack is the answer.
            return False
        return True

    def repair(self, image_id: str, declared: wanted.Wanted) -> None:
        # An update to the same template asks nobody; after a check that
        # found something, it does.
        self.check(image_id, declared)
        self.update(image_id, declared, declared)

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        self._stacks.delete(self._stack_id)
        self._stacks.wait(self._stack_id)

    def _resources(self, new: wanted.Wanted) -> dict[str, Any]:
        return {'image': resource(self._kind, new, self._url)}

    def _image_id(self) -> str:
        return self._stacks.image_ids(self._stack_id)['image']
