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

"""Tests of updates of an image that is not as it should be."""

import functools

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.common import exception as heat_exception
from heat.engine import resource
from heat.objects import resource as resource_object

from heat_image_props import data_exception
from heat_image_props import exception
from heat_image_props.tests.unit import image_base

CHANGED = ['GET', 'PATCH', 'GET']


class TestGone(image_base.ImageTestCase):
    """An update of an image that is gone."""

    def test_is_created_again(self):
        """An image that is gone is replaced."""
        one = self.create(property={'a': 1})
        self.glance.images.clear()
        self.assertRaises(
            resource.UpdateReplace, self.update, one, property={'a': 2}
        )

    def test_gone_at_the_change(self):
        """A change that finds nothing is followed by a look, which tells."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 404)
        self.glance.fail('GET', 404, skip=1, times=3)
        self.assertRaises(
            resource.UpdateReplace, self.update, one, property={'a': 2}
        )
        self.assertEqual([*CHANGED, 'GET', 'GET'], self.glance.log())

    def test_not_gone(self):
        """An image that is alive is not replaced, whatever is not found."""
        for kind, kwargs in [
            ('PATCH', {'property': {'a': 2}}),
            ('POST members', {'members': ['p1']}),
            ('POST actions/deactivate', {'active': False}),
        ]:
            one = self.create(property={'a': 1})
            image_id = one.resource_id
            self.glance.fail(kind, 404, times=100)
            self.fail_update(one, exception.NotApplied, **kwargs)
            self.assertEqual(image_id, one.resource_id)
            self.glance._faults.clear()
            self.update(one, **kwargs)
            self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
            self.assertEqual(image_id, one.resource_id)

    def test_noticed_late(self):
        """An image that goes while it is verified is replaced too."""
        one = self.create(property={'a': 1})
        self.glance.fail('GET', 404, skip=1, times=3)
        self.assertRaises(
            resource.UpdateReplace, self.update, one, property={'a': 2}
        )

    def test_said_to_be_gone(self):
        """An image that one look does not find is looked for again."""
        one = self.create(property={'a': 1})
        for skip in (0, 1):
            self.glance.requests.clear()
            self.glance.fail('GET', 404, skip=skip, times=2)
            self.update(one, property={'a': 2 + skip})
            self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
            self.assertEqual(4, len(self.glance.sent('GET')))

    def test_said_to_be_gone_after_a_failure(self):
        """The same goes for an image whose update failed."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 400)
        self.fail_update(one, exception.Refused, property={'a': 2})
        self.glance.fail('GET', 404, times=2)
        self.update(one, property={'a': 2})
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)

    def test_members_said_to_be_gone(self):
        """That its members are not found does not mean the image is gone."""
        one = self.create(visibility='shared', members=['p1'])
        self.glance.fail('GET members', 404, times=99)
        self.fail_update(
            one, exception.NotFound, visibility='shared', members=['p2']
        )


class TestRepair(image_base.ImageTestCase):
    """The update after a failure."""

    def test_dead_engine(self):
        """What another engine works on, or died over, stays as it was."""
        one = self.create(property={'a': 1})
        one.stack.convergence = True
        before = one.current_template_id
        stored = resource_object.Resource.get_obj(one.context, one.id)
        stored.update_and_save({'engine_id': 'another'})
        definition = one.stack.defn.resource_definition('image')

        self.assertRaises(
            heat_exception.UpdateInProgress,
            self.run_task,
            functools.partial(one.update, definition, new_template_id=7),
        )
        self.assertEqual(before, one.current_template_id)
        stored.update_and_save({'engine_id': None})
        one._atomic_key = stored.atomic_key
        self.run_task(
            functools.partial(one.update, definition, new_template_id=7)
        )
        self.assertEqual(7, one.current_template_id)

    def test_same_template(self):
        """A failed update is worked through, not declared complete."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 400)
        self.fail_update(one, exception.Refused, property={'a': 2})

        one = self.reload(one)
        self.update(one, property={'a': 2})
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
        self.assertEqual({'a': '2'}, self.custom(one))

    def test_old_template(self):
        """A roll-back removes what the failed update had set before."""
        one = self.create(property={'a': 1}, tags=['t'])
        # The properties are committed, and then the tags fail.
        self.glance.fail('PATCH', 400, applied=True)
        self.fail_update(
            one,
            exception.Refused,
            property={'a': 2, 'left': 'x'},
            tags=['t', 'u'],
            min_ram=512,
        )
        self.assertEqual({'a': '2', 'left': 'x'}, self.custom(one))

        one = self.reload(one)
        self.update(one, property={'a': 1}, tags=['t'])
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
        self.assertEqual({'a': '1'}, self.custom(one))
        self.assertEqual(['t'], self.live(one)['tags'])
        self.assertEqual(0, self.live(one)['min_ram'])
        self.assertEqual(['GET', *CHANGED], self.glance.log())

    def test_nothing_to_repair(self):
        """If Glance holds it all already, looking is enough."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 403)
        self.fail_update(one, exception.Refused, property={'a': 2})
        self.update(one, property={'a': 1})
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
        self.assertEqual(['GET', 'GET'], self.glance.log())

    def test_only_once(self):
        """After the repair an update without a change sends nothing."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 403)
        self.fail_update(one, exception.Refused, property={'a': 2})
        self.update(one, property={'a': 2})
        self.glance.requests.clear()
        self.update(one, property={'a': 2})
        self.assertEqual([], self.glance.log())

    def test_failed_import(self):
        """An image without data is imported again, with the same id."""
        self.glance.import_error = 'no route'
        one = self.make(property={'a': 1})
        self.assertFails(
            data_exception.ImportFailed, self.run_task, one.create
        )
        self.glance.requests.clear()
        self.glance.import_error = None

        again = self.reload(one)
        self.update(again, property={'a': 1})
        self.assertEqual((again.UPDATE, again.COMPLETE), again.state)
        self.assertEqual(one.resource_id, again.resource_id)
        self.assertEqual(
            ['GET', 'GET', 'POST import', 'GET', 'GET', 'GET'],
            self.glance.log(),
        )

    def test_failed_check(self):
        """After a failed check the image is repaired, not replaced."""
        one = self.create(property={'a': 1})
        self.live(one)['a'] = 'drifted'
        self.assertFails(exception.Drifted, self.run_task, one.check)

        self.update(one, property={'a': 1})
        self.assertEqual({'a': '1'}, self.custom(one))
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)

    def test_engine_crash(self):
        """An update that an engine left half-done is worked through."""
        one = self.create(property={'a': 1})
        self.glance.api().patch(
            one.resource_id, [{'op': 'add', 'path': '/b', 'value': '2'}]
        )
        one.state_set(one.UPDATE, one.FAILED, 'Engine went down')
        self.glance.requests.clear()
        self.update(one, property={'a': 1, 'b': 2, 'c': 3})
        self.assertEqual({'a': '1', 'b': '2', 'c': '3'}, self.custom(one))

    def test_glance_away(self):
        """A Glance that does not answer does not make an image be replaced."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 400)
        self.fail_update(one, exception.Refused, property={'a': 2})
        self.glance.fail('GET', 503, times=100)
        self.fail_update(one, exception.Unavailable, property={'a': 2})


class TestConverge(image_base.ImageTestCase):
    """An update that compares with the live image (``--converge``)."""

    DECLARED = {
        'name': 'n',
        'tags': ['b', 'a'],
        'min_ram': 0,
        'property': {'a': 4, 'b': True, 'url': 'http://u:p@h/x?y=z'},
        'extra_properties': {'c': 'x', 'd': 5},
    }

    def setUp(self):
        super().setUp()
        self.one = self.create(**self.DECLARED)
        self.live(self.one).update(foreign='x')
        self.live(self.one)['tags'].append('foreign')

    def test_no_drift(self):
        """Without a difference there is one look and no update."""
        for _ in range(2):
            self.update(self.one, _converge=True, **self.DECLARED)
        self.assertEqual(['GET', 'GET'], self.glance.log())
        self.assertEqual((self.one.CREATE, self.one.COMPLETE), self.one.state)

    def test_drift(self):
        """Whatever differs from the template is put right."""
        for drift in (
            {'a': '5'},
            {'b': None},
            {'c': None},
            {'d': '6'},
            {'a': None, 'b': None, 'c': None, 'd': None, 'url': None},
            {'name': 'm'},
            {'min_ram': 5},
            {'tags': ['foreign']},
            {'tags': ['foreign', 'a']},
        ):
            self.glance.requests.clear()
            for name, value in drift.items():
                if value is None:
                    del self.live(self.one)[name]
                else:
                    self.live(self.one)[name] = value
            self.update(self.one, _converge=True, **self.DECLARED)

            self.assertEqual(['GET', *CHANGED], self.glance.log(), drift)
            self.assertEqual(
                {
                    'a': '4',
                    'b': 'true',
                    'c': 'x',
                    'd': '5',
                    'foreign': 'x',
                    'url': 'http://u:p@h/x?y=z',
                },
                self.custom(self.one),
            )
            self.assertEqual(
                ['a', 'b', 'foreign'], sorted(self.live(self.one)['tags'])
            )
            self.assertEqual('n', self.live(self.one)['name'])
            self.assertEqual(0, self.live(self.one)['min_ram'])

    def test_change_and_drift(self):
        """A new template and a drift are one change."""
        self.live(self.one)['a'] = 'drifted'
        self.update(
            self.one,
            _converge=True,
            **{**self.DECLARED, 'extra_properties': {}},
        )
        self.assertEqual(['GET', *CHANGED], self.glance.log())
        self.assertEqual(
            {'a', 'b', 'url', 'foreign'}, {*self.custom(self.one)}
        )

    def test_foreign_tags_without_a_record(self):
        """Tags of others are kept where no Heat recorded what is ours."""
        self.one.data_delete('managed')
        self.live(self.one)['tags'] = ['foreign']
        self.update(
            self.one, _converge=True, **{**self.DECLARED, 'tags': ['new']}
        )
        self.assertEqual(
            ['foreign', 'new'], sorted(self.live(self.one)['tags'])
        )

    def test_gone(self):
        """An image that is gone is created again."""
        self.glance.images.clear()
        self.assertRaises(
            resource.UpdateReplace,
            self.update,
            self.one,
            _converge=True,
            **self.DECLARED,
        )

    def test_glance_away(self):
        """If Glance does not answer, the template alone is compared."""
        self.glance.fail('GET', 503, times=3)
        self.update(self.one, _converge=True, **self.DECLARED)
        self.assertEqual(3 * ['GET'], self.glance.log())
