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

"""The steps of the demo: each does something and checks what came of it."""

import collections.abc
import hashlib
import json
import operator
import os
import pathlib
import time
from typing import Any
import uuid

from heatclient import exc as heat_exc
from keystoneauth1 import exceptions as ksa_exceptions
import yaml

from minicloud import demo_client
from minicloud import demo_view
from minicloud import running

EXAMPLE = pathlib.Path(__file__).parents[1] / 'examples' / 'image.yaml'

#: The user agent of the resource type's own requests.
AGENT = 'heat-image-props'

#: An ordinary member of a project.
USER = 'demo'

#: Size of the image, in bytes.
SIZE = 4 * 1024**2

#: Seconds within which a failed download must be told.
SOON = 30

FILE = 'noble.img'
_MISSING = 'missing.img'

_REFUSED = (
    heat_exc.HTTPException,
    ksa_exceptions.ClientException,
    demo_client.CommandFailed,
)


def text_of(value: object) -> str:
    """A value of a template as Glance, which holds text only, has it.

    Found without the package that is being shown: JSON's way to write
    numbers and booleans is what its rules promise.
    """
    return value if isinstance(value, str) else json.dumps(value)


def changes(
    before: collections.abc.Mapping[str, Any],
    after: collections.abc.Mapping[str, Any],
) -> dict[str, tuple[Any, Any]]:
    """What differs between two looks at an image: (before, after) by name.

    ``updated_at`` is left out: it tells that something was written, not
    what.
    """
    return {
        name: (before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and name != 'updated_at'
    }


class Tour:
    """The steps, in their order, on a running cloud.

    :param cloud: the cloud.
    :param view: told about all that is done and found.
    """

    def __init__(
        self, cloud: running.RunningCloud, view: demo_view.View
    ) -> None:
        self._cloud = cloud
        self._view = view
        template = yaml.safe_load(EXAMPLE.read_text(encoding='utf-8'))
        self._member = demo_client.Member(cloud, USER, template)
        defaults = {
            name: parameter['default']
            for name, parameter in template['parameters'].items()
            if 'default' in parameter
        }
        self._name: str = defaults['name']
        self._declared: dict[str, Any] = defaults['property']
        self._stack_id = ''
        self._image_id = ''
        self._url = ''
        self._mark = 0

    def run(self) -> None:
        """Take all steps.

        :raises minicloud.demo_view.Mismatch: something is not as claimed.
        """
        for title, action in STEPS:
            with self._view.step(title) as step:
                self._mark = self._cloud.glance_log.mark()
                try:
                    action(self)
                except _REFUSED as exc:
                    raise demo_view.Mismatch(
                        'the cloud does what it is asked', 'no error', exc
                    ) from exc
                finally:
                    step.requests = self._requests()

    def create(self) -> None:
        """Create the stack of the example."""
        content = os.urandom(SIZE)
        self._url = self._cloud.source.put(FILE, content)
        roles = self._member.roles()
        self._view.say(
            f'The template is {EXAMPLE.parent.name}/{EXAMPLE.name}; the image '
            f'is at {self._url}; its properties are'
        )
        self._show(self._declared)
        self._view.check(
            f'the user {USER} has the roles {", ".join(roles)}; no admin',
            False,
            'admin' in roles,
        )
        self._stack_id = self._member.create_stack(
            'noble', {'location': self._url}
        )
        self._wait(self._stack_id, 'CREATE_COMPLETE')
        self._image_id = self._find_image(self._stack_id)
        # Heat without the resource type only pretends to create an image.
        self._view.check(
            f'Glance has image {self._image_id}',
            200,
            self._member.image_status(self._image_id),
        )
        image = self._member.image(self._image_id)
        self._view.check(
            'it is active',
            'active',
            image['status'],
        )
        self._view.check(
            f'Glance holds the {SIZE // 1024**2} MiB that the source served '
            '(same SHA-512)',
            ('sha512', hashlib.sha512(content).hexdigest()),
            (image['os_hash_algo'], image['os_hash_value']),
        )
        self._check_downloads('the log of the source has one request')
        posts = ['/v2/images', f'/v2/images/{self._image_id}/import']
        self._view.check(
            'one request made the record with all metadata, one the import',
            posts,
            [each.path for each in self._requests() if each.is_write],
        )

    def show(self) -> None:
        """Show the image as the openstack command does."""
        output = self._openstack(
            'image',
            'show',
            self._image_id,
            *('-f', 'yaml'),
            *('-c', 'name', '-c', 'status', '-c', 'min_ram'),
            *('-c', 'tags', '-c', 'properties'),
        )
        self._view.lines(output.splitlines())
        image = yaml.safe_load(output)
        wanted = {name: text_of(v) for name, v in self._declared.items()}
        self._view.check(
            'the name and every declared property are there',
            {'name': self._name, **wanted},
            {
                'name': image['name'],
                # The command makes numbers and booleans of keys it knows.
                **{
                    name: text_of(image['properties'].get(name))
                    for name in wanted
                },
            },
        )
        live = self._member.image(self._image_id)
        self._view.check(
            'Glance itself holds text: hw_cpu_cores "4", '
            'os_require_quiesce "true"',
            ('4', 'true', wanted),
            (
                live['hw_cpu_cores'],
                live['os_require_quiesce'],
                {name: live.get(name) for name in wanted},
            ),
        )

    def update(self) -> None:
        """Change the image in place while another client uses it, too."""
        self._view.say('Another client sets a key beside the stack:')
        self._openstack(
            'image', 'set', '--property', 'scanned=clean', self._image_id
        )
        before = self._member.image(self._image_id)
        expected = {
            'hw_cpu_cores': ('4', '8'),
            'name': (self._name, f'{self._name}-2'),
            'os_version': (None, '24.04'),
            'team': ('infra', None),
        }
        self._declared['hw_cpu_cores'] = 8
        self._declared['os_version'] = 24.04
        del self._declared['team']
        self._name = f'{self._name}-2'
        self._view.say(
            'Then one stack update changes a property, adds one, removes one '
            'and renames the image:'
        )
        self._update_stack(self._declared)
        self._wait(self._stack_id, 'UPDATE_COMPLETE')
        after = self._member.image(self._image_id)
        changed = changes(before, after)
        self._view.changes(changed)
        self._view.check(
            'nothing else differs, besides updated_at: data, tags, the rest',
            expected,
            changed,
        )
        self._view.check(
            f'it is the same image, {self._image_id}',
            self._image_id,
            self._find_image(self._stack_id),
        )
        self._view.check(
            "the other client's key is still there: scanned=clean",
            'clean',
            after.get('scanned'),
        )
        self._view.check(
            'one look, one change, one look: all that the plugin has sent',
            ['GET', 'PATCH', 'GET'],
            [request.method for request in self._requests()],
        )
        self._check_downloads(
            'no second download: the log of the source still has one request'
        )

    def refuse(self) -> None:
        """Have wrong keys refused before anything is sent."""
        wrong = {'image_id': 'noble', 'status': 'ok', 'team': ['infra']}
        self._view.say('A stack update with')
        self._show(wrong)
        mark = self._cloud.glance_log.mark()
        message = ''
        try:
            self._update_stack({**self._declared, **wrong})
        except heat_exc.HTTPBadRequest as exc:
            message = str(exc)
        self._view.say('is answered with')
        self._view.quote(message)
        self._view.check(
            'refused, and all wrong keys are named at once',
            sorted(wrong),
            sorted(key for key in wrong if f"'{key}'" in message),
        )
        self._view.check(
            'nothing was sent to Glance, by anyone',
            [],
            [str(each) for each in self._cloud.glance_log.since(mark)],
        )
        self._view.check(
            'the stack is as it was, UPDATE_COMPLETE',
            'UPDATE_COMPLETE',
            self._member.stack(self._stack_id).stack_status,
        )

    def fail(self) -> None:
        """Create a stack whose image cannot be downloaded."""
        url = self._cloud.source.url(f'status/404/{_MISSING}')
        self._view.say(f'A second stack, with the location {url}')
        started = time.monotonic()
        stack_id = self._member.create_stack('broken', {'location': url})
        self._wait(stack_id, 'CREATE_FAILED')
        seconds = time.monotonic() - started
        image_id = self._find_image(stack_id)
        reason = self._member.resource(stack_id).resource_status_reason
        self._view.check(
            f'told after {seconds:.1f} s',
            True,
            seconds < SOON,
        )
        self._view.quote(reason)
        self._view.check(
            'the download was tried once',
            [404],
            [
                each['status']
                for each in self._cloud.source.requests(name=_MISSING)
            ],
        )
        host = self._cloud.source.url().split('/')[2]
        self._view.check(
            'the reason names the host of the source',
            True,
            f'import from {host} failed' in reason,
        )
        self._member.delete_stack(stack_id)
        self._wait(stack_id, 'DELETE_COMPLETE')
        self._check_gone(image_id)

    def delete(self) -> None:
        """Delete the stack."""
        self._member.delete_stack(self._stack_id)
        self._wait(self._stack_id, 'DELETE_COMPLETE')
        self._check_gone(self._image_id)
        self._view.check(
            'by one request',
            ['DELETE'],
            [request.method for request in self._requests()],
        )
        self._check_downloads('in all its life it was downloaded once')

    def _check_downloads(self, claim: str) -> None:
        """Compare the source's own log with one whole download."""

        def look() -> list[tuple[str, int, int]]:
            return [
                (each['method'], each['status'], each['bytes'])
                for each in self._cloud.source.requests(name=FILE)
            ]

        # A line is written after the last byte, which Glance may have seen
        # before.
        seen = demo_client.until_not(operator.not_, look)
        self._view.check(claim, [('GET', 200, SIZE)], seen)

    def _check_gone(self, image_id: str) -> None:
        self._view.check(
            f'image {image_id} is gone (404)',
            404,
            self._member.image_status(image_id),
        )

    def _show(self, properties: collections.abc.Mapping[str, Any]) -> None:
        self._view.lines(
            f'  {name}: {text_of(value)}' for name, value in properties.items()
        )

    def _requests(self) -> list[Any]:
        """What the resource type has sent to Glance in this step."""
        return self._cloud.glance_log.since(self._mark, user_agent=AGENT)

    def _find_image(self, stack_id: str) -> str:
        # A resource without an image has the empty text here.
        found = str(self._member.resource(stack_id).physical_resource_id)
        if not _is_uuid(found):
            raise demo_view.Mismatch(
                'the resource has an image', 'a UUID', found
            )
        return found

    def _update_stack(
        self, properties: collections.abc.Mapping[str, Any]
    ) -> None:
        self._member.update_stack(
            self._stack_id,
            {
                'location': self._url,
                'name': self._name,
                'property': properties,
            },
        )

    def _wait(self, stack_id: str, expected: str) -> None:
        """Wait until an operation has ended, in the expected state."""
        stack = self._member.wait_for(stack_id, expected.partition('_')[0])
        seen = stack.stack_status
        if seen != expected:
            seen = f'{seen}: {stack.stack_status_reason}'
        self._view.check(
            f'the stack {stack.stack_name} is {expected}', expected, seen
        )

    def _openstack(self, *arguments: str) -> str:
        """Run the openstack command where everybody can see it."""
        self._view.command(['openstack', *arguments])
        return self._member.openstack(*arguments)


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False


#: Title and method of every step, in order.
STEPS = (
    ('Create the stack', Tour.create),
    ('Show the image', Tour.show),
    ('Change it in place', Tour.update),
    ('Refuse wrong keys', Tour.refuse),
    ('Tell of a failed download', Tour.fail),
    ('Delete the stack', Tour.delete),
)
