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

"""The base of tests of the resource: Heat's own classes, Glance faked."""

import functools
import json

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base

import fixtures
from heat.common import cache
from heat.common import exception as heat_exception
from heat.engine import resource
from heat.engine import scheduler
from heat.engine import stack as parser
from heat.objects import event as event_object
from heat.tests import fakes
from heat.tests import utils

from heat_image_props import definitions
from heat_image_props import deletion
from heat_image_props import image
from heat_image_props import reconcile
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'
SOURCE = 'http://mia:s3cr3t@source.test:81/x.img?sig=t0ken'
SECRETS = ('mia', 's3cr3t', 't0ken')
TYPE = 'OS::Glance::Image'


class Auth(fakes.FakeAuth):
    """Leads to the fake Glance."""

    def get_endpoint(self, session, **kwargs):
        return fake_glance.URL


def template(
    _resources=None,
    _parameters=None,
    _image=None,
    _empty=False,
    **properties,
):
    """Return a template with one resource named ``image``.

    :param _image: members of the resource besides type and properties
    :param _empty: whether it names no data
    """
    return {
        'heat_template_version': '2021-04-16',
        'parameters': _parameters or {},
        'resources': {
            'image': {
                'type': TYPE,
                'properties': {
                    'disk_format': 'raw',
                    'container_format': 'bare',
                    **({} if _empty else {'location': SOURCE}),
                    **properties,
                },
                **(_image or {}),
            },
            **(_resources or {}),
        },
    }


class ImageTestCase(heat_base.HeatTestCase):
    """A test with a Glance, a clock and stacks with one image."""

    def setUp(self):
        super().setUp()
        self.clock = fake_glance.Clock()
        self.glance = self.useFixture(fake_glance.FakeGlance(self.clock))
        self.stub_auth().return_value = Auth()
        # Where there are no steps an answer is waited for.
        self.patch('time.sleep')
        for name, task in (
            ('reconcile.Reconciler', reconcile.Reconciler),
            ('deletion.Deletion', deletion.Deletion),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(
                    f'heat_image_props.{name}',
                    functools.partial(task, clock=self.clock),
                )
            )
        # Attributes read within a moment are those of one look.
        self.useFixture(
            fixtures.MonkeyPatch('heat_image_props.inspection._SAME_MOMENT', 0)
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'heat_image_props.advice.LIBRARY',
                definitions.Library(cache.get_cache_region(), self.clock),
            )
        )
        resource._register_class(TYPE, image.GlanceImage)

    def make(self, _params=None, **kwargs):
        """Return the resource of a new stack, not created yet."""
        self.stack = utils.parse_stack(template(**kwargs), params=_params)
        return self.stack['image']

    def create(self, _params=None, **kwargs):
        """Return a created resource and forget the requests for it."""
        one = self.make(_params, **kwargs)
        self.run_task(one.create)
        self.glance.requests.clear()
        return one

    def reload(self, one):
        """Return the resource as another engine reads it."""
        self.stack = parser.Stack.load(one.context, stack_id=one.stack.id)
        return self.stack['image']

    def update(self, one, _converge=False, **kwargs):
        """Update a resource to a new template."""
        self.after = utils.parse_stack(template(**kwargs))
        one.converge = _converge
        self.run_task(one.update, self.after.defn.resource_definition('image'))

    def run_task(self, task, *args):
        """Run a task of Heat, one second a poll, and return the seconds."""
        start = self.clock.now
        runner = scheduler.TaskRunner(task, *args)
        runner.start()
        while not runner.done():
            self.clock.now += 1
            runner.step()
            self.assertLess(self.clock.now, start + 7200, self.glance.log())
        return self.clock.now - start

    def assertFails(self, error, task, *args, **kwargs):
        """Fail unless Heat makes the resource fail with an error of ours."""
        failure = self.assertRaises(
            heat_exception.ResourceFailure, task, *args, **kwargs
        )
        self.assertIsInstance(failure.exc, error, failure)
        return failure.exc

    def fail_update(self, one, error, **kwargs):
        """Update a resource, which fails, and forget the requests."""
        found = self.assertFails(error, self.update, one, **kwargs)
        self.assertEqual((one.UPDATE, one.FAILED), one.state)
        self.glance.requests.clear()
        return found

    def record(self, one):
        """Return what is recorded as managed, from the database."""
        # Not reload(): Heat refers to a stack weakly.
        stack = parser.Stack.load(one.context, stack_id=one.stack.id)
        return json.loads(stack['image'].data()['managed'])

    def events(self, one):
        """Return the reasons of all events of a resource, oldest first."""
        found = event_object.Event.get_all_by_stack(one.context, one.stack.id)
        return [
            event.resource_status_reason
            for event in sorted(found, key=lambda event: event.id)
        ]

    def live(self, one):
        """Return the image of a resource as Glance holds it."""
        return self.glance.images[one.resource_id]

    def custom(self, one):
        """Return the custom properties of the image of a resource."""
        return {
            name: value
            for name, value in self.live(one).items()
            if name not in fake_glance.BASE
            and name not in fake_glance.SHOWN
            and not name.startswith('os_glance')
        }
