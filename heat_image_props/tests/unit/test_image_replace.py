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

"""Tests of the replacement of an image."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.engine import resource

from heat_image_props import exception
from heat_image_props.tests.unit import image_base

MIRROR = 'https://mirror.test/x.img'


class TestReplace(image_base.ImageTestCase):
    """When an image is created again."""

    scenarios = [
        ('disk format', {'change': {'disk_format': 'qcow2'}}),
        ('container format', {'change': {'container_format': 'ovf'}}),
        ('id', {'change': {'id': image_base.ID}}),
    ]

    def test_if_identity_changes(self):
        """Another id or format means another image, without a request."""
        one = self.create(property={'a': 1})
        self.assertRaises(
            resource.UpdateReplace,
            self.update,
            one,
            property={'a': 1},
            **self.change,
        )
        self.assertEqual([], self.glance.log())


class TestProtected(image_base.ImageTestCase):
    """The deletion of a protected image that was replaced."""

    def setUp(self):
        super().setUp()
        self.patch('heat.engine.resource.Resource.make_replacement')

    def replace(self, before, after):
        """Return a resource that an update replaces, as convergence does."""
        one = self.create(**before)
        one.stack.current_traversal = 'first'
        self.assertRaises(resource.UpdateReplace, self.update, one, **after)
        self.replacement(one)
        return one

    def replacement(self, one):
        """Make the replacement of a resource."""
        one.make_replacement(1, set())
        resource.Resource.make_replacement.assert_called_once_with(1, set())

    def assertDeleted(self, one):
        """Fail unless the image can be deleted."""
        self.run_task(one.delete)
        self.assertEqual({}, self.glance.images)

    def assertKept(self, one):
        """Fail unless the image is kept as protected."""
        self.assertFails(exception.Protected, self.run_task, one.delete)
        self.assertIs(True, self.live(one)['protected'])

    def test_forced_by_the_update(self):
        """What the new template lets go is deleted."""
        for after in (
            {'protected': True, 'force_delete': True},
            {'force_delete': True},
            {'protected': False},
        ):
            for change in ({'location': MIRROR}, {'disk_format': 'qcow2'}):
                one = self.replace({'protected': True}, {**change, **after})
                self.assertDeleted(one)
                resource.Resource.make_replacement.reset_mock()

    def test_not_forced(self):
        """What the new template does not let go is kept."""
        for after in (
            {'protected': True},
            {'protected': True, 'force_delete': False},
            # To drop it is no word for a deletion.
            {},
        ):
            one = self.replace(
                {'protected': True}, {'location': MIRROR, **after}
            )
            self.assertKept(one)
            resource.Resource.make_replacement.reset_mock()

    def test_by_others(self):
        """A protection that somebody else set is not lifted unasked."""
        one = self.create()
        one.stack.current_traversal = 'first'
        self.live(one)['protected'] = True
        self.assertRaises(
            resource.UpdateReplace, self.update, one, location=MIRROR
        )
        self.replacement(one)
        self.assertKept(one)

    def test_of_another_type(self):
        """Where no template of this type follows none can let it go."""
        one = self.create(protected=True)
        one.stack.current_traversal = 'first'
        self.replacement(one)
        self.assertKept(one)

    def test_after_a_rollback(self):
        """The word of an update that was rolled back is void."""
        one = self.replace(
            {'protected': True}, {'location': MIRROR, 'protected': False}
        )
        one.stack.current_traversal = 'second'
        self.assertKept(one)

    def test_without_convergence(self):
        """Without a traversal there is nothing to note it for."""
        one = self.create(protected=True)
        self.assertRaises(
            resource.UpdateReplace,
            self.update,
            one,
            location=MIRROR,
            force_delete=True,
        )
        self.replacement(one)
        self.assertNotIn('replaced', one.data())
        self.assertKept(one)
