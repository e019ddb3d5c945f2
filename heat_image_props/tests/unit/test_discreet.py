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

"""Tests of what Heat tells of a resource besides what the plug-in says."""

from heat_image_props.tests.unit import image_base

from heat.common import exception as heat_exception
from heat.engine import function
from heat.engine import properties
from heat.engine import stack as parser
from heat.objects import event as event_object
from heat.objects import resource_properties_data
from oslo_db import exception as db_exception

from heat_image_props import discreet
from heat_image_props import exception

SHOWN = 'http://***@source.test:81/x.img?***'


class DiscreetTestCase(image_base.ImageTestCase):
    """A test of a resource whose location holds secrets."""

    def shown(self, one):
        """Return the location in each event of a resource, oldest first."""
        found = event_object.Event.get_all_by_stack(one.context, one.stack.id)
        return [
            event.resource_properties.get('location')
            for event in sorted(found, key=lambda event: event.id)
            if event.resource_name == 'image'
        ]

    def assertDiscreet(self, text):
        """Fail if one of the secrets is in a text."""
        for secret in image_base.SECRETS:
            self.assertNotIn(secret, str(text))


class TestEvents(DiscreetTestCase):
    """What events show of the properties."""

    def test_location_is_masked(self):
        """All events show the location without its secrets."""
        one = self.create()
        self.update(one, min_ram=1)
        self.run_task(one.delete)
        shown = self.shown(one)
        self.assertEqual({SHOWN}, {*shown})
        self.assertLess(5, len(shown))

    def test_other_properties_are_shown(self):
        """What is no secret is shown as it is, and stored once."""
        one = self.create(_empty=True, min_ram=1)
        found = event_object.Event.get_all_by_stack(one.context, one.stack.id)
        rows = {event.rsrc_prop_data_id for event in found}
        self.assertEqual({one._rsrc_prop_data_id}, rows - {None})
        self.assertEqual(
            {'min_ram': 1, 'disk_format': 'raw', 'container_format': 'bare'},
            found[0].resource_properties,
        )

    def test_properties_stay(self):
        """An update compares with what was, after a failed one too."""
        one = self.create()
        loaded = self.reload(one)
        self.assertEqual(
            image_base.SOURCE,
            loaded.frozen_definition()
            .properties(loaded.properties_schema)
            .get('location'),
        )
        self.glance.requests.clear()
        self.update(loaded)
        self.assertEqual([], self.glance.log())

    def test_dispatched(self):
        """What is sent to a sink of events is what they show."""
        one = self.make()
        sent = []
        self.patchobject(
            parser.Stack, 'dispatch_event', side_effect=sent.append
        )
        self.run_task(one.create)
        sent = [event.as_dict()['payload'] for event in sent]
        self.assertEqual(
            {SHOWN},
            {event['resource_properties']['location'] for event in sent},
        )


class TestErrors(DiscreetTestCase):
    """What Heat and its database say when something is wrong."""

    def test_a_value_of_the_wrong_type(self):
        """A validation error does not quote the location."""
        for value in ([image_base.SOURCE], {'url': image_base.SOURCE}):
            one = self.make(location=value)
            error = self.assertRaises(
                heat_exception.StackValidationFailed, one.validate
            )
            self.assertIn('Value must be a string', str(error))
            self.assertIn('source.test:81', str(error))
            self.assertDiscreet(error)

    def test_any_other_error_is_left_alone(self):
        """An error without secrets stays what it is."""
        one = self.make(min_ram='x')
        error = self.assertRaises(
            heat_exception.StackValidationFailed, one.validate
        )
        self.assertIn("'x' is not an integer", str(error))

    def fail_to_store(self, *args):
        """Fail as a database does, with what it was to store."""
        raise db_exception.DBError(
            'It is full.\nDETAIL: row (1, http://mia:s3cr...)\n'
            f"[SQL: INSERT ...] [parameters: ('{image_base.SOURCE}')]"
        )

    def test_the_database_fails(self):
        """The statement in the error of a database is not shown as it is."""
        one = self.make()
        self.patchobject(
            resource_properties_data.ResourcePropertiesData,
            'create',
            side_effect=self.fail_to_store,
        )
        error = self.assertRaises(
            discreet.Concealed, self.run_task, one.create
        )
        self.assertEqual('DBError: It is full.', str(error))

    def test_during_an_action(self):
        """What goes wrong in the middle of an action is told discreetly."""
        one = self.make()
        self.patchobject(one, 'handle_create', side_effect=self.fail_to_store)
        error = self.assertFails(discreet.Concealed, self.run_task, one.create)
        self.assertDiscreet(error)
        self.assertDiscreet(one.status_reason)
        self.assertDiscreet(self.events(one))


#: A URL that nobody can tell from the text around it who does not know it.
ODD = "http://mia s3cr3t@source.test:81/x.img' t0ken"


class TestNewLocation(DiscreetTestCase):
    """The location that an update brings, when the update fails."""

    def setUp(self):
        super().setUp()
        self.one = self.create()

    def assertTold(self, error):
        """Fail unless an error, and all else, names the host and no more."""
        self.assertIn('the location at source.test:81', str(error))
        for text in (
            error,
            self.one.status_reason,
            self.events(self.one),
            self.shown(self.one),
            self.LOG.output,
        ):
            self.assertDiscreet(text)

    def fail_with_it(self, *args):
        """Fail with an error that quotes it."""
        raise ValueError(f'cannot use {ODD} here')

    def test_in_the_middle(self):
        """It is masked like the one before."""
        self.patchobject(
            self.one, 'handle_update', side_effect=self.fail_with_it
        )
        self.patchobject(
            self.one, 'needs_replace_with_prop_diff', return_value=False
        )
        for kwargs in (
            {'location': ODD},
            {
                'location': {'get_param': 'url'},
                '_parameters': {'url': {'type': 'string', 'default': ODD}},
            },
        ):
            error = self.assertFails(
                discreet.Concealed, self.update, self.one, **kwargs
            )
            self.assertTold(error)
            self.assertIsInstance(error, exception.ImageError)
            self.run_task(self.one.check)

    def test_of_the_wrong_type(self):
        """So it is in what Heat says of a value that is no text."""
        for value in ([ODD], {'url': [ODD]}, {ODD: 1}):
            error = self.assertRaises(
                discreet.Concealed, self.update, self.one, location=value
            )
            self.assertTold(error)
            self.assertIn('must be a string', str(error))

    def test_not_known(self):
        """One that cannot be found out hides no error."""

        class Unknown(function.Function):
            def result(self):
                raise ValueError('no such attribute')

        self.one._coming = properties.Properties(
            {}, {'location': Unknown(None, 'get_attr', [])}
        )
        self.patchobject(
            self.one, 'handle_check', side_effect=ValueError('it is away')
        )
        error = self.assertFails(ValueError, self.run_task, self.one.check)
        self.assertEqual('it is away', str(error))
