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

"""Tests of two differences, one after the other."""

import hypothesis

from heat_image_props import diff
from heat_image_props.tests import base
from heat_image_props.tests.unit import test_diff_image as images


class TestBoth(base.BaseTestCase):
    """Two changes, one after the other."""

    @hypothesis.given(images.IMAGES, images.DECLARED, images.MANAGED_IMAGES)
    def test_with_nothing(self, image, declared, managed):
        """A change and none are that change."""
        change = diff.compare(
            declared,
            managed,
            image['image'],
            images.DEFAULTS,
            image['members'],
        )
        self.assertEqual(change, change | diff.ImageDiff())
        self.assertEqual(change, diff.ImageDiff() | change)
        self.assertEqual(change, change | change)

    def test_adds_what_is_new(self):
        """What a later change does besides is added."""
        first = diff.ImageDiff(
            {'min_ram': 1},
            diff.PropertyDiff({'a': '1'}, {'c': '1'}, frozenset('r')),
            members=diff.MemberDiff(frozenset('p'), frozenset('q')),
        )
        later = diff.ImageDiff(
            {'name': 'n'},
            diff.PropertyDiff({'b': '1'}, {'d': '1'}, frozenset('s')),
            ('t',),
            diff.MemberDiff(frozenset('u'), frozenset('v')),
            False,
        )
        self.assertEqual(
            diff.ImageDiff(
                {'min_ram': 1, 'name': 'n'},
                diff.PropertyDiff(
                    {'a': '1', 'b': '1'},
                    {'c': '1', 'd': '1'},
                    frozenset('rs'),
                ),
                ('t',),
                diff.MemberDiff(frozenset('pu'), frozenset('qv')),
                False,
            ),
            first | later,
        )

    def test_counts_what_is_done_again_once(self):
        """A property that was lost and is set again counts as at first."""
        first = diff.ImageDiff(
            properties=diff.PropertyDiff({'a': '1'}, {'c': '1'})
        )
        again = diff.ImageDiff(
            properties=diff.PropertyDiff({'c': '1'}, {'a': '1'})
        )
        self.assertEqual(first, first | again)
