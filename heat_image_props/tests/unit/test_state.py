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

"""Tests of what the state of a live image says about its data."""

import hashlib

from heat_image_props import source as sources
from heat_image_props import state
from heat_image_props.tests import base

A = 'http://mia:s3cr3t@source.test:81/x.img'
B = 'http://mirror.test/x.img'
SHA512 = hashlib.sha512(b'x').hexdigest()
RIGHT = sources.Digest('sha512', SHA512)
WRONG = sources.Digest('sha512', 'b' * 128)
OTHER = sources.Digest('sha256', 'b' * 64)
LIVE = {
    'status': 'active',
    'os_hash_algo': 'sha512',
    'os_hash_value': SHA512,
    'checksum': 'c' * 32,
}
LOCK = {'os_glance_import_task': 'x'}
#: A reference is active while Glance still reads it for its hash.
HASHING = {**LIVE, **LOCK, 'os_hash_value': None, 'checksum': None}


class TestStatus(base.BaseTestCase):
    """What a status means."""

    scenarios = [
        (
            f'{status}{" with a lock" if lock else ""}',
            {
                'image': {'status': status, **lock},
                'meaning': (is_busy or bool(lock), has_ended, has_data),
                'is_unfinished': is_busy,
            },
        )
        for lock in ({}, LOCK)
        for status, is_busy, has_ended, has_data in [
            ('queued', False, False, False),
            ('saving', True, False, False),
            ('uploading', True, False, False),
            ('importing', True, False, False),
            ('active', False, False, True),
            ('deactivated', False, False, True),
            ('killed', False, True, False),
            ('deleted', False, True, False),
            ('pending_delete', False, True, False),
        ]
    ]

    def test_is_known(self):
        """A status is one of work, of an end, of data, or of none."""
        self.assertEqual(
            self.meaning,
            (
                state.is_busy(self.image),
                state.has_ended(self.image),
                state.has_data(self.image),
            ),
        )

    def test_is_unfinished(self):
        """A status of work is one whatever holds a lock."""
        self.assertIs(self.is_unfinished, state.is_unfinished(self.image))

    def test_stores_to_come(self):
        """An import that fails early leaves the names of stores behind."""
        for stores in ('', 'fast,slow'):
            image = {**self.image, 'os_glance_importing_to_stores': stores}
            self.assertIs(self.meaning[0], state.is_busy(image))


class TestPicture(base.BaseTestCase):
    """What tells work that goes on from work that does not."""

    scenarios = [
        (name, {'before': before, 'after': {**before, **change}, 'is': same})
        for name, before, change, same in [
            ('begins', {'status': 'queued'}, LOCK, False),
            ('another', LOCK, {'os_glance_import_task': 'y'}, False),
            ('imports', {'status': 'queued'}, {'status': 'importing'}, False),
            ('has data', {'status': 'importing'}, LIVE, False),
            ('store', LIVE, {'os_glance_importing_to_stores': 'a'}, False),
            ('deactivated', LIVE, {'status': 'deactivated'}, True),
            ('changed by others', LIVE, {'updated_at': 'x', 'a': '1'}, True),
        ]
    ]

    def test_changes_with_the_work(self):
        """What others do to the image is no progress."""
        self.assertIs(
            getattr(self, 'is'),
            state.picture(self.before) == state.picture(self.after),
        )


class TestStores(base.BaseTestCase):
    """Which stores hold the data."""

    def test_are_listed(self):
        """Glance has them in one text; without data there are none."""
        for image, stores in [
            ({'status': 'active', 'stores': 'fast,slow'}, {'fast', 'slow'}),
            ({'status': 'active', 'stores': 'fast'}, {'fast'}),
            ({'status': 'active', 'stores': ''}, set()),
            ({'status': 'active', 'stores': None}, set()),
            ({'status': 'queued', 'stores': ''}, set()),
            ({'status': 'queued'}, set()),
            # A Glance with one store does not say so.
            ({'status': 'active'}, None),
            ({'status': 'deactivated'}, None),
        ]:
            self.assertEqual(stores, state.stores_of(image), image)

    def test_of_a_template(self):
        """A template wishes some stores, all, or nothing."""
        for source, wish in [
            (sources.Source(), set()),
            (sources.Source(stores=('fast', 'slow')), {'fast', 'slow'}),
            (sources.Source(all_stores=True), {state.ALL_STORES}),
        ]:
            self.assertEqual(wish, state.wish(source))


class TestIsWrong(base.BaseTestCase):
    """Whether data is known to be wrong."""

    scenarios = [
        (name, {'image': image, 'digest': digest, 'wrong': wrong})
        for name, image, digest, wrong in [
            ('no hash', LIVE, None, False),
            ('right', LIVE, RIGHT, False),
            ('wrong', LIVE, WRONG, True),
            ('deactivated', {**LIVE, 'status': 'deactivated'}, WRONG, True),
            ('another algorithm', LIVE, OTHER, False),
            ('MD5', LIVE, sources.Digest('md5', 'd' * 32), True),
            ('not computed', {**LIVE, 'os_hash_value': None}, WRONG, False),
            ('being computed', HASHING, RIGHT, False),
            ('to be written back', {**LIVE, **LOCK}, WRONG, False),
            ('no data', {'status': 'queued'}, WRONG, False),
        ]
    ]

    def test_needs_a_hash_to_compare(self):
        """Only a hash of the same algorithm says that it is wrong."""
        wanted = sources.Source(location=A, digest=self.digest)
        self.assertIs(self.wrong, state.is_wrong(self.image, wanted))


def source(location=A, **kwargs):
    """Return a source at a location."""
    return sources.Source(location=location, **kwargs)


REFERENCE = {'method': sources.REFERENCE}


class TestNeedsOther(base.BaseTestCase):
    """Whether an image shall have other data than it has or gets."""

    scenarios = [
        (
            name,
            {'wanted': wanted, 'had': had, 'image': image, 'other': other},
        )
        for name, had, wanted, image, other in [
            ('the same', source(), source(), LIVE, False),
            ('another', source(), source(B), LIVE, True),
            ('none was asked for', sources.Source(), source(), LIVE, True),
            ('none is wanted', source(), sources.Source(), LIVE, False),
            ('no data yet', source(), source(B), {'status': 'queued'}, False),
            ('on its way', source(), source(), {**LIVE, **LOCK}, False),
            ('other on its way', source(), source(B), {**LIVE, **LOCK}, True),
            ('right hash', source(), source(B, digest=RIGHT), LIVE, False),
            ('wrong hash', source(), source(digest=WRONG), LIVE, True),
            ('no such hash', source(), source(digest=OTHER), LIVE, False),
            (
                'hash to come',
                source(),
                source(B, digest=RIGHT),
                {'status': 'importing', **LOCK},
                False,
            ),
            (
                'hash of a reference to come',
                source(**REFERENCE),
                source(digest=RIGHT, **REFERENCE),
                HASHING,
                False,
            ),
            (
                'reference elsewhere',
                source(**REFERENCE),
                source(B, **REFERENCE),
                LIVE,
                True,
            ),
            (
                'the same referred to elsewhere',
                source(**REFERENCE),
                source(B, digest=RIGHT, **REFERENCE),
                LIVE,
                False,
            ),
            (
                'the same, referred to',
                source(),
                source(digest=RIGHT, **REFERENCE),
                LIVE,
                True,
            ),
            (
                'the same, no longer referred to',
                source(**REFERENCE),
                source(digest=RIGHT),
                LIVE,
                True,
            ),
            (
                'the same, uploaded',
                sources.Source(),
                source(digest=RIGHT, **REFERENCE),
                LIVE,
                False,
            ),
            (
                'the same by another method of import',
                sources.Source(
                    method=sources.GLANCE_DOWNLOAD, region='r', image='i'
                ),
                source(digest=RIGHT),
                LIVE,
                False,
            ),
        ]
    ]

    def test_is_told(self):
        """The hash tells, or what was asked for last; never the queue."""
        self.assertIs(
            self.other,
            state.needs_other(self.image, self.wanted, self.had.fingerprint()),
        )
