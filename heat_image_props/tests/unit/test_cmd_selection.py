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

from keystoneauth1 import session
from keystoneauth1 import token_endpoint

from heat_image_props.cmd import selection
from heat_image_props import exception
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

OURS = fake_glance.PROJECT


class SelectionTestCase(base.BaseTestCase):
    """A test with a Glance."""

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.api = self.glance.api()
        self.access = selection.Access(OURS, False)


class TestFind(SelectionTestCase):
    """One image by its id or its name."""

    def find(self, name):
        return selection.find(self.api, name)['id']

    def test_by_id(self):
        """An id is that of the image, whatever the names of others are."""
        one = self.glance.add(name='a')
        self.glance.add(name=one)
        self.assertEqual(one, self.find(one))
        self.assertEqual(['GET'], self.glance.log())

    def test_by_name(self):
        """A name has to be the same in case, and not only to a database."""
        self.glance.add(name='A')
        one = self.glance.add(name='a')
        self.assertEqual(one, self.find('a'))

    def test_hidden(self):
        """A hidden image is found if no other one has the name."""
        old = self.glance.add(name='a', os_hidden=True)
        self.assertEqual(old, self.find('a'))
        new = self.glance.add(name='a')
        self.assertEqual(new, self.find('a'))

    def test_none(self):
        """It is said that no image is found."""
        for name in ('a', '..', 'a/b?c=d'):
            error = self.assertRaises(selection.NotOneImage, self.find, name)
            self.assertEqual(f"No image found for '{name}'", str(error))

    def test_several(self):
        """The ids are said, to choose one of."""
        one = self.glance.add(name='a')
        two = self.glance.add(name='a', owner='other', visibility='public')
        error = self.assertRaises(selection.NotOneImage, self.find, 'a')
        self.assertEqual(
            f"More than one image has the name 'a': {two} (of project other), "
            f'{one} (of project {OURS}); use the ID',
            str(error),
        )

    def test_refused(self):
        """A failure is no reason to look elsewhere."""
        self.glance.fail('GET', 403)
        self.assertRaises(exception.Refused, self.find, 'a')
        self.assertEqual(1, len(self.glance.requests))


class TestMatching(SelectionTestCase):
    """Images by their tags and properties."""

    def matching(self, tags=(), properties=(), **kwargs):
        return [
            image['name']
            for image in selection.matching(
                self.api, self.access, tags, properties, **kwargs
            )
        ]

    def test_all_of_them(self):
        """An image has to have all tags and all properties; all pages."""
        self.glance.page_size = 2
        self.glance.add(name='c', tags=['x', 'y'], team='a', disk='1')
        for name in ('b', 'a', 'd', 'e'):
            self.glance.add(name=name, tags=['x'], team='a')
        self.assertEqual(['a', 'b', 'c', 'd', 'e'], self.matching(['x']))
        self.assertEqual(['c'], self.matching(['x', 'y']))
        self.assertEqual(
            ['c'], self.matching([], {'team': 'a', 'disk': '1'}.items())
        )
        self.assertEqual([], self.matching(['x'], {'team': 'A'}.items()))
        # No image has two values of one.
        pairs = [('team', 'a'), ('team', 'b')]
        self.assertEqual([], self.matching([], pairs))
        # An attribute is no custom property.
        self.assertEqual([], self.matching([], {'status': 'active'}.items()))

    def test_of_the_project(self):
        """Images of others are not meant, also where they can be seen."""
        self.glance.is_admin = True
        self.glance.add(name='a', owner='other', visibility='public', k='v')
        self.glance.add(name=None, k='v')
        self.assertEqual([None], self.matching([], {'k': 'v'}.items()))
        self.access = selection.Access(None, False)
        self.assertEqual([None, 'a'], self.matching([], {'k': 'v'}.items()))

    def test_hidden(self):
        """Hidden images are looked at if that is wanted."""
        self.glance.add(name='old', os_hidden=True, tags=['x'])
        self.glance.add(name='new', tags=['x'])
        self.assertEqual(['new'], self.matching(['x']))
        self.assertEqual(['new', 'old'], self.matching(['x'], hidden=True))

    def test_of_none(self):
        """A project without images is no failure."""
        self.assertEqual([], self.matching(['x']))


class TestMembers(SelectionTestCase):
    """The projects that an image is shared with."""

    def test_whose_business(self):
        """They are asked for where they can be declared, and not else."""
        for access, attributes, expected in (
            ((OURS, False), {}, {'p1'}),
            ((OURS, False), {'visibility': 'private'}, set()),
            ((OURS, False), {'owner': 'other'}, set()),
            ((OURS, True), {'owner': 'other'}, {'p1'}),
        ):
            self.glance.is_admin = True
            image_id = self.glance.add(**attributes)
            self.glance.members[image_id] = {'p1': 'pending'}
            self.glance.requests.clear()
            found = selection.members(
                self.api,
                selection.Access(*access),
                self.glance.images[image_id],
            )
            self.assertEqual(expected, found)
            self.assertEqual(bool(expected), bool(self.glance.requests))


class TestAccess(base.BaseTestCase):
    """Whose eyes look."""

    def test_without_keystone(self):
        """Where there are no projects nobody is an administrator."""
        found = selection.Access.of(
            session.Session(token_endpoint.Token('http://glance.test', 't'))
        )
        self.assertEqual(selection.Access(None, False), found)
