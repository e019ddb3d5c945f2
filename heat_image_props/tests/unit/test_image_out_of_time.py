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

"""Tests of images that something else works on until the time is over."""

from heat_image_props.tests.unit import image_base

import fixtures
from heat.engine import stack as parser
from heat.engine import template
from oslo_config import cfg
from oslo_utils import fixture as utils_fixture

from heat_image_props import conf
from heat_image_props import exception

#: The time that a stack has for an operation, seconds.
HOUR = 3600


class OutOfTimeTestCase(image_base.ImageTestCase):
    """A test of an image that is at work for as long as the test says."""

    def setUp(self):
        super().setUp()
        conf.register_opts(cfg.CONF)
        cfg.CONF.set_override(
            'import_stall_timeout', 0, group=conf.IMAGE_GROUP
        )
        self.addCleanup(
            cfg.CONF.clear_override,
            'import_stall_timeout',
            group=conf.IMAGE_GROUP,
        )
        self.one = self.create(property={'a': 1})
        self.live(self.one).update(
            os_glance_import_task='x', os_glance_importing_to_stores='slow'
        )

    def release(self):
        """End the work on the image."""
        self.live(self.one).pop('os_glance_import_task', None)


class TestUpdate(OutOfTimeTestCase):
    """An update."""

    def test_ends_with_the_reason(self):
        """At the end of the stack's time the reason is told."""
        end = self.clock.now + 60
        self.useFixture(
            fixtures.MonkeyPatch(
                'heat.engine.stack.Stack.time_remaining',
                lambda stack: end - self.clock.now,
            )
        )
        error = self.fail_update(
            self.one, exception.OutOfTime, property={'a': 2}
        )
        self.assertEqual('copying into slow', error.waits_for)
        self.assertEqual(HOUR, error.seconds)
        self.assertLess(self.clock.now, end)
        self.assertGreater(self.clock.now, end - 6)

        self.release()
        end += HOUR
        self.update(self.one, property={'a': 2})
        # The first look tells that it need not be replaced.
        self.assertEqual(['GET', 'GET', 'PATCH', 'GET'], self.glance.log())


class TestRollBack(OutOfTimeTestCase):
    """A roll-back without convergence, by the steps of Heat itself."""

    def setUp(self):
        super().setUp()
        self.time = self.useFixture(utils_fixture.TimeFixture())
        self.start = self.clock.now
        self.released = float('inf')
        self.useFixture(
            fixtures.MonkeyPatch(
                'heat.engine.scheduler.TaskRunner._sleep', self.pass_time
            )
        )

    def pass_time(self, runner, seconds):
        """Let the time pass that Heat waits."""
        self.clock.now += seconds or 0
        self.time.advance_time_seconds(seconds or 0)
        if self.clock.now - self.start >= self.released:
            self.release()

    def update_stack(self):
        """Update the stack, which is rolled back if that fails."""
        stack = self.one.stack
        stack.state_set(stack.CREATE, stack.COMPLETE, 'made')
        after = template.Template(image_base.template(property={'a': 2}))
        stack.update(
            parser.Stack(
                stack.context, stack.name, after, disable_rollback=False
            )
        )
        return stack

    def test_has_the_time_again(self):
        """The time that the update took is not taken from it."""
        self.released = HOUR + 1000
        stack = self.update_stack()
        self.assertEqual(
            (stack.ROLLBACK, stack.COMPLETE), stack.state, stack.status_reason
        )
        self.assertEqual({'a': '1'}, self.custom(self.one))
        self.assertLessEqual(self.start + HOUR + 1000, self.clock.now)
        self.assertIn(
            'the time that the stack has', str(self.events(self.one))
        )

    def test_ends_with_the_reason(self):
        """It gives up by itself, just before Heat would."""
        stack = self.update_stack()
        self.assertEqual((stack.ROLLBACK, stack.FAILED), stack.state)
        self.assertIn('OutOfTime', stack.status_reason)
        self.assertIn('copying into slow', stack.status_reason)
        passed = self.clock.now - self.start
        self.assertLess(2 * HOUR - 20, passed)
        self.assertLess(passed, 2 * HOUR)
