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

"""Tests of rows and templates that are older than this package."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.engine import resource

from heat_image_props import exception
from heat_image_props.tests.unit import image_base


class TestRows(image_base.ImageTestCase):
    """Real images of a Heat that kept no record."""

    def row(self, **kwargs):
        """Return a stored resource with an image, and without a record."""
        one = self.create(**kwargs)
        one.data_delete('managed')
        return self.reload(one)

    def test_is_public(self):
        """What was public becomes private when the template drops it."""
        self.glance.is_admin = True
        one = self.row(is_public=True, property={'a': 1})
        self.update(one, property={'a': 1})
        self.assertEqual('private', self.live(one)['visibility'])

    def test_spelled_anew(self):
        """The same visibility in other words is no change."""
        self.glance.is_admin = True
        one = self.row(is_public=True)
        self.update(one, visibility='public')
        self.assertEqual(['GET'], self.glance.log())

    def test_members(self):
        """The members of the old template are ours."""
        one = self.row(members=['p1', 'p2'])
        self.glance.members[one.resource_id]['theirs'] = 'pending'
        self.update(one, members=['p2'])
        self.assertEqual(
            {'p2', 'theirs'}, {*self.glance.members[one.resource_id]}
        )
        self.assertEqual(['p2'], self.record(one)['members'])

    def test_named_properties(self):
        """An optional text that is removed goes from the image."""
        one = self.row(
            architecture='x86_64',
            os_distro='debian',
            extra_properties={'a': 1},
        )
        self.live(one)['os_version'] = 'theirs'
        self.update(one, os_distro=None)
        self.assertEqual({'os_version': 'theirs'}, self.custom(one))

    def test_state_and_stores(self):
        """Everything else that the old template said is ours, too."""
        self.glance.may_copy = True
        one = self.row(active=False, stores=['fast', 'slow'], hidden=True)
        self.update(one, stores=['fast'])
        live = self.live(one)
        self.assertEqual(
            ('active', 'fast', False),
            (live['status'], live['stores'], live['os_hidden']),
        )

    def test_delete(self):
        """Such an image is deleted."""
        one = self.row(property={'a': 1})
        self.run_task(one.delete)
        self.assertEqual({}, self.glance.images)

    def test_check(self):
        """Such an image is checked."""
        one = self.row(property={'a': 1})
        self.run_task(one.check)
        self.assertEqual((one.CHECK, one.COMPLETE), one.state)


class TestAdopt(image_base.ImageTestCase):
    """Images that are there already."""

    def data(self, image_id=image_base.ID, **data):
        """Return what somebody writes by hand to adopt an image."""
        return {
            'status': 'COMPLETE',
            'name': 'image',
            'resource_data': data,
            'metadata': {},
            'resource_id': image_id,
            'action': 'CREATE',
            'type': image_base.TYPE,
        }

    def test_abandoned_and_adopted(self):
        """The record of what is ours travels with the resource."""
        one = self.create(property={'a': 1, 'b': 2})
        data = one.prepare_abandon()
        self.run_task(one.delete)
        self.assertEqual([], self.glance.log())

        adopted = self.make(property={'a': 1, 'b': 2})
        self.run_task(adopted.adopt, data)
        self.assertEqual((adopted.ADOPT, adopted.COMPLETE), adopted.state)
        self.assertEqual(one.resource_id, adopted.resource_id)
        self.assertEqual(one.data(), adopted.data())

        self.update(adopted, property={'b': 2})
        self.assertEqual({'b': '2'}, self.custom(adopted))

    def test_of_another_project(self):
        """What the stack could not look after is refused, untouched."""
        self.glance.add(id=image_base.ID, owner='other', visibility='public')
        one = self.make()
        error = self.assertFails(
            exception.NotOwned, self.run_task, one.adopt, self.data()
        )
        self.assertEqual('other', error.owner)
        self.run_task(self.reload(one).delete)
        self.assertEqual(['GET'], self.glance.log())

    def test_external(self):
        """An external image may be that of anybody."""
        self.glance.add(id=image_base.ID, owner='other', visibility='public')
        one = self.make(_image={'external_id': image_base.ID})
        self.run_task(one.adopt, self.data())
        self.assertEqual((one.ADOPT, one.COMPLETE), one.state)

    def test_by_id(self):
        """An image is taken over by one look, whatever it holds."""
        self.glance.add(id=image_base.ID, foreign='x', a='old')
        one = self.make(property={'a': 1})
        self.run_task(one.adopt, self.data())
        self.assertEqual((one.ADOPT, one.COMPLETE), one.state)
        self.assertEqual(image_base.ID, one.resource_id)
        self.assertEqual(['GET'], self.glance.log())

        self.update(one, property={'a': 2})
        self.assertEqual({'a': '2', 'foreign': 'x'}, self.custom(one))

    def test_missing(self):
        """What does not exist cannot be adopted."""
        one = self.make()
        self.assertFails(
            exception.NotFound, self.run_task, one.adopt, self.data()
        )
        self.assertEqual((one.ADOPT, one.FAILED), one.state)

    def test_not_known(self):
        """What was not adopted is not deleted with the failed stack."""
        self.glance.add(id=image_base.ID)
        self.glance.fail('GET', 503, times=3)
        one = self.make()
        self.assertFails(
            exception.Unavailable, self.run_task, one.adopt, self.data()
        )
        self.run_task(self.reload(one).delete)
        self.assertIn(image_base.ID, self.glance.images)

    def test_ended(self):
        """What is beyond use cannot be adopted."""
        self.glance.add(id=image_base.ID, status='killed')
        one = self.make()
        error = self.assertFails(
            exception.Unusable, self.run_task, one.adopt, self.data()
        )
        self.assertEqual('killed', error.status)

    def test_placeholder(self):
        """What only pretended to be an image is adopted, and replaced."""
        one = self.make()
        self.run_task(one.adopt, self.data(is_placeholder='True'))
        self.assertEqual((one.ADOPT, one.COMPLETE), one.state)
        self.assertEqual([], self.glance.log())
        self.assertRaises(resource.UpdateReplace, self.update, one)


class TestNothingStored(image_base.ImageTestCase):
    """A placeholder of which not even an id was stored."""

    def test_is_replaced(self):
        """A row with a flag and without an id is no image."""
        one = self.make()
        one.state_set(one.CREATE, one.COMPLETE)
        one.data_set('is_placeholder', 'True')
        one = self.reload(one)
        self.assertFails(exception.NoImage, self.run_task, one.check)
        self.assertEqual([], self.glance.log())
