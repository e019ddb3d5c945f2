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

"""Sends requests to Glance, and tells which error an answer is.

The one place where a request is made; which ones there are is for
:mod:`heat_image_props.image_api`.
"""

from __future__ import annotations

from collections.abc import Mapping
import http
import re
from typing import Any
from typing import TYPE_CHECKING
from typing import TypeVar

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
from oslo_log import log as logging

from heat_image_props import answers
from heat_image_props import exception
from heat_image_props import patience
from heat_image_props import redact
from heat_image_props import shape

if TYPE_CHECKING:
    # For heat-engine, which need not have it imported when it starts, that
    # would take longer than all the rest of this package.
    from glanceclient.v2 import client as glance_client
    import requests

LOG = logging.getLogger(__name__)

#: Seconds of silence after which a request counts as not answered.
TIMEOUT = 60.0

_T = TypeVar('_T', bound='Transport')

# Also of a Keystone that is away.
_UNREACHED = (ksa_exceptions.ConnectionError, ksa_exceptions.DiscoveryFailure)
_VERSION_SUFFIX = re.compile(r'/v2(\.\d+)?/*$')


class Transport:
    """Sends requests as a user of the cloud.

    Each is sent once, but for an expired token, which keystoneauth renews,
    if it can, before it sends the request again.  The connection's own
    repetitions are not used: of a request whose answer was lost they see
    another answer than it had (``_send_request`` of
    ``keystoneauth1/session.py``), and a ``Retry-After`` they obey without
    limit.

    :param connection: adapter for the image service; its session, endpoint
        selection and credentials are used
    :param is_patient: whether a question that is not answered is repeated
        for some seconds; only for whoever does not come back by himself
    """

    def __init__(
        self, connection: adapter.Adapter, *, is_patient: bool = False
    ) -> None:
        self._connection = connection
        self._is_patient = is_patient
        #: Seconds that the server asked, by its last answer, to be left
        #: alone, and that it is.
        self.pause = 0.0

    @classmethod
    def from_client(
        cls: type[_T],
        client: glance_client.Client,
        *,
        is_patient: bool = False,
    ) -> _T:
        """Return an API that connects as a client of glanceclient does."""
        source = client.http_client
        return cls(
            adapter.Adapter(
                source.session,
                service_type=source.service_type,
                interface=source.interface,
                region_name=source.region_name,
                endpoint_override=source.endpoint_override,
                auth=source.auth,
                global_request_id=source.global_request_id,
                user_agent='heat-image-props',
            ),
            is_patient=is_patient,
        )

    def _json(
        self,
        method: str,
        path: str,
        action: str,
        expected: Mapping[str, Any],
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Send a request, and return the JSON object that is the answer.

        :param expected: the shape of an answer of Glance
        :raises: :class:`exception.Unavailable` for any other one
        """

        def ask() -> dict[str, Any]:
            response = self._request(
                method, path, action, expected=None, **kwargs
            )
            answer = answers.document(response)
            flaw = shape.flaw(answer, expected)
            if flaw:
                raise answers.disbelief(response, action, flaw)
            return dict(answer)

        if method == 'GET' and self._is_patient:
            return patience.repeat(
                ask, exception.Unavailable, lambda: self.pause
            )
        return ask()

    def _request(
        self,
        method: str,
        path: str,
        action: str,
        *,
        secret: str = '',
        expected: int | None = http.HTTPStatus.NO_CONTENT,
        timeout: float = TIMEOUT,
        **kwargs: Any,
    ) -> requests.Response:
        """Send a request once, and return the answer, if it is a success.

        The session would log what is sent and answered.  Both may hold the
        URL of the data: that of an import, the tasks of an image, and the
        image itself where an operator lets its locations be shown.

        :param expected: status of the only success there is, or None if
            the body of the answer tells
        """
        self.pause = 0.0
        try:
            base = self._connection.get_endpoint() or ''
            base = _VERSION_SUFFIX.sub('', base.rstrip('/'))
            path = path if path.startswith('/') else f'/images/{path}'
            url = f'{base}/v2{path}'.rstrip('/')
            response = self._connection.request(
                url,
                method,
                raise_exc=False,
                log=False,
                connect_retries=0,
                status_code_retries=0,
                timeout=timeout,
                **kwargs,
            )
        except ksa_exceptions.ClientException as error:
            # Also from Keystone, whose 404 does not mean that the image is
            # gone.
            status = getattr(error, 'http_status', None)
            failed: type[exception.RequestFailed] = exception.Refused
            if status in answers.RETRIABLE or isinstance(error, _UNREACHED):
                failed = exception.Unavailable
            elif status == http.HTTPStatus.UNAUTHORIZED:
                failed = exception.Unauthorized
            raise failed(
                action, redact.scrub(str(error), secret), status
            ) from None
        LOG.debug(
            '%s %s: %s, %s',
            method,
            url,
            response.status_code,
            answers.request_id(response),
        )
        self.pause = patience.asked(response.headers)
        if response.ok:
            if expected not in (None, response.status_code):
                raise answers.disbelief(
                    response, action, 'the answer is not one of Glance'
                )
            return response
        raise answers.refusal(response, action, secret)
