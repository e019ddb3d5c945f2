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

"""How an image comes to a resource: created, or adopted."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any

from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import state

LOG = logging.getLogger(__name__)


def create(
    api: image_api.ImageAPI,
    image: Mapping[str, Any],
    declared: diff.Declared,
    *,
    is_chosen: bool,
) -> None:
    """Create the record of an image, once whatever becomes of the answer.

    If the answer is lost, a look tells whether it exists.

    :param api: connection to Glance
    :param image: what the record shall hold, with its ``id``
    :param declared: what the template asks for
    :param is_chosen: whether the id is that of the template, so that it may
        be that of somebody's image, which is not taken over
    :raises: :class:`exception.ImageIdTaken`,
        :class:`exception.ForAdministrators`,
        :class:`exception.RequestFailed`
    """
    image_id = image['id']
    try:
        api.create(image)
    except exception.Conflict:
        if is_chosen:
            raise exception.ImageIdTaken(image_id) from None
        raise
    except exception.Refused as refusal:
        exception.explain(refusal, image_id, image)
        raise
    except exception.Unavailable as error:
        LOG.warning('%s; looking whether it exists', error)
        try:
            live = api.get(image_id)
        except exception.RequestFailed:
            raise error from None
        if is_chosen and not _is_ours(live, declared):
            raise exception.ImageIdTaken(image_id) from None


def _is_ours(live: Mapping[str, Any], declared: diff.Declared) -> bool:
    """Say whether a record is as one of this declaration begins."""
    # The members come later.
    declared = dataclasses.replace(declared, members=frozenset())
    return live['status'] == 'queued' and not diff.compare(
        declared, diff.Managed(), live
    )


def check_adoptable(live: Mapping[str, Any], context: Any) -> None:
    """Refuse an existing image that a stack could not look after.

    :param live: the image as Glance shows it
    :param context: request context of Heat
    :raises: :class:`exception.Unusable`, :class:`exception.NotOwned`
    """
    if state.has_ended(live):
        raise exception.Unusable(live['id'], live['status'])
    if live.get('owner') != context.project_id and not context.is_admin:
        raise exception.NotOwned(live['id'], str(live.get('owner')))
