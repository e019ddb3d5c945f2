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

"""What the race load and the soak use of a cloud, whatever state it is in."""

import contextlib
import time

from heatclient import client as heat_client
from heatclient import exc as heat_exc
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
import tenacity

#: The user agent of the load itself, for Glance.
AGENT = 'load-test'

#: Seconds for which a service that is down is waited for.
_PATIENCE = 180

#: Seconds between two looks at a stack.
_LOOK = 0.7

_PATCH = {'Content-Type': 'application/openstack-images-v2.1-json-patch'}


class Stuck(Exception):
    """An operation did not end in its time."""


def is_passing(error):
    """Say whether an error of Heat may be gone a moment later."""
    if isinstance(error, heat_exc.HTTPException):
        code = int(getattr(error, 'code', 0) or 0)
        # 409: two requests for one stack, one of which was ours too.
        return code >= 500 or code in (401, 408, 409)
    return isinstance(
        error, (ksa_exceptions.ClientException, heat_exc.BaseException)
    )


def _patiently(function, *args, **kwargs):
    """Call something that fails while a service is down."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_passing),
        wait=tenacity.wait_random(0.5, 1.5),
        stop=tenacity.stop_after_delay(_PATIENCE),
        reraise=True,
    )(function, *args, **kwargs)


class Stacks:
    """The stacks of a user, as one thread uses them.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    :param minutes: that an operation may take
    """

    def __init__(self, cloud, minutes):
        self._minutes = minutes
        self._heat = heat_client.Client(
            '1',
            session=cloud.session(),
            service_type='orchestration',
            interface='public',
            region_name=cloud.region,
        )

    def create(self, name, template):
        """Begin to create a stack, once, and return its id."""

        def create():
            try:
                return self._heat.stacks.create(
                    stack_name=name,
                    template=template,
                    disable_rollback=True,
                    timeout_mins=self._minutes,
                )['stack']['id']
            except heat_exc.HTTPConflict:
                # An answer was lost: the stack exists.
                return self._heat.stacks.get(name, resolve_outputs=False).id

        return _patiently(create)

    def update(self, stack_id, template, rolls_back=False):
        """Begin to update a stack.

        :raises heatclient.exc.HTTPBadRequest: the template is refused
        """
        _patiently(
            self._heat.stacks.update,
            stack_id,
            template=template,
            disable_rollback=not rolls_back,
            timeout_mins=self._minutes,
        )

    def check(self, stack_id):
        """Begin to check a stack."""
        _patiently(self._heat.actions.check, stack_id)

    def delete(self, stack_id):
        """Begin to delete a stack, if there is one."""
        # That it is gone is what was wanted.
        with contextlib.suppress(heat_exc.HTTPNotFound):
            _patiently(self._heat.stacks.delete, stack_id)

    def get(self, stack_id):
        """Return a stack."""
        return _patiently(
            self._heat.stacks.get, stack_id, resolve_outputs=False
        )

    def status(self, stack_id):
        """Return the state of a stack, and why it is in it."""
        try:
            stack = self.get(stack_id)
        except heat_exc.HTTPNotFound:
            return 'DELETE_COMPLETE', ''
        # Heat stores a failure before it starts the roll-back.
        if not stack.disable_rollback and (
            stack.stack_status in ('CREATE_FAILED', 'UPDATE_FAILED')
        ):
            return 'ROLLBACK_IN_PROGRESS', ''
        return stack.stack_status, stack.stack_status_reason

    def wait(self, stack_id, is_over=None, margin=60):
        """Wait until an operation has ended, and return how, and why.

        :param is_over: called at each look; true to wait no longer, and to
            return the state as it is
        :param margin: seconds besides the time that Heat gives it
        :raises Stuck: it did not
        """
        end = time.monotonic() + self._minutes * 60 + margin
        while True:
            status, reason = self.status(stack_id)
            if not status.endswith('IN_PROGRESS') or (is_over and is_over()):
                return status, reason
            if time.monotonic() > end:
                raise Stuck(f'{status} for too long')
            # Between two looks; the condition is above.
            time.sleep(_LOOK)

    def _resources(self, stack_id):
        try:
            return _patiently(self._heat.resources.list, stack_id)
        except heat_exc.HTTPNotFound:
            return []

    def images(self, stack_id):
        """Return the ids of images by the names of their resources."""
        return {
            each.resource_name: each.physical_resource_id or None
            for each in self._resources(stack_id)
        }

    def complete(self, stack_id):
        """Return the names of the resources that are complete."""
        return {
            each.resource_name
            for each in self._resources(stack_id)
            if each.resource_status.endswith('_COMPLETE')
        }

    def reasons(self, stack_id):
        """Return why resources are in their states."""
        return [
            f'{each.resource_name} {each.resource_status}: '
            f'{each.resource_status_reason}'
            for each in self._resources(stack_id)
        ]


class Images:
    """Glance as the load itself sees it, through the same proxy.

    :param cloud: a :class:`minicloud.running.RunningCloud`
    """

    def __init__(self, cloud):
        self._glance = adapter.Adapter(
            cloud.session(),
            service_type='image',
            region_name=cloud.region,
            user_agent=AGENT,
        )

    def request(self, method, path, expect=(), **kwargs):
        """Ask Glance, again while it is down or in trouble.

        :param expect: statuses that are an answer, besides those of success
        """

        def ask():
            answer = self._glance.request(
                f'/v2/{path}', method, raise_exc=False, **kwargs
            )
            code = answer.status_code
            if code in expect or code < 300:
                return answer
            answer.raise_for_status()
            raise RuntimeError(f'{method} {path}: {code}')

        return tenacity.Retrying(
            wait=tenacity.wait_random(0.5, 1.5),
            stop=tenacity.stop_after_delay(_PATIENCE),
            reraise=True,
        )(ask)

    def get(self, image_id):
        """Return an image, or None if there is none."""
        if image_id is None:
            return None
        answer = self.request('GET', f'images/{image_id}', (404,))
        return None if answer.status_code == 404 else answer.json()

    def members(self, image_id):
        """Return the ids of the projects that an image is shared with."""
        answer = self.request('GET', f'images/{image_id}/members', (404,))
        if answer.status_code == 404:
            return set()
        return {each['member_id'] for each in answer.json()['members']}

    def all(self):
        """Return all images of the project, hidden ones too."""
        found = []
        for hidden in ('false', 'true'):
            path = f'images?limit=1000&os_hidden={hidden}'
            found += self.request('GET', path).json()['images']
        return found

    def add(self, image_id, name, value):
        """Set a custom property; false if there is no such image."""
        operation = {'op': 'add', 'path': f'/{name}', 'value': value}
        answer = self.request(
            'PATCH',
            f'images/{image_id}',
            # Of an image that is being deleted.
            (403, 404, 409, 410),
            json=[operation],
            headers=_PATCH,
        )
        return answer.status_code not in (404, 410)

    def delete(self, image_id):
        """Delete an image; false if that is refused."""
        answer = self.request(
            'DELETE', f'images/{image_id}', (400, 403, 404, 409)
        )
        return answer.status_code in (204, 404)


def is_at_rest(image):
    """Say whether nothing is fetching or writing the data of an image."""
    return bool(
        image
        and image['status'] in ('active', 'deactivated', 'queued')
        and not image.get('os_glance_import_task')
    )
