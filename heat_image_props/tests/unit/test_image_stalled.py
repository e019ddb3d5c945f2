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

from heat.engine import resource
from oslo_config import cfg

from heat_image_props import conf
from heat_image_props import data_exception
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
