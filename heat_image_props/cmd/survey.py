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

"""What a cloud shows to the account whose credentials are at hand.

Only questions are asked.  Credentials come from where openstacksdk finds
them: the variables ``OS_*`` and ``clouds.yaml``
(https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import functools
import re
from typing import Any
import urllib.parse

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import session as ksa_session

from heat_image_props import answers
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import redact
from heat_image_props import rules
from heat_image_props import transport

IMAGE = 'OS::Glance::Image'

AGENT = 'heat-image-props-status'

#: Stacks that are asked for at once.
PAGE = 100

#: More than any Heat allows (``max_nested_stack_depth``, 5 by default).
_DEPTH = 100

_VERSION = re.compile(r'v2\.(\d+)')
_HINTS = ('OS_CLOUD', 'OS_AUTH_URL', 'OS_ENDPOINT')


class NotSeen(Exception):
    """Something could not be looked at; the message says why.

    :param status: HTTP status of the refusal, or None if there was no answer
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(redact.mask(message))

    @property
    def is_refusal(self) -> bool:
        """Whether it is the account that may not see it."""
        return self.status in (401, 403)


@dataclasses.dataclass(frozen=True)
class Placeholder:
    """A resource of a stack that names an image which does not exist.

    :ivar stack: name and id of the stack, which an update has to name
    :ivar resource: name of the resource, below that of its nested stack
    :ivar image_id: the id that Heat has for it
    """

    stack: str
    resource: str
    image_id: str


@dataclasses.dataclass
class Survey:
    """What the stacks say about images.

    :ivar is_everywhere: whether the stacks of all projects were listed
    :ivar stacks: number of stacks
    :ivar images: number of resources that have an image
    :ivar placeholders: those that have none
    :ivar busy: number of resources at which Heat was working
    :ivar unseen: what could not be looked at, with the reason
    :ivar most: the largest number of custom properties, and its image
    """

    is_everywhere: bool = False
    stacks: int = 0
    images: int = 0
    placeholders: list[Placeholder] = dataclasses.field(default_factory=list)
    busy: int = 0
    unseen: list[str] = dataclasses.field(default_factory=list)
    most: tuple[int, str] | None = None


def has_credentials(
    environment: Mapping[str, str], cloud: str | None = None
) -> bool:
    """Say whether somebody has said which cloud to ask.

    :param environment: variables of the process
    :param cloud: name of an entry of ``clouds.yaml``
    """
    return bool(cloud) or any(map(environment.get, _HINTS))


class Cloud:
    """Glance and Heat of a cloud.

    :param session: with the credentials
    :param region: name of the region, or None for the only one
    :param interfaces: interface by service type; public if not given
    :param endpoints: URL by service type, where it is not the catalogue's
    """

    def __init__(
        self,
        session: ksa_session.Session,
        region: str | None = None,
        interfaces: Mapping[str, Any] | None = None,
        endpoints: Mapping[str, str | None] | None = None,
    ) -> None:
        self.region = region
        self._session = session
        self._interfaces = interfaces or {}
        self._endpoints = endpoints or {}

    @classmethod
    def connect(cls, name: str | None, region: str | None) -> Cloud:
        """Find the credentials; nothing is sent.

        :param name: of an entry of ``clouds.yaml``
        :param region: of that cloud
        :raises: :class:`NotSeen`
        """
        # Imported late: it takes a second, and may not be needed.
        from openstack import config
        from openstack import exceptions as sdk_exceptions

        try:
            found = config.OpenStackConfig(app_name=AGENT).get_one(
                cloud=name, region_name=region
            )
            session = found.get_session()
        except (
            sdk_exceptions.SDKException,
            ksa_exceptions.ClientException,
        ) as error:
            raise NotSeen(str(error)) from None
        except Exception as error:
            # Not its text, which may quote a file or a variable.
            raise NotSeen(
                f'what is in OS_* or clouds.yaml is no account '
                f'({type(error).__name__})'
            ) from None
        services = ('image', 'orchestration')
        return cls(
            session,
            found.get_region_name(),
            {each: found.get_interface(each) for each in services},
            {each: found.get_endpoint(each) for each in services},
        )

    @functools.cached_property
    def project(self) -> str:
        """The id of the project that the account works in.

        :raises: :class:`NotSeen`
        """
        try:
            self._session.get_token()
            found = self._session.get_project_id()
        except ksa_exceptions.ClientException as error:
            status = getattr(error, 'http_status', None)
            raise NotSeen(str(error), status) from None
        if not found:
            raise NotSeen(
                'the credentials are not for a project, so that Heat cannot '
                'be asked'
            )
        return str(found)

    @functools.cached_property
    def images(self) -> image_api.ImageAPI:
        """The requests that the plugin makes."""
        return image_api.ImageAPI(self._adapter('image'))

    def image_api_version(self) -> int | None:
        """Return the newest minor version of version 2 of the Image API.

        :returns: None if there is no version 2
        :raises: :class:`NotSeen`
        """
        answer = self._get_of_glance('/versions')
        return max(
            (
                int(match[1])
                for each in answer.get('versions') or ()
                if (match := _VERSION.fullmatch(str(each.get('id'))))
            ),
            default=None,
        )

    def usage(self) -> dict[str, tuple[int, int]]:
        """Return usage and limit of the project, by the name of the limit.

        Glance knows them where it uses the limits of Keystone (``get_usage``
        of ``glance/api/v2/discovery.py``), and never tells
        ``image_property_quota``.

        :returns: empty if there are none
        :raises: :class:`NotSeen`
        """
        try:
            answer = self._get_of_glance('/v2/info/usage')
        except NotSeen as error:
            if error.status == 404:
                return {}
            raise
        return {
            name: (int(each['usage']), int(each['limit']))
            for name, each in (answer.get('usage') or {}).items()
        }

    def properties(self) -> frozenset[str] | None:
        """Return the properties that the running engines know of the type.

        :returns: None if Heat's own class answers, which is hidden
        :raises: :class:`NotSeen`
        """
        try:
            answer = self._get(
                self._adapter('orchestration'), f'/resource_types/{IMAGE}'
            )
        except NotSeen as error:
            # "is not supported": HIDDEN (``resource_schema`` of
            # heat/engine/service.py).
            if error.status == 400 and IMAGE in str(error):
                return None
            raise
        return frozenset(answer.get('properties') or ())

    def survey(self) -> Survey:
        """Look at the images of all stacks that the account can list.

        :raises: :class:`NotSeen` if stacks cannot be listed, or Glance does
            not answer
        """
        survey = Survey()
        for stack in self._stacks(survey):
            survey.stacks += 1
            try:
                resources = list(self._resources(stack))
            except NotSeen as error:
                # One that has been deleted meanwhile is no loss.
                if error.status != 404:
                    survey.unseen.append(
                        f'stack {stack["stack_name"]} {stack["id"]}: {error}'
                    )
                continue
            for each in resources:
                self._look(survey, stack, each)
        return survey

    def _look(
        self,
        survey: Survey,
        stack: Mapping[str, Any],
        resource: Mapping[str, Any],
    ) -> None:
        image_id = resource.get('physical_resource_id')
        status = str(resource.get('resource_status'))
        if status.endswith('IN_PROGRESS'):
            survey.busy += 1
            return
        if not image_id or status == 'DELETE_COMPLETE':
            return
        root = f'{stack["stack_name"]} {stack["id"]}'
        name = _path(stack, resource)
        try:
            image = self.images.get(image_id)
        except exception.Gone:
            survey.placeholders.append(Placeholder(root, name, image_id))
            return
        except exception.Refused as error:
            survey.unseen.append(f'stack {root}, {name}: {error}')
            return
        except exception.RequestFailed as error:
            raise NotSeen(str(error), error.status) from None
        survey.images += 1
        count = len(rules.custom(image))
        survey.most = max(survey.most or (0, ''), (count, image_id))

    def _stacks(self, survey: Survey) -> Iterator[dict[str, Any]]:
        """Yield all stacks but nested ones."""
        everywhere: dict[str, Any] = {'global_tenant': 'true'}
        try:
            page = self._page(everywhere)
            survey.is_everywhere = True
        except NotSeen as error:
            if not error.is_refusal:
                raise
            everywhere = {}
            page = self._page(everywhere)
        seen: set[str] = set()
        while True:
            fresh = [each for each in page if each['id'] not in seen]
            if not fresh:
                return
            # Shown to those alone who see all projects (``collection`` of
            # heat/api/openstack/v1/views/stacks_view.py).
            survey.is_everywhere |= 'project' in fresh[0]
            seen.update(each['id'] for each in fresh)
            yield from fresh
            page = self._page({**everywhere, 'marker': page[-1]['id']})

    def _page(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        query = {'limit': PAGE, 'show_hidden': 'true', **parameters}
        answer = self._get(
            self._adapter('orchestration'),
            f'/stacks?{urllib.parse.urlencode(query)}',
        )
        return list(answer.get('stacks') or ())

    def _resources(
        self, stack: Mapping[str, Any]
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the images of a stack and of those nested in it."""
        name = urllib.parse.quote(stack['stack_name'], safe='')
        query = urllib.parse.urlencode({'nested_depth': _DEPTH, 'type': IMAGE})
        answer = self._get(
            self._adapter('orchestration'),
            f'/stacks/{name}/{stack["id"]}/resources?{query}',
        )
        for each in answer.get('resources') or ():
            # Heat looks for a part of the name.
            if each.get('resource_type') == IMAGE:
                yield each

    def _adapter(self, service: str) -> adapter.Adapter:
        return adapter.Adapter(
            self._session,
            service_type=service,
            interface=self._interfaces.get(service) or 'public',
            region_name=self.region or None,
            endpoint_override=self._endpoints.get(service),
            user_agent=AGENT,
        )

    def _get_of_glance(self, path: str) -> dict[str, Any]:
        """Ask for what is beside the images, by its whole path."""
        connection = self._adapter('image')
        try:
            base = connection.get_endpoint() or ''
        except ksa_exceptions.ClientException as error:
            raise NotSeen(str(error)) from None
        return self._get(
            connection, re.sub(r'/v2(\.\d+)?$', '', base.rstrip('/')) + path
        )

    def _get(self, connection: adapter.Adapter, path: str) -> dict[str, Any]:
        """Ask for a JSON object.

        :raises: :class:`NotSeen`
        """
        service = {'image': 'Glance', 'orchestration': 'Heat'}[
            str(connection.service_type)
        ]
        try:
            response = connection.get(
                path, raise_exc=False, timeout=transport.TIMEOUT
            )
        except ksa_exceptions.ClientException as error:
            raise NotSeen(str(error)) from None
        # A list of versions comes with 300.
        if response.status_code >= 400:
            raise NotSeen(
                f'{service} answers HTTP {response.status_code}: '
                f'{answers.said(response, "")}',
                response.status_code,
            )
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise NotSeen(f'the answer is not one of {service}')
        return answer


def _path(stack: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    """Return the name of a resource, below that of its nested stack."""
    name = str(resource['resource_name'])
    for link in resource.get('links') or ():
        if link.get('rel') == 'stack':
            path = urllib.parse.urlsplit(link['href']).path.split('/')
            if path[-1] != stack['id']:
                return f'{urllib.parse.unquote(path[-2])}/{name}'
    return name
