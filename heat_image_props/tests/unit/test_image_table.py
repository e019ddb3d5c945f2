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

"""Tests that the reference table says what an update does."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import re

from heat.engine import resource

from heat_image_props import effects
from heat_image_props import schema
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_data
from heat_image_props.tests.unit import image_base

MIRROR = 'https://mirror.test/x.img'
REMOTE = {
    'import_method': 'glance-download',
    'remote_region': 'there',
    'remote_image': image_base.ID,
}
ELSEWHERE = {'remote_region': 'elsewhere'}
OTHER_IMAGE = {'remote_image': image_base.ID.replace('1', '2')}
RIGHT = {'value': fake_glance_data.SHA512}
WRONG = {'value': 'b' * 128}

IN_PLACE, NOTHING, REPLACEMENT = 'in place', 'nothing', 'replacement'

#: Updates of each property: values before, values after, and what comes of
#: it.  Without data a template has no location.
UPDATES = [
    ('name', {'name': 'n'}, {'name': 'm'}, IN_PLACE),
    ('is_public', {'is_public': True}, {'is_public': False}, IN_PLACE),
    ('visibility', {}, {'visibility': 'community'}, IN_PLACE),
    ('members', {'members': ['p']}, {'members': ['q']}, IN_PLACE),
    ('owner', {'owner': fake_glance.PROJECT}, {'owner': 'p'}, IN_PLACE),
    ('min_disk', {'min_disk': 1}, {'min_disk': 2}, IN_PLACE),
    ('min_ram', {'min_ram': 1}, {'min_ram': 2}, IN_PLACE),
    ('protected', {'protected': True}, {'protected': False}, IN_PLACE),
    ('hidden', {'hidden': True}, {'hidden': False}, IN_PLACE),
    ('active', {'active': True}, {'active': False}, IN_PLACE),
    ('active', {'active': False}, {'active': True}, IN_PLACE),
    ('tags', {'tags': ['a']}, {'tags': ['b']}, IN_PLACE),
    ('property', {'property': {'a': 1}}, {'property': {'a': 2}}, IN_PLACE),
    (
        'extra_properties',
        {'extra_properties': {'a': 1}},
        {'extra_properties': {'a': 2}},
        IN_PLACE,
    ),
    *(
        (name, {name: before}, {name: after}, IN_PLACE)
        for name, before, after in [
            ('architecture', 'i686', 'x86_64'),
            ('os_distro', 'debian', 'ubuntu'),
            ('os_version', '12', '13'),
            *(
                (name, image_base.ID, image_base.ID.replace('1', '2'))
                for name in ('kernel_id', 'ramdisk_id')
            ),
        ]
    ),
    ('id', {}, {'id': image_base.ID}, REPLACEMENT),
    ('disk_format', {}, {'disk_format': 'qcow2'}, REPLACEMENT),
    ('container_format', {}, {'container_format': 'ovf'}, REPLACEMENT),
    ('location', {}, {'location': MIRROR}, REPLACEMENT),
    ('location', {'_empty': True}, {'location': MIRROR}, IN_PLACE),
    ('location', {}, {'_empty': True}, NOTHING),
    (
        'location',
        {'image_hash': RIGHT},
        {'image_hash': RIGHT, 'location': MIRROR},
        NOTHING,
    ),
    ('import_method', {}, {'import_method': 'reference'}, REPLACEMENT),
    (
        'import_method',
        {'_empty': True},
        {'import_method': 'reference'},
        IN_PLACE,
    ),
    *(
        (name, *steps, effect)
        for name in ('import_method', 'remote_region', 'remote_image')
        for steps, effect in [
            (({'_empty': True}, {**REMOTE, '_empty': True}), IN_PLACE),
            (({**REMOTE, '_empty': True}, {'_empty': True}), NOTHING),
        ]
        if (name, effect) != ('import_method', NOTHING)
    ),
    *(
        (name, {**REMOTE, '_empty': True}, after, effect)
        for name, after, effect in [
            *(
                (name, {**REMOTE, **other, '_empty': True}, REPLACEMENT)
                for other in (ELSEWHERE, OTHER_IMAGE)
                for name in other
            ),
            (
                'remote_interface',
                {**REMOTE, 'remote_interface': 'admin', '_empty': True},
                NOTHING,
            ),
        ]
    ),
    ('stores', {'stores': ['fast']}, {'stores': ['slow']}, IN_PLACE),
    ('stores', {'stores': ['fast']}, {}, NOTHING),
    ('all_stores', {}, {'all_stores': True}, IN_PLACE),
    ('all_stores', {'all_stores': True}, {}, NOTHING),
    (
        'all_stores_must_succeed',
        {'stores': ['fast']},
        {'stores': ['fast'], 'all_stores_must_succeed': False},
        NOTHING,
    ),
    ('image_hash', {}, {'image_hash': RIGHT}, NOTHING),
    ('image_hash', {}, {'image_hash': WRONG}, REPLACEMENT),
    ('image_hash', {'image_hash': RIGHT}, {}, NOTHING),
    ('force_delete', {}, {'force_delete': True}, NOTHING),
]


def requests_of(text):
    """Return the requests that an entry of the table names, in full."""
    if text.startswith('none: '):
        return set()
    found = set()
    method = path = ''
    for part in re.split(
        ', then |, | or ', text.replace(' before a ', ' or ')
    ):
        words = part.split()
        if len(words) == 2:
            method, short = words
        elif path:
            (short,) = words
        if short.startswith('.../'):
            path = '/v2/images/{id}' + short[3:]
        elif short.startswith('/v2/'):
            path = short
        elif short.startswith('/'):
            path = '/v2/images/{id}' + short
        elif short == 'deletion':
            continue
        else:
            path = f'{path.rpartition("/")[0]}/{short}'
        found.add(f'{method} {path}')
    return found


class TableTestCase(image_base.ImageTestCase):
    """A test that compares requests with those of the table."""

    def setUp(self):
        super().setUp()
        self.glance.is_admin = self.glance.may_copy = True
        for region, image in [
            ('there', image_base.ID),
            ('elsewhere', image_base.ID),
            ('there', OTHER_IMAGE['remote_image']),
        ]:
            self.glance.remote[region, image] = {'os_type': 'linux'}

    def sent(self):
        """Return what was sent that changes anything, as the table has it."""
        found = set()
        for request in self.glance.requests:
            if request.method == 'GET':
                continue
            path = f'/v2/images/{request.path}'.rstrip('/')
            if request.path.startswith('/'):
                path = '/v2/stores/{store}/{id}'
            path = re.sub('/v2/images/[^/]+', '/v2/images/{id}', path)
            if request.method == 'DELETE':
                path = re.sub('/members/.*', '/members/{member}', path)
            found.add(f'{request.method} {path}')
        self.glance.requests.clear()
        return found


class TestUpdate(TableTestCase):
    """One update of each property."""

    scenarios = [
        (
            f'{name} {number} {effect}',
            {
                'name': name,
                'before': before,
                'after': after,
                'effect': effect,
            },
        )
        for number, (name, before, after, effect) in enumerate(UPDATES)
    ]

    def test_is_as_documented(self):
        """It replaces, or sends what the table has, or sends nothing."""
        one = self.make(**self.before)
        self.run_task(one.create)
        self.glance.requests.clear()
        image_id = one.resource_id
        try:
            self.update(one, **self.after)
        except resource.UpdateReplace:
            effect = REPLACEMENT
            self.assertEqual(set(), self.sent())
        else:
            self.assertEqual((one.UPDATE, one.COMPLETE), one.state)
            self.assertEqual(image_id, one.resource_id)
            sent = self.sent()
            effect = IN_PLACE if sent else NOTHING
            self.assertLessEqual(sent, requests_of(self.documented()))
        self.assertEqual(self.effect, effect)
        self.assertIn(effect, self.effects())
        # What is not allowed to change is always replaced.
        if not schema.properties_schema[self.name].update_allowed:
            self.assertEqual(REPLACEMENT, effect)
        if effect == REPLACEMENT:
            self.assertIn(self.name, effects.REPLACING)

    def documented(self):
        """Return the requests of the table for what was changed."""
        if self.name == 'import_method' or 'import_method' in self.after:
            # The method chooses one of the requests.
            return effects.REQUESTS['import_method']
        return effects.REQUESTS[self.name]

    def effects(self):
        """Return what the table says of an update, as text."""
        if not schema.properties_schema[self.name].update_allowed:
            return REPLACEMENT
        return effects.EFFECTS.get(self.name, IN_PLACE)


class TestLife(TableTestCase):
    """All that is sent for a property, from creation to deletion."""

    scenarios = [(name, {'name': name}) for name in schema.PROPERTIES]

    def test_is_as_documented(self):
        """Each request that the table has for it is sent one day."""
        left = requests_of(effects.REQUESTS[self.name])
        for _, before, after, effect in UPDATES:
            names = {*before, *after}
            if '_empty' not in after:
                names.add('location')
            if left and self.name in names:
                self.glance.images.clear()
                self.glance.deleted.clear()
                one = self.make(**before)
                self.run_task(one.create)
                if effect != REPLACEMENT:
                    self.update(one, **after)
                if self.name == 'force_delete':
                    self.glance.requests.clear()
                    self.live(one)['protected'] = True
                    self.run_task(self.forced(one).delete)
                left -= self.sent()
        self.assertEqual(set(), left)

    def forced(self, one):
        """Return the resource as its new template has it."""
        one.t = self.after.defn.resource_definition('image')
        one.reparse()
        return one


class TestCoverage(TableTestCase):
    """The updates that are tried here."""

    def test_are_complete(self):
        """There is an update of every property, and one for each effect."""
        self.assertEqual({*schema.PROPERTIES}, {name for name, *_ in UPDATES})
        for name in effects.EFFECTS:
            for effect in (IN_PLACE, NOTHING, REPLACEMENT):
                if effect in effects.EFFECTS[name]:
                    self.assertIn(
                        (name, effect), {(u[0], u[3]) for u in UPDATES}
                    )
