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

"""Tests of the creation of an image."""

import uuid

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import fixtures
from heat.tests import utils

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props import image
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import image_base

ID = image_base.ID


class TestCreate(image_base.ImageTestCase):
    """The requests of a creation."""

    def test_everything_in_one_post(self):
        """One POST with all there is, the import, looks until it is done."""
        one = self.make(
            name='n',
            min_disk=1,
            min_ram=2,
            protected=True,
            visibility='shared',
            tags=['b', 'a', 4],
            property={'i': 4, 't': True},
            extra_properties={'f': 22.04},
        )
        self.run_task(one.create)

        self.assertEqual((one.CREATE, one.COMPLETE), one.state)
        self.assertEqual(
            ['POST', 'POST import', 'GET', 'GET', 'GET'], self.glance.log()
        )
        self.assertEqual(
            {
                'id': one.resource_id,
                'name': 'n',
                'disk_format': 'raw',
                'container_format': 'bare',
                'min_disk': 1,
                'min_ram': 2,
                'protected': True,
                'visibility': 'shared',
                'tags': ['4', 'a', 'b'],
                'i': '4',
                't': 'true',
                'f': '22.04',
            },
            self.glance.requests[0].body,
        )
        self.assertEqual(
            {'method': {'name': 'web-download', 'uri': image_base.SOURCE}},
            self.glance.requests[1].body,
        )

    def test_defaults(self):
        """An image is private, and named after the stack and resource."""
        one = self.make()
        self.run_task(one.create)

        sent = self.glance.requests[0].body
        self.assertEqual('private', sent['visibility'])
        for name in ('protected', 'os_hidden', 'min_ram', 'owner'):
            self.assertNotIn(name, sent)
        self.assertEqual(one.physical_resource_name(), sent['name'])
        self.assertEqual([], sent['tags'])

    def test_id_is_stored_before_the_request(self):
        """The id is chosen, and in Heat's database when Glance is asked."""
        one = self.make(property={'a': '1'})
        self.glance.fail('POST', 400, 'no')
        self.assertFails(exception.Refused, self.run_task, one.create)

        sent = self.glance.requests[0].body['id']
        self.assertEqual(sent, str(uuid.UUID(sent)))
        again = self.reload(one)
        self.assertEqual(sent, again.resource_id)
        self.assertIn('managed', again.data())
        self.assertEqual(['POST'], self.glance.log())

    def test_looks_back_off(self):
        """An import of an hour is not looked at every second."""
        self.glance.import_looks = 80
        one = self.make()
        seconds = self.run_task(one.create)

        self.assertEqual(81, len(self.glance.sent('GET')))
        self.assertLess(81, 6 + seconds / 8)
        self.assertGreater(seconds, 1500)

    def test_null_that_was_not_known(self):
        """A value that turns out null is refused, and nothing is sent."""
        one = self.make(
            {'all': {'a': None}},
            _parameters={'all': {'type': 'json'}},
            property={'get_param': 'all'},
        )
        error = self.assertFails(
            exception.InvalidDeclaration, self.run_task, one.create
        )
        self.assertIn("'a' has the value null", str(error))
        self.assertEqual([], self.glance.requests)
        self.assertIsNone(one.resource_id)

    def test_failed_import(self):
        """A failed import fails the creation once, naming the host only."""
        log = self.useFixture(fixtures.FakeLogger(level=10))
        self.glance.import_looks = 1
        self.glance.import_error = f'no route to {image_base.SOURCE}'
        one = self.make()
        error = self.assertFails(
            data_exception.ImportFailed, self.run_task, one.create
        )
        self.assertEqual('source.test:81', error.place)
        self.assertEqual((one.CREATE, one.FAILED), one.state)
        self.assertEqual(
            ['POST', 'POST import', 'GET', 'GET', 'GET tasks'],
            self.glance.log(),
        )
        for secret in image_base.SECRETS:
            self.assertNotIn(secret, one.status_reason)
            self.assertNotIn(secret, log.output)

    def test_conflict_about_something_else(self):
        """A conflict that stays is told as it is if the id is one of ours."""
        self.glance.fail('POST', 409, 'quota in use', times=99)
        one = self.make()
        self.assertFails(exception.Unavailable, self.run_task, one.create)
        self.assertIn('quota in use', one.status_reason)

    def test_image_gone_meanwhile(self):
        """An image that somebody deletes while it is imported is told."""
        self.glance.fail('GET', 404, 'no such image', times=3)
        one = self.make()
        self.assertFails(exception.Gone, self.run_task, one.create)
        self.glance.images.clear()
        self.assertTrue(one.needs_replace_failed())

    def test_refused_by_glance(self):
        """A quota that is exceeded fails the creation at once."""
        self.glance.fail('POST', 413, 'Attempted: 200, Maximum: 128')
        one = self.make()
        error = self.assertFails(exception.Refused, self.run_task, one.create)
        self.assertIn('Attempted: 200, Maximum: 128', str(error))
        self.assertEqual(['POST'], self.glance.log())


class TestComplete(image_base.ImageTestCase):
    """Everything that Glance lets a user say about an image."""

    def test_all(self):
        """What has requests of its own follows when the data is there."""
        one = self.make(
            hidden=True,
            active=False,
            members=['p1', 'p2'],
            owner=fake_glance.PROJECT,
            architecture='x86_64',
            os_distro='debian',
        )
        self.run_task(one.create)
        sent = self.glance.requests[0].body
        self.assertEqual(
            (True, 'shared', fake_glance.PROJECT, 'x86_64'),
            (
                sent['os_hidden'],
                sent['visibility'],
                sent['owner'],
                sent['architecture'],
            ),
        )
        self.assertEqual('deactivated', self.live(one)['status'])
        self.assertEqual({'p1', 'p2'}, {*self.glance.members[one.resource_id]})
        self.assertEqual([], self.glance.sent('PATCH'))

    def test_without_data(self):
        """An image without a location stays queued, and is complete."""
        one = self.make(_empty=True, members=['p1'])
        self.run_task(one.create)
        self.assertEqual((one.CREATE, one.COMPLETE), one.state)
        self.assertEqual('queued', self.live(one)['status'])
        self.assertEqual([], self.glance.sent('POST import'))
        self.run_task(one.check)
        self.assertEqual((one.CHECK, one.COMPLETE), one.state)

    def test_is_public(self):
        """What version 1 had is the visibility of version 2."""
        self.glance.is_admin = True
        for given, visibility in ((True, 'public'), (False, 'private')):
            self.glance.requests.clear()
            self.run_task(self.make(is_public=given).create)
            self.assertEqual(
                visibility, self.glance.requests[0].body['visibility']
            )

    def test_nulls(self):
        """A null is the same as nothing: it is neither false nor 0."""
        one = self.make(
            **dict.fromkeys(
                (
                    *('active', 'hidden', 'is_public', 'min_ram', 'members'),
                    *('stores', 'all_stores', 'os_distro', 'image_hash'),
                    *('protected', 'owner', 'import_method', 'name'),
                )
            )
        )
        self.run_task(one.create)
        sent = self.glance.requests[0].body
        self.assertEqual(
            {
                *('id', 'name', 'visibility', 'tags'),
                *('disk_format', 'container_format'),
            },
            {*sent},
        )
        self.assertEqual(one.physical_resource_name(), sent['name'])
        self.assertEqual('active', self.live(one)['status'])

    def test_events(self):
        """A creation tells its phases, and no summary."""
        one = self.make(property={'a': 'secret'})
        self.run_task(one.create)
        self.assertEqual(
            [
                'state changed',
                'waiting for Glance to begin the import',
                'importing into fast',
                'state changed',
            ],
            self.events(one),
        )


class TestLostAnswer(image_base.ImageTestCase):
    """A POST whose answer does not arrive."""

    scenarios = [
        ('cut', {'status': fake_glance.CUT, 'body': b''}),
        ('503', {'status': 503, 'body': 'x'}),
        ('504', {'status': 504, 'body': 'x'}),
        ('truncated', {'status': 201, 'body': b'{"id'}),
    ]

    def test_created_all_the_same(self):
        """A look tells that the record is there: there is no second POST."""
        self.glance.fail('POST', self.status, self.body, applied=True)
        one = self.make(property={'a': '1'})
        self.run_task(one.create)

        self.assertEqual(
            ['POST', 'GET', 'POST import', 'GET', 'GET', 'GET'],
            self.glance.log(),
        )
        self.assertEqual([one.resource_id], list(self.glance.images))

    def test_not_created(self):
        """If the record is not there it is asked for again, by its id."""
        self.glance.fail('POST', self.status, self.body)
        one = self.make()
        self.run_task(one.create)

        self.assertEqual(['POST', 'GET', 'POST'], self.glance.log()[:3])
        self.assertEqual([one.resource_id], list(self.glance.images))

    def test_never_created(self):
        """A fault that stays fails the creation with the cause, in time."""
        self.glance.fail('POST', self.status, self.body, times=99)
        one = self.make()
        start = self.clock.now
        self.assertFails(exception.Unavailable, self.run_task, one.create)

        self.assertLess(self.clock.now - start, 60)
        self.assertEqual(5, len(self.glance.sent('POST')))
        self.assertEqual(
            {one.resource_id},
            {sent.body['id'] for sent in self.glance.sent('POST')},
        )
        self.assertTrue(one.needs_replace_failed())

    def test_not_known(self):
        """If the look fails too the id is kept, so a deletion tidies up."""
        self.glance.fail('POST', self.status, self.body, applied=True)
        self.glance.fail('GET', 503, times=5)
        one = self.make()
        self.assertFails(exception.Unavailable, self.run_task, one.create)
        self.assertEqual([one.resource_id], list(self.glance.images))

        self.run_task(self.reload(one).delete)
        self.assertEqual({}, self.glance.images)


class TestType(image_base.ImageTestCase):
    """The class as Heat sees it."""

    def test_is_described(self):
        """The class has a text for the documentation of the type."""
        self.assertIn('image', image.GlanceImage.getdoc())

    def test_schema_can_be_shown(self):
        """Heat can list every property and attribute of the type."""
        one = self.make()
        self.assertEqual(
            {
                *('show', 'properties', 'managed_properties'),
                *('property_drift', 'checksum', 'created_at', 'direct_url'),
                *('file', 'os_hash_algo', 'os_hash_value', 'owner'),
                *('schema', 'size', 'status', 'stores', 'tags'),
                *('updated_at', 'virtual_size', 'visibility'),
            },
            {*one.attributes_schema},
        )

    def test_many_in_one_stack(self):
        """Two images of one stack share nothing."""
        stack = utils.parse_stack(
            image_base.template(
                _resources={
                    'second': image_base.template(property={'b': '2'})[
                        'resources'
                    ]['image']
                },
                property={'a': '1'},
            )
        )
        for name in ('image', 'second'):
            self.run_task(stack[name].create)
        self.assertEqual({'a': '1'}, self.custom(stack['image']))
        self.assertEqual({'b': '2'}, self.custom(stack['second']))
