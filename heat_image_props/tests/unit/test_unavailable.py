# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The stand-in, in stacks of Heat's own with a database."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base

from heat.common import exception
from heat.common import template_format
from heat.engine import api
from heat.engine import attributes
from heat.engine import environment
from heat.engine import properties
from heat.engine import resource
from heat.engine import resources
from heat.engine import stack as parser
from heat.engine import template
from heat.tests import utils

from heat_image_props import unavailable

TYPE = 'Example::Thing'

REASON = 'example 1.0 cannot be loaded: ImportError: example'

TEMPLATE = """
heat_template_version: 2021-04-16
resources:
  thing:
    type: Example::Thing
    properties:
      colour: {colour}
outputs:
  size:
    value: {{get_attr: [thing, size]}}
"""


class Thing(resource.Resource):
    """What the type is while its plug-in can be loaded."""

    properties_schema = {
        'colour': properties.Schema(
            properties.Schema.STRING, update_allowed=True
        )
    }
    attributes_schema = {'size': attributes.Schema()}

    alive: set[str] = set()

    def handle_create(self):
        self.resource_id_set(f'id of {self.name}')
        self.alive.add(self.resource_id)

    def handle_delete(self):
        self.alive.discard(self.resource_id)


class TestUnavailableResource(heat_base.HeatTestCase):
    """A type that works, then cannot be loaded, then works again."""

    def setUp(self):
        super().setUp()
        self.context = utils.dummy_context()
        self.addCleanup(Thing.alive.clear)

    def register(self, cls):
        """Make a class the one of the type, as a restart of Heat does."""
        resources.global_env().registry.register_class(TYPE, cls)

    def break_plugin(self):
        """Have the type replaced by the stand-in."""
        self.register(unavailable.resource_class('heat.plugins', REASON))

    def parse(self, colour='red', text=TEMPLATE):
        """Make a stack that has no row in the database yet."""
        return parser.Stack(
            self.context,
            'test',
            template.Template(
                template_format.parse(text.format(colour=colour)),
                env=environment.Environment({}),
            ),
        )

    def create(self, **kwargs):
        """Create a stack, store it and return it."""
        stack = self.parse(**kwargs)
        stack.store()
        stack.create()
        return stack

    def reload(self, stack):
        """The stack as another process, with today's classes, reads it."""
        stack.store()
        return parser.Stack.load(self.context, stack.id)

    def create_then_break(self, **kwargs):
        """A stack whose resource exists, and a plug-in that is broken."""
        self.register(Thing)
        stack = self.create(**kwargs)
        self.assertEqual((stack.CREATE, stack.COMPLETE), stack.state)
        self.break_plugin()
        return self.reload(stack)

    def assert_refused(self, stack, action):
        """The action has failed for our reason, and nothing is lost."""
        self.assertEqual((action, stack.FAILED), stack.state)
        self.assertIn(REASON, stack.status_reason)
        thing = self.reload(stack)['thing']
        self.assertEqual((action, thing.FAILED), thing.state)
        self.assertIn(REASON, thing.status_reason)
        self.assertEqual('id of thing', thing.resource_id)
        self.assertEqual({'id of thing'}, Thing.alive)

    def test_refused_at_validation(self):
        """A template that uses it is refused with the reason."""
        self.break_plugin()

        error = self.assertRaises(
            exception.ResourceTypeUnavailable, self.parse().validate
        )

        self.assertEqual(
            'HEAT-E99001 Service heat.plugins is not available for resource '
            f'type {TYPE}, reason: {REASON}',
            str(error),
        )

    def test_not_listed_as_available(self):
        """The list of resource types does not have it."""
        self.break_plugin()

        types = resources.global_env().get_types(
            self.context, type_name='Example|OS::Heat::RandomString'
        )

        self.assertIn('OS::Heat::RandomString', types)
        self.assertNotIn(TYPE, types)

    def test_create_refused(self):
        """A creation that was validated elsewhere fails with the reason."""
        self.break_plugin()

        stack = self.create()

        self.assertEqual((stack.CREATE, stack.FAILED), stack.state)
        self.assertIn(REASON, stack.status_reason)

    def test_refused_creation_can_be_deleted(self):
        """A stack that never got its resource need not wait for a repair."""
        self.break_plugin()
        stack = self.reload(self.create())

        stack.delete()

        self.assertEqual((stack.DELETE, stack.COMPLETE), stack.state)

    def test_refused_creation_is_made_after_a_repair(self):
        """The next update with a working plug-in makes the resource."""
        self.break_plugin()
        stack = self.create()
        self.register(Thing)

        stack = self.reload(stack)
        stack.update(self.parse())

        self.assertEqual((stack.UPDATE, stack.COMPLETE), stack.state)
        self.assertEqual({'id of thing'}, Thing.alive)

    def test_adoption_refused(self):
        """Nothing is taken over, and the failed stack can be deleted."""
        self.break_plugin()
        stack = self.parse()
        stack.adopt_stack_data = {
            'resources': {'thing': {'resource_id': 'theirs'}}
        }
        stack.store()

        stack.adopt()

        self.assertEqual((stack.ADOPT, stack.FAILED), stack.state)
        self.assertIn(REASON, stack.status_reason)
        stack = self.reload(stack)
        stack.delete()
        self.assertEqual((stack.DELETE, stack.COMPLETE), stack.state)

    def test_update_refused(self):
        """A change fails with the reason, and does not replace."""
        stack = self.create_then_break()

        stack.update(self.parse(colour='blue'))

        self.assert_refused(stack, stack.UPDATE)

    def test_update_with_new_property_refused(self):
        """A property it has never seen does not hide the reason."""
        stack = self.create_then_break()

        stack.update(
            self.parse(text=TEMPLATE.replace('colour:', 'shape: x\n      c:'))
        )

        self.assert_refused(stack, stack.UPDATE)

    def test_failed_is_not_declared_complete(self):
        """The same template again does not make a failed resource whole."""
        stack = self.create_then_break()
        stack.update(self.parse(colour='blue'))

        stack.update(self.parse(colour='red'))

        self.assert_refused(stack, stack.UPDATE)

    def test_failed_check_does_not_replace(self):
        """A resource whose check has failed is not given up by an update."""
        stack = self.create_then_break()
        stack.check()

        stack.update(self.parse())

        self.assert_refused(stack, stack.UPDATE)

    def test_unchanged_resource_does_not_hinder(self):
        """What need not be touched does not fail an update."""
        stack = self.create_then_break()

        stack.update(self.parse())

        self.assertEqual((stack.UPDATE, stack.COMPLETE), stack.state)
        self.assertEqual({'id of thing'}, Thing.alive)

    def test_check_refused(self):
        """A check fails with the reason, and a repair is enough to pass."""
        stack = self.create_then_break()
        stack.check()
        self.assert_refused(stack, stack.CHECK)
        self.register(Thing)

        stack = self.reload(stack)
        stack.check()

        self.assertEqual(stack.COMPLETE, stack.status)

    def test_delete_refused_until_repaired(self):
        """Nothing is forgotten: a repaired plug-in can still delete it."""
        stack = self.create_then_break()
        stack.delete()
        self.assert_refused(stack, stack.DELETE)
        self.register(Thing)

        stack = self.reload(stack)
        stack.delete()

        self.assertEqual((stack.DELETE, stack.COMPLETE), stack.state)
        self.assertEqual(set(), Thing.alive)

    def test_removal_from_the_template_refused(self):
        """Leaving it out of the template does not forget it either."""
        stack = self.create_then_break()

        stack.update(self.parse(text='heat_template_version: 2021-04-16'))

        self.assertEqual((stack.UPDATE, stack.FAILED), stack.state)
        self.assertIn(REASON, stack.status_reason)
        self.assertEqual({'id of thing'}, Thing.alive)
        self.assertEqual(
            'id of thing', self.reload(stack)['thing'].resource_id
        )

    def test_snapshot_deletion_policy_refused(self):
        """A deletion that asks for a snapshot first is refused as well."""
        self.register(Thing)
        stack = self.create()
        self.break_plugin()
        thing = self.reload(stack)['thing']

        self.assertRaises(
            exception.ResourceTypeUnavailable,
            list,
            thing.action_handler_task(
                thing.DELETE, [thing.state], action_prefix='snapshot'
            ),
        )

    def test_suspend_refused(self):
        """No action is taken for one with nothing to do: suspend."""
        stack = self.create_then_break()

        stack.suspend()

        self.assert_refused(stack, stack.SUSPEND)

    def test_snapshot_refused(self):
        """No action is taken for one with nothing to do: snapshot."""
        stack = self.create_then_break()

        stack.snapshot(None)

        self.assert_refused(stack, stack.SNAPSHOT)

    def test_retained_is_left_alone(self):
        """With deletion policy Retain, a deletion needs no plug-in."""
        stack = self.create_then_break(
            text=TEMPLATE.replace(
                'properties:', 'deletion_policy: retain\n    properties:'
            )
        )

        stack.delete()

        self.assertEqual((stack.DELETE, stack.COMPLETE), stack.state)
        self.assertEqual({'id of thing'}, Thing.alive)

    def test_abandoned_with_its_data(self):
        """A stack can be abandoned, with the id of what it had."""
        stack = self.create_then_break()

        data = stack.prepare_abandon()

        self.assertEqual(
            'id of thing', data['resources']['thing']['resource_id']
        )

    def test_shown_and_listed(self):
        """The stack and its resource can be shown; outputs give the reason."""
        stack = self.create_then_break()

        shown = api.format_stack(stack)
        # As the engine's show_output() does.
        stack._update_all_resource_data(for_resources=False, for_outputs=True)
        (output,) = api.format_stack_outputs(stack.outputs, True)
        thing = api.format_stack_resource(stack['thing'], with_attr=['size'])

        self.assertEqual('CREATE', shown['stack_action'])
        self.assertIn(REASON, output['output_error'])
        self.assertEqual('id of thing', thing['physical_resource_id'])
        self.assertIsNone(thing['attributes']['size'])
