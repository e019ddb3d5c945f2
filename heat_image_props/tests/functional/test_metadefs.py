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

"""Advice from the metadata definitions of the cloud."""

import contextlib
import uuid

from heatclient import client as heat_client
from keystoneauth1 import adapter
from keystoneauth1.identity import v3
from keystoneauth1 import session as ksa_session

from heat_image_props.tests.functional import base


class TestMetadefs(base.FunctionalTestCase):
    """Stacks of new projects: the engines know what others may see."""

    def setUp(self):
        super().setUp()
        self.tag = uuid.uuid4().hex[:8]
        self.keystone = adapter.Adapter(
            self.cloud.session('admin'),
            service_type='identity',
            interface='public',
            region_name=self.cloud.region,
        )
        self.definer = self.glance_of('admin')

    def make_project(self):
        """Make a project for this test.

        :returns: its id, and a client of Heat for a member of it
        """
        made = self.keystone.post(
            '/projects',
            json={
                'project': {'name': uuid.uuid4().hex, 'domain_id': 'default'}
            },
        )
        project = made.json()['project']['id']
        self.addCleanup(self.keystone.delete, f'/projects/{project}')
        user = self.cloud.session(self.USER).get_user_id()
        for role in self.keystone.get('/roles').json()['roles']:
            if role['name'] in ('member', 'heat_stack_owner'):
                self.keystone.put(
                    f'/projects/{project}/users/{user}/roles/{role["id"]}'
                )
        credentials = self.cloud.credentials(self.USER)
        session = ksa_session.Session(
            v3.Password(
                auth_url=self.cloud.auth_url,
                user_id=user,
                password=credentials['password'],
                project_id=project,
            )
        )
        return project, heat_client.Client(
            '1',
            session=session,
            service_type='orchestration',
            interface='public',
            region_name=self.cloud.region,
        )

    def define(self, name, properties, **values):
        """Define properties of images for this test, by an object."""
        space = f'Test::{self.tag}::{name}'
        self.definer.post(
            '/v2/metadefs/namespaces',
            json={
                'namespace': space,
                'resource_type_associations': [
                    {'name': 'OS::Glance::Image', 'prefix': f'{self.tag}_'}
                ],
                'objects': [
                    {
                        'name': 'all',
                        'properties': {
                            key: {'title': key, **schema}
                            for key, schema in properties.items()
                        },
                    }
                ],
                **values,
            },
        )
        path = f'/v2/metadefs/namespaces/{space}'
        self.addCleanup(self.definer.delete, path)
        return path

    @contextlib.contextmanager
    def acting_by(self, heat):
        """Use another client of Heat for a while."""
        before, self.heat = self.heat, heat
        try:
            yield
        finally:
            self.heat = before

    def declared(self, **properties):
        """Return a template with properties of this test."""
        return self.template(
            property={
                f'{self.tag}_{name}': value
                for name, value in properties.items()
            }
        )

    def read(self, mark):
        """Return (path, project) of the definitions that were read."""
        return [
            (entry.path, entry.project)
            for entry in self.cloud.glance_log.since(mark)
            if base.AGENT in (entry.user_agent or '')
            and entry.path.startswith(base.DEFINITIONS)
        ]

    def test_advice(self):
        """It is in one event, by what the project may see, and cheap."""
        theirs, other = self.make_project()
        mine, self.heat = self.make_project()
        bus = {'type': 'string', 'enum': ['scsi', 'virtio']}
        cores = {'type': 'integer', 'minimum': 1}
        public = self.define(
            'Public', {'bus': bus, 'cores': cores}, visibility='public'
        )
        private = self.define(
            'Private',
            {'rack': {'type': 'string', 'pattern': '^[A-F][0-9]{2}$'}},
            visibility='private',
            owner=mine,
        )
        mark = self.cloud.glance_log.mark()
        wrong = self.declared(bus='virtoi', rack='A1', cores=4)
        stack = self.start_stack(wrong)
        self.addCleanup(self.delete_stack, stack)
        with self.acting_by(other):
            another = self.create_stack(wrong)
            advice = (
                f"metadata definitions: '{self.tag}_bus' has the value "
                "'virtoi', which is not defined in this cloud: did you mean "
                "'virtio'?"
            )
            self.assertEqual([advice], self.said(another))
            self.delete_stack(another)
        self.wait_for(stack, 'CREATE_COMPLETE')
        self.assertEqual(
            [
                f"{advice}; '{self.tag}_rack' has a value that does not match "
                'the pattern ^[A-F][0-9]{2}$: correct the value'
            ],
            self.said(stack),
        )
        read = self.read(mark)
        self.assertEqual({mine, theirs}, {project for _, project in read})
        self.assertIn(public, {path for path, _ in read})
        self.assertIn((private, mine), read)
        self.assertNotIn((private, theirs), read)

        seen = self.event_ids(stack)
        mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack, self.declared(bus='virtio', rack='A12', core=4)
        )
        advice, done = self.said(stack, seen)
        self.assertEqual(
            f"metadata definitions: '{self.tag}_core' is not defined in this "
            f"cloud: did you mean '{self.tag}_cores'?",
            advice,
        )
        self.assertIn('1 added', done)
        self.assertEqual(['GET', 'PATCH', 'GET'], self.methods(mark))
        if self.cloud.profile == 'embedded':
            # Elsewhere it may be the first time for another engine.
            self.assertEqual([], self.read(mark))
