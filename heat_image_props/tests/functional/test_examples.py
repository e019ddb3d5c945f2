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

"""Every file of the examples does what it says."""

import hashlib
import uuid

import yaml

from heat_image_props.tests.functional import base

#: Environment files by the example that goes with them.
ENVIRONMENTS = {
    'image.yaml': 'environments/parameters.yaml',
    'webimage.yaml': 'environments/webimage.yaml',
}

#: The environment file that turns the type of this package off.
HEATS_OWN = 'environments/heats-own.yaml'

DATA = b'data of the examples' * 1024


class TestExamples(base.FunctionalTestCase):
    """The files that users copy."""

    def test_every_example(self):
        """Each is deployed, and its outputs are what they claim to be."""
        cases = self.cases()
        # A file without a test is a promise that nobody keeps.
        self.assertEqual(
            {
                str(path.relative_to(base.EXAMPLES))
                for path in base.EXAMPLES.rglob('*')
                if path.is_file()
            },
            {*cases, *ENVIRONMENTS.values(), HEATS_OWN},
        )

        stacks = {
            name: self.start_stack(
                self.read(name), parameters=parameters, **self.with_file(name)
            )
            for name, (parameters, _) in cases.items()
        }
        found = {}
        for name, stack in stacks.items():
            self.wait_for(stack, 'CREATE_COMPLETE')
            outputs = self.outputs(stack)
            self.assertEqual(self.image_id(stack), outputs.pop('image'), name)
            found[name] = {
                **outputs.pop('show', {}),
                **outputs,
            }
        expected = {name: case[1] for name, case in cases.items()}
        self.assertEqual(
            expected,
            {
                name: {key: found[name].get(key) for key in values}
                for name, values in expected.items()
            },
        )

    def test_heats_own(self):
        """An environment file gives the type back to Heat, for a stack."""
        template = self.template(location=self.source(DATA))
        answers = [
            self.heat.stacks.preview(
                stack_name=f'preview-{uuid.uuid4().hex[:8]}',
                template=template,
                environment=environment,
            )
            for environment in ({}, self.read(HEATS_OWN))
        ]
        ours, theirs = [
            answer.resources[0]['properties'] for answer in answers
        ]
        self.assertIn('property', ours)
        # Of the image type that Heat has, and not of its placeholder.
        self.assertIn('extra_properties', theirs)
        self.assertNotIn('property', theirs)

    def cases(self):
        """Return parameters and expected outputs by file."""
        location = {'location': self.source(DATA)}
        members = {'members': self.project_of('other')}
        digest = hashlib.sha512(DATA).hexdigest()
        return {
            'attributes.yaml': (location, {'status': 'active'}),
            'drift.yaml': (
                location,
                {
                    'managed': {'hw_disk_bus': 'scsi', 'team': 'infra'},
                    'drift': {},
                },
            ),
            'hash.yaml': ({**location, 'hash': digest}, {'hash': digest}),
            'hidden-location.yaml': (location, {'status': 'active'}),
            'image.yaml': (
                location,
                {
                    'properties': {
                        'hw_disk_bus': 'virtio',
                        'hw_cpu_cores': '8',
                        'os_version': '24.04',
                        'team': 'web',
                    }
                },
            ),
            'image-old.yaml': (
                location,
                {
                    'visibility': 'private',
                    'status': 'active',
                    'min_disk': 1,
                    'architecture': 'x86_64',
                    'hw_disk_bus': 'scsi',
                },
            ),
            'reference.yaml': (location, {'stores': ['http']}),
            'remote.yaml': (
                {
                    'remote_region': self.cloud.region,
                    'remote_image': self.remote_image(),
                },
                {
                    'checksum': hashlib.md5(
                        DATA, usedforsecurity=False
                    ).hexdigest()
                },
            ),
            'shared.yaml': ({**location, **members}, {'visibility': 'shared'}),
            'stores.yaml': (
                {**location, 'stores': 'fast,slow'},
                {'stores': ['fast', 'slow']},
            ),
            'upload.yaml': ({}, {'status': 'queued'}),
            'webimage.yaml': (
                {**location, **members},
                {
                    'visibility': 'shared',
                    'status': 'active',
                    'min_disk': 2,
                    'os_version': '13',
                    'hw_scsi_model': 'virtio-scsi',
                },
            ),
        }

    def read(self, name):
        """Return the content of an example."""
        return yaml.safe_load((base.EXAMPLES / name).read_text('utf-8'))

    def with_file(self, name):
        """Return the environment that goes with an example, if there is."""
        if name not in ENVIRONMENTS:
            return {}
        return {'environment': self.read(ENVIRONMENTS[name])}

    def remote_image(self):
        """Return the id of an image with data, for another one to copy."""
        image_id = str(uuid.uuid4())
        self.glance.post(
            '/v2/images',
            json={
                'id': image_id,
                'disk_format': 'raw',
                'container_format': 'bare',
            },
        )
        self.addCleanup(self.glance.delete, f'/v2/images/{image_id}')
        self.upload(image_id, DATA)
        return image_id
