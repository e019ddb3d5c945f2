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

"""Updates while others work on the same image, or write to it."""

import concurrent.futures
import threading


from heat_image_props.tests.functional import base

#: Slow enough to hold a transfer until the test lets it go.
HELD = 1


class BesideOthersTestCase(base.FunctionalTestCase):
    """A test in which somebody else is busy with the image of a stack."""

    def setUp(self):
        super().setUp()
        self.admin = self.glance_of('admin')
        self.pool = concurrent.futures.ThreadPoolExecutor()
        self.addCleanup(self.pool.shutdown)

    def stack(self, **properties):
        """Create a stack, and return its id and that of its image."""
        stack = self.create_stack(self.template(**properties))
        return stack, self.image_id(stack)

    def begin_update(self, stack, **kwargs):
        """Begin an update that has something to write in every way."""
        self.after = {
            'location': self.url,
            'name': 'after',
            'members': [self.project_of('other')],
            'tags': ['after'],
            'property': {'a': '2'},
        }
        seen = self.event_ids(stack)
        self.heat.stacks.update(
            stack, template=self.template(**self.after), **kwargs
        )
        return seen

    def assert_waits(self, stack, image_id, seen, pattern):
        """Fail unless the update waits, says so once and writes nothing."""
        self.mark = self.cloud.glance_log.mark()
        base.until(lambda: self.said(stack, seen))
        base.until(lambda: len(self.methods(self.mark, image_id)) >= 3)
        self.assertEqual({'GET'}, {*self.methods(self.mark, image_id)})
        (said,) = self.said(stack, seen)
        self.assertRegex(said, f'^nothing is written yet: {pattern}')

    def assert_updated(self, stack, image_id):
        """Fail unless the update ended well, in place."""
        self.wait_for(stack, 'UPDATE_COMPLETE')
        self.assertEqual(image_id, self.image_id(stack))
        live = self.image(image_id)
        self.assertEqual('after', live['name'])
        self.assertEqual(['after'], live['tags'])
        self.assertEqual('2', live['a'])
        self.assertEqual(self.after['members'], self.members(image_id))
        return live


class TestGate(BesideOthersTestCase):
    """Nothing is written to an image that something works on."""

    url = None

    def copy(self, image_id):
        """Begin to copy the data of an image into its other store."""
        self.admin.post(
            f'/v2/images/{image_id}/import',
            json={'method': {'name': 'copy-image'}, 'stores': ['slow']},
        )

    def test_copy(self):
        """A copy that an administrator made is awaited and complete."""
        self.url = self.source()
        stack, image_id = self.stack(location=self.url, property={'a': '1'})
        with self.cloud.stores.slow(HELD, image_id=image_id):
            self.copy(image_id)
            seen = self.begin_update(stack)
            self.assert_waits(stack, image_id, seen, 'copying into slow$')
        live = self.assert_updated(stack, image_id)
        self.assertEqual({'fast', 'slow'}, {*live['stores'].split(',')})

    def test_upload(self):
        """An upload by another client is awaited and complete."""
        stack, image_id = self.stack(property={'a': '1'})
        with self.cloud.stores.slow(HELD, image_id=image_id):
            upload = self.pool.submit(self.upload, image_id, bytes(70000))
            base.until(lambda: self.image(image_id)['status'] == 'saving')
            seen = self.begin_update(stack)
            self.assert_waits(
                stack, image_id, seen, r'waiting for an upload .*\(.*saving\)'
            )
        self.assertEqual(204, upload.result().status_code)
        live = self.assert_updated(stack, image_id)
        self.assertEqual(70000, live['size'])

    def test_import(self):
        """An import that another client began is awaited and complete."""
        url = self.source()
        stack, image_id = self.stack(property={'a': '1'})
        with self.cloud.stores.slow(HELD, image_id=image_id):
            self.glance.post(
                f'/v2/images/{image_id}/import',
                json={'method': {'name': 'web-download', 'uri': url}},
            )
            base.until(lambda: self.image(image_id)['status'] == 'importing')
            seen = self.begin_update(stack)
            self.assert_waits(stack, image_id, seen, 'importing')
        live = self.assert_updated(stack, image_id)
        self.assertEqual('active', live['status'])

    def test_end_of_the_time(self):
        """Before the stack's time is over it fails with what it awaits."""
        self.url = self.source()
        stack, image_id = self.stack(location=self.url, property={'a': '1'})
        with self.cloud.stores.slow(HELD, image_id=image_id):
            self.copy(image_id)
            seen = self.begin_update(stack, timeout_mins=1)
            self.assert_waits(stack, image_id, seen, 'copying into slow$')
            self.wait_for(stack, 'UPDATE_FAILED')
            reason = self.reason(stack)
            self.assertIn(f'Image {image_id} is still being worked', reason)
            self.assertIn('(copying into slow)', reason)
            self.assertIn('60 s', reason)
            self.assertEqual({'GET'}, {*self.methods(self.mark, image_id)})
        self.begin_update(stack)
        self.assert_updated(stack, image_id)


class TestOtherWriter(BesideOthersTestCase):
    """Another client changes the keys of the template."""

    def setUp(self):
        super().setUp()
        self.url = self.source()
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def overwrite(self, image_id, change, times):
        """Undo each of so many changes to a key as soon as it is there."""
        count = 0
        while count < times and not self.done.wait(0.05):
            if self.image(image_id).get('a') == '2':
                self.patch_image(image_id, change(count))
                count += 1
        return count

    def test_once(self):
        """A change that got lost is sent again."""
        stack, image_id = self.stack(location=self.url, property={'a': '1'})
        other = self.pool.submit(
            self.overwrite,
            image_id,
            lambda _: {'op': 'remove', 'path': '/a'},
            times=1,
        )
        self.begin_update(stack)
        self.assert_updated(stack, image_id)
        self.assertEqual(1, other.result())

    def test_for_ever(self):
        """Who keeps changing a key is named, and not fought for ever."""
        stack, image_id = self.stack(location=self.url, property={'a': '1'})
        mark = self.cloud.glance_log.mark()
        other = self.pool.submit(
            self.overwrite,
            image_id,
            lambda count: {
                'op': 'add',
                'path': '/a',
                'value': f'theirs {count % 2}',
            },
            times=1000,
        )
        self.begin_update(stack)
        self.wait_for(stack, 'UPDATE_FAILED')
        self.done.set()
        reason = self.reason(stack)
        self.assertIn('another client', reason)
        self.assertRegex(reason, r"'a' is 'theirs \d' \(before that 'theirs")
        # What nobody else wants is written all the same.
        self.assertEqual('after', self.image(image_id)['name'])
        written = self.methods(mark, image_id).count('PATCH')
        self.assertGreater(written, 1)
        self.assertEqual(written, other.result())

        self.begin_update(stack)
        self.assert_updated(stack, image_id)
