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

"""What Glance notes down about the end of its work on an image."""

from __future__ import annotations

from heat_image_props import image_api
from heat_image_props import redact


def failure(
    api: image_api.ImageAPI, image_id: str, task_id: str | None, secret: str
) -> str:
    """Return what the last task on an image failed with, if it did.

    A failed import is not a state of the image: it is as it was before,
    without the lock that a running import holds.
    The lock goes first, and then the task gets its message.

    :param api: connection to Glance
    :param image_id: the image
    :param task_id: the task that was seen at work, if there was one
    :param secret: location of the data, to be kept out of the text
    :raises: :class:`exception.RequestFailed` if the tasks cannot be read
    """
    tasks = api.tasks(image_id)
    last = [task for task in tasks if task['id'] == task_id] or tasks
    if not last or last[-1]['status'] != 'failure':
        return ''
    return redact.scrub(last[-1].get('message') or '', secret)
