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

"""The base of tests on a real Keystone, Glance and Heat.

The cloud is the one that the environment leads to (``python -m minicloud run
-- COMMAND``).  Without one every test fails; none is skipped.
"""

import pathlib
from typing import ClassVar
import uuid

from heatclient import client as heat_client
from heatclient import exc as heat_exc
from keystoneauth1 import adapter
import tenacity

from heat_image_props.tests import base
from minicloud import running

EXAMPLES = pathlib.Path(__file__).parents[3] / 'examples'

#: Seconds until an operation on a stack has ended, on a busy machine.
LONGEST = 240

AGENT = 'heat-image-props'

#: Path of the metadata definitions.
DEFINITIONS = '/v2/metadefs/'


def until(condition, *args):
    """Wait until something holds, and return it."""
    return tenacity.Retrying(
        wait=tenacity.wait_fixed(0.3),
        stop=tenacity.stop_after_delay(LONGEST),
        retry=tenacity.retry_if_result(lambda found: not found),
    )(condition, *args)


class StackFailed(Exception):
    """A stack ended in another state than the test expects."""


def ended(heat, stack_id, expect):
    """Wait until an operation on a stack has ended, in the expected state.

    :raises: :class:`StackFailed`
    """

    # A list that finds nothing costs Heat a query; to show a stack it loads
    # its template and all that belongs to it.  By the whole name, as from an
    # id alone Heat redirects, which makes it two requests.
    at_work = {'id': stack_id, 'status': 'IN_PROGRESS'}
    name = heat.stacks.get(stack_id, resolve_outputs=False).identifier

    def look():
        if next(heat.stacks.list(filters=at_work), None) is not None:
            return None
        stack = heat.stacks.get(name, resolve_outputs=False)
        # Heat stores a failure before it starts the roll-back
        # (``Stack.mark_failed`` of heat/engine/stack.py).
        rolls_back = not stack.disable_rollback and (
            stack.stack_status in ('CREATE_FAILED', 'UPDATE_FAILED')
        )
        begins = rolls_back or stack.stack_status.endswith('IN_PROGRESS')
        return None if begins else stack

    stack = tenacity.Retrying(
        wait=tenacity.wait_fixed(0.4),
        stop=tenacity.stop_after_delay(LONGEST),
        retry=tenacity.retry_if_result(lambda stack: stack is None),
    )(look)
    if stack.stack_status != expect:
        raise StackFailed(
            f'{stack.stack_name}: {stack.stack_status} instead of {expect}: '
            f'{stack.stack_status_reason}'
        )
    return stack


class FunctionalTestCase(base.BaseTestCase):
    """A test that acts as an ordinary member of a project."""

    USER = 'demo'

    #: Stacks that are being deleted while the next test runs.
    _leaving: ClassVar[dict[str, tuple[heat_client.Client, str]]] = {}
    #: Their images, whose requests belong to no test.
    _gone: ClassVar[set[str]] = set()

    @classmethod
    def tearDownClass(cls):
        """Wait until the stacks of all tests of the class are deleted."""
        super().tearDownClass()
        failures = []
        while cls._leaving:
            stack_id, (heat, test) = cls._leaving.popitem()
            try:
                ended(heat, stack_id, 'DELETE_COMPLETE')
            except StackFailed as error:
                failures.append(f'{test}: {error}')
        if failures:
            raise StackFailed('\n'.join(failures))

    def setUp(self):
        super().setUp()
        self.cloud = running.RunningCloud.from_environment()
        self.heat = self.heat_of(self.USER)
        self.glance = self.glance_of(self.USER)

    # Users ---------------------------------------------------------------

    def heat_of(self, user):
        """Return a client of Heat as another user of the cloud."""
        return heat_client.Client(
            '1',
            session=self.cloud.session(user),
            service_type='orchestration',
            interface='public',
            region_name=self.cloud.region,
        )

    def glance_of(self, user):
        """Return a connection to Glance as another user of the cloud."""
        return adapter.Adapter(
            self.cloud.session(user),
            service_type='image',
            region_name=self.cloud.region,
            user_agent='functional-test',
        )

    def project_of(self, user):
        """Return the id of the project of a user of the cloud."""
        return self.cloud.session(user).get_project_id()

    # Images --------------------------------------------------------------

    def source(self, content=None):
        """Serve some data and return its URL."""
        return self.cloud.source.put(
            f'{uuid.uuid4()}.img', content or uuid.uuid4().bytes * 4096
        )

    def image(self, image_id):
        """Return an image as Glance shows it."""
        return self.glance.get(f'/v2/images/{image_id}').json()

    def patch_image(self, image_id, *operations, raise_exc=True):
        """Change an image beside the stack, as any other client would."""
        return self.glance.patch(
            f'/v2/images/{image_id}',
            json=list(operations),
            headers={
                'Content-Type': 'application/openstack-images-v2.1-json-patch'
            },
            raise_exc=raise_exc,
        )

    def upload(self, image_id, content=b'data of the test'):
        """Give an image its data beside the stack."""
        return self.glance.put(
            f'/v2/images/{image_id}/file',
            data=content,
            headers={'Content-Type': 'application/octet-stream'},
        )

    def members(self, image_id):
        """Return the ids of the projects that an image is shared with."""
        answer = self.glance.get(f'/v2/images/{image_id}/members').json()
        return sorted(member['member_id'] for member in answer['members'])

    def image_exists(self, image_id):
        """Say whether an image exists."""
        response = self.glance.get(f'/v2/images/{image_id}', raise_exc=False)
        self.assertIn(response.status_code, (200, 404))
        return response.status_code == 200

    def requests(self, mark, image_id=None):
        """Return (method, status) of what the plugin sent since a mark.

        Left out is the reading of metadata definitions, which an engine does
        once an hour and a project, whichever stack comes first then;
        :mod:`test_metadefs` counts it.
        """
        return [
            (entry.method, entry.status)
            for entry in self.cloud.glance_log.since(mark)
            if AGENT in (entry.user_agent or '')
            and not entry.path.startswith(DEFINITIONS)
            and (image_id is None or image_id in entry.path)
            and not any(gone in entry.path for gone in self._gone)
        ]

    def methods(self, mark, image_id=None):
        """Return the methods of what the plugin sent since a mark."""
        return [method for method, _ in self.requests(mark, image_id)]

    # Stacks --------------------------------------------------------------

    def template(self, resources=None, **properties):
        """Return a template with one image, changed by keyword."""
        image = {
            'location': None,
            'disk_format': 'raw',
            'container_format': 'bare',
            **properties,
        }
        return {
            'heat_template_version': '2021-04-16',
            'resources': {
                'image': {
                    'type': 'OS::Glance::Image',
                    'properties': {
                        name: value
                        for name, value in image.items()
                        if value is not None
                    },
                },
                **(resources or {}),
            },
        }

    def create_stack(self, template, expect='CREATE_COMPLETE', **kwargs):
        """Create a stack, wait, and return its id."""
        stack_id = self.start_stack(template, **kwargs)
        self.wait_for(stack_id, expect)
        return stack_id

    def start_stack(self, template, **kwargs):
        """Begin to create a stack, and return its id."""
        stack_id = self.heat.stacks.create(
            stack_name=f'test-{uuid.uuid4().hex[:8]}',
            template=template,
            **kwargs,
        )['stack']['id']
        self.addCleanup(self.leave_stack, stack_id)
        return stack_id

    def update_stack(
        self, stack_id, template, expect='UPDATE_COMPLETE', **kwargs
    ):
        """Update a stack and wait."""
        self.heat.stacks.update(stack_id, template=template, **kwargs)
        return self.wait_for(stack_id, expect)

    def delete_stack(self, stack_id, expect='DELETE_COMPLETE'):
        """Delete a stack, if it exists, and wait."""
        try:
            self.heat.stacks.delete(stack_id)
            return self.wait_for(stack_id, expect)
        except heat_exc.HTTPNotFound:
            # That it is gone is what was wanted.
            return None

    def leave_stack(self, stack_id):
        """Begin to delete a stack, if it exists; the class waits for it."""
        try:
            images = {
                each.physical_resource_id
                for each in self.heat.resources.list(stack_id)
                if each.physical_resource_id
            }
            self.heat.stacks.delete(stack_id)
        except heat_exc.HTTPNotFound:
            # That it is gone is what was wanted.
            return
        self._gone.update(images)
        self._leaving[stack_id] = (self.heat, self.id())

    def abandon_stack(self, stack_id):
        """Let Heat forget a stack, and return what it told of it."""
        abandoned = self.heat.stacks.abandon(stack_id)
        # It goes on behind the answer, and to delete the stack meanwhile can
        # be an internal error of Heat.
        self.wait_for(stack_id, 'DELETE_COMPLETE')
        return abandoned

    def wait_for(self, stack_id, expect):
        """Wait until an operation has ended, in the expected state."""
        return ended(self.heat, stack_id, expect)

    def image_id(self, stack_id, name='image'):
        """Return the id of the image of a stack."""
        return self.heat.resources.get(stack_id, name).physical_resource_id

    def reason(self, stack_id, name='image'):
        """Return why a resource is in its state."""
        return self.heat.resources.get(stack_id, name).resource_status_reason

    def check_stack(self, stack_id, expect='CHECK_COMPLETE'):
        """Let Heat look for drift, and wait."""
        self.heat.actions.check(stack_id)
        return self.wait_for(stack_id, expect)

    def outputs(self, stack_id):
        """Return the outputs of a stack, worked out now."""
        return {
            output['output_key']: output['output_value']
            for output in self.heat.stacks.get(stack_id).outputs
        }

    def event_ids(self, stack_id):
        """Return the ids of all events of a stack so far."""
        return {event.id for event in self.heat.events.list(stack_id)}

    def said(self, stack_id, seen=(), name='image'):
        """Return what the events of a resource say, oldest first.

        Those of Heat itself, which only tell that a state was entered, are
        left out, and so are those that were seen before.
        """
        return [
            event.resource_status_reason
            for event in self.heat.events.list(
                stack_id, resource_name=name, sort_dir='asc'
            )
            if event.id not in seen
            and event.resource_status_reason != 'state changed'
        ]
