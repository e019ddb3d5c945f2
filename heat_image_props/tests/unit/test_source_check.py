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

"""Tests of what may be said about the data of an image."""

import hashlib

import hypothesis
from hypothesis import strategies as st

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


class TestAccepted(base.BaseTestCase):
    """What can be said of the data."""

    scenarios = [
        (name, {'values': values, 'unknown': unknown})
        for name, values, unknown in [
            ('nothing', {}, ()),
            ('nulls', dict.fromkeys(source.PROPERTIES), ()),
            ('a URL', {'location': URL, 'stores': ['fast', 'slow']}, ()),
            ('all stores', {'location': URL, 'all_stores': True}, ()),
            (
                'a list of stores and not all',
                {'location': URL, 'stores': ['fast'], 'all_stores': False},
                (),
            ),
            (
                'no stores and all',
                {'location': URL, 'stores': [], 'all_stores': True},
                (),
            ),
            (
                'a reference',
                {
                    'import_method': 'reference',
                    'location': URL,
                    'stores': [],
                    'all_stores': False,
                    'remote_region': '',
                },
                (),
            ),
            ('a remote image', {**REMOTE, 'remote_interface': 'admin'}, ()),
            (
                'a remote image not known yet',
                {'import_method': 'glance-download', 'remote_region': 'r'},
                ('remote_image',),
            ),
            (
                'a method not known yet',
                {'location': URL, 'remote_region': 'r'},
                ('import_method',),
            ),
            ('all stores or not', {'stores': ['a']}, ('all_stores',)),
            ('stores or none', {'all_stores': True}, ('stores',)),
            ('half a hash', {'image_hash': {'algo': 'sha512'}}, ()),
            ('half a hash', {'image_hash': {'value': SHA512}}, ()),
            (
                'formats of one name',
                {'disk_format': 'ami', 'container_format': 'ami'},
                (),
            ),
            (
                'formats of two',
                {'disk_format': 'raw', 'container_format': 'bare'},
                (),
            ),
            ('a format not known yet', {'container_format': 'ami'}, ()),
            *(
                (
                    f'a hash by {name}',
                    {'image_hash': {'algo': name, 'value': value}},
                    (),
                )
                for name, value in [
                    (algorithm, hashlib.new(algorithm, b'x').hexdigest())
                    for algorithm in (
                        *('sha1', 'sha224', 'sha256', 'sha384', 'sha512'),
                        *('sha3_256', 'sha3_512', 'blake2b', 'md5'),
                    )
                ]
            ),
            (
                'a hash in capitals',
                {'image_hash': {'algo': 'SHA512', 'value': SHA512.upper()}},
                (),
            ),
        ]
    ]

    def test_is_no_offence(self):
        """Nothing is found wrong with it."""
        self.assertEqual([], list(source.check(self.values, self.unknown)))


class TestRefused(base.BaseTestCase):
    """What cannot be meant."""

    scenarios = [
        (
            f'{", ".join(sorted(keys))} {number}',
            {'values': values, 'unknown': unknown, 'keys': keys},
        )
        for number, (keys, values, unknown) in enumerate(
            [
                ({'location'}, {'location': ''}, ()),
                ({'location'}, {'location': ' \n'}, ()),
                ({'location'}, {**REMOTE, 'location': URL}, ()),
                ({'location'}, REMOTE, ('location',)),
                (
                    {'remote_region', 'remote_image'},
                    {'import_method': 'glance-download'},
                    (),
                ),
                (
                    {'remote_region', 'remote_image'},
                    {**REMOTE, 'remote_region': '', 'remote_image': ''},
                    (),
                ),
                (
                    {'remote_region', 'remote_image', 'remote_interface'},
                    {
                        'location': URL,
                        'remote_region': 'r',
                        'remote_image': UUID,
                        'remote_interface': 'admin',
                    },
                    (),
                ),
                (
                    {'stores', 'all_stores', 'remote_region'},
                    {
                        'import_method': 'reference',
                        'location': URL,
                        'remote_region': 'r',
                    },
                    ('stores', 'all_stores'),
                ),
                (
                    {'all_stores'},
                    {'stores': ['fast'], 'all_stores': True},
                    (),
                ),
                (
                    {'stores: ', 'stores: a,b', 'stores: a/b', 'stores: ..'},
                    {'stores': ['', 'fast', 'a,b', 'a/b', '..']},
                    (),
                ),
                ({'stores: null'}, {'stores': [None]}, ()),
                (
                    {'container_format'},
                    {'disk_format': 'aki', 'container_format': 'ami'},
                    (),
                ),
                *(
                    (
                        {'image_hash'},
                        {'image_hash': {'algo': algorithm, 'value': value}},
                        (),
                    )
                    for algorithm, value in [
                        ('sha512', MD5),
                        ('sha512', ''),
                        ('sha512', None),
                        ('sha512', 128 * 'g'),
                        ('sha512', f' {SHA512[1:]}'),
                        ('sha512', f'{SHA512[1:]}\n'),
                        ('sha512', 128 * '\u0663'),
                        ('md5', SHA512),
                        ('sha513', SHA512),
                        ('', SHA512),
                        ('shake_128', SHA512),
                        ('SHAKE_128', SHA512),
                    ]
                ),
            ]
        )
    ]

    def test_is_an_offence(self):
        """Each offence names a property, what is wrong and the way out."""
        offences = list(source.check(self.values, self.unknown))
        self.assertEqual(
            sorted(self.keys), sorted(offence.key for offence in offences)
        )
        for offence in offences:
            self.assertNotEqual('', offence.reason)
            self.assertNotEqual('', offence.remedy)
            self.assertNotIn('s3cr3t', str(offence))


class TestAny(base.BaseTestCase):
    """What Heat may give."""

    @hypothesis.given(
        st.fixed_dictionaries(
            {
                'import_method': st.none()
                | st.sampled_from(
                    ['web-download', 'glance-download', 'reference']
                ),
                'location': st.none() | st.text(max_size=4),
                'remote_region': st.none() | st.text(max_size=2),
                'remote_image': st.none() | st.just(UUID),
                'remote_interface': st.none() | st.just('public'),
                'stores': st.none() | st.lists(st.text(max_size=3)),
                'all_stores': st.none() | st.booleans(),
                'all_stores_must_succeed': st.none() | st.booleans(),
                'image_hash': st.none()
                | st.fixed_dictionaries(
                    {'algo': st.text(max_size=3), 'value': st.text()}
                ),
            }
        )
    )
    def test_what_is_accepted_can_be_sent(self, values):
        """What is found right names all that its request needs."""
        if list(source.check(values)):
            return
        data = source.read(values)
        if data and data.method != 'reference':
            for value in data.import_request()['method'].values():
                self.assertTrue(value)
        self.assertFalse(data.all_stores and data.stores)
        self.assertNotEqual('', data.place())
