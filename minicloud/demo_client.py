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

"""What the demo does in a cloud, as an ordinary member of a project."""

import collections.abc
import subprocess
from typing import Any

from heatclient import client as heat_client
from heatclient.v1 import resources
from heatclient.v1 import stacks
from keystoneauth1 import adapter
import tenacity

from minicloud import installation
from minicloud import process
from minicloud import running

#: Seconds until an operation must have ended, on a busy machine.
LONGEST = 240


class CommandFailed(Exception):
    """A command ended with an error.

    :param argv: the command.
    :param code: its exit code.
    :param said: what it wrote to standard error.
    """

    def __init__(
        self, argv: collections.abc.Sequence[str], code: int, said: str
    ) -> None:
        self.argv = list(argv)
        self.code = code
        self.said = said
        super().__init__(f'{" ".join(argv)}: exit code {code}: {said}')


class Member:
    """A user's clients.

    :param cloud: the cloud.
    :param user: name of the user.
    :param template: the template of all stacks, as a document.
    """

    def __init__(
        self,
        cloud: running.RunningCloud,
        user: str,
        template: collections.abc.Mapping[str, Any],
    ) -> None:
        self._environment = cloud.environment(user)
        self._template = template
        self._session = cloud.session(user)
        self._heat = heat_client.Client(
            '1',
            session=self._session,
            service_type='orchestration',
            interface='public',
            region_name=cloud.region,
        )
        self._glance = adapter.Adapter(
            self._session,
            service_type='image',
            region_name=cloud.region,
            user_agent='minicloud-demo',
        )

    def roles(self) -> list[str]:
        """The names of the user's roles in the project, sorted."""
        auth: Any = self._session.auth
        return sorted(auth.get_access(self._session).role_names)

    def create_stack(
        self, name: str, parameters: collections.abc.Mapping[str, Any]
    ) -> str:
        """Ask for a stack, and return its id."""
        answer = self._heat.stacks.create(
            stack_name=name, template=self._template, parameters=parameters
        )
        return str(answer['stack']['id'])

    def update_stack(
        self, stack_id: str, parameters: collections.abc.Mapping[str, Any]
    ) -> None:
        """Ask for an update."""
        self._heat.stacks.update(
            stack_id, template=self._template, parameters=parameters
        )

    def delete_stack(self, stack_id: str) -> None:
        """Ask for the deletion."""
        self._heat.stacks.delete(stack_id)

    def stack(self, stack_id: str) -> stacks.Stack:
        """The stack, also for a while after its deletion."""
        # Without outputs: to find them, Heat would ask Glance.
        return self._heat.stacks.get(stack_id, resolve_outputs=False)

    def wait_for(self, stack_id: str, action: str) -> stacks.Stack:
        """Wait until an action has ended, well or not.

        :param action: ``CREATE``, ``UPDATE`` or ``DELETE``.
        :returns: the stack, still in progress if it took too long.
        """

        def goes_on(stack: stacks.Stack) -> bool:
            current, _, status = stack.stack_status.partition('_')
            return bool(current != action or status == 'IN_PROGRESS')

        return until_not(goes_on, lambda: self.stack(stack_id))

    def resource(self, stack_id: str) -> resources.Resource:
        """The resource ``image`` of a stack."""
        # A list: to show one resource, Heat would ask Glance for attributes.
        found = self._heat.resources.list(stack_id)
        return next(each for each in found if each.resource_name == 'image')

    def image(self, image_id: str) -> dict[str, Any]:
        """The image as Glance shows it."""
        image: dict[str, Any] = self._glance.get(
            f'/v2/images/{image_id}'
        ).json()
        return image

    def image_status(self, image_id: str) -> int:
        """The HTTP status of the answer to a request for the image."""
        return self._glance.get(
            f'/v2/images/{image_id}', raise_exc=False
        ).status_code

    def openstack(self, *arguments: str) -> str:
        """Run the openstack command, and return its output.

        :raises CommandFailed: it failed.
        """
        argv = [
            str(installation.script('python-openstackclient', 'openstack')),
            *arguments,
        ]
        done = subprocess.run(
            argv,
            env={**process.clean_environ(), **self._environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=LONGEST,
        )
        if done.returncode:
            raise CommandFailed(argv, done.returncode, done.stderr.strip())
        return done.stdout


def until_not(
    condition: collections.abc.Callable[[Any], bool],
    look: collections.abc.Callable[[], Any],
) -> Any:
    """Look while a condition holds, at most for :data:`LONGEST` seconds.

    :returns: what was seen last, which says more than that time is over.
    """
    seen: Any = None

    def look_again() -> Any:
        nonlocal seen
        seen = look()
        return seen

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(condition),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(LONGEST),
        retry_error_callback=lambda state: seen,
    )
    return retrying(look_again)
