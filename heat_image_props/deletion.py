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

"""Deletes an image, also one that is protected where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heat.common import exception as heat_exception
from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api

LOG = logging.getLogger(__name__)

_GOING = frozenset(('deleted', 'pending_delete'))


class DeletionRefused(heat_exception.PhysicalResourceExists):  # type: ignore[misc]  # Heat is untyped
    """The image is in use just now.

    Of the type that makes Heat try a deletion again, up to its option
    ``action_retry_limit`` (``Resource.delete``).
    """

    msg_fmt = '%(message)s'


def delete(
    api: image_api.ImageAPI,
    image_id: str,
    managed: diff.Managed,
    *,
    is_forced: bool,
) -> None:
    """Delete an image; one that is gone already is no error.

    :param api: connection to Glance
    :param image_id: the image
    :param managed: what the resource has set on it
    :param is_forced: whether a protection may be lifted
    :raises: :class:`exception.Conflict` if the image is in use,
        :class:`exception.Protected`, :class:`exception.RequestFailed`
    """
    try:
        if 'protected' in managed.attributes:
            # Glance refuses to delete a protected image, and yet ends the
            # import that works on it.
            live = api.get(image_id)
            if live.get('protected'):
                _delete_protected(api, live, managed, is_forced)
                return
        try:
            api.delete(image_id)
        except (exception.NotFound, exception.Conflict):
            raise
        except exception.Refused:
            live = api.get(image_id)
            if live['status'] in _GOING:
                # Another request deletes it at this moment: 400, "transition
                # from deleted to deleted is not allowed".
                LOG.info('Image %s is being deleted already', image_id)
                return
            if not live.get('protected'):
                raise
            _delete_protected(api, live, managed, is_forced)
    except exception.NotFound:
        # That it is gone is what was wanted.
        LOG.info('Image %s is gone already', image_id)


def _delete_protected(
    api: image_api.ImageAPI,
    live: Mapping[str, Any],
    managed: diff.Managed,
    is_forced: bool,
) -> None:
    """Delete a protected image, if that may be.

    One whose data did not arrive, or was rejected, would be in the way of
    every attempt to repair the stack.
    """
    image_id = live['id']
    is_useless = 'protected' in managed.attributes and (
        (live['status'] == 'queued' and managed.data)
        or diff.REJECTED in managed.attributes
    )
    if not is_forced and not is_useless:
        raise exception.Protected(image_id)
    _protect(api, image_id, False)
    try:
        api.delete(image_id)
    except exception.NotFound:
        raise
    except exception.RequestFailed:
        # It stays, so it stays as it was.
        try:
            _protect(api, image_id, True)
        except exception.RequestFailed as refusal:
            LOG.warning('%s; the image is no longer protected', refusal)
        raise


def _protect(api: image_api.ImageAPI, image_id: str, protected: bool) -> None:
    api.patch(image_id, diff.ImageDiff({'protected': protected}).to_patch())
