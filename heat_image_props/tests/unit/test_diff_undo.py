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

"""Tests of what takes a change back."""

import hypothesis
from hypothesis import strategies as st

from heat_image_props import diff
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance_image

NAMES = 'abcd'

texts = st.sampled_from('12')
properties = st.dictionaries(st.sampled_from(NAMES), texts)
some = st.frozensets(st.sampled_from(NAMES))


def applied(image, change):
    """Return what a change makes of an image."""
    after = dict(image)
    for operation in change.to_patch():
        fake_glance_image.apply(after, operation)
    return {**after, 'tags': sorted(after['tags'])}


class TestUndo(base.BaseTestCase):
    """A change that is taken back."""

    @hypothesis.given(properties, some, st.tuples(properties, some), some)
    def test_leads_back(self, live, tags, wish, ours):
        """What was there is there again, and nothing else."""
        before = {
            **live,
            'tags': sorted(tags),
            'min_ram': 1,
            'status': 'queued',
        }
        wanted, labels = wish
        change = diff.compare(
            diff.Declared({'min_ram': 2}, wanted, labels, labels, True),
            diff.Managed(properties=ours, tags=ours, members=ours),
            before,
            members=tags,
        )
        after = applied(before, change)
        members = tags - change.members.removed | change.members.added
        back = change.undo(before, after, members)

        self.assertEqual(before, applied(after, back))
        self.assertEqual(
            tags, members - back.members.removed | back.members.added
        )
        self.assertIsNone(back.active)

    def test_leaves_what_others_did(self):
        """What somebody else changed meanwhile stays."""
        before = {'a': '1', 'tags': ['t'], 'status': 'active'}
        change = diff.compare(
            diff.Declared(properties={'b': '1'}, tags=frozenset('u')),
            diff.Managed(),
            before,
        )
        after = {**before, 'a': '2', 'b': '1', 'c': '3', 'tags': [*'uvw']}
        back = change.undo(before, after, frozenset(('theirs',)))

        self.assertEqual(
            {'a': '2', 'c': '3', 'tags': [*'vw'], 'status': 'active'},
            applied(after, back),
        )
        self.assertFalse(back.members)

    def test_of_what_was_not_carried_out(self):
        """Nothing is nothing to take back."""
        before = {'a': '1', 'tags': [], 'status': 'active'}
        change = diff.compare(
            diff.Declared(properties={'a': '2'}, members=frozenset('m')),
            diff.Managed(),
            before,
        )
        self.assertFalse(change.undo(before, before, frozenset()))
