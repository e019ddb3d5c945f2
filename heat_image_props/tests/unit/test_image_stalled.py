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

"""Tests of stacks whose import was given up."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.common import exception as heat_exception
from heat.engine import resource
from oslo_config import cfg
from oslo_config import fixture as config_fixture

from heat_image_props import conf
from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props.tests.unit import image_base

LIMIT = 120


class StalledTestCase(image_base.ImageTestCase):
    """A test of a stack whose creation stalled."""

    def setUp(self):
        super().setUp()
        conf.register_opts(cfg.CONF)
        cfg.CONF.set_override(
            'import_stall_timeout', LIMIT, group=conf.IMAGE_GROUP
        )
        self.addCleanup(
            cfg.CONF.clear_override,
            'import_stall_timeout',
            group=conf.IMAGE_GROUP,
        )

    def stall(self, **kwargs):
        """Return a resource whose creation stalled, as Heat reads it."""
        self.glance.import_looks = 10**6
        one = self.make(**kwargs)
        # The engine that is killed, as far as Glance is concerned.
        start = self.clock.now
        error = self.assertFails(
            data_exception.ImportStalled, self.run_task, one.create
        )
        self.assertLessEqual(LIMIT, self.clock.now - start)
        self.assertLess(self.clock.now - start, LIMIT + 10)
        self.assertIn(str(error), one.status_reason)
        self.assertEqual((one.CREATE, one.FAILED), one.state)
        self.glance.kill(one.resource_id)
        self.glance.requests.clear()
        self.glance.import_looks = 2
        return self.reload(one)


class TestNextUpdate(StalledTestCase):
    """The update after it."""

    def test_replaces(self):
        """It is a new image, at once, and the old one can be deleted."""
        one = self.stall(protected=True)
        start = self.clock.now
        self.assertRaises(
            resource.UpdateReplace, self.update, one, protected=True
        )
        self.assertLess(self.clock.now - start, 5)
        self.assertEqual([], self.glance.sent('POST import'))
        self.run_task(one.delete)
        self.assertEqual({}, self.glance.images)

    def test_with_a_declared_id(self):
        """Glance gives no id twice: the author has to choose."""
        one = self.stall(id=image_base.ID)
        error = self.fail_update(
            one, data_exception.ImageStuck, id=image_base.ID
        )
        self.assertIn('give another one', str(error))
        self.assertRaises(resource.UpdateReplace, self.update, one)

    def test_has_its_data_after_all(self):
        """Then it is kept, and the record is as if nothing had been."""
        one = self.stall()
        image_id = one.resource_id
        live = self.live(one)
        live.update(status='active')
        del live['os_glance_import_task']
        self.update(one)
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
        self.assertEqual(image_id, one.resource_id)
        self.assertNotIn('stalled', self.record(one))

    def test_is_remembered(self):
        """The mark is in the record of the resource."""
        self.assertTrue(self.record(self.stall())['stalled'])


class TestUnreadable(image_base.ImageTestCase):
    """Options of the operator that are not what they may be."""

    def setUp(self):
        super().setUp()
        self.one = self.create()
        conf.register_opts(cfg.CONF)
        self.useFixture(config_fixture.Config(cfg.CONF)).load_raw_values(
            conf.IMAGE_GROUP, import_stall_timeout='abc', metadefs='yes'
        )

    def test_is_refused(self):
        """No stack is begun, and the message names the option."""
        self.make()
        error = self.assertRaises(
            heat_exception.StackValidationFailed, self.stack.validate
        )
        self.assertIn('[heat_image_props]', str(error))
        self.assertEqual([], self.glance.requests)
        self.assertIn("'abc'", self.LOG.output)
        self.assertIn('option metadefs', str(error))

    def test_what_is_not_validated(self):
        """A roll-back fails too, before anything is sent that changes."""
        self.fail_update(self.one, exception.Misconfigured, min_ram=1)
        error = self.assertFails(
            exception.Misconfigured, self.run_task, self.make().create
        )
        self.assertIn('import_stall_timeout', str(error))
        self.assertEqual([], self.glance.requests)

    def test_what_needs_no_import(self):
        """A check, the attributes and the deletion are as ever."""
        self.run_task(self.one.check)
        self.assertEqual('active', self.one.FnGetAtt('status'))
        self.run_task(self.one.delete)
        self.assertEqual({}, self.glance.images)
