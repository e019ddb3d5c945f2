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

"""Creation of images by a stack."""

import uuid

from heatclient import exc as heat_exc
import yaml

from heat_image_props.tests.functional import base


class TestCreate(base.FunctionalTestCase):
    """What a new stack makes of its template."""

    def test_everything_goes_into_one_request(self):
        """An image is born with all its metadata, then gets its data."""
        mark = self.cloud.glance_log.mark()
        stack = self.create_stack(
            self.template(
                location=self.source(b'x' * 5000),
                name='all of it',
                min_disk=1,
                min_ram=64,
                tags=['b', 'a'],
                property={
                    'text': ' as is ',
                    'integer': 4,
                    'float': 22.04,
                    'yes': True,
                    'no': False,
                    'empty': '',
                    'sla/sh~': 'escaped',
                    'os_distro': 'ubuntu',
                },
                extra_properties={'other': 'spelling'},
            )
        )
        image = self.image(self.image_id(stack))

        self.assertEqual('active', image['status'])
        self.assertEqual(5000, image['size'])
        self.assertEqual('all of it', image['name'])
        self.assertEqual('private', image['visibility'])
        self.assertEqual((1, 64), (image['min_disk'], image['min_ram']))
        self.assertEqual(['a', 'b'], sorted(image['tags']))
        self.assertEqual(
            {
                'text': ' as is ',
                'integer': '4',
                'float': '22.04',
                'yes': 'true',
                'no': 'false',
                'empty': '',
                'sla/sh~': 'escaped',
                'os_distro': 'ubuntu',
                'other': 'spelling',
            },
            {
                name: image[name]
                for name in image
                if name in ('text', 'integer', 'float', 'yes', 'no', 'empty')
                or name in ('sla/sh~', 'os_distro', 'other')
            },
        )
        self.assertNotIn('os_glance_import_task', image)
        methods = self.methods(mark)
        self.assertEqual(['POST', 'POST'], methods[:2])
        self.assertEqual({'GET'}, set(methods[2:]))

    def test_a_name_is_made_up(self):
        """An image without a declared name is named after its stack."""
        stack = self.create_stack(self.template(location=self.source()))
        name = self.image(self.image_id(stack))['name']

        self.assertTrue(
            name.startswith(f'{self.heat.stacks.get(stack).stack_name}-image')
        )

    def test_the_example(self):
        """The example of the documentation does what its outputs say."""
        template = yaml.safe_load(
            (base.EXAMPLES / 'image.yaml').read_text('utf-8')
        )
        stack = self.create_stack(
            template, parameters={'location': self.source()}
        )
        outputs = {
            output['output_key']: output['output_value']
            for output in self.heat.stacks.get(stack).outputs
        }

        self.assertEqual(self.image_id(stack), outputs['image'])
        self.assertEqual(
            {
                'hw_disk_bus': 'scsi',
                'hw_scsi_model': 'virtio-scsi',
                'hw_cpu_cores': '4',
                'os_require_quiesce': 'true',
                'team': 'infra',
            },
            outputs['properties'],
        )

    def test_values_known_only_later(self):
        """A value from another resource is written as it turns out."""
        value = {
            'type': 'OS::Heat::Value',
            'properties': {'type': 'number', 'value': 7},
        }
        stack = self.create_stack(
            self.template(
                {'value': value},
                location=self.source(),
                property={'cores': {'get_attr': ['value', 'value']}},
            )
        )

        self.assertEqual('7', self.image(self.image_id(stack))['cores'])

    def test_values_known_only_later_are_checked(self):
        """A value that turns out to be bad is refused before any request."""
        mark = self.cloud.glance_log.mark()
        value = {
            'type': 'OS::Heat::Value',
            'properties': {'type': 'json', 'value': {'a': 'map'}},
        }
        stack = self.create_stack(
            self.template(
                {'value': value},
                location=self.source(),
                property={'later': {'get_attr': ['value', 'value']}},
            ),
            'CREATE_FAILED',
        )

        self.assertIn("'later' has a map as its value", self.reason(stack))
        self.assertEqual([], self.requests(mark))


class TestRefused(base.FunctionalTestCase):
    """Templates that are refused as a whole."""

    def test_all_offences_at_once(self):
        """The message names every bad key, and nothing is sent."""
        mark = self.cloud.glance_log.mark()
        template = self.template(
            location='http://127.0.0.1/x',
            property={
                'image_id': 'x',
                'status': 'active',
                'os_glance_x': 'x',
                'null': None,
                'list': [1],
                ' blank': 'x',
                'fine': 'x',
                'Team': 'x',
                'team': 'x',
            },
            extra_properties={'fine': 'y'},
            tags=['a', 'A'],
        )
        error = self.assertRaises(
            heat_exc.HTTPBadRequest, self.create_stack, template
        )

        message = str(error)
        for key in (
            *("'image_id'", "'status'", "'os_glance_x'", "'null'", "'list'"),
            *(
                "' blank'",
                "'fine'",
                "'Team'",
                "'team'",
                "'tags: a'",
                "'tags: A'",
            ),
        ):
            self.assertIn(f'- {key} ', message)
        self.assertIn('"extra_properties"', message)
        self.assertEqual([], self.requests(mark))

    def test_values_of_parameters(self):
        """What parameters bring in is checked with the template."""
        template = self.template(
            location='http://127.0.0.1/x',
            property={'get_param': 'map'},
        )
        template['parameters'] = {'map': {'type': 'json'}}
        error = self.assertRaises(
            heat_exc.HTTPBadRequest,
            self.create_stack,
            template,
            parameters={'map': {'self': 'x'}},
        )

        self.assertIn("- 'self' ", str(error))

    def test_no_location(self):
        """A location without a URL is refused, however it came to be."""
        for location in ('', ' ', {'get_param': 'url'}):
            template = self.template(location=location)
            template['parameters'] = {'url': {'type': 'string', 'default': ''}}
            error = self.assertRaises(
                heat_exc.HTTPBadRequest, self.create_stack, template
            )
            self.assertIn("- 'location' is empty", str(error))

    def test_nulls(self):
        """A null in place of a whole property counts as none."""
        template = self.template(location=self.source())
        template['resources']['image']['properties'].update(
            name=None, tags=None, property=None
        )
        image = self.image(self.image_id(self.create_stack(template)))

        self.assertNotEqual('', image['name'])
        self.assertEqual([], image['tags'])

    def test_formats(self):
        """Amazon's formats go together only."""
        template = self.template(
            location='http://127.0.0.1/x', container_format='ami'
        )
        error = self.assertRaises(
            heat_exc.HTTPBadRequest, self.create_stack, template
        )

        self.assertIn("'container_format' is ami", str(error))


class TestDeclaredId(base.FunctionalTestCase):
    """Images whose id the template gives."""

    def test_is_used_once(self):
        """An id is used as given; a second stack cannot take the image."""
        image_id = str(uuid.uuid4())
        template = self.template(location=self.source(), id=image_id)
        first = self.create_stack(template)
        second = self.create_stack(template, 'CREATE_FAILED')

        self.assertEqual(image_id, self.image_id(first))
        self.assertIn('exists already', self.reason(second))
        self.delete_stack(second)
        self.assertTrue(self.image_exists(image_id))


class TestFailedImport(base.FunctionalTestCase):
    """Data that Glance cannot fetch."""

    SECRET = 'unguessable'

    def failing(self, path):
        url = self.cloud.source.url(path)
        return url.replace('http://', f'http://user:{self.SECRET}@')

    def test_fails_soon_and_says_why(self):
        """A failed download fails the stack with the host, once, at once."""
        downloads = self.cloud.source.mark()
        mark = self.cloud.glance_log.mark()
        url = self.failing(f'status/404/{uuid.uuid4()}?token={self.SECRET}')
        stack = self.create_stack(
            self.template(location=url, property={'a': 'b'}), 'CREATE_FAILED'
        )
        host = url.rpartition('@')[2].partition('/')[0]
        reason = self.reason(stack)

        self.assertIn(f'the import from {host} failed', reason)
        self.assertNotIn(self.SECRET, reason)
        for event in self.heat.events.list(stack, resource_name='image'):
            self.assertNotIn(self.SECRET, event.resource_status_reason)
        self.assertEqual(1, len(self.cloud.source.requests(downloads)))
        # POST, import, looks until it has failed, and the question why.
        methods = self.methods(mark)
        self.assertEqual(['POST', 'POST'], methods[:2])
        self.assertEqual({'GET'}, set(methods[2:]))

    def test_is_imported_again_into_the_same_image(self):
        """Once the source is there, the next update completes the image."""
        name = f'{uuid.uuid4()}.img'
        template = self.template(
            location=self.cloud.source.url(name), property={'a': 'b'}
        )
        stack = self.create_stack(template, 'CREATE_FAILED')
        image_id = self.image_id(stack)
        self.cloud.source.put(name, b'late')
        self.update_stack(stack, template)

        image = self.image(image_id)
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual(('active', 4), (image['status'], image['size']))
        self.assertEqual('b', image['a'])

    def test_refused_source(self):
        """A source that Glance refuses to fetch is named without secrets."""
        stack = self.create_stack(
            self.template(
                location=f'ftp://user:{self.SECRET}@ftp.example.org/x'
            ),
            'CREATE_FAILED',
        )

        self.assertIn('ftp.example.org', self.reason(stack))
        self.assertIn('HTTP 400', self.reason(stack))
        self.assertNotIn(self.SECRET, self.reason(stack))
