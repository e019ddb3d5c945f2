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

"""Tests of the difference between declared and live properties."""

import hypothesis
from hypothesis import strategies as st
import jsonpatch

from heat_image_props import diff
from heat_image_props.tests import base

# Few names, so that the three sides have many in common, and those that a
# JSON pointer has to escape among them.
NAMES = st.sampled_from(
    ['a', 'b', 'c', 'a/b', 'a~b', '~1', '/', '~', 'é', 'd']
)
VALUES = st.sampled_from(['', '1', '2'])
MAPS = st.dictionaries(NAMES, VALUES)
MANAGED = st.frozensets(NAMES)


def apply(patch, image):
    """Return an image after a patch, as the library jsonpatch applies it."""
    return jsonpatch.JsonPatch(patch).apply(image)


class TestPropertyDiff(base.BaseTestCase):
    """The laws of the three-way comparison."""

    @hypothesis.given(MAPS, MANAGED, MAPS)
    def test_makes_live_what_is_declared(self, declared, managed, live):
        """Declared is set, managed and undeclared gone, the rest untouched."""
        patch = diff.compute(declared, managed, live).to_patch()
        after = apply(patch, live)

        foreign = live.keys() - declared.keys() - managed
        self.assertEqual(
            {**{name: live[name] for name in foreign}, **declared}, after
        )

    @hypothesis.given(MAPS, MANAGED, MAPS)
    def test_nothing_is_left_to_do(self, declared, managed, live):
        """After the patch there is no difference."""
        patch = diff.compute(declared, managed, live).to_patch()
        again = diff.compute(declared, managed, apply(patch, live))

        self.assertFalse(again)
        self.assertEqual([], again.to_patch())

    @hypothesis.given(MAPS, MANAGED, MAPS)
    def test_parts_are_disjoint(self, declared, managed, live):
        """No name is in two parts, and the diff is true if there is one."""
        change = diff.compute(declared, managed, live)
        parts = [*change.added, *change.replaced, *change.removed]

        self.assertEqual(len(set(parts)), len(parts))
        self.assertEqual(bool(parts), bool(change))
        self.assertLessEqual(change.removed, managed & live.keys())

    @hypothesis.given(MAPS, MAPS)
    def test_added_and_removed_are_symmetric(self, one, other):
        """What is added one way is removed the other way."""
        there = diff.compute(one, other.keys(), other)
        back = diff.compute(other, one.keys(), one)

        self.assertEqual(there.added.keys(), back.removed)
        self.assertEqual(there.removed, back.added.keys())
        self.assertEqual(there.replaced.keys(), back.replaced.keys())

    @hypothesis.given(MAPS, MANAGED, MAPS)
    def test_operations_are_few_and_stable(self, declared, managed, live):
        """Only ``add`` and ``remove`` are used, one a name, in one order."""
        change = diff.compute(declared, managed, live)
        patch = change.to_patch()
        turned = diff.compute(
            dict(reversed(declared.items())), managed, live
        ).to_patch()

        self.assertEqual(patch, turned)
        self.assertLessEqual({op['op'] for op in patch}, {'add', 'remove'})
        self.assertEqual(len({op['path'] for op in patch}), len(patch))

    def test_example(self):
        """A change of one map into another, beside a foreign key."""
        change = diff.compute(
            {'kept': '1', 'new': '2', 'changed/x': '3'},
            {'kept', 'old~', 'gone', 'changed/x'},
            {'kept': '1', 'old~': '9', 'changed/x': '9', 'foreign': '9'},
        )

        self.assertEqual({'new': '2'}, change.added)
        self.assertEqual({'changed/x': '3'}, change.replaced)
        self.assertEqual({'old~'}, change.removed)
        self.assertEqual(
            [
                {'op': 'remove', 'path': '/old~0'},
                {'op': 'add', 'path': '/changed~1x', 'value': '3'},
                {'op': 'add', 'path': '/new', 'value': '2'},
            ],
            change.to_patch(),
        )

    def test_a_renamed_key_is_not_moved(self):
        """A value that moves to another key is added and removed.

        The library jsonpatch makes a ``move`` of it, which Glance refuses.
        """
        self.assertEqual(
            'move', jsonpatch.make_patch({'a': 'x'}, {'b': 'x'}).patch[0]['op']
        )
        self.assertEqual(
            ['remove', 'add'],
            [op['op'] for op in diff.compute(
                {'b': 'x'}, {'a'}, {'a': 'x'}).to_patch()],
        )  # fmt: skip

    def test_is_frozen(self):
        """A diff cannot be changed."""
        change = diff.PropertyDiff()
        self.assertRaises(AttributeError, setattr, change, 'removed', {'a'})

    def test_a_live_value_that_is_no_text_differs(self):
        """A null that Glance shows for a key is replaced."""
        change = diff.compute({'kernel_id': '1'}, (), {'kernel_id': None})
        self.assertEqual({'kernel_id': '1'}, change.replaced)
