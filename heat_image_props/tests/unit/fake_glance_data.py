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

"""What a fake Glance does about the data of images."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any
import uuid

Image = dict[str, Any]

#: What the data of an image is, unless a test says otherwise.
DATA = b'xyz'
SHA512 = hashlib.sha512(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()

#: What the task of an import says that failed for any reason.
NO_DETAIL = 'Task failed due to Internal Error'

_UUID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
# api_image_import.py of Glance: what comes with an image of another region.
_COPIED = re.compile('hw_|trait:|os_distro$|os_secure_boot$|os_type$')


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclasses.dataclass
class Job:
    """An import, a copy or a location on its way.

    :ivar kind: ``import``, ``copy`` or ``location``
    :ivar looks: ``GET`` requests until it ends
    :ivar stores: stores that the data goes to
    :ivar must_succeed: whether all of them have to get it
    :ivar error: message with which it fails, or None
    :ivar remote: image of another region, for ``glance-download``
    """

    kind: str
    looks: int
    task: dict[str, Any]
    stores: list[str] = dataclasses.field(default_factory=list)
    must_succeed: bool = True
    error: str | None = None
    remote: Image | None = None


class DataServer:
    """Imports, copies, locations and stores, as Glance 33 has them.

    :ivar import_looks: ``GET`` requests until an import ends
    :ivar import_error: message with which an import fails, or None
    :ivar import_methods: those that the cloud has enabled
    :ivar stores: as ``GET /v2/info/stores`` shows them; none where only one
        store is configured
    :ivar full: ids of stores that take no data
    :ivar task_message: what the task of a running import says
    :ivar unwritten: number of times that the tasks are read before the end
        of the last one is written down
    :ivar data: what every source holds
    :ivar remote: images of other regions, by region and id
    :ivar locations: locations by image id
    :ivar unreadable: whether what is referred to ends before its end
    :ivar is_hashing: whether it computes the hash of what is referred to
    :ivar may_copy: whether this user may copy to stores, and delete there
    """

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, list[dict[str, Any]]] = {}
        self.import_looks = 2
        self.import_error: str | None = None
        self.import_methods = [
            *('glance-direct', 'web-download', 'glance-download'),
            'copy-image',
        ]
        self.stores: list[dict[str, Any]] = [
            {'id': 'fast', 'default': 'true'},
            {'id': 'slow'},
            {'id': 'http', 'read-only': 'true'},
        ]
        self.full: set[str] = set()
        self.task_message = ''
        self.unwritten = 0
        self.data = DATA
        self.remote: dict[tuple[str, str], Image] = {}
        self.locations: dict[str, list[str]] = {}
        self.unreadable = False
        self.is_hashing = True
        self.may_copy = False
        self._jobs: dict[str, Job] = {}

    # What a test arranges.

    def work_on(self, image_id: str, looks: int, **image: Any) -> None:
        """Let somebody else's import work on an image, which changes none.

        :param looks: ``GET`` requests until it ends
        :param image: how the image looks meanwhile
        """
        live = self.images[image_id]  # type: ignore[attr-defined]
        live.update(image)
        self._jobs[image_id] = Job('upload', looks, self._task(live, {}))

    def kill(self, image_id: str) -> None:
        """Let nobody go on with what works on an image."""
        del self._jobs[image_id]

    # The server.

    def _info(self, what: str) -> tuple[int, Any]:
        if what == 'import':
            methods = {
                'description': 'Import methods available.',
                'type': 'array',
                'value': self.import_methods,
            }
            return 200, {'import-methods': methods}
        if what == 'stores' and self.stores:
            return 200, {'stores': self.stores}
        raise Refusal(404, 'Multi backend is not supported at this site.')

    def _tasks_of(self, image_id: str) -> tuple[int, Any]:
        tasks = [dict(task) for task in self.tasks.get(image_id, [])]
        if self.unwritten and image_id not in self._jobs and tasks:
            self.unwritten -= 1
            tasks[0].update(status='processing', message='')
        return 200, {'tasks': tasks}

    def _import(self, image: Image, body: Any) -> tuple[int, Any]:
        method = body['method']
        name = method['name']
        if name not in self.import_methods:
            raise Refusal(400, f"Unknown import method name '{name}'.")
        if name == 'copy-image':
            return self._copy(image, body)
        if image['status'] != 'queued' or 'os_glance_import_task' in image:
            raise Refusal(409, 'Image has active task')
        if image['container_format'] is None or image['disk_format'] is None:
            raise Refusal(
                409, "'container_format' needs to be set before import"
            )
        remote = None
        error = self.import_error
        if name == 'glance-download':
            remote = self._find_remote(method)
            if not remote:
                error = error or NO_DETAIL
        elif not method.get('uri'):
            raise Refusal(400, "'uri' needs to be set")
        job = Job(
            'import',
            self.import_looks,
            self._task(image, body),
            self._targets(body),
            body.get('all_stores_must_succeed', True),
            error,
            remote,
        )
        self._jobs[image['id']] = job
        return 202, b''

    def _targets(self, body: Any) -> list[str]:
        """Return the stores that an import goes to."""
        chosen = body.get('stores')
        if body.get('all_stores'):
            if chosen is not None:
                raise Refusal(400, 'All_stores parameter can\'t be used')
            return [
                store['id']
                for store in self.stores
                if 'read-only' not in store
            ]
        if chosen is None:
            return [store['id'] for store in self.stores if 'default' in store]
        for store in chosen:
            self._check_store(store)
        return list(chosen)

    def _check_store(self, store: str) -> None:
        if store not in [each['id'] for each in self.stores]:
            raise Refusal(409, f'Store for identifier {store} not found')

    def _find_remote(self, method: dict[str, Any]) -> Image:
        region, image_id = method['glance_region'], method['glance_image_id']
        if not region:
            raise Refusal(400, "'glance_region' needs to be set")
        if not _UUID.fullmatch(image_id or ''):
            raise Refusal(
                400, f'Remote image id does not look like a UUID: {image_id}'
            )
        return self.remote.get((region, image_id), {})

    def _copy(self, image: Image, body: Any) -> tuple[int, Any]:
        if not self.may_copy:
            raise Refusal(
                403, 'You are not authorized to complete copy_image action.'
            )
        if image['status'] != 'active':
            raise Refusal(
                409, 'Only images with status active can be targeted'
            )
        if 'os_glance_import_task' in image:
            raise Refusal(409, 'Image has active task')
        targets = self._targets(body)
        for store in targets:
            if store in stores_of(image):
                raise Refusal(
                    400, f"Image is already present at store '{store}'"
                )
        job = Job(
            'copy',
            self.import_looks,
            self._task(image, body),
            targets,
            body.get('all_stores_must_succeed', True),
            self.import_error,
        )
        self._jobs[image['id']] = job
        image['os_glance_importing_to_stores'] = ''
        return 202, b''

    def _add_location(self, image: Image, body: Any) -> tuple[int, Any]:
        if {*body} != {'url'}:
            raise Refusal(400, 'Provided object does not match schema')
        if 'http' not in [store['id'] for store in self.stores]:
            raise Refusal(
                403,
                'http store must be enabled to use location API by normal '
                'user.',
            )
        if image['status'] != 'queued' or 'os_glance_import_task' in image:
            raise Refusal(
                409,
                "It's not allowed to add locations if image status is "
                f'{image["status"]}.',
            )
        known = self.locations.setdefault(image['id'], [])
        error = NO_DETAIL if body['url'] in known else self.import_error
        self._jobs[image['id']] = Job(
            'location',
            self.import_looks,
            self._task(image, body),
            ['http'],
            error=error,
        )
        if not error:
            known.append(body['url'])
        return 202, b''

    def _delete_from_store(
        self, store: str, image: Image | None
    ) -> tuple[int, Any]:
        if not self.may_copy:
            raise Refusal(
                403,
                'You are not authorized to complete delete_image_location '
                'action.',
            )
        if image is None:
            raise Refusal(404, 'Failed to find image')
        if store not in [each['id'] for each in self.stores]:
            raise Refusal(409, f'The selected store {store} is not available')
        if image['status'] != 'active':
            raise Refusal(409, "It's not allowed to remove image data")
        present = stores_of(image)
        if store not in present or len(present) == 1:
            raise Refusal(
                403,
                'Cannot delete image data from the only store containing it.',
            )
        present.remove(store)
        image['stores'] = ','.join(present)
        return 204, b''

    def _task(self, image: Image, body: Any) -> dict[str, Any]:
        tasks = self.tasks.setdefault(image['id'], [])
        task = {
            'id': str(uuid.uuid4()),
            'type': 'api_image_import',
            'status': 'processing',
            'message': self.task_message,
            'created_at': f'2026-01-01T00:00:{len(tasks):02}',
            'input': {'import_req': body},
        }
        # Glance shows them in no order.
        tasks.insert(0, task)
        image['os_glance_import_task'] = task['id']
        return task

    def _work(self, image: Image) -> None:
        """Let a running job come one look nearer to its end."""
        job = self._jobs.get(image['id'])
        if job is None:
            return
        job.looks -= 1
        if job.looks <= 0:
            del self._jobs[image['id']]
            image.pop('os_glance_import_task', None)
            self._end(image, job)
            return
        done = max(0, len(job.stores) - job.looks)
        if job.kind == 'import':
            image['status'] = 'importing'
            if done:
                image['stores'] = ','.join(job.stores[:done])
        if job.kind == 'location' and not job.error:
            # The data is usable before its hash is known.
            image.update(status='active', stores='http', size=len(self.data))
            image['os_hash_algo'] = 'sha512'
        if job.kind in ('import', 'copy'):
            image['os_glance_importing_to_stores'] = ','.join(
                job.stores[done:]
            )

    def _end(self, image: Image, job: Job) -> None:
        if job.kind == 'upload':
            job.task.update(status='success')
            if image['status'] in ('importing', 'saving', 'uploading'):
                hold(image, self.data)
            return
        failed = [store for store in job.stores if store in self.full]
        error = job.error
        if failed and (job.must_succeed or failed == job.stores):
            error = error or NO_DETAIL
            failed = job.stores
        if job.kind != 'location':
            image['os_glance_importing_to_stores'] = ''
            image['os_glance_failed_import'] = ','.join(
                job.stores if error is not None else failed
            )
        if error is not None:
            if job.kind != 'copy':
                image['status'] = 'queued'
                image.pop('stores', None)
            job.task.update(status='failure', message=error)
            return
        gone_to = [store for store in job.stores if store not in failed]
        if job.kind == 'copy':
            gone_to = [*stores_of(image), *gone_to]
        if gone_to:
            image['stores'] = ','.join(gone_to)
        if job.kind == 'location' and self.unreadable:
            # Without a hash, and so it stays.
            image.update(status='active', os_hash_algo=None)
            job.task.update(status='failure', message=NO_DETAIL)
            return
        job.task.update(status='success', message='Copied 0 MiB')
        if job.kind == 'location' and not self.is_hashing:
            image.update(status='active', os_hash_algo=None)
        elif job.kind != 'copy':
            hold(image, self.data)
        for name, value in (job.remote or {}).items():
            if name.endswith('_format') or _COPIED.match(name):
                image[name] = value


def stores_of(image: Image) -> list[str]:
    """Return the ids of the stores that hold the data of an image."""
    return [each for each in image.get('stores', '').split(',') if each]


def hold(image: Image, data: bytes) -> None:
    """Let an image have data."""
    image.update(
        status='active',
        size=len(data),
        checksum=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        os_hash_algo='sha512',
        os_hash_value=hashlib.sha512(data).hexdigest(),
    )
