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

"""Sharing of images with other projects."""

from heatclient import exc as heat_exc
from keystoneauth1 import exceptions as ksa_exceptions

from heat_image_props.tests.functional import test_update

#: A look at a shared image is one at its members, too.
LOOK = ['GET', 'GET']


class MembersTestCase(test_update.UpdateTestCase):
    """A test with some projects to share an image with."""

    def setUp(self):
        super().setUp()
        self.other = self.project_of('other')
        # Data has nothing to do with it.
        self.url = None

    def seen_by_other(self, image_id):
        """Say whether the other project can see an image."""
        try:
            self.glance_of('other').get(f'/v2/images/{image_id}')
        except ksa_exceptions.NotFound:
            return False
        return True

    def share(self, image_id, member):
        """Share an image beside the stack."""
        self.glance.post(
            f'/v2/images/{image_id}/members', json={'member': member}
        )


class TestMembers(MembersTestCase):
    """What an update does to the members of an image."""

    def test_the_difference(self):
        """Exactly what differs is sent, together with properties."""
        before = {'members': [self.other, 'one'], 'property': {'a': '1'}}
        after = {'members': ['two', self.other], 'property': {'a': '2'}}
        stack, image_id = self.stack(**before)
        self.assertEqual('shared', self.image(image_id)['visibility'])
        # The member may see the image, and accepts it.
        self.glance_of('other').put(
            f'/v2/images/{image_id}/members/{self.other}',
            json={'status': 'accepted'},
        )
        self.share(image_id, 'theirs')

        self.assertEqual(
            [*LOOK, 'PATCH', 'DELETE', 'POST', *LOOK],
            self.update(stack, **after),
        )
        self.assertEqual(
            sorted([self.other, 'theirs', 'two']), self.members(image_id)
        )
        self.assertEqual({'a': '2'}, self.custom(image_id, 'a'))
        self.assertEqual(
            [*LOOK, 'PATCH', 'DELETE', 'POST', *LOOK],
            self.update(stack, **before),
        )
        self.assertEqual(
            sorted([self.other, 'one', 'theirs']), self.members(image_id)
        )
        self.assertEqual({'a': '1'}, self.custom(image_id, 'a'))
        # A member that stays is never added anew, which would undo this.
        status = self.glance.get(
            f'/v2/images/{image_id}/members/{self.other}'
        ).json()['status']
        self.assertEqual('accepted', status)
        self.assert_in_place(stack, image_id, 'queued')


class TestVisibility(MembersTestCase):
    """Members and the visibility that they need."""

    def test_changes_with_the_members(self):
        """An image becomes shared and private again, by one update each."""
        stack, image_id = self.stack(visibility='private')
        self.assertEqual(
            ['GET', 'PATCH', 'POST', *LOOK],
            self.update(stack, members=[self.other]),
        )
        self.assertTrue(self.seen_by_other(image_id))
        self.assertEqual(
            [*LOOK, 'DELETE', 'PATCH', 'GET'],
            self.update(stack, visibility='private'),
        )
        self.assertFalse(self.seen_by_other(image_id))

        # Nobody comes back with the visibility alone.
        self.assertEqual(
            ['GET', 'PATCH', *LOOK], self.update(stack, visibility='shared')
        )
        self.assertEqual([], self.members(image_id))
        self.assert_in_place(stack, image_id, 'queued')

    def test_members_out_of_sight(self):
        """Members that Glance hides are not forgotten.

        It keeps those of an image that is shared no more, and they are back
        with the visibility.
        """
        stack, image_id = self.stack(members=[self.other])
        self.make(image_id, 'private')
        seen = self.event_ids(stack)
        self.update(stack, members=['one'])
        self.assertEqual(['one'], self.members(image_id))
        self.assertEqual(
            [
                'attributes: 1 changed (visibility); members: 1 added (one), '
                f'1 removed ({self.other})'
            ],
            self.said(stack, seen),
        )

        self.make(image_id, 'private')
        self.assertEqual(['GET'], self.update(stack, visibility='private'))
        self.make(image_id, 'shared')
        self.assertEqual(['one'], self.members(image_id))
        self.update(stack, members=['two'])
        self.assertEqual(['two'], self.members(image_id))
        self.assert_in_place(stack, image_id, 'queued')

    def make(self, image_id, visibility):
        """Change the visibility beside the stack."""
        self.patch_image(
            image_id,
            {'op': 'replace', 'path': '/visibility', 'value': visibility},
        )


class TestRefused(MembersTestCase):
    """Members that cannot be, and what a failure leaves."""

    def test_what_is_no_project(self):
        """All that cannot be the id of a project is named at once."""
        mark = self.cloud.glance_log.mark()
        wrong = ['', 'a/b', 'two words', 'ünï', 'x' * 256]
        error = self.assertRaises(
            heat_exc.HTTPBadRequest,
            self.create_stack,
            self.template(members=['one', *wrong]),
        )

        message = str(error)
        self.assertEqual(
            len(wrong), message.count('is not the id of a project')
        )
        for member in wrong[1:-1]:
            self.assertIn(f"'members: {member}'", message)
        self.assertEqual([], self.requests(mark))

    def test_by_the_quota(self):
        """What a refused update did not share stays with the others."""
        stack, image_id = self.stack(members=['one'])
        self.share(image_id, 'theirs')
        # More than image_member_quota of Glance allows.
        too_many = ['one', 'theirs', *(f'p{n:03}' for n in range(130))]
        self.update_stack(
            stack,
            self.template(members=too_many),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )

        self.assertEqual(['one', 'theirs'], self.members(image_id))
        self.assert_in_place(stack, image_id, 'queued')
