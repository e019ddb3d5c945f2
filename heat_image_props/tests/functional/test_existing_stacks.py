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

"""Stacks that are older than this package, or were made without it."""

from unittest import mock

from heat_image_props.tests.functional import adoption
from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_heat
from minicloud import running

LOOK_WRITE_LOOK = ['GET', 'PATCH', 'GET']


class TestRealImages(adoption.AdoptionTestCase):
    """Rows of Heat < 22: an image, raw properties and nothing recorded."""

    #: What the old template declares.
    OLD = {
        'name': 'old',
        'is_public': False,
        'min_ram': 64,
        'tags': ['old'],
        'architecture': 'x86_64',
        'extra_properties': {'kept': '1', 'gone': '1'},
    }

    def setUp(self):
        super().setUp()
        self.url = self.source()

    def old_stack(self):
        """Make a stack as Heat < 22 left it; return its id and the image."""
        image_id = self.existing_image(
            name='old',
            visibility='private',
            min_ram=64,
            tags=['old'],
            architecture='x86_64',
            kept='1',
            gone='1',
            foreign='x',
        )
        stack = self.adopt_stack(
            self.template(location=self.url, **self.OLD),
            {'resource_id': image_id, 'resource_data': {}},
        )
        self.mark = self.cloud.glance_log.mark()
        return stack, image_id

    def update(self, stack, **properties):
        """Update a stack, and return the methods of all requests sent."""
        mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack, self.template(location=self.url, **properties)
        )
        return self.methods(mark)

    def change(self, stack, image_id):
        """Change what only the old template told to be the stack's."""
        before = self.image(image_id)
        sent = self.update(
            stack,
            name='new',
            visibility='community',
            tags=['new'],
            extra_properties={'kept': '2', 'added': '1'},
        )

        self.assertEqual(LOOK_WRITE_LOOK, sent)
        changed = self.image(image_id)
        expected = {
            **before,
            'name': 'new',
            'visibility': 'community',
            'min_ram': 0,
            'tags': ['new'],
            'kept': '2',
            'added': '1',
            'updated_at': changed['updated_at'],
        }
        del expected['gone'], expected['architecture']
        self.assertEqual(expected, changed)
        self.assertEqual(image_id, self.image_id(stack))

    def test_change_in_place(self):
        """What the template drops is removed, and comes back with it."""
        stack, image_id = self.old_stack()
        before = self.image(image_id)
        downloads = self.cloud.source.mark()
        self.change(stack, image_id)

        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **self.OLD))
        reverted = self.image(image_id)
        self.assertEqual(
            {**before, 'updated_at': reverted['updated_at']}, reverted
        )
        self.assertEqual([], self.cloud.source.requests(downloads))

    def test_change_in_place_without_convergence(self):
        """The same holds for stacks of the engine before convergence."""
        legacy = self.useFixture(
            second_heat.SecondHeat(
                self.cloud,
                self.USER,
                {'DEFAULT': {'convergence_engine': False}},
            )
        )
        with mock.patch.object(self, 'heat', legacy.client):
            stack, image_id = self.old_stack()
        self.change(stack, image_id)

    def test_need_nothing(self):
        """A check only looks, the same template sends nothing; then delete."""
        stack, image_id = self.old_stack()
        self.check_stack(stack)
        self.assertEqual(['GET'], self.methods(self.mark))
        self.assertEqual([], self.update(stack, **self.OLD))
        mark = self.cloud.glance_log.mark()
        self.delete_stack(stack)

        self.assertEqual([('DELETE', 204)], self.requests(mark))
        self.assertFalse(self.image_exists(image_id))


class TestPlaceholders(base.FunctionalTestCase):
    """Rows of Heat >= 22 by itself, whose image type only pretends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.without_plugin = second_heat.SecondHeat(
            running.RunningCloud.from_environment(),
            cls.USER,
            {'heat_plugins': {'disabled': 'OS::Glance::Image'}},
        )
        cls.without_plugin.setUp()
        cls.addClassCleanup(cls.without_plugin.cleanUp)

    def setUp(self):
        super().setUp()
        self.url = self.source()

    def placeholder(self, **properties):
        """Make a stack by Heat's own class; return its id and that id."""
        with mock.patch.object(self, 'heat', self.without_plugin.client):
            stack = self.create_stack(
                self.template(location=self.url, **properties)
            )
        pretended = self.image_id(stack)
        self.assertFalse(self.image_exists(pretended))
        self.mark = self.cloud.glance_log.mark()
        return stack, pretended

    def assert_real(self, stack, pretended):
        """The image of a stack exists now, and was the only thing made."""
        image_id = self.image_id(stack)
        self.assertNotEqual(pretended, image_id)
        self.assertEqual('active', self.image(image_id)['status'])
        sent = self.requests(self.mark)
        self.assertEqual([('POST', 201), ('POST', 202)], sent[:2])
        self.assertEqual({'GET'}, {method for method, _ in sent[2:]})
        self.assertEqual([], self.requests(self.mark, pretended))

    def test_become_images(self):
        """The next update makes the image, even if nothing was changed."""
        stack, pretended = self.placeholder(property={'a': '1'})
        template = self.template(location=self.url, property={'a': '1'})
        self.update_stack(stack, template)
        self.assert_real(stack, pretended)
        self.assertEqual('1', self.image(self.image_id(stack))['a'])

    def test_are_reported_by_check(self):
        """A check says that there is no image, and an update makes one."""
        stack, pretended = self.placeholder()
        self.check_stack(stack, 'CHECK_FAILED')
        self.assertIn(
            'Resource image has no image in Glance. Update the stack to '
            'create it',
            self.reason(stack),
        )
        self.assertEqual([], self.cloud.glance_log.since(self.mark))

        self.update_stack(stack, self.template(location=self.url))
        self.assert_real(stack, pretended)

    def test_are_deleted_without_a_request(self):
        """There is nothing in Glance to delete, or to ask for."""
        stack, _ = self.placeholder(property={'a': '1'})
        self.delete_stack(stack)

        self.assertEqual([], self.cloud.glance_log.since(self.mark))

    def test_become_images_at_the_second_attempt(self):
        """If the image cannot be made yet, the next update makes it."""
        stack, pretended = self.placeholder()
        broken = self.cloud.source.url('status/404/x')
        self.update_stack(
            stack, self.template(location=broken), 'UPDATE_FAILED'
        )
        self.update_stack(stack, self.template(location=self.url))

        image_id = self.image_id(stack)
        self.assertEqual('active', self.image(image_id)['status'])
        self.assertEqual([], self.requests(self.mark, pretended))
