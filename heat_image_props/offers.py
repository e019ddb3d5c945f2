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

"""What the cloud offers for the data of an image, against what is asked for.

To look before the import leaves nothing to clean up; to look after a refusal
explains it.
"""

from __future__ import annotations

from oslo_log import log as logging

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import source as sources

LOG = logging.getLogger(__name__)


def check(api: image_api.ImageAPI, source: sources.Source) -> None:
    """See that the cloud offers what the template asks for.

    The default method is not looked up: it is enabled nearly everywhere, and
    explained if Glance refuses it.

    :raises: :class:`data_exception.MethodNotEnabled`,
        :class:`data_exception.UnknownStores`,
        :class:`exception.RequestFailed`
    """
    if source.method == sources.GLANCE_DOWNLOAD:
        _check_method(api, source)
    _check_stores(api, source)


def explain(
    api: image_api.ImageAPI,
    source: sources.Source,
    error: exception.RequestFailed,
) -> None:
    """Raise what the cloud's own information says about a refusal.

    :raises: :class:`data_exception.MethodNotEnabled`,
        :class:`data_exception.UnknownStores`
    """
    if (
        error.status not in (400, 403, 404, 409)
        or source.method == sources.REFERENCE
    ):
        return
    try:
        _check_method(api, source)
        _check_stores(api, source)
    except exception.RequestFailed as unanswered:
        LOG.warning('%s; the refusal is not explained', unanswered)


def _check_method(api: image_api.ImageAPI, source: sources.Source) -> None:
    enabled = api.import_methods()
    if source.method not in enabled:
        raise data_exception.MethodNotEnabled(source.method, enabled)


def _check_stores(api: image_api.ImageAPI, source: sources.Source) -> None:
    if not source.stores:
        return
    known = api.stores()
    unknown = frozenset(source.stores).difference(known)
    if unknown:
        raise data_exception.UnknownStores(unknown, known)
