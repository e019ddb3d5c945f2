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


"""Tokens that do not last as long as an action."""

from unittest import mock
import uuid

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa_exceptions
import tenacity

from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_heat


class TestExpiredToken(base.FunctionalTestCase):
    """A token that is revoked while an action goes on."""

    def revoke(self):
        """Revoke all tokens of the user, and leave him as he was."""
        admin = adapter.Adapter(
            self.cloud.session('admin'),
            service_type='identity',
            region_name=self.cloud.region,
        )
        user = self.cloud.session(self.USER).get_user_id()
        for enabled in (False, True):
            admin.patch(
                f'{self.cloud.auth_url}/users/{user}',
                json={'user': {'enabled': enabled}},
            )
        # Keystone knows the time of a token to the second: it takes those of
        # the second of a revocation for revoked, too, new ones among them.
        tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(
                ksa_exceptions.Unauthorized
            ),
            stop=tenacity.stop_after_delay(base.LONGEST),
            wait=tenacity.wait_fixed(0.2),
        )(self.log_in)

    def log_in(self):
        """Use a new token of the user, and raise if that is not valid."""
        self.cloud.session(self.USER).get(
            f'{self.cloud.auth_url}/auth/projects'
        )

    def create(self, expect):
        """Create a stack, and revoke the token before Glance has seen it."""
        name = f'expired-{uuid.uuid4().hex[:8]}'
        self.after = self.template(name=name)
        wire = self.cloud.wire
        with wire.watch(operation='create', name=name) as seen:
            with wire.hold_before(operation='create', name=name) as held:
                stack = self.start_stack(self.after)
                held.wait_until_held()
                self.revoke()
            self.wait_for(stack, expect)
        return stack, seen

    def test_of_the_user(self):
        """The action fails and says so; the next one creates the image."""
        stack, seen = self.create('CREATE_FAILED')

        self.assertEqual(1, seen.count)
        self.assertIn('HTTP 401', self.reason(stack))
        self.assertIn('has expired or was revoked', self.reason(stack))
        # Heat's API has the old one in its cache, and takes it for valid.
        self.heat.http_client.session.invalidate()
        self.update_stack(stack, self.after)
        self.assertTrue(self.image_exists(self.image_id(stack)))

    def test_of_the_trust(self):
        """Where Heat works with a trust the token is renewed, once."""
        trusting = self.useFixture(
            second_heat.SecondHeat(
                self.cloud,
                self.USER,
                {'DEFAULT': {'reauthentication_auth_method': 'trusts'}},
            )
        )
        with mock.patch.object(self, 'heat', trusting.client):
            stack, seen = self.create('CREATE_COMPLETE')
            image_id = self.image_id(stack)

        self.assertEqual(
            [image_id, image_id], [hit.image_id for hit in seen.hits]
        )
        self.assertTrue(self.image_exists(image_id))
