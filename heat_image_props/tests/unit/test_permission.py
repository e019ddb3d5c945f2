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

"""Tests of what Glance lets a user do."""

from heat_image_props import exception
from heat_image_props import permission
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

ID = '11111111-1111-4111-8111-111111111111'


class TestRefusals(base.BaseTestCase):
    """Refusals of Glance, all of them 403."""

    scenarios = [
        (said, {'said': said, 'kind': kind})
        for said, kind in [
            *(
                (
                    f'You are not authorized to complete {action} action.',
                    permission.NotAMember,
                )
                for action in (
                    'add_image',
                    'modify_image',
                    'delete_image',
                    'deactivate',
                )
            ),
            ('You are not authorized to complete this action.', None),
            ('You are not authorized to complete copy_image action.', None),
            ("Attribute 'status' is read-only.", None),
        ]
    ]

    def test_is_told(self):
        """A role that is missing is named, and what to do; once."""
        glance = self.useFixture(fake_glance.FakeGlance())
        glance.fail('GET', 403, self.said)
        error = self.assertRaises(exception.Refused, glance.api().get, ID)
        self.assertIs(self.kind or exception.Refused, type(error))
        self.assertEqual(self.said, error.reason)
        self.assertIn('(HTTP 403, ', str(error))
        self.assertEqual(
            int(self.kind is not None), str(error).count('the role "member"')
        )
