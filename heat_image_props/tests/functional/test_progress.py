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

"""What the events of a stack say while data is on its way."""

import datetime
import re

import tenacity

from heat_image_props import progress
from heat_image_props.tests.functional import base

MIB = 1024 * 1024


class TestProgress(base.FunctionalTestCase):
    """A slow import into two stores."""

    #: By this signature anybody could fetch the data.
    SECRET = 'top-secret'

    def told(self, stack):
        """Return time and text of what was said of the import, in order."""
        return [
            (
                datetime.datetime.fromisoformat(event.event_time),
                event.resource_status_reason,
            )
            for event in self.heat.events.list(stack, sort_dir='asc')
            if event.resource_name == 'image'
            and event.resource_status_reason != 'state changed'
        ]

    def wait_until_told(self, stack, pattern):
        """Wait for an event with this text."""
        tenacity.Retrying(
            wait=tenacity.wait_fixed(0.5),
            stop=tenacity.stop_after_delay(base.LONGEST),
            retry=tenacity.retry_if_result(lambda found: not found),
        )(lambda: [text for _, text in self.told(stack) if pattern(text)])

    def test_is_told(self):
        """One event a phase, and one each 30 s with what has arrived."""
        url = f'{self.source(bytes(12 * MIB))}?signature={self.SECRET}'
        amount = re.compile(r'importing into fast,slow: [1-9]\d* MiB\b')
        with self.cloud.stores.slow(1, store='slow'):
            with self.cloud.stores.slow(MIB / 5, store='fast'):
                stack = self.start_stack(
                    self.template(location=url, stores=['fast', 'slow'])
                )
                self.wait_until_told(stack, amount.match)
            self.wait_until_told(
                stack, lambda text: text == 'importing into slow'
            )
        self.wait_for(stack, 'CREATE_COMPLETE')

        told = self.told(stack)
        if told[0][1].startswith('waiting'):
            # Glance took its time; that is a phase too.
            del told[0]
        (began, first), (later, second), (_, third) = told
        self.assertEqual('importing into fast,slow', first)
        self.assertRegex(second, amount)
        self.assertEqual('importing into slow', third)
        # The times of events have no fractions.
        self.assertGreaterEqual(
            (later - began).total_seconds(), progress.INTERVAL - 1
        )
        self.assertNotIn(self.SECRET, str(told))
