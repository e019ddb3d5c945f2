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

"""Attributes of an image: each is created, changed in place, and back."""

from keystoneauth1 import exceptions as ksa_exceptions

from heat_image_props.tests.functional import test_update

LOOK_WRITE_LOOK = test_update.LOOK_WRITE_LOOK
#: What goes over the wire when the state changes, alone or with the rest.
LOOK_SWITCH_LOOK = ['GET', 'POST', 'GET']
LOOK_WRITE_SWITCH_LOOK = ['GET', 'PATCH', 'POST', 'GET']

#: Properties of the resource whose names in Glance are other ones.
IN_GLANCE = {'hidden': 'os_hidden'}

DEFAULTS = {
    'min_disk': 0,
    'min_ram': 0,
    'protected': False,
    'hidden': False,
    'visibility': 'private',
}


class AttributesTestCase(test_update.UpdateTestCase):
    """A test that compares images with templates."""

    def assert_is(self, image_id, declared, **expected):
        """An image is what is declared, and else what is expected."""
        expected.update(declared)
        expected.update(expected.pop('property', {}))
        if 'active' in expected:
            expected['status'] = (
                'active' if expected.pop('active') else 'deactivated'
            )
        image = self.image(image_id)
        image['tags'].sort()
        self.assertEqual(
            expected,
            {name: image.get(IN_GLANCE.get(name, name)) for name in expected},
        )

    def patch_values(self, image_id, **values):
        """Change an image beside the stack."""
        self.patch_image(
            image_id,
            *(
                {'op': 'add', 'path': f'/{name}', 'value': value}
                for name, value in values.items()
            ),
        )


class TestInPlace(AttributesTestCase):
    """What an administrator can change."""

    USER = 'admin'

    def test_every_attribute(self):
        """All of them change by one request, one step to the next."""
        ours, theirs = (self.project_of(user) for user in ('admin', 'demo'))
        first = {
            'name': 'first',
            'min_disk': 1,
            'min_ram': 64,
            'protected': True,
            'hidden': True,
            'visibility': 'community',
            'owner': theirs,
            'tags': ['a', 'b'],
            'property': {'hw_disk_bus': 'scsi'},
        }
        second = {
            'name': 'second',
            'min_disk': 2,
            'min_ram': 128,
            'protected': False,
            'hidden': False,
            'visibility': 'public',
            'owner': ours,
            'tags': [],
            'property': {'hw_disk_bus': 'virtio'},
        }
        third = {'visibility': 'shared', 'tags': ['b']}
        # It is protected, and shall be deleted in the end.
        stack, image_id = self.stack(force_delete=True, **first)
        self.assert_is(image_id, first)

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **second))
        self.assert_is(image_id, second)
        # What is not declared any more goes back to what Glance gives a new
        # image; nobody knows another owner.
        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **third))
        self.assert_is(image_id, {**DEFAULTS, **third}, owner=ours)
        self.assertNotIn('hw_disk_bus', self.image(image_id))
        self.assertEqual(
            LOOK_WRITE_LOOK, self.update(stack, force_delete=True, **first)
        )
        self.assert_is(image_id, first)
        self.assert_in_place(stack, image_id)


class TestUndeclared(AttributesTestCase):
    """What a template does not speak of."""

    def test_is_left_alone(self):
        """No update touches it, and it is nobody's drift."""
        theirs = {
            'name': 'theirs',
            'min_disk': 3,
            'min_ram': 96,
            'protected': True,
            'os_hidden': True,
            'visibility': 'community',
            'tags': ['theirs'],
            'team': 'theirs',
        }
        stack, image_id = self.stack(property={'a': '1'})
        self.assert_is(image_id, DEFAULTS)
        self.addCleanup(self.patch_values, image_id, protected=False)
        self.patch_values(image_id, **theirs)
        self.glance.post(f'/v2/images/{image_id}/actions/deactivate')

        declared = {'property': {'a': '2'}}
        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **declared))
        self.assert_is(image_id, declared, active=False, **theirs)
        self.check_stack(stack)


class TestActive(AttributesTestCase):
    """Images that may be used, and that may not."""

    def download(self, image_id):
        return self.glance.get(f'/v2/images/{image_id}/file')

    def test_is_switched(self):
        """The data is out of use when the template says so, and back."""
        stack, image_id = self.stack(active=False)
        self.assertRaises(ksa_exceptions.Forbidden, self.download, image_id)
        self.assertEqual(
            LOOK_WRITE_SWITCH_LOOK,
            self.update(stack, active=True, property={'a': '1'}),
        )
        self.assert_is(image_id, {'active': True, 'a': '1'})
        self.download(image_id)
        self.assertEqual(
            LOOK_SWITCH_LOOK,
            self.update(stack, active=False, property={'a': '1'}),
        )
        # Properties can be changed all the same.
        self.assertEqual(
            LOOK_WRITE_LOOK,
            self.update(stack, active=False, property={'a': '2'}),
        )
        self.assert_in_place(stack, image_id, 'deactivated')

        # Other data is as little to be used as what it replaces.
        self.url = self.source()
        self.update(stack, active=False)
        self.assertNotEqual(image_id, self.image_id(stack))
        self.assert_is(self.image_id(stack), {'active': False})

    def test_waits_for_the_data(self):
        """An image without data is deactivated once there is some."""
        template = self.template(active=False, property={'a': '1'})
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        self.assertEqual('queued', self.image(image_id)['status'])
        self.upload(image_id)

        self.check_stack(stack, 'CHECK_FAILED')
        self.assertIn(
            "'active' is 'true' instead of 'false'", self.reason(stack)
        )
        self.update_stack(stack, template)
        self.assert_is(image_id, {'active': False, 'a': '1'})


class TestRefused(AttributesTestCase):
    """What Glance keeps to administrators."""

    def test_owner_and_public(self):
        """A member can neither give an image away nor publish it.

        No attribute is changed by such an update, and the roll-back undoes
        what was done to the members before it was refused.
        """
        ours, other = (self.project_of(user) for user in ('demo', 'other'))
        before = {
            'owner': ours,
            'visibility': 'shared',
            'hidden': True,
            'active': False,
            'tags': ['a'],
            'property': {'a': '1'},
        }
        stack, image_id = self.stack(members=[other], **before)
        self.assert_is(image_id, before)

        for refused, reason in (
            ({'owner': other}, "Owner can't be updated by non admin"),
            ({'is_public': True}, 'not authorized to complete publicize'),
        ):
            seen = self.event_ids(stack)
            self.update_stack(
                stack,
                self.template(
                    location=self.url, property={'a': '2'}, **refused
                ),
                'ROLLBACK_COMPLETE',
                disable_rollback=False,
            )
            self.assertIn(reason, '\n'.join(self.said(stack, seen)))
            self.assert_is(image_id, before)
            self.assertEqual([other], self.members(image_id))
        self.assert_in_place(stack, image_id, 'deactivated')

    def test_another_owner_at_once(self):
        """Nor can a member make an image for somebody else."""
        stack = self.create_stack(
            self.template(owner=self.project_of('other')), 'CREATE_FAILED'
        )

        self.assertIn(
            'not permitted to create images owned by', self.reason(stack)
        )


class TestRollback(AttributesTestCase):
    """What becomes of an image when something else in its stack fails."""

    def test_restores_everything(self):
        """All attributes are again what they were."""
        before = {
            'name': 'before',
            'min_disk': 1,
            'min_ram': 64,
            'hidden': True,
            'visibility': 'community',
            'tags': ['a'],
            'property': {'a': '1', 'b': '1'},
            'active': False,
        }
        after = {
            'protected': True,
            'hidden': False,
            'active': True,
            'tags': ['b'],
            'property': {'b': '2', 'c': '2'},
            'members': [self.project_of('other')],
            'os_distro': 'debian',
        }
        stack, image_id = self.stack(**before)
        fails = {
            'type': 'OS::Heat::TestResource',
            'depends_on': 'image',
            'properties': {'fail': True},
        }
        self.mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack,
            self.template({'fails': fails}, location=self.url, **after),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )

        self.assertEqual(2, self.methods(self.mark, image_id).count('PATCH'))
        self.assert_is(image_id, before, protected=False)
        image = self.image(image_id)
        self.assertFalse({'c', 'os_distro'} & image.keys())
        # Only with this visibility does Glance show members.
        self.patch_values(image_id, visibility='shared')
        self.assertEqual([], self.members(image_id))
        self.assertEqual(image_id, self.image_id(stack))
