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

"""Tests of where the data of an image comes from."""

import hashlib
import json

from heat_image_props import source
from heat_image_props.tests import base

URL = 'http://mia:s3cr3t@source.test:81/x.img?sig=t0ken'
UUID = '11111111-1111-4111-8111-111111111111'
SHA512 = hashlib.sha512(b'x').hexdigest()
MD5 = hashlib.md5(b'x', usedforsecurity=False).hexdigest()
REMOTE = {
    'import_method': 'glance-download',
    'remote_region': 'there',
    'remote_image': UUID,
}


class TestRead(base.BaseTestCase):
    """What the properties say."""

    def test_nothing(self):
        """Without properties, or with null ones, there is no data."""
        for values in (
            {},
            dict.fromkeys(source.PROPERTIES),
            {'location': '', 'remote_region': '', 'stores': []},
            {'image_hash': {}, 'all_stores': False},
        ):
            data = source.read(values)
            self.assertEqual(source.Source(), data)
            self.assertFalse(data)

    def test_everything(self):
        """Each property has its place; a store counts once."""
        self.assertEqual(
            source.Source(
                'reference',
                URL,
                'there',
                UUID,
                'internal',
                ('slow', 'fast'),
                True,
                False,
                source.Digest('sha512', 'ab'),
            ),
            source.read(
                {
                    'import_method': 'reference',
                    'location': URL,
                    'remote_region': 'there',
                    'remote_image': UUID,
                    'remote_interface': 'internal',
                    'stores': ['slow', 'fast', 'slow'],
                    'all_stores': True,
                    'all_stores_must_succeed': False,
                    'image_hash': {'algo': 'sha512', 'value': 'AB'},
                }
            ),
        )

    def test_blanks_around_a_location(self):
        """Blanks are no part of a location: Glance strips them, too."""
        self.assertEqual(
            source.read({'location': URL}),
            source.read({'location': f' {URL}\n'}),
        )

    def test_algorithm_in_capitals(self):
        """The name of an algorithm is read in any case."""
        self.assertEqual(
            source.Digest('sha512', SHA512),
            source.read(
                {'image_hash': {'algo': 'SHA512', 'value': SHA512.upper()}}
            ).digest,
        )

    def test_is_true_if_it_names_data(self):
        """A location names data, or a remote image if that is fetched."""
        for values, names_data in [
            ({'location': URL}, True),
            ({'location': URL, 'import_method': 'reference'}, True),
            (REMOTE, True),
            ({**REMOTE, 'remote_image': None}, False),
            ({**REMOTE, 'import_method': None}, False),
            ({'image_hash': {'algo': 'md5', 'value': MD5}}, False),
        ]:
            self.assertIs(names_data, bool(source.read(values)), values)


class TestIdentity(base.BaseTestCase):
    """Whether two sources are one."""

    scenarios = [
        (name, {'change': {name: value}, 'same': same})
        for name, value, same in [
            ('location', 'http://other.test/x.img', False),
            ('import_method', 'reference', False),
            ('remote_region', 'elsewhere', False),
            ('remote_image', UUID.replace('1', '2'), False),
            ('remote_interface', 'admin', True),
            ('stores', ['fast'], True),
            ('all_stores', True, True),
            ('all_stores_must_succeed', False, True),
            ('image_hash', {'algo': 'md5', 'value': MD5}, True),
        ]
    ]

    def test_is_told_by_what_names_the_data(self):
        """How it comes and where it goes does not make it other data."""
        one = source.read({'location': URL})
        other = source.read({'location': URL, **self.change})
        # A remote image alone is named by its region and its id.
        self.assertIs(self.same, one.fingerprint() == other.fingerprint())

    def test_the_properties_that_name_the_data(self):
        """The properties that name the data are those that are compared."""
        (changed,) = self.change
        self.assertIs(not self.same, changed in source.IDENTITY)
        self.assertIn(changed, source.PROPERTIES)


class TestFingerprint(base.BaseTestCase):
    """What is kept of a source to know it by."""

    def test_is_stable(self):
        """Its form is fixed: a later release compares with it."""
        text = json.dumps([URL, None, None]).encode()
        self.assertEqual(
            f'web-download:{hashlib.sha256(text).hexdigest()}',
            source.read({'location': URL}).fingerprint(),
        )

    def test_tells_the_method(self):
        """It begins with the method, by which the data came."""
        for values, method in [
            ({'location': URL}, 'web-download'),
            ({'location': URL, 'import_method': 'reference'}, 'reference'),
            (REMOTE, 'glance-download'),
        ]:
            found = source.read(values).fingerprint()
            self.assertEqual(method, found.partition(':')[0])
            # It goes to the database, and into what abandon shows.
            for secret in ('mia', 's3cr3t', 't0ken', 'source.test'):
                self.assertNotIn(secret, found)

    def test_of_no_data(self):
        """A source that names no data has none."""
        for values in (
            {},
            {'image_hash': {'algo': 'md5', 'value': MD5}},
            {**REMOTE, 'remote_image': None},
            {'stores': ['fast']},
        ):
            self.assertEqual('', source.read(values).fingerprint())


class TestPlace(base.BaseTestCase):
    """What is told of a source."""

    def test_is_without_credentials(self):
        """A location is told by its host, a remote image by its region."""
        for values, place in [
            ({'location': URL}, 'source.test:81'),
            (REMOTE, f'image {UUID} of region there'),
            ({}, 'an invalid URL'),
        ]:
            self.assertEqual(place, source.read(values).place())


class TestImportRequest(base.BaseTestCase):
    """The request that makes Glance fetch the data."""

    scenarios = [
        (
            'from a URL',
            {
                'values': {'location': URL},
                'body': {'method': {'name': 'web-download', 'uri': URL}},
            },
        ),
        (
            'into stores',
            {
                'values': {'location': URL, 'stores': ['slow', 'fast']},
                'body': {
                    'method': {'name': 'web-download', 'uri': URL},
                    'stores': ['slow', 'fast'],
                    'all_stores_must_succeed': True,
                },
            },
        ),
        (
            'into all stores, as far as possible',
            {
                'values': {
                    'location': URL,
                    'all_stores': True,
                    'all_stores_must_succeed': False,
                },
                'body': {
                    'method': {'name': 'web-download', 'uri': URL},
                    'all_stores': True,
                    'all_stores_must_succeed': False,
                },
            },
        ),
        (
            'what has to succeed needs a choice',
            {
                'values': {'location': URL, 'all_stores_must_succeed': False},
                'body': {'method': {'name': 'web-download', 'uri': URL}},
            },
        ),
        (
            'from another region',
            {
                'values': REMOTE,
                'body': {
                    'method': {
                        'name': 'glance-download',
                        'glance_region': 'there',
                        'glance_image_id': UUID,
                    }
                },
            },
        ),
        (
            'by another interface',
            {
                'values': {**REMOTE, 'remote_interface': 'internal'},
                'body': {
                    'method': {
                        'name': 'glance-download',
                        'glance_region': 'there',
                        'glance_image_id': UUID,
                        'glance_service_interface': 'internal',
                    }
                },
            },
        ),
    ]

    def test_is_what_glance_reads(self):
        """The request has what is said, and nothing else."""
        self.assertEqual([], list(source.check(self.values)))
        self.assertEqual(self.body, source.read(self.values).import_request())


class TestDigest(base.BaseTestCase):
    """The hash of the data."""

    scenarios = [
        (
            name,
            {
                'digest': source.Digest(algorithm, value),
                'image': {
                    'os_hash_algo': 'sha512',
                    'os_hash_value': SHA512,
                    'checksum': MD5,
                    **image,
                },
                'live': live,
                'matches': matches,
            },
        )
        for name, algorithm, value, image, live, matches in [
            ('right', 'sha512', SHA512, {}, SHA512, True),
            ('in capitals', 'sha512', SHA512.upper(), {}, SHA512, True),
            ('wrong', 'sha512', MD5, {}, SHA512, False),
            ('MD5', 'md5', MD5, {}, MD5, True),
            (
                'MD5 as the algorithm of Glance',
                'md5',
                MD5,
                {
                    'os_hash_algo': 'md5',
                    'os_hash_value': MD5,
                    'checksum': None,
                },
                MD5,
                True,
            ),
            ('another algorithm', 'sha256', SHA512, {}, None, False),
            (
                'not computed yet',
                'sha512',
                SHA512,
                {'os_hash_value': None},
                None,
                False,
            ),
            ('no MD5', 'md5', MD5, {'checksum': None}, None, False),
        ]
    ]

    def test_is_compared(self):
        """It is compared with what Glance computed by the same algorithm."""
        self.assertEqual(self.live, self.digest.live(self.image))
        self.assertIs(self.matches, self.digest.matches(self.image))

    def test_of_an_image_that_shows_none(self):
        """An image without hashes has none that matches."""
        self.assertIsNone(self.digest.live({}))
        self.assertFalse(self.digest.matches({}))
