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

"""Tests of checks, deletions, attributes, and of what a failure means."""

import json

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import fixtures
from heat.common import exception as heat_exception
from heat.engine import resource
from oslo_config import cfg

from heat_image_props import data_exception
from heat_image_props import deletion
from heat_image_props import exception
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import image_base


class TestDelete(image_base.ImageTestCase):
    """How an image goes."""

    def test_deletes(self):
        """The image is deleted by one request."""
        one = self.create()
        self.run_task(one.delete)
        self.assertEqual(['DELETE'], self.glance.log())
        self.assertEqual({}, self.glance.images)
        self.assertEqual((one.DELETE, one.COMPLETE), one.state)

    def test_gone_already(self):
        """An image that is gone is what was wanted."""
        one = self.create()
        self.glance.images.clear()
        self.run_task(one.delete)
        self.assertEqual((one.DELETE, one.COMPLETE), one.state)

    def test_answer_lost(self):
        """A look after it finds nothing, which is no error."""
        one = self.create()
        self.glance.fail('DELETE', 503, applied=True)
        self.run_task(one.delete)
        self.assertEqual({}, self.glance.images)
        self.assertEqual(['DELETE', 'GET', 'GET'], self.glance.log())

    def test_glance_away(self):
        """A Glance that stays away fails the deletion, and the next works."""
        one = self.create()
        self.glance.fail('DELETE', 503, 'restarting', times=99)
        self.assertFails(exception.Unavailable, self.run_task, one.delete)
        self.assertIn('restarting', one.status_reason)
        self.glance._faults.clear()
        self.run_task(one.delete)
        self.assertEqual({}, self.glance.images)

    def test_in_use(self):
        """An image in use is tried again, as often as Heat is told to."""
        cfg.CONF.set_override('action_retry_limit', 2)
        self.patch(
            'heat.common.timeutils.retry_backoff_delay', return_value=0.001
        )
        one = self.create()
        self.glance.fail('DELETE', 409, 'it is in use', times=2)
        self.run_task(one.delete)
        self.assertEqual(['DELETE'] * 3, self.glance.log())

        one = self.create()
        self.glance.fail('DELETE', 409, 'it is in use', times=3)
        error = self.assertFails(
            deletion.DeletionRefused, self.run_task, one.delete
        )
        self.assertIn('it is in use', str(error))
        self.assertIn(one.resource_id, str(error))

    def test_protected(self):
        """A protected image is kept, and the way out is shown."""
        one = self.create(protected=True)
        self.assertFails(exception.Protected, self.run_task, one.delete)
        self.assertIn('image set --unprotect', one.status_reason)
        self.assertIn(one.resource_id, self.glance.images)

    def test_protected_without_data(self):
        """A protected image whose import failed is not in the way."""
        self.glance.import_error = 'no route'
        one = self.make(protected=True)
        self.assertFails(
            data_exception.ImportFailed, self.run_task, one.create
        )
        self.run_task(self.reload(one).delete)
        self.assertEqual({}, self.glance.images)

    def test_protected_with_rejected_data(self):
        """A protected image that this creation rejected is not, either."""
        one = self.make(protected=True, image_hash={'value': 'b' * 128})
        self.assertFails(
            data_exception.HashMismatch, self.run_task, one.create
        )
        self.run_task(self.reload(one).delete)
        self.assertEqual({}, self.glance.images)

    def test_forced(self):
        """The protection is lifted where the template says so."""
        one = self.create(protected=True, force_delete=True)
        self.run_task(one.delete)
        self.assertEqual(['GET', 'PATCH', 'DELETE'], self.glance.log())
        self.assertEqual({}, self.glance.images)

    def test_forced_and_in_use(self):
        """An image in use is tried again, and is as protected as before."""
        cfg.CONF.set_override('action_retry_limit', 1)
        self.patch(
            'heat.common.timeutils.retry_backoff_delay', return_value=0.001
        )
        one = self.create(protected=True, force_delete=True)
        self.glance.in_use = {'fast'}
        error = self.assertFails(
            deletion.DeletionRefused, self.run_task, one.delete
        )
        self.assertIn('in use: by volume-1', str(error))
        self.assertEqual(
            2 * ['GET', 'PATCH', 'DELETE', 'PATCH'], self.glance.log()
        )
        self.assertIs(True, self.live(one)['protected'])

    def test_retained(self):
        """An image that the template retains is not touched."""
        one = self.create(_image={'deletion_policy': 'Retain'})
        self.run_task(one.delete)
        self.assertEqual([], self.glance.log())

    def test_while_importing(self):
        """An image that is being imported can be deleted."""
        one = self.create()
        self.live(one)['status'] = 'importing'
        self.run_task(one.delete)
        self.assertEqual({}, self.glance.images)


class TestPlaceholder(image_base.ImageTestCase):
    """What Heat's own type only pretended to create."""

    def setUp(self):
        super().setUp()
        one = self.make(property={'a': 1})
        one.state_set(one.CREATE, one.COMPLETE)
        one.resource_id_set(image_base.ID)
        one.data_set('is_placeholder', 'True')
        self.one = self.reload(one)

    def test_is_replaced(self):
        """Any update makes a real image of it, even without a change."""
        for kwargs in ({'property': {'a': 1}}, {'property': {'a': 2}}):
            self.assertRaises(
                resource.UpdateReplace, self.update, self.one, **kwargs
            )
        self.assertEqual([], self.glance.log())

    def test_is_replaced_after_a_failure(self):
        """A failed one is replaced as well."""
        self.one.state_set(self.one.CHECK, self.one.FAILED)
        self.assertTrue(self.one.needs_replace_failed())
        self.assertRaises(
            resource.UpdateReplace, self.update, self.one, property={'a': 1}
        )
        self.assertEqual([], self.glance.log())

    def test_is_deleted_without_a_request(self):
        """There is nothing to delete, and no image has that id."""
        self.run_task(self.one.delete)
        self.assertEqual([], self.glance.log())
        self.assertEqual((self.one.DELETE, self.one.COMPLETE), self.one.state)

    def test_fails_a_check(self):
        """A check tells that there is no image."""
        self.assertFails(exception.NoImage, self.run_task, self.one.check)
        self.assertEqual([], self.glance.log())

    def test_has_no_attributes(self):
        """All attributes are null."""
        for name in self.one.attributes_schema:
            self.assertFalse(self.one.FnGetAtt(name), name)
        self.assertEqual([], self.glance.log())


class TestNeedsReplaceFailed(image_base.ImageTestCase):
    """Whether a failure costs the image."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.one = self.create(property={'a': 1})
        self.one.state_set(self.one.UPDATE, self.one.FAILED)

    def test_status(self):
        """An image that is alive is kept, one beyond use is replaced."""
        for status, replaced in [
            ('active', False),
            ('deactivated', False),
            ('queued', False),
            ('importing', False),
            ('saving', False),
            ('uploading', False),
            ('killed', True),
            ('deleted', True),
            ('pending_delete', True),
        ]:
            self.glance.requests.clear()
            self.live(self.one)['status'] = status
            self.assertIs(replaced, self.one.needs_replace_failed(), status)
            self.assertEqual(['GET'], self.glance.log())

    def test_no_answer(self):
        """In doubt the image is kept; only if it is gone it is replaced."""
        for answer in (400, 401, 403, 409, 429, 500, 503, fake_glance.CUT):
            self.glance.fail('GET', answer, f'because {answer}', times=3)
            self.assertIs(False, self.one.needs_replace_failed(), answer)
            self.glance._faults.clear()
        self.assertIn('because 503', self.log.output)
        self.assertIn('it is not replaced', self.log.output)
        self.glance.images.clear()
        self.assertIs(True, self.one.needs_replace_failed())

    def test_kept_by_an_update(self):
        """Heat goes on with the image, whatever it was doing."""
        for status in ('active', 'deactivated', 'queued', 'importing'):
            self.one.state_set(self.one.UPDATE, self.one.FAILED)
            self.live(self.one)['status'] = status
            if status == 'importing':
                self.glance.work_on(self.one.resource_id, 2)
            self.update(self.one, property={'a': status})
            self.assertEqual({'a': status}, self.custom(self.one))

    def test_replaced_by_an_update(self):
        """Heat creates the image again if there is none."""
        self.glance.images.clear()
        self.assertRaises(
            resource.UpdateReplace, self.update, self.one, property={'a': 2}
        )

    def test_without_an_id(self):
        """What never got an id has no image to keep."""
        one = self.make()
        self.glance.requests.clear()
        self.assertTrue(one.needs_replace_failed())
        self.assertEqual([], self.glance.log())


class TestCheck(image_base.ImageTestCase):
    """What a check finds."""

    def setUp(self):
        super().setUp()
        self.one = self.create(
            name='n', tags=['t'], property={'a': 1}, extra_properties={'b': 2}
        )

    def test_all_is_well(self):
        """One look, and foreign keys and tags are no drift."""
        self.live(self.one)['foreign'] = 'x'
        self.live(self.one)['tags'].append('foreign')
        self.run_task(self.one.check)
        self.assertEqual((self.one.CHECK, self.one.COMPLETE), self.one.state)
        self.assertEqual(['GET'], self.glance.log())

    def test_deactivated(self):
        """An image that an administrator deactivated is in order."""
        self.live(self.one)['status'] = 'deactivated'
        self.run_task(self.one.check)
        self.assertEqual((self.one.CHECK, self.one.COMPLETE), self.one.state)

    def test_drift(self):
        """What differs is named, all of it, and nothing is written."""
        live = self.live(self.one)
        live.update(a='9', name='m', tags=[], status='queued')
        del live['b']
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertEqual(
            (
                'its status is queued',
                "'a' is '9' instead of '1'",
                "'b' is missing instead of '2'",
                "'name' is 'm' instead of 'n'",
                "'tags' is [] instead of ['t']",
            ),
            error.reasons,
        )
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual((self.one.CHECK, self.one.FAILED), self.one.state)

    def test_leftovers(self):
        """A key that we set and no longer declare is a drift."""
        self.glance.fail('PATCH', 400, applied=True)
        self.fail_update(
            self.one,
            exception.Refused,
            name='n',
            tags=['t'],
            min_ram=512,
            property={'a': 1, 'left': 1},
            extra_properties={'b': 2},
        )
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertEqual(
            (
                "'left' is '1' instead of missing",
                "'min_ram' is '512' instead of '0'",
            ),
            error.reasons,
        )

    def test_gone(self):
        """An image that is gone is said to be gone."""
        self.glance.images.clear()
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertIn('it is gone', str(error))

    def test_glance_away(self):
        """A Glance that does not answer fails the check with its reason."""
        self.glance.fail('GET', 503, 'restarting', times=3)
        self.assertFails(exception.Unavailable, self.run_task, self.one.check)
        self.assertIn('restarting', self.one.status_reason)

    def test_without_an_image(self):
        """What never got an image fails without a request."""
        self.glance.add(id=image_base.ID)
        one = self.make(id=image_base.ID)
        self.assertFails(exception.ImageIdTaken, self.run_task, one.create)
        self.glance.requests.clear()
        error = self.assertFails(exception.NoImage, self.run_task, one.check)
        self.assertEqual(one.name, error.name)
        self.assertEqual([], self.glance.log())


class TestAttributes(image_base.ImageTestCase):
    """What templates and users can read."""

    def setUp(self):
        super().setUp()
        self.one = self.create(property={'a': 1}, tags=['t'])
        self.live(self.one).update(
            foreign='x',
            os_glance_failed_import='',
            os_distro='debian',
            direct_url='swift+http://mia:s3cr3t@store.test/x',
            locations=[
                {'url': 'http://mia:s3cr3t@store.test/x', 'metadata': {}}
            ],
        )

    def test_values(self):
        """Status, size and checksum are those of the live image."""
        self.assertEqual('active', self.one.FnGetAtt('status'))
        self.assertEqual(3, self.one.FnGetAtt('size'))
        self.assertEqual(fake_glance_data.MD5, self.one.FnGetAtt('checksum'))

    def test_properties(self):
        """All custom properties are there, also those set by others."""
        self.assertEqual(
            {'a': '1', 'foreign': 'x', 'os_distro': 'debian'},
            self.one.FnGetAtt('properties'),
        )
        self.assertEqual('x', self.one.FnGetAtt('properties', 'foreign'))

    def test_show(self):
        """The whole image is a plain dict, without credentials."""
        shown = self.one.FnGetAtt('show')
        self.assertIs(dict, type(shown))
        text = json.dumps(shown)
        self.assertEqual(self.one.resource_id, shown['id'])
        self.assertEqual(['t'], shown['tags'])
        self.assertEqual('1', shown['a'])
        for secret in image_base.SECRETS:
            self.assertNotIn(secret, text)
        self.assertIn('store.test', text)

    def test_are_read_each_time(self):
        """A change in Glance is seen at once."""
        self.one.FnGetAtt('status')
        self.live(self.one)['status'] = 'deactivated'
        self.assertEqual('deactivated', self.one.FnGetAtt('status'))

    def test_reference(self):
        """A reference to the resource is the id of the image."""
        self.assertEqual(self.one.resource_id, self.one.FnGetRefId())

    def test_image_gone(self):
        """Attributes of an image that is gone are null."""
        self.glance.images.clear()
        for name in ('show', 'status', 'properties'):
            self.assertIsNone(self.one.FnGetAtt(name))

    def test_before_creation(self):
        """Attributes of an image to come are null, without a request."""
        one = self.make()
        for name in ('show', 'status', 'properties'):
            self.assertIsNone(one.FnGetAtt(name))
        self.assertEqual([], self.glance.log())

    def test_unknown(self):
        """An attribute that does not exist is an error of the template."""
        self.assertRaises(
            heat_exception.InvalidTemplateAttribute,
            self.one.FnGetAtt,
            'nonsense',
        )
