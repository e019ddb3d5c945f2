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


"""Tests of how long a Glance that does not answer is waited for."""

import datetime
import email.utils

import fixtures

from heat_image_props import exception
from heat_image_props import patience
from heat_image_props.tests import base

AWAY = exception.Unavailable('x', 'away', 503)
GONE = exception.Gone('x', 'gone', 404)


class TestPatience(base.BaseTestCase):
    """Attempts that fail one after the other."""

    def waits(self, *errors):
        """Return the waits after some errors, and the one raised or None."""
        found = []
        task = patience.Patience()
        for error in errors:
            try:
                found.append(task.wait(error))
            except exception.RequestFailed as raised:
                return found, raised
        return found, None

    def test_ends(self):
        """Five attempts take half a minute, and the last error is told."""
        self.assertEqual(
            ([2.0, 4.0, 8.0, 16.0], AWAY), self.waits(*9 * [AWAY])
        )

    def test_gone(self):
        """Three looks in a row have to miss an image."""
        self.assertEqual(([2.0, 4.0], GONE), self.waits(*9 * [GONE]))
        self.assertEqual(
            ([2.0, 4.0, 8.0, 16.0, 32.0, 64.0], GONE),
            self.waits(GONE, GONE, AWAY, AWAY, GONE, GONE, GONE),
        )

    def test_never_for_ever(self):
        """Whatever comes in whatever order, there is an end."""
        for errors in ((GONE, AWAY), (GONE, GONE, AWAY), (AWAY, GONE)):
            waits, raised = self.waits(*9 * errors)
            self.assertIsNotNone(raised)
            self.assertLess(len(waits), 8)

    def test_an_answer_in_between(self):
        """Only failures in a row count."""
        task = patience.Patience()
        for _ in range(9):
            self.assertEqual(2.0, task.wait(GONE))
            self.assertEqual(4.0, task.wait(AWAY))
            task.restore()


class TestRepeat(base.BaseTestCase):
    """Questions that are repeated where there are no steps."""

    def ask(self, *answers, pause=0.0):
        """Return the answer, and how long was slept for it."""
        slept = []
        self.useFixture(fixtures.MonkeyPatch('time.sleep', slept.append))
        left = list(answers)

        def once():
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return (
            patience.repeat(once, exception.Unavailable, lambda: pause),
            slept,
        )

    def test_answered(self):
        """The first answer counts."""
        self.assertEqual((1, []), self.ask(1))
        self.assertEqual((1, [1.0, 2.0]), self.ask(AWAY, AWAY, 1))

    def test_asked_to_wait(self):
        """The server may ask for some seconds more."""
        self.assertEqual((1, [9.0]), self.ask(AWAY, 1, pause=9.0))
        self.assertRaises(exception.Unavailable, self.ask, AWAY, 1, pause=11.0)

    def test_in_vain(self):
        """After three attempts it is over, and at once after a refusal."""
        self.assertRaises(exception.Unavailable, self.ask, AWAY, AWAY, AWAY, 1)
        self.assertRaises(exception.Gone, self.ask, GONE, 1)


class TestAsked(base.BaseTestCase):
    """The header Retry-After."""

    scenarios = [
        (repr(text), {'text': text, 'seconds': seconds})
        for text, seconds in [
            ('0', 0.0),
            (' 7 ', 7.0),
            ('60', 60.0),
            ('61', 60.0),
            ('9' * 400, 60.0),
            ('-5', 0.0),
            ('', 0.0),
            ('soon', 0.0),
            ('1.5', 0.0),
            ('Fri, 31 Dec 1999 23:59:59 GMT', 0.0),
            ('Fri, 31 Dec 9999 23:59:59 GMT', 60.0),
        ]
    ]

    def test_is_read(self):
        """It is seconds or a date, and never more than a minute."""
        self.assertEqual(
            self.seconds, patience.asked({'Retry-After': self.text})
        )


class TestAskedByDate(base.BaseTestCase):
    """A date in the near future."""

    def test_is_read(self):
        """What is left until then is waited for."""
        then = datetime.datetime.now(datetime.UTC)
        then += datetime.timedelta(seconds=30)
        for text in (
            email.utils.format_datetime(then, usegmt=True),
            email.utils.format_datetime(then),
        ):
            seconds = patience.asked({'Retry-After': text})
            self.assertTrue(25 < seconds <= 30, seconds)

    def test_none(self):
        """Without the header there is nothing to wait for."""
        self.assertEqual(0.0, patience.asked({}))
