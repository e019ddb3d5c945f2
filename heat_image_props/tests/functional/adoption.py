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

"""The base of tests of stacks that are made of existing images."""

import json

from heat_image_props.tests.functional import base


class AdoptionTestCase(base.FunctionalTestCase):
    """A test that takes over an image which no stack made."""

    def existing_image(self, user=None, **attributes):
        """Make an active image beside any stack, and return its id.

        :param user: whose it is, if it is another user's
        :param attributes: what Glance shall hold of it
        """
        glance = self.glance_of(user) if user else self.glance
        image = {'disk_format': 'raw', 'container_format': 'bare'}
        image_id = glance.post(
            '/v2/images', json={**image, **attributes}
        ).json()['id']
        self.addCleanup(
            glance.delete, f'/v2/images/{image_id}', raise_exc=False
        )
        glance.put(
            f'/v2/images/{image_id}/file',
            data=b'data',
            headers={'Content-Type': 'application/octet-stream'},
        )
        return image_id

    def adopt_stack(self, template, image, expect='ADOPT_COMPLETE'):
        """Make a stack of an existing image, and return its id.

        :param image: what is known of the image's resource, as in the data
            of an abandoned stack: at least its ``resource_id``
        """
        data = {
            'template': template,
            'environment': {},
            'resources': {'image': image},
        }
        # Heat takes the template of the data.
        return self.create_stack(
            None, expect, adopt_stack_data=json.dumps(data)
        )
