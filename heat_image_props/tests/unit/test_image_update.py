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

"""Tests of updates, through Heat's own ``Resource.update``."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.common import exception as heat_exception
from heat.engine import resource

from heat_image_props import exception
from heat_image_props import source
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import image_base

CHANGED = ['GET', 'PATCH', 'GET']


class TestInPlace(image_base.ImageTestCase):
    """What an update sends."""

    def test_all_in_one_change(self):
        """Properties, tags and attributes change by one PATCH."""
        one = self.create(
            name='n',
            min_ram=1,
            protected=True,
            tags=['a', 'b'],
            property={'same': 1, 'other': 1, 'gone': 1},
        )
        image_id = one.resource_id
        self.live(one)['foreign'] = 'x'
        self.live(one)['tags'].append('foreign')
        self.update(
            one,
            name='m',
            min_disk=2,
            tags=['b', 'c'],
            property={'same': 1, 'other': 2},
            extra_properties={'new': True},
        )
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
        self.assertEqual(image_id, one.resource_id)
        self.assertEqual(CHANGED, self.glance.log())
        self.assertEqual(
            [
                {'op': 'add', 'path': '/min_disk', 'value': 2},
                {'op': 'add', 'path': '/min_ram', 'value': 0},
                {'op': 'add', 'path': '/name', 'value': 'm'},
                {'op': 'add', 'path': '/protected', 'value': False},
                {'op': 'add', 'path': '/tags', 'value': ['b', 'c', 'foreign']},
                {'op': 'remove', 'path': '/gone'},
                {'op': 'add', 'path': '/new', 'value': 'true'},
                {'op': 'add', 'path': '/other', 'value': '2'},
            ],
            self.glance.requests[1].body,
        )
        self.assertEqual(
            {'same': '1', 'other': '2', 'new': 'true', 'foreign': 'x'},
            self.custom(one),
        )

    def test_looks_again_after_a_second(self):
        """The update is complete when a later look shows the change."""
        one = self.create(property={'a': 1})
        self.update(one, property={'a': 2})
        _, write, look = self.glance.requests
        self.assertGreaterEqual(look.time - write.time, 1)

    def test_lost_write(self):
        """A change that Glance forgets is sent again."""
        one = self.create(property={'a': 1})
        self.glance.lost_writes = 1
        self.update(one, property={'a': 2})
        self.assertEqual({'a': '2'}, self.custom(one))

    def test_same_template(self):
        """Without any change nothing is sent."""
        kwargs = {'property': {'a': 1}, 'tags': ['b', 'a'], 'min_ram': 5}
        one = self.create(**kwargs)
        self.update(one, **kwargs)
        self.assertEqual([], self.glance.log())

    def test_difference_to_the_template_only(self):
        """What Glance holds already is looked at once and not sent."""
        one = self.create(property={'a': 4, 'b': 1})
        self.update(one, property={'b': 1, 'a': '4'})
        self.assertEqual(['GET'], self.glance.log())
        self.assertEqual((one.UPDATE, one.COMPLETE), one.state)

    def test_no_property_changed(self):
        """An update of metadata or policies sends nothing."""
        for image in (
            {'metadata': {'a': 'b'}},
            {'deletion_policy': 'Retain'},
        ):
            one = self.create(property={'a': 1})
            self.update(one, _image=image, property={'a': 1})
            self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
            self.assertEqual([], self.glance.log())

    def test_map_removed(self):
        """Without the map the keys we set are removed, and no others."""
        one = self.create(property={'a': 1, 'b': 2})
        self.live(one)['foreign'] = 'x'
        self.update(one)
        self.assertEqual(CHANGED, self.glance.log())
        self.assertEqual({'foreign': 'x'}, self.custom(one))

    def test_tags_removed(self):
        """Without the list the tags we set are removed, and no others."""
        for tags in ({}, {'tags': []}, {'tags': None}):
            one = self.create(tags=['a', 'b'])
            self.live(one)['tags'].append('foreign')
            self.update(one, **tags)
            self.assertEqual(['foreign'], self.live(one)['tags'])

    def test_attributes_dropped(self):
        """Attributes that a template drops go back to the defaults."""
        one = self.create(
            name='n',
            min_disk=1,
            min_ram=2,
            protected=True,
            visibility='community',
        )
        self.update(one)
        live = self.live(one)
        self.assertEqual(
            (one.physical_resource_name(), 0, 0, False, 'private'),
            tuple(
                live[name]
                for name in (
                    'name',
                    'min_disk',
                    'min_ram',
                    'protected',
                    'visibility',
                )
            ),
        )

    def test_spelling_changed(self):
        """Moving the map to the other spelling changes nothing in Glance."""
        one = self.create(property={'a': 1})
        self.update(one, extra_properties={'a': 1})
        self.assertEqual(['GET'], self.glance.log())

    def test_key_taken_over(self):
        """A key that somebody else set and we declare becomes ours."""
        one = self.create(property={'a': 1})
        self.live(one)['team'] = 'web'
        self.update(one, property={'a': 1, 'team': 'web'})
        self.assertEqual(['GET'], self.glance.log())
        self.update(one, property={'a': 1})
        self.assertEqual({'a': '1'}, self.custom(one))

    def test_invalid(self):
        """What the rules refuse is not sent, and what was set stays."""
        one = self.create(property={'team': 1})
        error = self.fail_update(
            one,
            exception.InvalidDeclaration,
            property={'image_id': 'x', 'other': None},
        )
        self.assertEqual(
            ['image_id', 'other'], [offence.key for offence in error.offences]
        )
        self.assertEqual({'team': '1'}, self.custom(one))

    def test_another_spelling(self):
        """A key that only respells a live one is refused, by a look."""
        one = self.create(property={'team': 1})
        error = self.fail_update(
            one, exception.InvalidDeclaration, property={'Team': 1}
        )
        self.assertEqual(['Team'], [each.key for each in error.offences])
        self.assertEqual({'team': '1'}, self.custom(one))

    def test_another_spelling_of_what_never_was(self):
        """A key whose change failed does not keep its spellings out."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 413)
        self.fail_update(one, exception.Refused, property={'Foo': 1})
        self.update(one, property={'foo': 1})
        self.assertEqual({'foo': '1'}, self.custom(one))

    def test_image_busy(self):
        """While an import works on the image nothing is written."""
        one = self.create(property={'a': 1})
        self.glance.work_on(one.resource_id, 5)
        self.update(one, property={'a': 2})
        self.assertEqual([*5 * ['GET'], *CHANGED], self.glance.log())
        waits = [text for text in self.events(one) if 'nothing is w' in text]
        self.assertEqual(1, len(waits), waits)

    def test_record(self):
        """What is managed is recorded with the resource."""
        one = self.create(property={'a': 1}, tags=['t'], min_ram=0)
        self.update(one, extra_properties={'b': 1}, name='n')
        self.assertEqual(
            {
                'attributes': ['name'],
                'properties': ['b'],
                'tags': [],
                'members': [],
                'stores': [],
                'asked': [],
                'data': source.Source(
                    location=image_base.SOURCE
                ).fingerprint(),
            },
            self.record(one),
        )


class TestEvents(image_base.ImageTestCase):
    """What an update tells."""

    def told(self, one, **kwargs):
        """Return the reasons of the events of an update, but Heat's own."""
        before = len(self.events(one))
        self.update(one, **kwargs)
        return [
            reason
            for reason in self.events(one)[before:]
            if reason != 'state changed'
        ]

    def test_summary(self):
        """One event says what was done, by key and never by value."""
        one = self.create(
            property={'c': 'v0', 'd': 'v1'}, tags=['t'], visibility='shared'
        )
        self.live(one).update({f'foreign{i}': 'x' for i in range(14)})
        self.assertEqual(
            [
                'properties: 2 added (a, b), 1 changed (c), 1 removed (d), '
                '14 others left alone; attributes: 1 changed (hidden); '
                'tags: 1 removed (t); members: 1 added (p1); deactivated'
            ],
            self.told(
                one,
                property={'a': 'v2', 'b': 'v3', 'c': 'v4'},
                hidden=True,
                active=False,
                visibility='shared',
                members=['p1'],
            ),
        )

    def test_nothing_differed(self):
        """An update that finds all in order says so."""
        one = self.create(property={'a': 4})
        self.assertEqual(
            ['nothing differed, nothing was changed'],
            self.told(one, property={'a': '4'}),
        )

    def test_no_property_changed(self):
        """An update of anything else says so, without a request."""
        one = self.create()
        self.assertEqual(
            ['no property of the image was changed'],
            self.told(one, _image={'metadata': {'a': 'b'}}),
        )
        self.assertEqual([], self.glance.log())

    def test_replacement(self):
        """An update that does not happen tells nothing."""
        one = self.create()
        before = len(self.events(one))
        self.assertRaises(
            resource.UpdateReplace, self.update, one, location='http://h/y'
        )
        for reason in self.events(one)[before:]:
            self.assertRegex(reason, '^state changed$|requires replacement')

    def test_failure(self):
        """An update that fails says what it attempted before."""
        one = self.create(property={'a': 'secret'})
        self.glance.fail('POST members', 403, 'quota')
        before = len(self.events(one))
        self.fail_update(
            one, exception.Refused, property={'a': 'new'}, members=['p1']
        )
        (text,) = [
            reason
            for reason in self.events(one)[before:]
            if reason.startswith('attempted before the failure: ')
        ]
        self.assertIn('properties: 1 changed (a)', text)
        self.assertIn('members: 1 added (p1)', text)
        self.assertNotIn('new', text)

    def test_failure_before_any_change(self):
        """An update that fails before it sent anything tells nothing."""
        one = self.create(property={'a': 1})
        self.glance.fail('GET', 403)
        before = len(self.events(one))
        self.fail_update(one, exception.Refused, property={'a': 2})
        self.assertNotIn('attempted', ' '.join(self.events(one)[before:]))

    def test_long(self):
        """A summary fits into an event of Heat."""
        one = self.create()
        told = self.told(
            one, property={f'key{i}' + 30 * 'x': i for i in range(100)}
        )
        self.assertEqual(1, len(told))
        self.assertLessEqual(len(told[0]), 255)
        self.assertIn('100 added', told[0])


class TestRowsOfOldHeat(image_base.ImageTestCase):
    """Images of a Heat that kept no record of what it set."""

    def setUp(self):
        super().setUp()
        self.one = self.create(
            property={'a': 1, 'b': 2}, tags=['t'], min_ram=5
        )
        self.one.data_delete('managed')
        self.live(self.one)['foreign'] = 'x'
        self.one = self.reload(self.one)

    def test_are_updated_in_place(self):
        """What the old template declared and the new one does not goes."""
        self.update(self.one, property={'b': 3, 'c': 4})
        self.assertEqual(CHANGED, self.glance.log())
        self.assertEqual(
            {'b': '3', 'c': '4', 'foreign': 'x'}, self.custom(self.one)
        )
        self.assertEqual([], self.live(self.one)['tags'])
        self.assertEqual(0, self.live(self.one)['min_ram'])

    def test_are_recorded_then(self):
        """From the first update on there is a record."""
        self.update(self.one, property={'b': 3})
        self.assertEqual(['b'], self.record(self.one)['properties'])


class TestRefused(image_base.ImageTestCase):
    """What Glance, or Heat, does not allow."""

    def test_a_refused_change_is_told(self):
        """The error of Glance is the reason that Heat shows."""
        one = self.create(property={'a': 1})
        self.glance.fail('PATCH', 413, 'Attempted: 129, Maximum: 128')
        self.fail_update(one, exception.Refused, property={'a': 2})
        self.assertIn('Attempted: 129, Maximum: 128', one.status_reason)
        self.assertIn(fake_glance.REQUEST_ID, one.status_reason)

    def test_external_images_are_left_alone(self):
        """An image that is managed elsewhere is looked at, never changed."""
        self.glance.add(id=image_base.ID, a='theirs')
        one = self.make(
            _image={'external_id': image_base.ID}, property={'a': 'ours'}
        )
        self.stack.validate()
        self.run_task(one.create)
        self.assertEqual((one.CHECK, one.COMPLETE), one.state)
        self.update(
            one, _image={'external_id': image_base.ID}, property={'a': 'new'}
        )
        self.run_task(one.delete)
        self.assertEqual({'GET'}, {*self.glance.log()})

    def test_external_image_that_is_gone(self):
        """An external image that does not exist is refused."""
        self.make(_image={'external_id': image_base.ID})
        error = self.assertRaises(
            heat_exception.StackValidationFailed, self.stack.validate
        )
        self.assertIn(image_base.ID, str(error))
