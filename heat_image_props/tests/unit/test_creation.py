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

from heat_image_props import creation
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import permission
from heat_image_props import refusal
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


def ids(glance):
    """Return the ids that images were asked for under."""
    return {request.body['id'] for request in glance.sent('POST')}


class CreateTestCase(base.BaseTestCase):
    """A test that creates the record of an image."""

    attempts = 3

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())

    def create(self, is_chosen=False, declared=DECLARED, **image):
        """Create the record, by as many attempts as it takes."""
        self.called = []
        record = creation.Creation(
            self.glance.api(),
            {**RECORD, **image},
            declared,
            owner=fake_glance.PROJECT,
            is_chosen=is_chosen,
            give_up=lambda: self.called.append('given up'),
            begin=lambda: self.called.append(len(self.glance.requests)),
            done=lambda: self.called.append(len(self.glance.requests)),
        )
        for attempt in range(self.attempts):
            try:
                return record.create()
            except exception.Unavailable:
                if attempt == self.attempts - 1:
                    raise


class TestCreate(CreateTestCase):
    """An answer that arrives."""

    def test_one_request(self):
        """One request creates the record, with all there is."""
        self.create()
        self.assertEqual(['POST'], self.glance.log())
        self.assertEqual(RECORD, self.glance.requests[0].body)

        self.assertEqual([0, 1], self.called)

    def test_chosen(self):
        """An id that the author chose is looked for before it is claimed."""
        self.create(is_chosen=True)
        self.assertEqual(['GET', 'POST'], self.glance.log())
        self.assertEqual([1, 2], self.called)

    def test_taken(self):
        """An id that an image has is the author's to change."""
        self.glance.add(id=ID, name='theirs')
        error = self.assertRaises(
            exception.ImageIdTaken, self.create, is_chosen=True
        )
        self.assertEqual(ID, error.image_id)
        self.assertIn('for a replacement', str(error))
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual([], self.called)
        self.assertEqual('theirs', self.glance.images[ID]['name'])

    def test_taken_out_of_sight(self):
        """An id that only Glance knows to be taken is not claimed any more."""
        self.glance.fail('POST', 409)
        self.assertRaises(exception.ImageIdTaken, self.create, is_chosen=True)
        self.assertEqual(['GET', 'POST'], self.glance.log())
        self.assertEqual([1, 'given up'], self.called)

    def test_conflict_with_itself(self):
        """An id that was made up just now is taken by this very request."""
        self.glance.fail('POST', 409, applied=True)
        self.create(is_chosen=False)
        self.assertEqual(['POST', 'GET'], self.glance.log())
        self.assertEqual([0, 2], self.called)

    def test_not_believed(self):
        """What Glance would not answer is not believed."""
        for status in (404, 409):
            self.glance.images.clear()
            self.glance.requests.clear()
            self.glance.fail('POST', status)
            self.create(is_chosen=False)
            self.assertEqual(['POST', 'GET', 'POST'], self.glance.log())
            self.assertEqual(1, len(ids(self.glance)))

    def test_not_believed_for_long(self):
        """If it is answered again and again, it is told."""
        for status in (404, 409):
            self.glance.fail('POST', status, 'because', times=3)
            error = self.assertRaises(
                exception.Unavailable, self.create, is_chosen=False
            )
            self.assertEqual(status, error.status)
            self.assertIn('because', str(error))

    def test_for_administrators(self):
        """What the policy reserves is told with whom to ask."""
        error = self.assertRaises(
            refusal.ForAdministrators, self.create, visibility='public'
        )
        self.assertEqual({'visibility': 'public'}, error.values)

    def test_for_members(self):
        """A role that is missing is told, whatever else might be."""
        self.glance.fail(
            'POST', 403, 'You are not authorized to complete add_image action.'
        )
        error = self.assertRaises(
            permission.NotAMember, self.create, visibility='public'
        )
        self.assertIn('the role "member"', str(error))
        self.assertNotIn('administrators', str(error))

    def test_refused(self):
        """Any other refusal is shown as it is."""
        for status in (400, 403, 413):
            self.glance.fail('POST', status, 'because')
            error = self.assertRaises(exception.Refused, self.create)
            self.assertIn('because', str(error))
            self.assertEqual('given up', self.called[-1])
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
            self.assertEqual(
                [*(['GET'] * is_chosen), 'POST', 'GET'], self.glance.log()
            )

    def test_not_created(self):
        """If the record is not there, it is asked for under the same id."""
        for is_chosen in (True, False):
            self.glance.images.clear()
            self.glance.requests.clear()
            self.glance.fail('POST', **self.answer)
            self.create(is_chosen)
            self.assertEqual(
                [*(['GET'] * is_chosen), 'POST', 'GET', 'POST'],
                self.glance.log(),
            )
            self.assertEqual({ID}, ids(self.glance))

    def test_not_known(self):
        """Nothing is asked for as long as the look is not answered."""
        self.glance.fail('POST', **self.answer, applied=True)
        self.glance.fail('GET', 503)
        self.create()
        self.assertEqual(['POST', 'GET', 'GET'], self.glance.log())

    def test_seen_late(self):
        """A record that a look did not show yet is taken for one's own."""
        for is_chosen in (True, False):
            self.glance.images.clear()
            self.glance.requests.clear()
            self.glance.fail('POST', **self.answer, applied=True)
            self.glance.fail('GET', 404, skip=int(is_chosen))
            self.create(is_chosen)
            self.assertEqual(
                [*(['GET'] * is_chosen), 'POST', 'GET', 'POST', 'GET'],
                self.glance.log(),
            )

    def test_is_given_up(self):
        """An attempt that fails says what it met with."""
        self.attempts = 1
        self.glance.fail('POST', **self.answer)
        error = self.assertRaises(exception.Unavailable, self.create)
        self.assertIn('create image', str(error))

    def test_not_permitted_to_look(self):
        """What may exist is not given up because a look is refused."""
        self.glance.fail('POST', **self.answer, applied=True)
        self.glance.fail('GET', 401, skip=1)
        self.assertRaises(exception.Unauthorized, self.create, is_chosen=True)
        self.assertNotIn('given up', self.called)

    def test_created_by_somebody_else(self):
        """What holds anything else is somebody's, and is not taken over."""
        for theirs in (
            {'status': 'active'},
            {'a': '2'},
            {'tags': []},
            {'min_ram': 0},
            {'owner': 'another', 'visibility': 'community'},
        ):
            self.glance.add(**{**RECORD, 'status': 'queued', **theirs})
            # It was made between the first look and the request.
            self.glance.fail('GET', 404)
            self.glance.fail('POST', **self.answer)
            self.assertRaises(
                exception.ImageIdTaken, self.create, is_chosen=True
            )
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
