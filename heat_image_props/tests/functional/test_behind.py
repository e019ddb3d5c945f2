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

"""Changes of an image that are made behind the back of its stack."""

import configparser
from unittest import mock

import sqlalchemy
import tenacity

from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_heat

# What a conversion plugin makes of an image.
CONVERTED = {'disk_format': 'vhd', 'container_format': 'ovf', 'size': 7}

# Keys of SDKs, of Nova and Cinder, and of an operator.
FOREIGN = {
    'owner_specified.openstack.sha256': '0' * 64,
    'base_image_ref': 'b0b0',
    'signature_verified': 'False',
    'hw_firmware_type': 'uefi',
}

# One look, one write, one look that what was written is there.
LOOK_WRITE_LOOK = ['GET', 'PATCH', 'GET']


class BehindTestCase(base.FunctionalTestCase):
    """A test that changes an image beside its stack."""

    def setUp(self):
        super().setUp()
        self.url = self.source()

    def stack(self, **properties):
        """Create a stack and return its id, and that of its image."""
        stack = self.create_stack(
            self.template(location=self.url, **properties)
        )
        image_id = self.image_id(stack)
        self.downloads = self.cloud.source.mark()
        return stack, image_id

    def update(self, stack, converge=False, **properties):
        """Update a stack, and return the methods of all requests sent."""
        mark = self.cloud.glance_log.mark()
        self.update_stack(
            stack,
            self.template(location=self.url, **properties),
            converge=converge,
        )
        return self.methods(mark)

    def set(self, image_id, **values):
        """Change members of an image beside the stack."""
        self.patch_image(
            image_id,
            *(
                {'op': 'add', 'path': f'/{name}', 'value': value}
                for name, value in values.items()
            ),
        )

    def convert(self, image_id):
        """Rewrite what no request may change, as import plugins do."""
        parser = configparser.RawConfigParser()
        parser.read(
            self.cloud.work_dir / 'etc' / 'glance' / 'glance-api.conf', 'utf-8'
        )
        engine = sqlalchemy.create_engine(parser['database']['connection'])
        self.addCleanup(engine.dispose)
        images = sqlalchemy.table(
            'images', *map(sqlalchemy.column, ('id', *CONVERTED))
        )
        with engine.begin() as connection:
            connection.execute(
                images.update()
                .where(images.c.id == image_id)
                .values(**CONVERTED)
            )

    def values(self, image_id, names):
        """Return those of the named members that an image has."""
        image = self.image(image_id)
        return {name: image[name] for name in names if name in image}

    def assert_in_place(self, stack, image_id):
        """The image is the same, and nothing was downloaded again."""
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual([], self.cloud.source.requests(self.downloads))


class TestForeign(BehindTestCase):
    """What others set never causes a request, and is never touched."""

    def test_keys_and_formats(self):
        """Keys, tags and formats of others are none of our business."""
        declared = {'property': {'a': '1'}, 'tags': ['ours']}
        stack, image_id = self.stack(**declared)
        self.set(image_id, tags=['ours', 'theirs'], **FOREIGN)
        self.convert(image_id)
        theirs = {**FOREIGN, **CONVERTED}
        self.assertEqual(theirs, self.values(image_id, theirs))

        self.assertEqual([], self.update(stack, **declared))
        self.assertEqual(['GET'], self.update(stack, True, **declared))
        for value in ('2', '1'):
            self.assertEqual(
                LOOK_WRITE_LOOK,
                self.update(stack, property={'a': value}, tags=['ours']),
            )
            self.assertEqual(value, self.image(image_id)['a'])
        # Also when nothing of ours is left.
        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack))

        self.assertEqual(theirs, self.values(image_id, (*theirs, 'a')))
        self.assertEqual(['theirs'], self.image(image_id)['tags'])
        self.assert_in_place(stack, image_id)

    def test_what_is_not_declared(self):
        """What the template says nothing of stays as others made it."""
        stack, image_id = self.stack(property={'a': '1'})
        theirs = {
            'name': 'theirs',
            'min_ram': 5,
            'os_hidden': True,
            'visibility': 'shared',
            'status': 'deactivated',
        }
        self.set(
            image_id,
            **{name: theirs[name] for name in theirs if name != 'status'},
        )
        self.glance.post(
            f'/v2/images/{image_id}/members',
            json={'member': self.project_of('other')},
        )
        self.glance.post(f'/v2/images/{image_id}/actions/deactivate')

        self.assertEqual(
            ['GET'], self.update(stack, True, property={'a': '1'})
        )
        self.assertEqual(
            LOOK_WRITE_LOOK, self.update(stack, property={'a': '2'})
        )
        self.assertEqual(theirs, self.values(image_id, theirs))
        self.assertEqual([self.project_of('other')], self.members(image_id))
        self.assert_in_place(stack, image_id)


class TestObserve(BehindTestCase):
    """With Heat's option ``observe_on_update`` each update looks."""

    def test_repairs_what_is_declared(self):
        """A declared key is repaired, a foreign one kept; then nothing."""
        stack, image_id = self.stack(property={'a': '1'})
        self.set(image_id, a='2', theirs='kept')
        observing = self.useFixture(
            second_heat.SecondHeat(
                self.cloud, self.USER, {'DEFAULT': {'observe_on_update': True}}
            )
        )
        with mock.patch.object(self, 'heat', observing.client):
            sent = self.update(stack, property={'a': '1'})
            self.assertEqual(['GET', *LOOK_WRITE_LOOK], sent)
            names = ('a', 'theirs')
            self.assertEqual(
                {'a': '1', 'theirs': 'kept'}, self.values(image_id, names)
            )
            self.assertEqual(['GET'], self.update(stack, property={'a': '1'}))
        self.assert_in_place(stack, image_id)


class TestConverge(BehindTestCase):
    """``openstack stack update --converge`` repairs what is declared."""

    def test_properties_and_tags(self):
        """Keys of all three places, tags and attributes are repaired."""
        declared = {
            'name': 'ours',
            'hidden': False,
            'min_disk': 1,
            'property': {'a': '1', 'b': '1'},
            'extra_properties': {'c': '1'},
            'os_distro': 'ours',
            'tags': ['one', 'two'],
        }
        stack, image_id = self.stack(**declared)
        names = (
            *('name', 'os_hidden', 'min_disk', 'a', 'b', 'c', 'os_distro'),
            *FOREIGN,
        )
        before = self.values(image_id, names)
        self.patch_image(
            image_id,
            {'op': 'remove', 'path': '/b'},
            {'op': 'remove', 'path': '/os_distro'},
        )
        self.set(
            image_id,
            name='theirs',
            os_hidden=True,
            min_disk=2,
            a='2',
            c='2',
            tags=['two', 'theirs'],
            **FOREIGN,
        )
        # Nobody looks without the option.
        self.assertEqual([], self.update(stack, **declared))
        sent = self.update(stack, True, **declared)

        self.assertEqual(['GET', *LOOK_WRITE_LOOK], sent)
        self.assertEqual({**before, **FOREIGN}, self.values(image_id, names))
        self.assertEqual(
            ['one', 'theirs', 'two'], sorted(self.image(image_id)['tags'])
        )
        self.assertEqual(['GET'], self.update(stack, True, **declared))
        self.assert_in_place(stack, image_id)

    def test_members(self):
        """Members are shared with again, and those of others stay."""
        ours, theirs = self.project_of('other'), self.project_of('admin')
        declared = {'members': [ours]}
        stack, image_id = self.stack(**declared)
        members = f'/v2/images/{image_id}/members'
        self.assertEqual(['GET', 'GET'], self.update(stack, True, **declared))
        self.glance.post(members, json={'member': theirs})
        self.glance.delete(f'{members}/{ours}')
        sent = self.update(stack, True, **declared)
        self.assertEqual(1, sent.count('POST'))
        self.assertEqual({'GET', 'POST'}, set(sent))
        self.assertEqual(sorted([ours, theirs]), self.members(image_id))

        # They are not seen, nor of use, while the image is private.
        self.set(image_id, visibility='private')
        self.update(stack, True, **declared)
        self.assertEqual('shared', self.image(image_id)['visibility'])
        self.assertEqual(sorted([ours, theirs]), self.members(image_id))
        self.update(stack)
        self.assertEqual('private', self.image(image_id)['visibility'])
        self.set(image_id, visibility='shared')
        self.assertEqual([theirs], self.members(image_id))
        self.assert_in_place(stack, image_id)

    def test_active(self):
        """An image that shall be active, or not, is made so again."""
        stack, image_id = self.stack(active=True)
        for declared, action, other, wanted in (
            (True, 'deactivate', 'deactivated', 'active'),
            (False, 'reactivate', 'active', 'deactivated'),
        ):
            self.update(stack, active=declared)
            self.assertEqual(wanted, self.image(image_id)['status'])
            self.glance.post(f'/v2/images/{image_id}/actions/{action}')
            self.assertEqual(other, self.image(image_id)['status'])
            sent = self.update(stack, True, active=declared)
            self.assertEqual(['GET', 'GET', 'POST', 'GET'], sent)
            self.assertEqual(wanted, self.image(image_id)['status'])
        self.assertEqual(['GET'], self.update(stack, True, active=False))
        self.assert_in_place(stack, image_id)

    def test_a_new_template(self):
        """A changed template and a drift are one change."""
        stack, image_id = self.stack(property={'a': '1', 'b': '1'})
        self.set(image_id, a='2', **FOREIGN)
        after = {'a': '1', 'c': '1'}
        sent = self.update(stack, True, property=after)

        self.assertEqual(['GET', *LOOK_WRITE_LOOK], sent)
        self.assertEqual(
            {**after, **FOREIGN},
            self.values(image_id, ('a', 'b', 'c', *FOREIGN)),
        )
        self.assert_in_place(stack, image_id)


class TestStores(BehindTestCase):
    """Copies of the data that come and go."""

    USER = 'admin'

    def test_copies_of_others(self):
        """A copy made by others stays; a lost one of ours is made again."""
        stack, image_id = self.stack(stores=['slow'])
        self.glance.post(
            f'/v2/images/{image_id}/import',
            json={'method': {'name': 'copy-image'}, 'stores': ['fast']},
        )
        tenacity.Retrying(
            wait=tenacity.wait_fixed(0.3),
            stop=tenacity.stop_after_delay(base.LONGEST),
            retry=tenacity.retry_if_result(
                lambda image: image.get('os_glance_import_task')
            ),
        )(self.image, image_id)
        self.assertEqual(['GET'], self.update(stack, True, stores=['slow']))
        self.assertEqual(['fast', 'slow'], self.stores(image_id))

        self.glance.delete(f'/v2/stores/slow/{image_id}')
        self.assertEqual(['fast'], self.stores(image_id))
        self.update(stack, True, stores=['slow'])
        self.assertEqual(['fast', 'slow'], self.stores(image_id))
        self.assert_in_place(stack, image_id)

    def stores(self, image_id):
        """Return the ids of the stores that hold an image."""
        return sorted(self.image(image_id)['stores'].split(','))
