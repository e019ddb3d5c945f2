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

"""The hash that says which data an image has."""

import hashlib
import uuid

import tenacity

from heat_image_props.tests.functional import base


def sha512(content):
    """Return the property ``image_hash`` for some data."""
    return {'value': hashlib.sha512(content).hexdigest()}


class HashTestCase(base.FunctionalTestCase):
    """A test about an image whose data has a unique content."""

    def setUp(self):
        super().setUp()
        self.file = f'{uuid.uuid4()}.img'
        self.content = uuid.uuid4().bytes * 100
        self.url = self.cloud.source.put(self.file, self.content)

    def downloads(self):
        """Return how often the data was asked for."""
        return len(self.cloud.source.requests(name=self.file))

    def update(self, stack, expect='UPDATE_COMPLETE', **properties):
        """Update a stack, and return the methods of all requests sent."""
        mark = self.cloud.glance_log.mark()
        self.update_stack(stack, self.template(**properties), expect)
        return self.methods(mark)

    def images(self, name):
        """Return the ids of all images of a name."""
        answer = self.glance.get('/v2/images', params={'name': name}).json()
        return [image['id'] for image in answer['images']]


class TestMismatch(HashTestCase):
    """Data that is not what the template says."""

    def test_is_replaced_by_the_next_update(self):
        """Other data fails the stack, and is replaced once it is right."""
        expected = b'what was meant'
        template = self.template(
            location=self.url, image_hash=sha512(expected), protected=False
        )
        stack = self.create_stack(template, 'CREATE_FAILED')
        first = self.image_id(stack)
        reason = self.reason(stack)
        self.assertIn(sha512(expected)['value'], reason)
        self.assertIn(sha512(self.content)['value'], reason)
        self.assertEqual('deactivated', self.image(first)['status'])

        self.cloud.source.put(self.file, expected)
        self.update_stack(stack, template)
        second = self.image(self.image_id(stack))
        self.assertNotEqual(first, second['id'])
        self.assertFalse(self.image_exists(first))
        self.assertEqual(
            ('active', sha512(expected)['value']),
            (second['status'], second['os_hash_value']),
        )

    def test_a_corrected_hash(self):
        """A hash that was wrong is corrected, and the image made active."""
        sha256 = hashlib.sha256(self.content).hexdigest()
        stack = self.create_stack(
            self.template(
                location=self.url,
                image_hash={'algo': 'sha256', 'value': sha256},
            ),
            'CREATE_FAILED',
        )
        image_id = self.image_id(stack)
        # Nothing can be compared with a hash that Glance does not compute.
        self.assertIn('no hash of this algorithm', self.reason(stack))
        self.assertEqual('deactivated', self.image(image_id)['status'])
        downloads = self.downloads()
        sent = self.update(
            stack, location=self.url, image_hash=sha512(self.content)
        )

        self.assertEqual(['POST'], [one for one in sent if one != 'GET'])
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual('active', self.image(image_id)['status'])
        self.assertEqual(downloads, self.downloads())

    def test_is_not_used_after_a_roll_back(self):
        """What was refused is not active because the template is the old."""
        stack = self.create_stack(self.template(property={'a': '1'}))
        refused = self.image_id(stack)
        self.update_stack(
            stack,
            self.template(location=self.url, image_hash=sha512(b'wrong')),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )
        image = self.image(self.image_id(stack))
        self.assertEqual(('queued', '1'), (image['status'], image['a']))
        self.assertFalse(self.image_exists(refused))

    def test_in_an_update(self):
        """The good image stays until there is another good one."""
        name = f'test-{uuid.uuid4()}'
        stack = self.create_stack(self.template(name=name, location=self.url))
        image_id = self.image_id(stack)
        self.update_stack(
            stack,
            self.template(
                name=name, location=self.source(), image_hash=sha512(b'wrong')
            ),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual([image_id], self.images(name))

        template = self.template(
            name=name, location=self.url, image_hash=sha512(b'wrong')
        )
        # Heat would roll back again unless it is told not to.
        self.update_stack(
            stack, template, 'UPDATE_FAILED', disable_rollback=True
        )
        self.assertEqual('active', self.image(image_id)['status'])
        self.update(
            stack,
            name=name,
            location=self.url,
            image_hash=sha512(self.content),
        )
        self.assertEqual([self.image_id(stack)], self.images(name))
        self.assertEqual('active', self.image(self.image_id(stack))['status'])


class TestIdentity(HashTestCase):
    """The hash is the identity of the data, not the location."""

    def test_a_signed_url(self):
        """A URL that was signed again leads to the same data."""
        digest = sha512(self.content)
        stack = self.create_stack(
            self.template(
                location=f'{self.url}?signature=1',
                image_hash={'value': digest['value'].upper()},
            )
        )
        image_id = self.image_id(stack)
        mark = self.cloud.source.mark()
        # It has expired already: nobody looks.
        expired = self.cloud.source.url(f'status/403/{self.file}?signature=2')
        md5 = hashlib.md5(self.content).hexdigest()
        sent = self.update(
            stack,
            location=expired,
            image_hash={'algo': 'md5', 'value': md5},
            min_ram=1,
        )
        self.assertEqual(['PATCH'], [one for one in sent if one != 'GET'])
        self.assertEqual(1, self.image(image_id)['min_ram'])
        first = {'location': f'{self.url}?signature=1'}
        self.update(stack, image_hash=digest, **first)
        self.assertEqual(0, self.image(image_id)['min_ram'])
        # Without the hash it is still the location that it was.
        self.assertEqual({'GET'}, set(self.update(stack, **first)))

        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual('active', self.image(image_id)['status'])
        self.assertEqual([], self.cloud.source.requests(mark))

    def test_other_data(self):
        """The old image stays until the new one is active, to and fro."""
        name = f'test-{uuid.uuid4()}'
        before = {'name': name, 'location': self.url}
        stack = self.create_stack(self.template(**before))
        old = self.image_id(stack)
        # The same data, and other data as far as anybody knows.
        slow = self.cloud.source.url(f'slow/{len(self.content)}/{self.file}')
        mark = self.cloud.glance_log.mark()
        self.heat.stacks.update(
            stack, template=self.template(name=name, location=slow)
        )
        both = tenacity.Retrying(
            wait=tenacity.wait_fixed(0.2),
            stop=tenacity.stop_after_delay(base.LONGEST),
            retry=tenacity.retry_if_result(lambda found: len(found) < 2),
        )(self.images, name)
        (new,) = set(both) - {old}
        self.assertEqual('active', self.image(old)['status'])
        self.wait_for(stack, 'UPDATE_COMPLETE')
        # The last thing of all was to delete the old one.
        self.assertEqual('DELETE', self.methods(mark)[-1])
        self.assertEqual(['GET', 'DELETE'], self.methods(mark, old))
        self.assertEqual(new, self.image_id(stack))
        self.assertEqual('active', self.image(new)['status'])

        other = uuid.uuid4().bytes
        self.cloud.source.put(self.file, other)
        self.update(stack, image_hash=sha512(other), **before)
        last = self.image_id(stack)
        self.assertEqual([last], self.images(name))
        self.assertNotEqual(new, last)
        self.assertEqual(
            sha512(other)['value'], self.image(last)['os_hash_value']
        )
