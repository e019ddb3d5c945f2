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

"""Tests of what attributes, checks and ``--converge`` make of an image."""

import json

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat_image_props import exception
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import image_base

DECLARED = {
    'name': 'n',
    'hidden': True,
    'active': True,
    'owner': fake_glance.PROJECT,
    'members': ['p1', 'p2'],
    'tags': ['t'],
    'stores': ['fast'],
    'image_hash': {'value': fake_glance_data.SHA512},
    'property': {'a': 1, 'hidden': 'x', 'os_version': 12},
    'os_distro': 'debian',
}


class ObservationTestCase(image_base.ImageTestCase):
    """A test with an image on which everything is declared."""

    def setUp(self):
        super().setUp()
        self.glance.is_admin = self.glance.may_copy = True
        self.one = self.create(**DECLARED)
        self.members = self.glance.members[self.one.resource_id]


#: What can be different: a name, what is set on the image, the expected and
#: the actual value.
DRIFTS = [
    ('name', {'name': 'm'}, 'n', 'm'),
    ('hidden', {'os_hidden': False}, True, False),
    ('active', {'status': 'deactivated'}, True, False),
    ('owner', {'owner': 'other'}, fake_glance.PROJECT, 'other'),
    ('visibility', {'visibility': 'private'}, 'shared', 'private'),
    ('tags', {'tags': []}, ['t'], []),
    ('a', {'a': '2'}, '1', '2'),
    ('os_distro', {'os_distro': None}, 'debian', None),
    ('os_version', {'os_version': '11'}, '12', '11'),
    ('property.hidden', {'hidden': 'y'}, 'x', 'y'),
]


def change(image, values):
    """Change an image behind our back; None removes."""
    for name, value in values.items():
        if value is None:
            del image[name]
        else:
            image[name] = value


class TestDrift(ObservationTestCase):
    """What is declared and differs."""

    scenarios = [
        (name, {'name': name, 'set': values, 'pair': (expected, actual)})
        for name, values, expected, actual in DRIFTS
    ]

    def test_attribute(self):
        """The attribute has what is expected and what there is."""
        change(self.live(self.one), self.set)
        drift = self.one.FnGetAtt('property_drift')
        expected, actual = self.pair
        self.assertEqual(
            {'expected': expected, 'actual': actual}, drift.pop(self.name)
        )
        # Members of an image that is not shared are not there.
        self.assertEqual(
            ['members'] if self.name == 'visibility' else [], [*drift]
        )

    def test_check(self):
        """A check fails, names it, and changes nothing."""
        change(self.live(self.one), self.set)
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertIn(f"'{self.name}' is ", error.reasons[0] + str(error))
        self.assertLessEqual(
            {*self.glance.log()}, {'GET', 'GET members', 'GET /info/stores'}
        )

    def test_converge(self):
        """An update with --converge puts it right, and then finds nothing."""
        change(self.live(self.one), self.set)
        self.update(self.one, _converge=True, **DECLARED)
        self.assertEqual((self.one.UPDATE, self.one.COMPLETE), self.one.state)
        self.assertEqual({}, self.one.FnGetAtt('property_drift'))
        self.glance.requests.clear()
        self.update(self.one, _converge=True, **DECLARED)
        self.assertEqual(['GET', 'GET members'], self.glance.log())


class TestOtherDrift(ObservationTestCase):
    """Differences that are no attribute and no property of the image."""

    def test_none(self):
        """An image in order has none, whatever others set."""
        self.members['theirs'] = 'pending'
        live = self.live(self.one)
        live.update(foreign='x', stores='fast,slow')
        live['tags'].append('foreign')
        self.assertEqual({}, self.one.FnGetAtt('property_drift'))
        self.run_task(self.one.check)
        self.assertEqual((self.one.CHECK, self.one.COMPLETE), self.one.state)

    def test_members(self):
        """A member that somebody took away is told, and put right."""
        del self.members['p1']
        self.members['theirs'] = 'pending'
        self.assertEqual(
            {
                'members': {
                    'expected': ['p1', 'p2'],
                    'actual': ['p2'],
                }
            },
            self.one.FnGetAtt('property_drift'),
        )
        self.update(self.one, _converge=True, **DECLARED)
        self.assertEqual({'p1', 'p2', 'theirs'}, {*self.members})

    def test_stores(self):
        """A store that lost the data is told, and gets it again."""
        self.live(self.one)['stores'] = 'slow'
        self.assertEqual(
            {'stores': {'expected': ['fast', 'slow'], 'actual': ['slow']}},
            self.one.FnGetAtt('property_drift'),
        )
        self.update(self.one, _converge=True, **DECLARED)
        self.assertEqual(['fast', 'slow'], self.one.FnGetAtt('stores'))

    def test_all_stores(self):
        """A store that the cloud got since is told, and gets the data."""
        declared = {**DECLARED, 'stores': None, 'all_stores': True}
        self.update(self.one, **declared)
        self.glance.stores.append({'id': 'new'})
        self.assertIn('stores', self.one.FnGetAtt('property_drift'))
        self.update(self.one, _converge=True, **declared)
        self.assertEqual(['fast', 'new', 'slow'], self.one.FnGetAtt('stores'))

    def test_hash(self):
        """Other data is told, with both hashes."""
        fake_glance_data.hold(self.live(self.one), b'other')
        drift = self.one.FnGetAtt('property_drift')
        self.assertEqual(['image_hash'], [*drift])
        self.assertEqual(
            fake_glance_data.SHA512, drift['image_hash']['expected']
        )

    def test_leftover_member(self):
        """A member that we set and no longer declare is told by a check."""
        self.glance.fail('POST members', 403, skip=1)
        self.fail_update(
            self.one,
            exception.Refused,
            **{**DECLARED, 'members': ['p1', 'p2', 'p3', 'p4']},
        )
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertEqual(
            ("'members' is ['p1', 'p2', 'p3'] instead of ['p1', 'p2']",),
            error.reasons,
        )
        self.update(self.one, **DECLARED)
        self.assertEqual({'p1', 'p2'}, {*self.members})

    def test_without_data(self):
        """An image that lost its data is told, and no hash or store is."""
        live = self.live(self.one)
        live.update(status='queued')
        del live['stores']
        self.assertEqual({}, self.one.FnGetAtt('property_drift'))
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertEqual(('its status is queued',), error.reasons)


class TestAttributes(ObservationTestCase):
    """All attributes."""

    def test_values(self):
        """Each has what Glance reports, as plain data."""
        live = self.live(self.one)
        live.update(foreign='x', virtual_size=7, file='/v2/f')
        values = {
            name: self.one.FnGetAtt(name)
            for name in self.one.attributes_schema
        }
        self.assertEqual(values, json.loads(json.dumps(values)))
        for name in (
            *('checksum', 'created_at', 'file', 'os_hash_algo'),
            *('os_hash_value', 'owner', 'schema', 'size', 'status', 'tags'),
            *('updated_at', 'virtual_size', 'visibility'),
        ):
            self.assertEqual(live[name], values[name], name)
        self.assertIsNone(values['direct_url'])
        self.assertEqual(['fast'], values['stores'])
        ours = {
            'a': '1',
            'hidden': 'x',
            'os_distro': 'debian',
            'os_version': '12',
        }
        self.assertEqual(ours, values['managed_properties'])
        self.assertEqual({**ours, 'foreign': 'x'}, values['properties'])

    def test_managed_property_that_is_gone(self):
        """What somebody removed has no value."""
        del self.live(self.one)['a']
        self.assertEqual(
            {'hidden': 'x', 'os_distro': 'debian', 'os_version': '12'},
            self.one.FnGetAtt('managed_properties'),
        )

    def test_one_look_for_a_moment(self):
        """Attributes that are read within a moment are of one look."""
        self.patch('heat_image_props.inspection._SAME_MOMENT', new=1000)
        for name in self.one.attributes_schema:
            self.one.FnGetAtt(name)
        self.assertEqual(['GET', 'GET members'], self.glance.log())

    def test_one_look_after_an_action(self):
        """What an action did is seen, however little time passed."""
        self.patch('heat_image_props.inspection._SAME_MOMENT', new=100000)
        self.assertEqual(['t'], self.one.FnGetAtt('tags'))
        self.update(self.one, **{**DECLARED, 'tags': ['u']})
        self.assertEqual(['u'], self.one.FnGetAtt('tags'))


class TestStored(image_base.ImageTestCase):
    """A row of an older type, which holds what the rules refuse."""

    def setUp(self):
        super().setUp()
        self.stored = {'property': {'os_glance_x': 'y', 'a': 1}}
        image_id = self.glance.add(a='1', name='n')
        one = self.make(**self.stored)
        one.state_set(one.CREATE, one.COMPLETE)
        one.resource_id_set(image_id)
        one._stored_properties_data = {
            name: one.properties[name] for name in one.properties.data
        }
        one.store()
        self.one = self.reload(one)

    def test_attribute(self):
        """The drift names what is refused."""
        self.assertEqual(
            {'os_glance_x': {'expected': None, 'actual': None}},
            self.one.FnGetAtt('property_drift'),
        )

    def test_check(self):
        """A check names it too, and says that nothing else was looked at."""
        error = self.assertFails(
            exception.Drifted, self.run_task, self.one.check
        )
        self.assertIn("'os_glance_x'", str(error))

    def test_converge(self):
        """An update with --converge fails by name, and writes nothing."""
        error = self.assertFails(
            exception.InvalidDeclaration,
            self.update,
            self.one,
            _converge=True,
            **{**self.stored, 'min_ram': 1},
        )
        self.assertIn('os_glance_x', str(error))
        self.assertEqual({'GET'}, {*self.glance.log()})

    def test_repaired(self):
        """An update to a template without it is as any other."""
        self.update(self.one, property={'a': 2})
        self.assertEqual({'a': '2'}, self.custom(self.one))
