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

"""What a stack can do with the images of other projects, and as a reader.

The plug-in has no rights of its own: what it asks of Glance it asks as the
user of the stack.  These tests hold that there is no way around that.
"""

import json

from heatclient import exc as heat_exc

from heat_image_props.tests.functional import adoption
from heat_image_props.tests.functional import second_heat

VISIBLE = ('shared', 'community', 'public')
SECRET = 'unguessable'

#: What a forged record says that a stack manages.
RECORD = json.dumps(
    {
        'properties': ['secret', 'image_id'],
        'attributes': ['name', 'visibility', 'protected', 'owner'],
        'tags': ['theirs'],
        'members': ['anybody'],
        'stores': ['fast'],
    }
)


class TestOtherProject(adoption.AdoptionTestCase):
    """A user of one project, and images of another one."""

    USER = 'other'

    def setUp(self):
        super().setUp()
        self.owner = self.glance_of('demo')
        self.theirs = {
            visibility: self.existing_image(
                user='admin',
                owner=self.project_of('demo'),
                # Only an administrator publishes an image.
                visibility=visibility,
                name='theirs',
                tags=['theirs'],
                secret=SECRET,
            )
            for visibility in ('private', *VISIBLE)
        }
        project = self.project_of(self.USER)
        members = f'/v2/images/{self.theirs["shared"]}/members'
        self.owner.post(members, json={'member': project})
        self.glance.put(f'{members}/{project}', json={'status': 'accepted'})
        self.before = self.as_owner()

    def as_owner(self):
        """Return all there is of the images, as their owner sees them."""
        found = []
        for image_id in self.theirs.values():
            path = f'/v2/images/{image_id}'
            found.append(self.owner.get(path).json())
            found.append(self.owner.get(f'{path}/file').content)
        shared = f'/v2/images/{self.theirs["shared"]}/members'
        return [*found, self.owner.get(shared).json()]

    def assert_untouched(self):
        """The images are what they were."""
        self.assertEqual(self.before, self.as_owner())

    def told(self, stack):
        """Return all that Heat tells of a stack besides its template."""
        return json.dumps(
            [
                each.to_dict()
                for each in (
                    self.heat.stacks.get(stack),
                    *self.heat.resources.list(stack, with_detail=True),
                    *self.heat.events.list(stack),
                )
            ]
        )

    def showing(self, **properties):
        """Return a template that shows all it can."""
        template = self.template(**properties)
        template['outputs'] = {
            name: {'value': {'get_attr': ['image', name]}}
            for name in ('show', 'properties')
        }
        return template

    def start_adoption(self, image_id, **data):
        """Begin to adopt an image, with more data of its resource."""
        image = {'resource_id': image_id, **data}
        return self.start_stack(
            None,
            adopt_stack_data=json.dumps(
                {
                    'template': self.showing(name='ours', force_delete=True),
                    'environment': {},
                    'resources': {'image': image},
                }
            ),
        )

    def test_adoption(self):
        """Whatever the data of an adoption says, it is refused."""
        private = self.theirs['private']
        forged = {
            'resource_data': {'managed': RECORD, 'replaced': 'x'},
            'metadata': {'a': 'b'},
            'status': 'COMPLETE',
            'action': 'CREATE',
        }
        own = self.existing_image()
        stacks = {}
        for image_id in self.theirs.values():
            stacks[self.start_adoption(image_id)] = image_id
            stacks[self.start_adoption(image_id, **forged)] = image_id
        # Ways around the image that is looked at.
        for way in (
            f'{own}/../{private}',
            f'../images/{private}',
            f'{private}?x=y',
            f'{private}#',
        ):
            stacks[self.start_adoption(way)] = private
        for stack, image_id in stacks.items():
            self.wait_for(stack, 'ADOPT_FAILED')
            reason = self.reason(stack)
            if image_id == private:
                self.assertIn('HTTP 404', reason)
                self.assertNotIn(SECRET, self.told(stack))
            else:
                self.assertIn('belongs to another project', reason)
            self.assertNotIn(self.image_id(stack), self.theirs.values())
        # An update makes an image of its own, and the end is the end of it.
        stack = next(iter(stacks))
        self.update_stack(stack, self.showing(property={'a': '1'}))
        self.assertEqual({'a': '1'}, self.outputs(stack)['properties'])
        for stack in stacks:
            self.delete_stack(stack)

        self.assert_untouched()

    def test_adoption_of_a_placeholder(self):
        """What is said to be no image is replaced, and never touched."""
        stacks = [
            self.start_adoption(
                image_id,
                resource_data={'is_placeholder': 'True', 'managed': RECORD},
            )
            for image_id in self.theirs.values()
        ]
        for stack in stacks:
            self.wait_for(stack, 'ADOPT_COMPLETE')
            self.assertNotIn(SECRET, self.told(stack))
        self.update_stack(stacks[0], self.showing(property={'a': '1'}))
        self.assertEqual({'a': '1'}, self.outputs(stacks[0])['properties'])
        for stack in stacks:
            self.delete_stack(stack)

        self.assert_untouched()

    def test_external(self):
        """An external image is shown as Glance shows it, and that is all."""

        def external(image_id):
            template = self.showing(property={'a': '1'}, force_delete=True)
            template['resources']['image']['external_id'] = image_id
            return template

        private = self.theirs['private']
        for way in (private, f'../images/{private}', f'{private}?x=y'):
            error = self.assertRaises(
                heat_exc.HTTPBadRequest, self.start_stack, external(way)
            )
            self.assertIn('can not be found', str(error))
        stacks = {
            self.start_stack(external(self.theirs[name])): name
            for name in VISIBLE
        }
        for stack, name in stacks.items():
            self.wait_for(stack, 'CREATE_COMPLETE')
            image = self.image(self.theirs[name])
            image.pop('direct_url')
            shown = self.outputs(stack)
            shown['show'].pop('direct_url')
            self.assertEqual(image, shown['show'])
            self.assertEqual({'secret': SECRET}, shown['properties'])
        for stack in stacks:
            # It does not become the image of the stack.
            self.update_stack(stack, self.showing(), 'UPDATE_FAILED')
            error = self.assertRaises(
                heat_exc.HTTPBadRequest,
                self.heat.resources.signal,
                stack,
                'image',
                {'a': 'b'},
            )
            self.assertIn('signal', str(error))
            self.heat.resources.mark_unhealthy(
                stack, 'image', True, 'as a test'
            )
            self.update_stack(stack, self.showing(), 'UPDATE_FAILED')
            self.delete_stack(stack)

        self.assert_untouched()

    def test_declared_id(self):
        """An id that is taken is told as that, and not taken over."""
        stacks = [
            self.start_stack(self.showing(id=image_id, force_delete=True))
            for image_id in self.theirs.values()
        ]
        for stack, image_id in zip(stacks, self.theirs.values(), strict=True):
            self.wait_for(stack, 'CREATE_FAILED')
            self.assertIn('exists already', self.reason(stack))
            self.assertNotEqual(image_id, self.image_id(stack))
            self.assertNotIn(SECRET, self.told(stack))
            self.delete_stack(stack)

        self.assert_untouched()

    def test_property(self):
        """The property by which Glance overwrites an image is refused."""
        for image_id in self.theirs.values():
            for key in 'image_id', 'id', 'owner', 'base', 'member':
                error = self.assertRaises(
                    heat_exc.HTTPBadRequest,
                    self.start_stack,
                    self.template(property={key: image_id}),
                )
                self.assertIn(f"'{key}'", str(error))

        self.assert_untouched()

    def test_data(self):
        """The data of an image is copied for those who may read it."""

        def copy(image_id):
            return self.showing(
                import_method='glance-download',
                remote_region=self.cloud.region,
                remote_image=image_id,
            )

        private, community = (
            self.start_stack(copy(self.theirs[name]))
            for name in ('private', 'community')
        )
        self.wait_for(private, 'CREATE_FAILED')
        image = self.image(self.image_id(private))
        self.assertEqual(('queued', None), (image['status'], image['size']))
        self.assertNotIn(SECRET, self.told(private))
        # Everybody can download this one.
        self.wait_for(community, 'CREATE_COMPLETE')
        for stack in private, community:
            self.delete_stack(stack)

        self.assert_untouched()


class TestReader(adoption.AdoptionTestCase):
    """A user who may look at a project, and change nothing in it."""

    def test_heat_refuses(self):
        """Heat lets a reader look at a stack and check it, and no more."""
        stack = self.create_stack(self.template())
        image = self.image(self.image_id(stack))
        reader = self.heat_of('reader')
        template = self.template(property={'a': '1'})
        self.assertEqual(
            image['id'],
            reader.resources.get(stack, 'image').physical_resource_id,
        )
        for refused, arguments in (
            (reader.stacks.create, {'stack_name': 'x', 'template': template}),
            (reader.stacks.update, {'stack_id': stack, 'template': template}),
            (reader.stacks.delete, {'stack_id': stack}),
        ):
            error = self.assertRaises(
                heat_exc.HTTPForbidden, refused, **arguments
            )
            self.assertIn('not authorized', str(error))
        reader.actions.check(stack)
        self.wait_for(stack, 'CHECK_COMPLETE')
        self.assertEqual(image, self.image(image['id']))

    def test_glance_refuses(self):
        """Where Heat lets a reader go on, the refusal names the role."""
        self.heat = self.useFixture(
            second_heat.SecondHeat(
                self.cloud,
                'reader',
                {'oslo_policy': {'enforce_new_defaults': False}},
            )
        ).client
        stack = self.create_stack(self.template(), 'CREATE_FAILED')
        self.assert_names_the_role(stack, 'create')
        self.delete_stack(stack)

        image_id = self.existing_image()
        before = self.image(image_id)
        stack = self.adopt_stack(
            self.template(name=before['name']), {'resource_id': image_id}
        )
        self.check_stack(stack)
        self.update_stack(
            stack, self.template(property={'a': '1'}), 'UPDATE_FAILED'
        )
        self.assert_names_the_role(stack, 'change')
        self.delete_stack(stack, 'DELETE_FAILED')
        self.assert_names_the_role(stack, 'delete')
        self.assertEqual(before, self.image(image_id))
        # One who may do it does it.
        self.glance.delete(f'/v2/images/{image_id}')
        self.delete_stack(stack)

    def assert_names_the_role(self, stack, action):
        """The failure says what was refused, why, and what to do."""
        reason = self.reason(stack)
        for part in (f'Could not {action} image', '403', 'the role "member"'):
            self.assertIn(part, reason)
