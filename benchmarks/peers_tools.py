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

"""The tools that read a definition: Ansible and openstack-image-manager.

Both are commands with an environment of their own, ``bench-ansible`` and
``bench-image-manager`` of tox, in the directory ``BENCH_ENVS``.
"""

import json
import os
import pathlib
import re
import tempfile

import yaml

from benchmarks import peer
from benchmarks import wanted
from minicloud import running


#: The environments.
ANSIBLE, IMAGE_MANAGER = 'bench-ansible', 'bench-image-manager'


def program(environment: str, name: str) -> pathlib.Path:
    """A command of the environment of a peer.

    :raises peer.Cannot: it is not installed.
    """
    path = pathlib.Path(os.environ.get('BENCH_ENVS', ''), environment)
    path = path / 'bin' / name
    if not path.is_file():
        raise peer.Cannot(
            f'{name} is not installed (sh tools/tox.sh -e {environment})'
        )
    return path


class Ansible(peer.Peer):
    """The module ``openstack.cloud.image``, run as an ad-hoc task."""

    name = 'Ansible'

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        self._run(new, use_import=True, import_method='web-download', uri=url)
        return None

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        self._run(after, id=image_id)
        return None

    def check(self, image_id: str, declared: wanted.Wanted) -> bool:
        said = self._run(declared, '--check', id=image_id)
        if 'skipped' in said.lower():
            raise peer.Cannot('the module has no check mode: it is skipped')
        return re.search('"?changed"?: false', said) is not None

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        self._run(declared, id=image_id, state='absent')

    def _run(
        self, new: wanted.Wanted, *options: str, **arguments: object
    ) -> str:
        task = {
            'name': new.name,
            'visibility': new.visibility,
            'tags': list(new.tags),
            'properties': dict(new.properties),
            'disk_format': 'raw',
            'container_format': 'bare',
            'wait': True,
            **arguments,
        }
        python = program(ANSIBLE, 'python')
        with tempfile.TemporaryDirectory() as home:
            return peer.run(
                program(ANSIBLE, 'ansible'),
                [
                    *('localhost', '--inventory', 'localhost,'),
                    *('--connection', 'local', *options),
                    *('--extra-vars', f'ansible_python_interpreter={python}'),
                    *('--module-name', 'openstack.cloud.image'),
                    *('--args', json.dumps(task)),
                ],
                {
                    **self.cloud.environment(),
                    'ANSIBLE_HOME': home,
                    'ANSIBLE_LOCALHOST_WARNING': 'false',
                    'LC_ALL': 'C.UTF-8',
                    'HOME': home,
                },
            ).stdout


class ImageManager(peer.Peer):
    """osism's ``openstack-image-manager``: a file of definitions."""

    name = 'image-manager'

    #: The tag by which it knows its images; one of those declared.
    _TAG = 'golden'

    def __init__(self, cloud: running.RunningCloud) -> None:
        super().__init__(cloud)
        self._url = ''
        self._name = ''

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        self._url = url
        # It names an image by a definition and a version.
        self._name = new.name.rpartition('-')[0]
        self._run(new, [self._version(url)])
        return None

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        if after.name != f'{self._name}-1':
            raise peer.Cannot('a definition of another name is another image')
        self._run(after, [self._version(self._url)])
        return None

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        # It deletes versions that are no longer defined.
        self._run(declared, [], '--delete', '--yes-i-really-know-what-i-do')

    def _version(self, url: str) -> dict[str, str]:
        return {'version': '1', 'url': url}

    def _run(
        self,
        new: wanted.Wanted,
        versions: list[dict[str, str]],
        *options: str,
    ) -> None:
        definition = {
            'name': self._name,
            'enable': True,
            'format': 'raw',
            'login': 'root',
            'min_ram': 0,
            'multi': False,
            'separator': '-',
            'status': 'active',
            'visibility': new.visibility,
            'tags': [each for each in new.tags if each != self._TAG],
            # "none": a version may be deleted when it is not the last one.
            'meta': {'uuid_validity': 'none', **new.properties},
            'versions': versions,
        }
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, 'images.yml')
            path.write_text(yaml.safe_dump({'images': [definition]}))
            peer.run(
                program(IMAGE_MANAGER, 'openstack-image-manager'),
                [
                    *('--images', str(path), '--tag', self._TAG),
                    *('--filter', f'^{self._name}'),
                    # Its schema knows a few properties only.
                    *('--no-check', *options),
                ],
                {**self.cloud.environment(), 'HOME': directory},
            )
