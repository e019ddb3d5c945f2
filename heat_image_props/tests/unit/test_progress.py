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

"""Tests of what is said while an import runs."""

import hypothesis
from hypothesis import strategies as st

from heat_image_props import progress
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

IMPORTING = {'status': 'importing', 'os_glance_importing_to_stores': 'fast'}


class TestPhases(base.BaseTestCase):
    """What is being done, in words."""

    scenarios = [
        (
            words,
            {
                'image': {
                    'status': status,
                    'os_glance_importing_to_stores': stores,
                },
                'words': words,
            },
        )
        for status, stores, words in [
            ('queued', '', 'waiting for Glance to begin the import'),
            ('queued', 'fast', 'waiting for Glance to begin the import'),
            ('importing', 'fast,slow', 'importing into fast,slow'),
            ('importing', '', 'importing'),
            ('importing', None, 'importing'),
            ('active', 'slow', 'copying into slow'),
            ('active', '', 'finishing the import'),
            ('deactivated', 'slow', 'copying into slow'),
            ('deactivated', None, 'finishing the import'),
            *(
                (
                    status,
                    None,
                    'waiting for an upload by another client '
                    f'(status {status})',
                )
                for status in ('saving', 'uploading')
            ),
        ]
    ]

    def test_is_named(self):
        """A phase is named by the status and the stores that are left."""
        self.assertEqual(self.words, progress.phase_of(self.image))

    def test_without_the_stores(self):
        """A Glance with one store names none."""
        image = {'status': self.image['status']}
        self.assertNotIn(' into ', progress.phase_of(image))


class TestProgress(base.BaseTestCase):
    """When something is said, and what."""

    def setUp(self):
        super().setUp()
        self.clock = fake_glance.Clock()
        self.told = []
        self.asked = 0
        self.message = 'Copied 512 MiB'
        self.progress = progress.Progress(self.told.append, self.clock)

    def _message(self):
        self.asked += 1
        return self.message

    def see(self, image, after=0.0):
        """Look at an image some seconds later; return what is said."""
        self.clock.now += after
        self.told.clear()
        self.progress.see(image, self._message)
        return list(self.told)

    def test_each_phase_is_told_once(self):
        """A phase is told as it begins, without a look at the tasks."""
        for image, told in [
            ({'status': 'queued'}, ['waiting for Glance to begin the import']),
            ({'status': 'queued'}, []),
            (IMPORTING, ['importing into fast']),
            (IMPORTING, []),
            ({'status': 'active'}, []),
            (
                {'status': 'active', 'os_glance_importing_to_stores': 'slow'},
                ['copying into slow'],
            ),
        ]:
            self.assertEqual(told, self.see(image, 1))
        self.assertEqual(0, self.asked)

    def test_the_amount_is_told_every_thirty_seconds(self):
        """Within a phase there is a report each 30 seconds, and no more."""
        self.see(IMPORTING)
        told = []
        for second in range(1, 100):
            told += [(second, text) for text in self.see(IMPORTING, 1)]
        self.assertEqual(
            [
                (second, f'importing into fast: 512 MiB, {second} s so far')
                for second in (30, 60, 90)
            ],
            told,
        )
        self.assertEqual(3, self.asked)

    def test_the_time_begins_with_the_phase(self):
        """A new phase has its own 30 seconds."""
        self.see({'status': 'queued'})
        self.assertEqual(['importing into fast'], self.see(IMPORTING, 29))
        self.assertEqual([], self.see(IMPORTING, 29))
        self.assertEqual(
            ['importing into fast: 512 MiB, 30 s so far'],
            self.see(IMPORTING, 1),
        )

    def test_a_long_end_is_told(self):
        """A last phase that is no instant is told after 30 seconds."""
        self.message = ''
        self.assertEqual([], self.see({'status': 'active'}))
        self.assertEqual(
            ['finishing the import: 31 s so far'],
            self.see({'status': 'active'}, 31),
        )

    def test_amounts(self):
        """The amount is found in the words of the task, in any language."""
        for message, told in [
            ('Copied 15 MiB', '15 MiB, 30 s so far'),
            ('15 MiB kopiert', '15 MiB, 30 s so far'),
            ('Copied 2 GB', '2 GB, 30 s so far'),
            ('', '30 s so far'),
            ('from http://mia:s3cr3t@h/x', '30 s so far'),
        ]:
            self.message = message
            self.see({'status': 'queued'})
            self.see(IMPORTING)
            self.assertEqual(
                [f'importing into fast: {told}'], self.see(IMPORTING, 30)
            )

    @hypothesis.given(
        st.lists(
            st.tuples(
                st.sampled_from(['queued', 'importing', 'active']),
                st.floats(0, 100),
            )
        )
    )
    def test_is_never_told_too_often(self, looks):
        """Two reports of one phase are 30 seconds apart, or more."""
        clock = fake_glance.Clock()
        told = []
        one = progress.Progress(
            lambda text: told.append((text, clock.now)), clock
        )
        before = None
        for status, seconds in looks:
            clock.now += seconds
            count = len(told)
            one.see({'status': status}, str)
            self.assertLessEqual(len(told) - count, 1)
            if status == before and len(told) > count > 0:
                self.assertGreaterEqual(
                    clock.now - told[-2][1], progress.INTERVAL
                )
            before = status
