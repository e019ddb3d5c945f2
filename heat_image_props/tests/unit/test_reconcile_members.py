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

"""Tests of members, owner and state: what has requests of its own."""

import fixtures

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import reconcile
from heat_image_props import refusal
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import test_reconcile

ID = test_reconcile.ID


def shared_with(*members, **others):
    """Return a declaration of members, and of properties by keyword."""
    return diff.Declared({'visibility': 'shared'}, others, members={*members})


def managed(*members, **others):
    """Return a record of members, and of other things by keyword."""
    return diff.Managed(members=frozenset(members), **others)


class MembersTestCase(test_reconcile.ReconcileTestCase):
    """A test with an image that is shared with two projects."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.add(id=ID, visibility='shared')
        self.glance.members[ID] = {'ours': 'accepted', 'theirs': 'pending'}

    def members(self):
        """Return the members as Glance keeps them."""
        return sorted(self.glance.members.get(ID, ()))

    def recorded(self):
        """Return the members in the record."""
        return sorted(self.remembered[-1][0].members)


class TestMembers(MembersTestCase):
    """Projects that an image is shared with."""

    def test_difference_only(self):
        """Ours come and go, those of others stay, nobody is sent twice."""
        self.reconcile(shared_with('ours', 'new'), managed('ours', 'old'))
        self.assertEqual(
            ['GET', 'GET members', 'POST members', 'GET', 'GET members'],
            self.glance.log(),
        )
        self.assertEqual(['new', 'ours', 'theirs'], self.members())
        self.assertEqual('accepted', self.glance.members[ID]['ours'])
        self.assertEqual(['new', 'ours'], self.recorded())

    def test_removed(self):
        """A member that is no longer declared goes, if it was ours."""
        self.reconcile(shared_with(), managed('ours'))
        self.assertIn('DELETE members/ours', self.glance.log())
        self.assertEqual(['theirs'], self.members())
        self.assertEqual([], self.recorded())

    def test_together_with_properties(self):
        """One PATCH, then members go and come, all in one round."""
        self.reconcile(shared_with('new', a='1'), managed('ours'))
        self.assertEqual(
            [
                *('GET', 'GET members', 'PATCH', 'DELETE members/ours'),
                *('POST members', 'GET', 'GET members'),
            ],
            self.glance.log(),
        )
        self.assertEqual('1', self.live['a'])

    def test_before_the_image_is_no_longer_shared(self):
        """Members go while Glance still takes them for members."""
        self.reconcile(
            diff.Declared({'visibility': 'private'}), managed('ours')
        )
        self.assertEqual(
            ['GET', 'GET members', 'DELETE members/ours', 'PATCH', 'GET'],
            self.glance.log(),
        )
        self.assertEqual(['theirs'], self.members())
        self.assertEqual('private', self.live['visibility'])

    def test_after_the_image_is_shared(self):
        """Members come when Glance has members."""
        self.live['visibility'] = 'private'
        self.glance.members.clear()
        self.reconcile(shared_with('new'))
        self.assertEqual(['new'], self.members())

    def test_who_come_back(self):
        """A member that Glance had kept is no error, and keeps its status."""
        self.live['visibility'] = 'private'
        self.reconcile(shared_with('ours'), managed('ours'))
        self.assertEqual('accepted', self.glance.members[ID]['ours'])
        self.assertEqual(['ours'], self.recorded())

    def test_kept_in_the_record(self):
        """Members that Glance hides are removed when they come back."""
        self.live['visibility'] = 'private'
        self.reconcile(
            diff.Declared({'visibility': 'private'}), managed('ours')
        )
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual(['ours'], self.recorded())

        self.reconcile(shared_with(), self.remembered[-1][0])
        # They are seen when the image is shared again, and go with the next
        # update.
        self.reconcile(shared_with(), self.remembered[-1][0])
        self.assertEqual(['theirs'], self.members())
        self.assertEqual([], self.recorded())

    def test_not_asked_for(self):
        """Without members, in template and record, nobody asks for them."""
        self.reconcile(diff.Declared({'visibility': 'shared'}))
        self.assertEqual(['GET'], self.glance.log())

    def test_of_a_queued_image(self):
        """An image without data can be shared."""
        self.live['status'] = 'queued'
        self.reconcile(shared_with('new'))
        self.assertIn('new', self.members())

    def test_gone_meanwhile(self):
        """A member that somebody else removes is what was wanted."""
        self.glance.fail('DELETE members/ours', 404, applied=True)
        self.reconcile(shared_with(), managed('ours'))
        self.assertEqual(['theirs'], self.members())
        self.assertIn('was no member', self.log.output)

    def test_image_gone_meanwhile(self):
        """That the image is gone is told by the next request for it."""
        task = self.task(shared_with(), managed('ours'))
        self.glance.fail('DELETE members/ours', 404)
        self.clock.now += task.step()
        self.glance.images.clear()
        self.assertRaises(exception.Gone, self.run_task, task)

    def test_answer_lost(self):
        """A member whose answer is lost is there at the next look."""
        for status in (503, fake_glance.CUT):
            self.glance.members[ID].pop('new', None)
            self.glance.requests.clear()
            self.glance.fail('POST members', status, applied=True)
            self.reconcile(shared_with('new'))
            self.assertEqual(1, len(self.glance.sent('POST members')))
            self.assertIn('new', self.members())

    def test_refused(self):
        """Of a refused change only what came true is recorded."""
        self.glance.fail('POST members', 413, 'limit exceeded', skip=1)
        error = self.assertRaises(
            exception.Refused,
            self.reconcile,
            shared_with('a', 'b', 'ours', key='1'),
            managed('ours'),
        )
        self.assertIn('limit exceeded', str(error))
        self.assertEqual(['a', 'ours', 'theirs'], self.members())
        self.assertEqual(['a', 'ours'], self.recorded())
        self.assertEqual({'key'}, self.remembered[-1][0].properties)

    def test_permanently_unavailable(self):
        """Members that cannot be added are named at the end."""
        self.glance.fail('POST members', 500, times=reconcile.MOST_ROUNDS)
        error = self.assertRaises(
            exception.NotApplied, self.reconcile, shared_with('new')
        )
        self.assertEqual(('members',), error.names)
        self.assertEqual([], self.recorded())

    def test_that_cannot_be_read(self):
        """A list of members that does not come is waited for."""
        self.glance.fail('GET members', 503, times=2)
        self.reconcile(shared_with('new'))
        self.assertIn('new', self.members())


class TestActive(MembersTestCase):
    """Whether the data can be used."""

    def test_switched(self):
        """One request, after the properties, and a look."""
        for active, status in ((False, 'deactivated'), (True, 'active')):
            self.glance.requests.clear()
            self.reconcile(
                diff.Declared(properties={'a': status}, active=active)
            )
            action = 'reactivate' if active else 'deactivate'
            self.assertEqual(
                ['GET', 'PATCH', f'POST actions/{action}', 'GET'],
                self.glance.log(),
            )
            self.assertEqual(status, self.live['status'])
            self.assertEqual({diff.ACTIVE}, self.remembered[-1][0].attributes)

    def test_so_already(self):
        """An image in the declared state is looked at, no more."""
        self.reconcile(diff.Declared(active=True))
        self.assertEqual(['GET'], self.glance.log())

    def test_no_longer_declared(self):
        """What the resource deactivated becomes active again."""
        self.live['status'] = 'deactivated'
        self.reconcile(
            managed=diff.Managed(attributes=frozenset((diff.ACTIVE,)))
        )
        self.assertEqual('active', self.live['status'])
        self.assertEqual(set(), self.remembered[-1][0].attributes)

    def test_of_others(self):
        """What an administrator deactivated stays so."""
        self.live['status'] = 'deactivated'
        self.reconcile(test_reconcile.declared(a='1'))
        self.assertEqual('deactivated', self.live['status'])

    def test_after_the_import(self):
        """Data that shall not be used is deactivated once it is there."""
        self.live['status'] = 'queued'
        task = self.task(
            diff.Declared(active=False), source=test_reconcile.SOURCE
        )
        self.begin(task)
        self.run_task(task)
        self.assertEqual('deactivated', self.live['status'])

    def test_without_data(self):
        """A queued image cannot be deactivated, and is left alone."""
        self.live['status'] = 'queued'
        self.reconcile(diff.Declared(active=False))
        self.assertEqual(['GET'], self.glance.log())

    def test_refused(self):
        """Who may not do it is told; it is not recorded as done."""
        self.glance.fail('POST actions/deactivate', 403, 'policy')
        self.assertRaises(
            exception.Refused,
            self.reconcile,
            diff.Declared(properties={'a': '1'}, active=False),
        )
        self.assertEqual(set(), self.remembered[-1][0].attributes)
        self.assertEqual({'a'}, self.remembered[-1][0].properties)

    def test_not_kept(self):
        """A state that does not last is told."""
        self.glance.fail(
            'POST actions/deactivate',
            204,
            b'',
            times=reconcile.MOST_ROUNDS,
        )
        error = self.assertRaises(
            exception.NotKept, self.reconcile, diff.Declared(active=False)
        )
        self.assertEqual({'active': (True,)}, error.seen)


class TestOwner(MembersTestCase):
    """To whom an image belongs."""

    def test_given_away(self):
        """An administrator gives the image to another project."""
        self.glance.is_admin = True
        self.reconcile(diff.Declared({'owner': 'other'}))
        self.assertEqual('other', self.live['owner'])
        self.assertEqual(
            [{'op': 'replace', 'path': '/owner', 'value': 'other'}],
            self.glance.sent('PATCH')[0].body,
        )

    def test_not_allowed(self):
        """A user who may not do it still has the image after the attempt."""
        error = self.assertRaises(
            refusal.ForAdministrators,
            self.reconcile,
            diff.Declared({'owner': 'other'}, {'a': '1'}),
        )
        self.assertEqual({'owner': 'other'}, error.values)
        self.assertIn('non admin', str(error))
        self.assertEqual(fake_glance.PROJECT, self.live['owner'])
        self.assertNotIn('a', self.live)
        self.assertEqual(diff.Managed(), self.remembered[-1][0])

    def test_public(self):
        """Who may not publish an image is told whom to ask."""
        error = self.assertRaises(
            refusal.ForAdministrators,
            self.reconcile,
            diff.Declared({'visibility': 'public', 'min_ram': 1}),
        )
        self.assertEqual({'visibility': 'public'}, error.values)
        self.assertIn('publicize_image', str(error))
        self.assertEqual('shared', self.live['visibility'])

    def test_own_project(self):
        """The project that owns it already is not sent."""
        self.reconcile(diff.Declared({'owner': fake_glance.PROJECT}))
        self.assertEqual(['GET'], self.glance.log())

    def test_no_longer_declared(self):
        """An owner that is dropped stays: nobody else is known."""
        self.glance.is_admin = True
        self.glance.add(id=ID, owner='other')
        self.reconcile(managed=diff.Managed(attributes=frozenset(('owner',))))
        self.assertEqual('other', self.live['owner'])
