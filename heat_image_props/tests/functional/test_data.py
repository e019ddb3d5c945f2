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

"""Where the data of an image comes from, and images that wait for it."""

import configparser
import hashlib
import os
import signal
import uuid

import tenacity

from heat_image_props.tests.functional import base
from minicloud import inifile

# One look, one write, one look that what was written is there.
LOOK_WRITE_LOOK = ['GET', 'PATCH', 'GET']


class DataTestCase(base.FunctionalTestCase):
    """A test about the data of images."""

    def upload(self, image_id, content):
        """Give an image its data as any other client would."""
        self.glance.put(
            f'/v2/images/{image_id}/file',
            data=content,
            headers={'Content-Type': 'application/octet-stream'},
        )

    def update(self, stack, expect='UPDATE_COMPLETE', **properties):
        """Update a stack, and return the methods of all requests sent."""
        mark = self.cloud.glance_log.mark()
        self.update_stack(stack, self.template(**properties), expect)
        return self.methods(mark)

    def assert_data(self, image_id, content):
        """An image is active and has this data."""
        image = self.image(image_id)
        self.assertEqual('active', image['status'])
        self.assertEqual(
            hashlib.sha512(content).hexdigest(), image['os_hash_value']
        )


class TestWithoutLocation(DataTestCase):
    """Images whose template does not say where the data is."""

    def test_uploaded_by_other_means(self):
        """The image waits for an upload, and is changed before and after."""
        mark = self.cloud.glance_log.mark()
        stack = self.create_stack(self.template(property={'a': '1'}))
        self.assertEqual(['POST', 'GET'], self.methods(mark))
        image_id = self.image_id(stack)
        self.assertEqual('queued', self.image(image_id)['status'])

        self.assertEqual(
            LOOK_WRITE_LOOK, self.update(stack, property={'a': '2'})
        )
        self.upload(image_id, b'by other means')
        self.assertEqual(
            LOOK_WRITE_LOOK, self.update(stack, property={'a': '1'})
        )
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual('1', self.image(image_id)['a'])
        self.assert_data(image_id, b'by other means')

    def test_a_location_later(self):
        """A location is imported later; to take it back changes nothing."""
        stack = self.create_stack(self.template(property={'a': '1'}))
        image_id = self.image_id(stack)
        url = self.source(b'later')
        sent = self.update(stack, location=url, property={'a': '2'})

        # Heat asks first whether this is a replacement.
        self.assertEqual(['GET', *LOOK_WRITE_LOOK, 'POST'], sent[:5])
        self.assertEqual({'GET'}, set(sent[5:]))
        self.assert_data(image_id, b'later')
        self.assertEqual('2', self.image(image_id)['a'])
        downloads = self.cloud.source.mark()
        self.assertEqual(
            ['GET', *LOOK_WRITE_LOOK],
            self.update(stack, property={'a': '1'}),
        )
        # It is known where the data came from.
        self.update(stack, location=url, property={'a': '1'})
        self.assertEqual(image_id, self.image_id(stack))
        self.assert_data(image_id, b'later')
        self.assertEqual([], self.cloud.source.requests(downloads))

    def test_a_location_after_an_upload(self):
        """A location after an upload is other data, unless the hash tells."""
        stack = self.create_stack(self.template())
        image_id = self.image_id(stack)
        self.upload(image_id, b'the same')
        same = self.source(b'the same')
        downloads = self.cloud.source.mark()
        digest = {'value': hashlib.sha512(b'the same').hexdigest()}

        self.update(stack, location=same, image_hash=digest)
        self.assertEqual(image_id, self.image_id(stack))
        self.assertEqual([], self.cloud.source.requests(downloads))
        self.update(stack, location=self.source(b'other'))
        self.assertNotEqual(image_id, self.image_id(stack))
        self.assertFalse(self.image_exists(image_id))
        self.assert_data(self.image_id(stack), b'other')


class TestGlanceDownload(DataTestCase):
    """Data from an image of another region, here of the same one."""

    def remote(self, content, **properties):
        """Make an image with data beside all stacks, and return its id."""
        image_id = self.glance.post(
            '/v2/images',
            json={
                'name': 'remote',
                'disk_format': 'raw',
                'container_format': 'bare',
                **properties,
            },
        ).json()['id']
        self.addCleanup(
            self.glance.delete, f'/v2/images/{image_id}', raise_exc=False
        )
        self.upload(image_id, content)
        return image_id

    def declared(self, image_id, **properties):
        return {
            'import_method': 'glance-download',
            'remote_region': self.cloud.region,
            'remote_image': image_id,
            **properties,
        }

    def test_what_is_declared_stays(self):
        """What Glance copies over the declared keys is written back."""
        remote = self.remote(
            b'remote', os_distro='debian', hw_disk_bus='scsi', os_type='linux'
        )
        before = self.declared(
            remote,
            disk_format='qcow2',
            os_distro='ours',
            property={'hw_disk_bus': 'virtio'},
        )
        stack = self.create_stack(self.template(**before))
        image_id = self.image_id(stack)
        image = self.image(image_id)
        self.assert_data(image_id, b'remote')
        self.assertEqual(
            ('ours', 'virtio', 'linux'),
            (image['os_distro'], image['hw_disk_bus'], image['os_type']),
        )
        # The format is that of the remote image, and no reason to replace.
        self.assertEqual('raw', image['disk_format'])

        after = {**before, 'os_distro': None, 'remote_interface': 'internal'}
        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **after))
        image = self.image(image_id)
        self.assertEqual(
            (None, 'linux'), (image.get('os_distro'), image['os_type'])
        )
        self.assertEqual(LOOK_WRITE_LOOK, self.update(stack, **before))
        self.assertEqual('ours', self.image(image_id)['os_distro'])
        self.assertEqual(image_id, self.image_id(stack))

    def test_another_remote_image(self):
        """One that is not there is named; another one replaces the image."""
        wrong = str(uuid.uuid4())
        stack = self.create_stack(
            self.template(**self.declared(wrong)), 'CREATE_FAILED'
        )
        first = self.image_id(stack)
        self.assertIn(
            f'from image {wrong} of region {self.cloud.region} failed',
            self.reason(stack),
        )
        one, two = self.remote(b'one'), self.remote(b'two')
        self.update(stack, **self.declared(one))
        self.assertEqual(first, self.image_id(stack))
        self.assert_data(first, b'one')
        self.update(stack, **self.declared(two))
        second = self.image_id(stack)
        self.assert_data(second, b'two')
        self.assertFalse(self.image_exists(first))
        self.update(stack, **self.declared(one))

        self.assert_data(self.image_id(stack), b'one')
        self.assertFalse(self.image_exists(second))


class TestReference(DataTestCase):
    """Data that stays where it is."""

    SECRET = 'unguessable'

    def test_stays_at_its_location(self):
        """The data is not stored, wherever its location moves to."""
        url = self.source(b'it stays')
        digest = {'value': hashlib.sha512(b'it stays').hexdigest()}
        before = {
            'location': url,
            'import_method': 'reference',
            'image_hash': digest,
        }
        mark = self.cloud.glance_log.mark()
        stack = self.create_stack(self.template(**before))
        sent = self.methods(mark)
        self.assertEqual(['POST', 'POST'], sent[:2])
        self.assertEqual({'GET'}, set(sent[2:]))
        first = self.image_id(stack)
        self.assertEqual('http', self.image(first)['stores'])
        self.assert_data(first, b'it stays')
        downloads = self.cloud.source.mark()
        # A mirror with the same data changes nothing but the rest.
        mirror = {**before, 'location': f'{url}?mirror'}
        self.update(stack, min_ram=1, **mirror)
        self.assertEqual(1, self.image(first)['min_ram'])
        self.update(stack, **before)
        self.assertEqual(0, self.image(first)['min_ram'])
        self.assertEqual([], self.cloud.source.requests(downloads))
        # It is read at its location by whoever uses the image.
        data = self.glance.get(f'/v2/images/{first}/file').content
        self.assertEqual(b'it stays', data)
        self.assertNotEqual([], self.cloud.source.requests(downloads))

        self.update(stack, location=url)
        second = self.image_id(stack)
        self.assertFalse(self.image_exists(first))
        self.assertEqual('fast', self.image(second)['stores'])
        self.update(stack, location=url, import_method='reference')
        third = self.image_id(stack)
        self.assertFalse(self.image_exists(second))
        self.assertEqual('http', self.image(third)['stores'])

    def test_a_location_without_data(self):
        """What is not there fails with its host; once it is, it is used."""
        name = f'{uuid.uuid4()}.img'
        url = self.cloud.source.url(name)
        template = self.template(
            location=url.replace('://', f'://user:{self.SECRET}@'),
            import_method='reference',
        )
        stack = self.create_stack(template, 'CREATE_FAILED')
        image_id = self.image_id(stack)
        reason = self.reason(stack)
        self.assertIn(f'from {url.split("/")[2]} failed', reason)
        self.assertNotIn(self.SECRET, reason)
        self.cloud.source.put(name, b'at last')
        self.update_stack(stack, template)

        self.assertEqual(image_id, self.image_id(stack))
        self.assert_data(image_id, b'at last')

    def test_a_refused_location(self):
        """What Glance refuses is told without the secrets in the URL."""
        url = f'http://user:{self.SECRET}@127.0.0.1:9/x?token={self.SECRET}'
        stack = self.create_stack(
            self.template(location=url, import_method='reference'),
            'CREATE_FAILED',
        )
        reason = self.reason(stack)

        self.assertIn('does not pass filtering', reason)
        self.assertIn('127.0.0.1:9', reason)
        self.assertNotIn(self.SECRET, reason)


class TestDisabledMethods(DataTestCase):
    """What the cloud does not offer."""

    def set_glance(self, **options):
        """Run Glance with other options until the test ends."""
        path = self.cloud.work_dir / 'etc' / 'glance' / 'glance-api.conf'
        parser = configparser.RawConfigParser(default_section='')
        parser.optionxform = str
        parser.read(path, 'utf-8')
        sections = {name: dict(parser[name]) for name in parser.sections()}
        self.addCleanup(self._configure_glance, path, sections)
        self._configure_glance(
            path, inifile.merge(sections, {'DEFAULT': options})
        )

    def _configure_glance(self, path, sections):
        inifile.write(path, sections)
        wanted = sections['DEFAULT']['enabled_import_methods']
        # Its server reads the configuration again in new processes.
        os.kill(self.cloud.processes['glance'], signal.SIGHUP)
        tenacity.Retrying(
            wait=tenacity.wait_fixed(0.3),
            stop=tenacity.stop_after_delay(base.LONGEST),
            retry=tenacity.retry_if_result(lambda found: found != wanted)
            | tenacity.retry_if_exception_type(),
        )(self._enabled)

    def _enabled(self):
        answer = self.glance.get('/v2/info/import').json()
        return f'[{",".join(answer["import-methods"]["value"])}]'

    def test_names_those_that_are_enabled(self):
        """A method that is not enabled is told with those that are."""
        url = self.source(b'enabled')
        remote = {'remote_region': 'X', 'remote_image': str(uuid.uuid4())}
        self.set_glance(
            enabled_import_methods='[glance-direct,copy-image]',
            enabled_backends='fast:file,slow:file',
        )
        mark = self.cloud.glance_log.mark()
        stack = self.create_stack(
            self.template(import_method='glance-download', **remote),
            'CREATE_FAILED',
        )
        self.assertIn(
            'glance-download is not enabled in this cloud, which has '
            'copy-image, glance-direct',
            self.reason(stack),
        )
        # It was told before there was anything to clean up.
        self.assertEqual(['GET'], self.methods(mark))
        self.update(stack, 'UPDATE_FAILED', location=url)
        self.assertIn(
            'web-download is not enabled in this cloud, which has '
            'copy-image, glance-direct',
            self.heat.stacks.get(stack).stack_status_reason,
        )
        self.update(
            stack, 'UPDATE_FAILED', location=url, import_method='reference'
        )
        self.assertIn(
            'http store', self.heat.stacks.get(stack).stack_status_reason
        )
