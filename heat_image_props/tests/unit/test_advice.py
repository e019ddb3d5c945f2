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

"""Tests of the advice that a resource gives."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import fixtures
from heat.common import exception as heat_exception
from oslo_config import cfg

from heat_image_props import advice
from heat_image_props import conf
from heat_image_props import conformity
from heat_image_props import report
from heat_image_props import rules
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance_metadefs
from heat_image_props.tests.unit import image_base

VIRTOI = (
    "'hw_disk_bus' has the value 'virtoi', which is not defined in this "
    "cloud: did you mean 'virtio'?"
)
WARNED = 'by the metadata definitions of the cloud'


class AdviceTestCase(image_base.ImageTestCase):
    """A test in a cloud with the definitions that Glance ships."""

    def setUp(self):
        super().setUp()
        conf.register_opts(cfg.CONF)
        self.glance.namespaces = fake_glance_metadefs.loaded()
        self.logger = self.useFixture(
            fixtures.FakeLogger(name='heat_image_props')
        )

    def choose(self, mode):
        """Set the option."""
        cfg.CONF.set_override('metadefs', mode, conf.IMAGE_GROUP)
        self.addCleanup(cfg.CONF.clear_override, 'metadefs', conf.IMAGE_GROUP)

    def said(self, one):
        """Return the advice in the events of a resource."""
        return [
            text.partition(': ')[2]
            for text in self.events(one)
            if text.startswith('metadata definitions')
        ]

    def warnings(self):
        """Return the lines with advice in the log."""
        return [
            line for line in self.logger.output.splitlines() if WARNED in line
        ]


class TestWarn(AdviceTestCase):
    """The default."""

    def test_log_at_validation(self):
        """All advice is one line of the log, and nothing is refused."""
        self.make(
            property={
                'hw_disk_bus': 'virtoi',
                'hw_cpu_cores': 'x',
                'os_tpye': 'linux',
                'team': 'infra',
            }
        )
        self.assertIsNone(self.stack.validate())
        self.assertEqual([], self.glance.requests)
        (line,) = self.warnings()
        self.assertIn('resource image', line)
        for part in (
            VIRTOI,
            "'hw_cpu_cores' has the value 'x', which is no whole number",
            "'os_tpye' is not defined in this cloud: did you mean 'os_type'?",
        ):
            self.assertIn(part, line)
        self.assertNotIn('team', line)

    def test_event_at_creation(self):
        """A new image has one event with all advice."""
        one = self.create(property={'hw_disk_bus': 'virtoi', 'a': '1'})
        self.assertEqual([VIRTOI], self.said(one))
        self.assertEqual('virtoi', self.custom(one)['hw_disk_bus'])

    def test_event_at_update(self):
        """An update that changes the advice has an event, others have not."""
        one = self.create(property={'hw_disk_bus': 'virtoi'})
        self.glance.definition_requests.clear()
        self.update(one, property={'hw_disk_bus': 'virtoi', 'a': '2'})
        self.assertEqual([VIRTOI], self.said(one))
        self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())
        self.assertEqual([], self.glance.definition_requests)

        wrong = {'hw_disk_bus': 'virtoi', 'hw_pmu': 'x'}
        self.update(one, property=wrong)
        self.assertEqual(
            [
                VIRTOI,
                f"{VIRTOI}; 'hw_pmu' has the value 'x', which is not "
                'defined in this cloud: use one of true, false',
            ],
            self.said(one),
        )

        self.update(one, property={'hw_disk_bus': 'virtio'})
        self.assertEqual(2, len(self.said(one)))

    def test_nothing_wrong(self):
        """What is as defined is not talked about."""
        one = self.create(
            os_distro='debian',
            property={'hw_disk_bus': 'virtio', 'hw_cpu_cores': 4},
        )
        self.stack.validate()
        self.assertEqual([], self.said(one))
        self.assertEqual([], self.warnings())

    def test_no_properties(self):
        """An image without custom properties costs no request."""
        self.stack = self.create().stack
        self.stack.validate()
        self.assertEqual([], self.glance.definition_requests)

    def test_value_that_is_not_known_yet(self):
        """It is not judged at validation, and what is known beside it is."""
        self.make(
            _resources={'other': {'type': 'GenericResourceType'}},
            property={
                'hw_cpu_cores': {'get_attr': ['other', 'show']},
                'hw_disk_bus': 'virtoi',
            },
        )
        self.stack.validate()
        self.assertNotIn('hw_cpu_cores', self.logger.output)
        self.assertIn(VIRTOI, self.logger.output)

    def test_credentials(self):
        """Those in a URL are neither logged nor in an event."""
        one = self.create(property={'os_type': image_base.SOURCE})
        one.stack.validate()
        for text in (*self.said(one), self.logger.output):
            self.assertIn("'os_type'", text)
            for secret in image_base.SECRETS:
                self.assertNotIn(secret, text)

    def test_any_failure(self):
        """Whatever goes wrong, the stack does not fail."""
        self.glance.fail('GET /metadefs/namespaces', 500)
        one = self.create(property={'hw_disk_bus': 'virtoi'})
        self.assertEqual([], self.said(one))

        def broken(*args):
            raise RuntimeError(f'at {image_base.SOURCE}')

        self.useFixture(
            fixtures.MonkeyPatch('heat_image_props.advice.LIBRARY.get', broken)
        )
        one.stack.validate()
        self.update(one, property={'hw_disk_bus': 'virtoii'})
        self.assertEqual([], self.said(one))
        self.assertNotIn('s3cr3t', self.logger.output)


class TestOff(AdviceTestCase):
    """Switched off."""

    def test_off(self):
        """Nothing is read and nothing is said."""
        self.choose('off')
        one = self.create(property={'hw_disk_bus': 'virtoi'})
        one.stack.validate()
        self.assertEqual([], self.said(one))
        self.assertEqual([], self.warnings())
        self.assertEqual([], self.glance.definition_requests)


class TestEnforce(AdviceTestCase):
    """Refused what is not as defined."""

    def setUp(self):
        super().setUp()
        self.choose('enforce')

    def refusal(self, **kwargs):
        """Return the message with which a template is refused."""
        self.make(**kwargs)
        error = self.assertRaises(
            heat_exception.StackValidationFailed, self.stack.validate
        )
        return str(error)

    def test_all_at_once(self):
        """All values that differ are refused in one message, sorted."""
        message = self.refusal(
            property={'hw_disk_bus': 'virtoi', 'hw_video_ram': -1},
            extra_properties={'hw_cpu_cores': 'four', 'team': 'infra'},
        )
        self.assertIn('resources.image: This cloud enforces its', message)
        self.assertEqual(
            [
                "- 'hw_cpu_cores' has the value 'four', which is no whole "
                'number: correct the value',
                f'- {VIRTOI}',
                "- 'hw_video_ram' has the value '-1', which is less than 0: "
                'correct the value',
            ],
            message.splitlines()[1:],
        )
        self.assertEqual([], self.warnings())

    def test_beside_what_glance_would_not_keep(self):
        """What Glance would not keep is in the same message."""
        message = self.refusal(
            property={'hw_disk_bus': 'virtoi', 'image_id': 'x', 'a': [1]}
        )
        self.assertIn('Glance would not keep', message)
        self.assertIn("- 'image_id'", message)
        self.assertIn("- 'a' has a list", message)
        self.assertIn(f'- {VIRTOI}', message)

    def test_names(self):
        """A name that is not defined is accepted, misspelt or not."""
        self.make(property={'hw_dsik_bus': 'x', 'team': 'infra'})
        self.assertIsNone(self.stack.validate())
        self.assertEqual(1, len(self.warnings()))

    def test_not_known(self):
        """If the definitions cannot be read everything is accepted."""
        self.glance.fail('GET /metadefs/namespaces', 500)
        self.make(property={'hw_disk_bus': 'virtoi'})
        self.assertIsNone(self.stack.validate())

    def test_value_that_becomes_known_later(self):
        """What could not be judged at validation is an event."""
        one = self.create(property={'hw_disk_bus': 'virtoi'})
        self.assertEqual([VIRTOI], self.said(one))


class TestWords(base.BaseTestCase):
    """How advice is put into words."""

    def test_all_that_is_allowed(self):
        """What a value may be is named, up to a dozen."""
        finding = conformity.Finding(
            'key', 'is wrong', 'x', None, tuple('abcdefghijklmn')
        )
        self.assertEqual(
            "'key' has the value 'x', which is wrong: use one of a, b, c, d, "
            'e, f, g, h, i, j, k, l, ...',
            str(advice.offence(finding)),
        )

    def test_value_that_is_not_shown(self):
        """A value that may be a secret is not named."""
        self.assertEqual(
            "'key' has a value that is shorter than 8 characters: correct "
            'the value',
            str(
                advice.offence(
                    conformity.Finding('key', 'is shorter than 8 characters')
                )
            ),
        )

    def test_length_of_an_event(self):
        """What an event cannot hold is counted."""
        for length, number in ((10, 1), (10, 50), (100, 9), (400, 3)):
            offences = [rules.Offence('k', 'x' * length, 'r')] * number
            text = advice.summary(offences)
            self.assertGreater(report.MAX_REASON_LENGTH, len(text), length)
            told = text.count("'k'")
            if told < number:
                self.assertIn(f'{number - told} more, in the log', text)
            self.assertEqual(length < 400, bool(told))
