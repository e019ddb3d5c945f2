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


"""Tests of the table of faults, all of it, without any waiting."""

from heat_image_props import creation
from heat_image_props import data_exception
from heat_image_props import deletion
from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import faults
from heat_image_props import reconcile
from heat_image_props import source as sources
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
SOURCE = sources.Source(location='http://source.test/x')

#: The requests as the fake Glance calls them.
KINDS = {
    'get': 'GET',
    'create': 'POST',
    'import': 'POST import',
    'patch': 'PATCH',
    'members': 'GET members',
    'add-member': 'POST members',
    'remove-member': 'DELETE members/p1',
    'delete': 'DELETE',
}

#: How often Heat tries a deletion that meets with a conflict.
HEAT = 6


class TestTable(base.BaseTestCase):
    """A request and a fault, once and lasting."""

    scenarios = [
        (f'{request} {fault}', {'request': request, 'fault': fault})
        for request in faults.REQUESTS
        for fault in faults.FAULTS
        # Nothing waits here.
        if fault != 'delay'
    ]

    def setUp(self):
        super().setUp()
        self.clock = fake_glance.Clock()
        self.glance = self.useFixture(fake_glance.FakeGlance(self.clock))
        self.outcome = faults.outcome(self.request, self.fault)

    def break_(self, times):
        """Make the fault."""
        status, body, applied = faults.FAULTS[self.fault].status, 'no', False
        if self.fault.startswith('cut'):
            status, applied = fake_glance.CUT, self.fault == 'cut after'
        elif self.fault == 'truncated':
            if self.outcome is faults.EMPTY:
                return
            status, body, applied = 200, b'{"id', True
        self.glance.fail(
            KINDS[self.request], status, body, applied=applied, times=times
        )

    def run_task(self, task):
        """Do all steps, each at the time that the one before named."""
        while (delay := task.step()) is not None:
            self.clock.now += delay

    def act(self):
        """Do what sends the request."""
        if self.request == 'delete':
            return self.delete()
        ours = diff.Managed()
        declared = diff.Declared({'visibility': 'shared'}, {'a': '1'})
        if self.request in ('members', 'add-member'):
            declared = diff.Declared(
                {'visibility': 'shared'}, members=frozenset(['p2'])
            )
        if self.request == 'remove-member':
            ours = diff.Managed(members=frozenset(['p1']))
        api = self.glance.api()
        task = reconcile.Reconciler(
            api,
            ID,
            declared,
            ours,
            defaults={},
            source=SOURCE if self.request == 'import' else sources.Source(),
            remember=lambda managed: None,
            tell=lambda text: None,
            clock=self.clock,
        )
        if self.request in ('create', 'import'):
            record = {
                'id': ID,
                'disk_format': 'raw',
                'container_format': 'bare',
                'visibility': 'shared',
                'a': '1',
            }
            task.create(
                creation.Creation(
                    api,
                    record,
                    declared,
                    owner=fake_glance.PROJECT,
                    is_chosen=False,
                    begin=lambda: None,
                    give_up=lambda: None,
                    done=lambda: None,
                )
            )
        self.run_task(task)
        return None

    def delete(self):
        """Delete the image, as Heat does."""
        for attempt in range(HEAT):
            task = deletion.Deletion(
                self.glance.api(),
                ID,
                diff.Managed(),
                is_forced=False,
                clock=self.clock,
            )
            try:
                return self.run_task(task)
            except exception.Conflict:
                if attempt == HEAT - 1:
                    raise

    def ending(self):
        """Do what sends the request, and return how that ends."""
        try:
            self.act()
        except exception.Gone:
            return faults.REPLACED
        except (
            exception.RequestFailed,
            exception.NotApplied,
            data_exception.ImportFailed,
        ) as error:
            status = faults.FAULTS[self.fault].status
            if status is not None:
                self.assertIn(f'HTTP {status}', str(error))
                self.assertIn(fake_glance.REQUEST_ID, str(error))
            return faults.FAILED
        return faults.DONE

    def add(self):
        """Add the image as it is before."""
        self.glance.images.clear()
        self.glance.deleted.clear()
        self.glance.members.clear()
        self.glance.requests.clear()
        if self.request not in ('create', 'import'):
            self.glance.add(id=ID)
            self.glance.members[ID] = {'p1': 'pending'}

    def test_is_right(self):
        """It ends as the table says, within bounds, with one image."""
        outcome = self.outcome
        requests = outcome.requests or faults.REQUESTS[self.request].attempts
        for times, ending in ((1, outcome.once), (99, outcome.lasting)):
            self.add()
            self.break_(times)
            start = self.clock.now
            self.assertEqual(ending, self.ending(), times)
            self.assertLess(self.clock.now - start, 60)
            if times > 1:
                self.assertEqual(
                    requests, len(self.glance.sent(KINDS[self.request]))
                )
            self.assertEqual(
                {ID}, {ID, *(each.body['id'] for each in self.posts())}
            )
            self.glance._faults.clear()
            if ending == faults.FAILED and self.request not in (
                'create',
                'import',
            ):
                self.assertEqual(faults.DONE, self.ending())

    def posts(self):
        """Return the requests to create an image."""
        return self.glance.sent('POST')


class TestOutcomes(base.BaseTestCase):
    """The explanations of the table."""

    def test_are_complete(self):
        """Whatever the table says is explained, and nothing else is."""
        self.assertEqual(
            {*faults.OUTCOMES},
            {
                faults.outcome(request, fault)
                for request in faults.REQUESTS
                for fault in faults.FAULTS
            },
        )
