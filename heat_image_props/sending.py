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

"""Sends a change of an image: its requests, in an order that Glance takes."""

from __future__ import annotations

from oslo_log import log as logging

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api

LOG = logging.getLogger(__name__)


def send(
    api: image_api.ImageAPI, image_id: str, change: diff.ImageDiff
) -> exception.RequestFailed | None:
    """Send the requests of a change.

    Only a shared image has members: they go before it is no longer shared,
    and come after it is.

    :param api: connection to Glance
    :param image_id: the image
    :param change: what differs from what is declared
    :returns: what was taken for done because Glance said so, if anything
    :raises: :class:`exception.RequestFailed`; what goes before the request
        that failed has been carried out
    """
    doubt: exception.RequestFailed | None = None
    operations = change.to_patch()
    visibility = change.attributes.get('visibility', 'shared')
    if visibility != 'shared':
        doubt = _remove_members(api, image_id, change)
    if operations:
        api.patch(image_id, operations)
    if visibility == 'shared':
        doubt = _remove_members(api, image_id, change)
    for member in sorted(change.members.added):
        try:
            api.add_member(image_id, member)
        except exception.Conflict as error:
            # That it is a member is what was wanted.
            LOG.info('Project %s was a member already', member)
            doubt = error
    if change.active is not None:
        api.set_active(image_id, change.active)
    return doubt


def _remove_members(
    api: image_api.ImageAPI, image_id: str, change: diff.ImageDiff
) -> exception.RequestFailed | None:
    doubt = None
    for member in sorted(change.members.removed):
        try:
            api.remove_member(image_id, member)
        except exception.NotFound as error:
            # That it is no member is what was wanted; if the image is
            # gone the next look tells.
            LOG.info('Project %s was no member any more', member)
            doubt = error
    return doubt
