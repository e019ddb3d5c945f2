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

"""The claim of the rules, proved against a real Glance.

A map that the rules accept is stored by POST and by PATCH exactly as written,
and can be removed again.  What they refuse is refused with a reason: Glance
itself does not keep it.
"""

import os
import uuid

from glance.api import property_protections
from glance import notifier
import hypothesis

from heat_image_props import diff
from heat_image_props import rules
from heat_image_props.tests.functional import base
from heat_image_props.tests import strategies

EXAMPLES = int(os.environ.get('MINICLOUD_EXAMPLES', '60'))


class ClaimTestCase(base.FunctionalTestCase):
    """A test that speaks to Glance alone."""

    def create(self, properties, **kwargs):
        """Send a POST, and arrange for the image to be deleted."""
        response = self.glance.post(
            '/v2/images', json={**properties, **kwargs}, raise_exc=False
        )
        if response.ok:
            self.addCleanup(
                self.glance.delete,
                f'/v2/images/{response.json()["id"]}',
                raise_exc=False,
            )
        return response

    def patch(self, image_id, operations):
        """Send operations; none are no request."""
        if operations:
            self.patch_image(image_id, *operations)

    def custom(self, image_id):
        """Return the custom properties of an image."""
        return rules.custom(self.image(image_id))


class TestAccepted(ClaimTestCase):
    """What the rules accept is what Glance holds."""

    @hypothesis.settings(max_examples=EXAMPLES)
    @hypothesis.given(strategies.accepted(), strategies.accepted())
    def test_is_stored_exactly_and_can_be_removed(self, one, other):
        """POST one map, PATCH to another, PATCH to none: always exact."""
        hypothesis.assume(not rules.check(other, one).offences)
        # Names that live side by side on the way must not clash either.
        hypothesis.assume(not rules.check({**one, **other}).offences)
        response = self.glance.post('/v2/images', json=one, raise_exc=False)
        self.assertEqual(201, response.status_code, response.text)
        image_id = response.json()['id']
        try:
            self.assertEqual(one, self.custom(image_id))
            for before, after in ((one, other), (other, {})):
                change = diff.compute(after, before, self.custom(image_id))
                self.patch(image_id, change.to_patch())
                self.assertEqual(after, self.custom(image_id))
        finally:
            self.glance.delete(f'/v2/images/{image_id}')

    def test_limits(self):
        """The longest names and values are stored exactly."""
        limits = {
            'k' * 255: 'x' * 65535,
            'é' * 255: 'é' * 32767,
            '€' * 255: '€' * 21845,
        }
        self.assertEqual(limits, rules.check(limits).text)
        image_id = self.create(limits).json()['id']
        self.assertEqual(limits, self.custom(image_id))
        self.patch(image_id, diff.compute({}, limits, limits).to_patch())
        self.assertEqual({}, self.custom(image_id))
        self.patch(image_id, diff.compute(limits, (), {}).to_patch())
        self.assertEqual(limits, self.custom(image_id))

    def test_tags(self):
        """Tags that the rules accept are stored exactly, by both ways."""
        tags, offences = rules.check_tags(
            ['a,b', 'a/b', 'é', 'a b', '€' * 255, 'name', 'image_id', '_']
        )
        self.assertEqual((), offences)
        image_id = self.create({}, tags=list(tags)).json()['id']
        self.assertEqual(tags, tuple(sorted(self.image(image_id)['tags'])))
        self.patch_image(image_id, {'op': 'add', 'path': '/tags', 'value': []})
        self.assertEqual([], self.image(image_id)['tags'])
        self.patch_image(
            image_id, {'op': 'add', 'path': '/tags', 'value': list(tags)}
        )
        self.assertEqual(tags, tuple(sorted(self.image(image_id)['tags'])))


class TestRefused(ClaimTestCase):
    """What the rules refuse is what this Glance does not keep."""

    scenarios = [
        (ascii(name), {'name': name})
        for name in sorted(
            {
                'base', 'checksum', 'context', 'created_at', 'deactivate',
                'delete', 'deleted', 'deleted_at', 'direct_url',
                'extra_properties', 'file', 'get_data', 'get_payload',
                'get_super_class', 'helper', 'id', 'image_id', 'location',
                'locations', 'member', 'notifier', 'os_glance_x',
                'os_hash_algo', 'os_hash_value', 'owner', 'reactivate',
                'repo', 'schema', 'self', 'send_notification', 'set_data',
                'size', 'status', 'stores', 'updated_at', 'virtual_size',
                '__class__', '_abc_impl', ' a', 'a\n', 'k' * 256,
                'a\U0001f600', 'a\ud800',
            }
        )
    ]  # fmt: skip

    def test_name_is_not_kept(self):
        """A refused name cannot be set, changed and removed."""
        self.assertNotEqual((), rules.check({self.name: 'x'}).offences)
        self.assertFalse(self.works(self.name, 'x', 'y'), repr(self.name))

    def works(self, name, *values):
        """Say whether POST and PATCH set, change and remove a property."""
        first, second = values
        response = self.create({name: first})
        if not response.ok or self.custom_of(response).get(name) != first:
            return False
        image_id = response.json()['id']
        for operation, expected in (
            ({'op': 'add', 'value': second}, second),
            ({'op': 'remove'}, None),
            ({'op': 'add', 'value': second}, second),
        ):
            response = self.patch_image(
                image_id,
                {**operation, 'path': diff.pointer(name)},
                raise_exc=False,
            )
            if not response.ok or (self.image(image_id).get(name) != expected):
                return False
        return True

    def custom_of(self, response):
        """Return the image of a POST as a later GET shows it."""
        return self.image(response.json()['id'])


class TestRefusedValues(ClaimTestCase):
    """Values that the rules refuse, and what becomes of them."""

    scenarios = [
        (name, {'value': value, 'kept_by': kept_by})
        for name, value, kept_by in (
            ('null', None, ()),
            ('integer', 4, ()),
            ('boolean', True, ()),
            ('list', ['a'], ()),
            ('map', {'a': 'b'}, ()),
            ('four bytes', 'a\U0001f600', ()),
            ('lone surrogate', 'a\ud800', ()),
            ('NUL', 'a\0b', ('production',)),
            ('65536 bytes', 'x' * 65536, ('embedded',)),
        )
    ]

    def test_value_is_kept_by_some_only(self):
        """A value is stored as written by the databases that can, if any.

        Numbers and booleans are accepted by the rules, as text.
        """
        if not isinstance(self.value, (bool, int)):
            self.assertEqual(1, len(rules.check({'key': self.value}).offences))
        response = self.create({'key': self.value})
        kept = response.ok and (
            self.image(response.json()['id'])['key'] == self.value
        )

        self.assertEqual(self.cloud.profile in self.kept_by, kept)


class TestCollisions(base.FunctionalTestCase):
    """The rules know all names of the server's own objects."""

    def test_every_public_attribute_is_refused(self):
        """No public attribute of the outermost proxy is a good name.

        ``hasattr`` of the API asks the outermost one of the proxies around
        an image (``glance/gateway.py``).
        """
        classes = (
            notifier.ImageProxy,
            property_protections.ProtectedImageProxy,
        )
        names = {
            name
            for each in classes
            for name in dir(each)
            if not name.startswith('_')
        }
        self.assertIn('extra_properties', names)
        accepted = {
            name for name in names if not rules.check({name: 'x'}).offences
        }
        self.assertEqual(set(), accepted)


class TestServers(ClaimTestCase):
    """What differs between Glances on different databases."""

    def test_case_and_accents(self):
        """MySQL takes two spellings for one name, PostgreSQL does not."""
        prefix = uuid.uuid4()
        names = {f'{prefix}-{end}': 'x' for end in ('cafe', 'Café')}
        self.assertEqual(2, len(rules.check(names).offences))
        expected = 500 if self.cloud.profile == 'production' else 201

        self.assertEqual(expected, self.create(names).status_code)

    def test_a_renamed_key(self):
        """On MySQL a removed name keeps its other spellings out for good."""
        image_id = self.create({'team': 'x'}).json()['id']
        self.patch_image(image_id, {'op': 'remove', 'path': '/team'})
        response = self.patch_image(
            image_id,
            {'op': 'add', 'path': '/Team', 'value': 'x'},
            raise_exc=False,
        )
        expected = 500 if self.cloud.profile == 'production' else 200

        self.assertEqual(expected, response.status_code)
        self.assertEqual(1, len(rules.check({'Team': 'x'}, ['team']).offences))
