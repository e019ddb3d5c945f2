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

"""Templates written for the image types of Heat itself."""

import uuid

from heatclient import exc as heat_exc
import yaml

from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import test_update

#: What the custom properties of either type are called.
NAMED = ('architecture', 'kernel_id', 'ramdisk_id', 'os_distro', 'os_version')


class TestImageBefore22(test_update.UpdateTestCase):
    """OS::Glance::Image as Heat had it before release 22."""

    USER = 'admin'

    def test_every_property(self):
        """All names work, and each can be changed, removed, and is back."""
        kernel, ramdisk = str(uuid.uuid4()), str(uuid.uuid4())
        before = {
            'name': 'old',
            'is_public': True,
            'min_disk': 1,
            'min_ram': 64,
            'protected': False,
            'tags': ['one'],
            'extra_properties': {'team': 'infra'},
            'architecture': 'x86_64',
            'kernel_id': kernel,
            'ramdisk_id': ramdisk,
            'os_distro': 'ubuntu',
            'owner': self.project_of('admin'),
        }
        after = {
            'name': 'new',
            'is_public': False,
            'min_disk': 2,
            'min_ram': 128,
            'protected': True,
            'tags': ['two'],
            'extra_properties': {'team': 'web'},
            'architecture': 'aarch64',
            'kernel_id': ramdisk,
            'ramdisk_id': kernel,
            'os_distro': 'debian',
            'owner': self.project_of('demo'),
        }
        stack, image_id = self.stack(**before)
        self.assert_is(image_id, before)

        self.assertEqual(
            test_update.LOOK_WRITE_LOOK, self.update(stack, **after)
        )
        self.assert_is(image_id, after)
        # Nothing optional is left in the template.
        self.assertEqual(test_update.LOOK_WRITE_LOOK, self.update(stack))
        image = self.image(image_id)
        self.assertEqual(
            (0, 0, False, [], 'private'),
            tuple(
                image[name]
                for name in (
                    *('min_disk', 'min_ram', 'protected'),
                    *('tags', 'visibility'),
                )
            ),
        )
        self.assertEqual({}, self.custom(image_id, 'team', *NAMED))
        self.assertNotEqual('new', image['name'])
        # The owner stays: there is no other that it could go back to.
        self.assertEqual(after['owner'], image['owner'])
        self.update(stack, **before)
        self.assert_is(image_id, before)
        self.assert_in_place(stack, image_id)

    def assert_is(self, image_id, declared):
        """An image is what the properties of a template say."""
        expected = {
            **declared,
            **declared['extra_properties'],
            'visibility': 'public' if declared['is_public'] else 'private',
        }
        del expected['is_public'], expected['extra_properties']
        image = self.image(image_id)
        self.assertEqual(expected, {name: image[name] for name in expected})


class TestWebImage(test_update.UpdateTestCase):
    """OS::Glance::WebImage, mapped to our type by an environment file."""

    def template(self, resources=None, **properties):
        template = super().template(resources, **properties)
        template['resources']['image']['type'] = 'OS::Glance::WebImage'
        return template

    def create_stack(self, template, expect='CREATE_COMPLETE', **kwargs):
        environment = yaml.safe_load(
            (base.EXAMPLES / 'environments' / 'webimage.yaml').read_text(
                'utf-8'
            )
        )
        return super().create_stack(
            template, expect, environment=environment, **kwargs
        )

    def update_stack(
        self, stack_id, template, expect='UPDATE_COMPLETE', **kwargs
    ):
        return super().update_stack(
            stack_id, template, expect, existing=True, **kwargs
        )

    def test_every_property(self):
        """All names work, and each is changed in place, and back."""
        other = self.project_of('other')
        before = {
            'name': 'old',
            'min_disk': 1,
            'min_ram': 64,
            'protected': False,
            'tags': ['one'],
            'architecture': 'x86_64',
            'kernel_id': str(uuid.uuid4()),
            'os_distro': 'ubuntu',
            'os_version': '24.04',
            'owner': self.project_of('demo'),
            'extra_properties': {'team': 'infra'},
            'visibility': 'shared',
            'ramdisk_id': str(uuid.uuid4()),
            'active': True,
            'members': [other],
        }
        after = {
            'name': 'new',
            'min_disk': 0,
            'min_ram': 0,
            'protected': True,
            'tags': [],
            'owner': before['owner'],
            'extra_properties': {'os_version': '24'},
            'visibility': 'community',
            'active': False,
        }
        stack, image_id = self.stack(**before)
        self.assertEqual(
            'OS::Glance::WebImage',
            self.heat.resources.get(stack, 'image').resource_type,
        )
        self.assert_is(image_id, before)
        self.assertEqual([other], self.members(image_id))

        self.update(stack, **after)
        self.assert_is(image_id, after)
        self.assertEqual({'os_version': '24'}, self.custom(image_id, *NAMED))

        self.update(stack, **before)
        self.assert_is(image_id, before)
        self.assertEqual([other], self.members(image_id))
        self.assert_in_place(stack, image_id)

    def assert_is(self, image_id, declared):
        """An image is what the properties of a template say."""
        expected = {
            **declared,
            **declared['extra_properties'],
            'status': 'active' if declared['active'] else 'deactivated',
        }
        for name in ('extra_properties', 'active', 'members'):
            expected.pop(name, None)
        image = self.image(image_id)
        self.assertEqual(expected, {name: image[name] for name in expected})


class TestContradictions(base.FunctionalTestCase):
    """Templates that say two things of one."""

    def refused(self, **properties):
        """Return why a template is refused, before anything is sent."""
        mark = self.cloud.glance_log.mark()
        error = self.assertRaises(
            heat_exc.HTTPBadRequest,
            self.create_stack,
            self.template(location='http://127.0.0.1/x', **properties),
        )
        self.assertEqual([], self.requests(mark))
        return str(error)

    def test_a_key_in_two_places(self):
        """Both places are named for each key, also where the values agree."""
        message = self.refused(
            property={'os_distro': 'debian', 'team': 'x', 24: 'x'},
            extra_properties={'team': 'x', 'kernel_id': 'y', '24': 'x'},
            os_distro='debian',
            kernel_id='x',
            os_version='24',
        )

        for clause in (
            "'os_distro' is given in \"property\" and in \"os_distro\"",
            "'team' is given in \"property\" and in \"extra_properties\"",
            "'kernel_id' is given in \"extra_properties\" and in "
            '"kernel_id"',
            "'24' is given in \"property\" and in \"extra_properties\"",
        ):
            self.assertIn(clause, message)
        self.assertNotIn("'os_version'", message)

    def test_two_visibilities(self):
        """What the visibility is meant to be is said in one way only."""
        other = [self.project_of('other')]
        for properties, clauses in (
            (
                {'is_public': True, 'visibility': 'private'},
                ["'is_public' is true", '"visibility", which is private'],
            ),
            (
                {'is_public': False, 'visibility': 'public'},
                ["'is_public' is false", '"visibility", which is public'],
            ),
            (
                {'members': other, 'visibility': 'community'},
                ["'members' needs the visibility shared", '"visibility"'],
            ),
            (
                {'members': other, 'is_public': True},
                ["'members' needs the visibility shared", '"is_public"'],
            ),
        ):
            message = self.refused(**properties)
            for clause in clauses:
                self.assertIn(clause, message)

    def test_nulls_say_nothing(self):
        """A null is as good as nothing, whatever the type of a property."""
        names = (
            *('name', 'is_public', 'visibility', 'members', 'owner'),
            *('min_disk', 'min_ram', 'protected', 'hidden', 'active'),
            *('location', 'tags', 'property', 'extra_properties', *NAMED),
        )
        template = self.template()
        template['resources']['image']['properties'].update(
            dict.fromkeys(names), property={'a': '1'}
        )
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        self.assertEqual('queued', self.image(image_id)['status'])
        self.upload(image_id)
        for name, value in (('visibility', 'community'), ('min_ram', 7)):
            self.patch_image(
                image_id,
                {'op': 'replace', 'path': f'/{name}', 'value': value},
            )
        template['resources']['image']['properties']['property'] = {'a': '2'}
        self.update_stack(stack, template)

        image = self.image(image_id)
        self.assertEqual(
            ('active', '2', 'community', 7),
            tuple(
                image[name]
                for name in ('status', 'a', 'visibility', 'min_ram')
            ),
        )
