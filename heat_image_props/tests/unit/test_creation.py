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

"""Tests of how an image comes to a resource."""

import types

import fixtures

from heat_image_props import creation
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
DECLARED = diff.Declared(
    {'min_ram': 5}, {'a': '1'}, {'t'}, frozenset({'p1'}), True
)
RECORD = {
    'id': ID,
    'disk_format': 'raw',
    'container_format': 'bare',
    'visibility': 'shared',
    'min_ram': 5,
    'tags': ['t'],
    'a': '1',
}


class CreateTestCase(base.BaseTestCase):
    """A test that creates the record of an image."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance = self.useFixture(fake_glance.FakeGlance())

    def create(self, is_chosen=True, **image):
        """Create the record."""
        creation.create(
            self.glance.api(),
            {**RECORD, **image},
            DECLARED,
            is_chosen=is_chosen,
        )


class TestCreate(CreateTestCase):
    """An answer that arrives."""

    def test_one_request(self):
        """One request creates the record, with all there is."""
        self.create()
        self.assertEqual(['POST'], self.glance.log())
        self.assertEqual(RECORD, self.glance.requests[0].body)

    def test_conflict(self):
        """An id that is taken is the author's to change, if he chose it."""
        self.glance.add(id=ID, name='theirs')
        error = self.assertRaises(exception.ImageIdTaken, self.create)
        self.assertEqual(ID, error.image_id)
        self.assertIn('for a replacement', str(error))
        self.assertRaises(exception.Conflict, self.create, is_chosen=False)
        self.assertEqual(['POST', 'POST'], self.glance.log())
        self.assertEqual('theirs', self.glance.images[ID]['name'])

    def test_for_administrators(self):
        """What the policy reserves is told with whom to ask."""
        error = self.assertRaises(
            exception.ForAdministrators, self.create, visibility='public'
        )
        self.assertEqual({'visibility': 'public'}, error.values)

    def test_refused(self):
        """Any other refusal is shown as it is."""
        for status in (400, 403, 413):
            self.glance.fail('POST', status, 'because')
            error = self.assertRaises(exception.Refused, self.create)
            self.assertIn('because', str(error))
        self.assertEqual(3 * ['POST'], self.glance.log())


class TestLostAnswer(CreateTestCase):
    """An answer that does not arrive."""

    scenarios = [
        (f'{status} {body}', {'answer': {'status': status, 'body': body}})
        for status, body in [
            (fake_glance.CUT, b''),
            (503, 'x'),
            (504, 'x'),
            (201, b'{"id'),
        ]
    ]

    def test_created_all_the_same(self):
        """A look tells that the record is there: there is no second POST."""
        for is_chosen in (True, False):
            self.glance.images.clear()
            self.glance.requests.clear()
            self.glance.fail('POST', **self.answer, applied=True)
            self.create(is_chosen)
            self.assertEqual(['POST', 'GET'], self.glance.log())
        self.assertIn('looking whether it exists', self.log.output)

    def test_not_created(self):
        """If the record is not there, or not seen, the cause is told."""
        for status in (404, 503):
            for is_chosen in (True, False):
                self.glance.fail('POST', **self.answer)
                self.glance.fail('GET', status)
                self.assertRaises(
                    exception.Unavailable, self.create, is_chosen
                )

    def test_created_by_somebody_else(self):
        """What holds anything else is somebody's, and is not taken over."""
        for theirs in (
            {'status': 'active'},
            {'a': '2'},
            {'tags': []},
            {'min_ram': 0},
        ):
            self.glance.add(**{**RECORD, 'status': 'queued', **theirs})
            self.glance.fail('POST', **self.answer)
            self.assertRaises(exception.ImageIdTaken, self.create)
            self.assertEqual({ID}, {*self.glance.images})


class TestAdoptable(base.BaseTestCase):
    """Which images a stack can look after."""

    scenarios = [
        (
            f'{status} of {owner}',
            {
                'image': {'id': ID, 'status': status, 'owner': owner},
                'errors': errors,
            },
        )
        for status, owner, errors in [
            ('active', 'ours', (None, None)),
            ('queued', 'ours', (None, None)),
            ('importing', 'ours', (None, None)),
            ('active', 'theirs', (exception.NotOwned, None)),
            ('active', None, (exception.NotOwned, None)),
            ('deleted', 'ours', 2 * (exception.Unusable,)),
            ('killed', 'theirs', 2 * (exception.Unusable,)),
        ]
    ]

    def test_is_told(self):
        """One's own, alive; an administrator's may be of any project."""
        for is_admin, error in zip((False, True), self.errors, strict=True):
            context = types.SimpleNamespace(
                project_id='ours', is_admin=is_admin
            )
            if error is None:
                creation.check_adoptable(self.image, context)
            else:
                found = self.assertRaises(
                    error, creation.check_adoptable, self.image, context
                )
                self.assertEqual(ID, found.image_id)
