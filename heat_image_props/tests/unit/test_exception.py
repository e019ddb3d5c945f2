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

"""Tests of what the errors say and carry."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat_image_props import data_exception
from heat_image_props import discreet
from heat_image_props import exception
from heat_image_props import permission
from heat_image_props import refusal
from heat_image_props import rules
from heat_image_props.tests import base

ID = '11111111-1111-4111-8111-111111111111'


class TestTree(base.BaseTestCase):
    """Which error is a kind of which."""

    def test_one_base(self):
        """Every error of the package can be caught by one name."""
        errors = [
            value
            for module in (
                *(exception, data_exception, discreet, permission, refusal),
            )
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Exception)
        ]
        self.assertGreater(len(errors), 25)
        for error in errors:
            self.assertTrue(issubclass(error, exception.ImageError), error)

    def test_answers_of_glance(self):
        """Refusals are final, and a lack of an answer is none of them."""
        for error in (exception.NotFound, exception.Conflict):
            self.assertTrue(issubclass(error, exception.Refused))
        self.assertFalse(issubclass(exception.Unavailable, exception.Refused))
        for error in (exception.Refused, exception.Unavailable):
            self.assertTrue(issubclass(error, exception.RequestFailed))


class TestMessages(base.BaseTestCase):
    """What an error says, and the data it is made from."""

    scenarios = [
        (
            'request failed',
            {
                'error': exception.Refused(
                    f'change image {ID}', 'no', 403, 'req-1'
                ),
                'data': {
                    'action': f'change image {ID}',
                    'reason': 'no',
                    'status': 403,
                    'request_id': 'req-1',
                },
                'words': ['Could not change image', ID, 'no', '403', 'req-1'],
            },
        ),
        (
            'no answer',
            {
                'error': exception.Unavailable(f'read image {ID}', 'cut'),
                'data': {'status': None, 'request_id': None},
                'words': ['read image', 'cut'],
            },
        ),
        (
            'id taken',
            {
                'error': exception.ImageIdTaken(ID),
                'data': {'image_id': ID},
                'words': [ID, '"id"', 'exists', '"external_id"'],
            },
        ),
        (
            'import failed',
            {
                'error': data_exception.ImportFailed(ID, 'h:81', 'it broke'),
                'data': {
                    'image_id': ID,
                    'place': 'h:81',
                    'reason': 'it broke',
                },
                'words': [ID, 'h:81', 'it broke', 'update the stack'],
            },
        ),
        (
            'protected',
            {
                'error': exception.Protected(ID),
                'data': {'image_id': ID},
                'words': [ID, 'protected: false', '--unprotect'],
            },
        ),
        (
            'method not enabled',
            {
                'error': data_exception.MethodNotEnabled(
                    'glance-download', ['web-download', 'copy-image']
                ),
                'data': {
                    'method': 'glance-download',
                    'enabled': ('copy-image', 'web-download'),
                },
                'words': [
                    'glance-download',
                    'copy-image, web-download',
                    '"import_method"',
                ],
            },
        ),
        (
            'no method enabled',
            {
                'error': data_exception.MethodNotEnabled('web-download', ()),
                'data': {'enabled': ()},
                'words': ['web-download', 'has none'],
            },
        ),
        (
            'unknown stores',
            {
                'error': data_exception.UnknownStores(
                    ['z', 'y'], {'fast', 'a'}
                ),
                'data': {'stores': ('y', 'z'), 'known': ('a', 'fast')},
                'words': ['no store y, z', 'a, fast', '"stores"'],
            },
        ),
        (
            'no choice of stores',
            {
                'error': data_exception.UnknownStores(['y'], ()),
                'data': {'known': ()},
                'words': ['no store y', 'offers no choice', '"stores"'],
            },
        ),
        (
            'hash mismatch',
            {
                'error': data_exception.HashMismatch(
                    ID, 'sha512', 'aa', 'bb', 'was deactivated'
                ),
                'data': {
                    'image_id': ID,
                    'algorithm': 'sha512',
                    'expected': 'aa',
                    'actual': 'bb',
                },
                'words': [
                    ID,
                    'sha512 aa',
                    'computed bb',
                    'was deactivated',
                    '"image_hash"',
                    'update',
                ],
            },
        ),
        (
            'hash of another algorithm',
            {
                'error': data_exception.HashMismatch(
                    ID, 'sha256', 'aa', None, 'was deleted'
                ),
                'data': {'actual': None},
                'words': ['sha256 aa', '"os_hash_algo"', 'was deleted'],
            },
        ),
        (
            'other data',
            {
                'error': data_exception.OtherData(ID),
                'data': {'image_id': ID},
                'words': [ID, 'other data'],
            },
        ),
        (
            'not in stores',
            {
                'error': data_exception.NotInStores(
                    ID, ['z', 'y'], 'it is full'
                ),
                'data': {
                    'image_id': ID,
                    'stores': ('y', 'z'),
                    'reason': 'it is full',
                },
                'words': [ID, 'y, z', 'it is full', 'again', '"stores"'],
            },
        ),
        (
            'not in stores by policy',
            {
                'error': data_exception.NotInStores(ID, ['y'], 'no', True),
                'data': {'stores': ('y',), 'reason': 'no'},
                'words': ['copy-image', 'administrators', '"stores"'],
            },
        ),
        (
            'misconfigured',
            {
                'error': exception.Misconfigured('s', 'o'),
                'data': {'section': 's', 'option': 'o'},
                'words': ['option o', '[s]', 'operator', 'nothing was'],
            },
        ),
        (
            'unusable',
            {
                'error': exception.Unusable(ID, 'killed'),
                'data': {'image_id': ID, 'status': 'killed'},
                'words': [ID, 'killed'],
            },
        ),
        (
            'not kept',
            {
                'error': exception.NotKept(
                    ID, {'b': [None], 'a': ['y', None, 'x']}, 8
                ),
                'data': {
                    'image_id': ID,
                    'seen': {'a': ('y', None, 'x'), 'b': (None,)},
                    'rounds': 8,
                },
                'words': [
                    ID,
                    "'a' is 'x' (before that missing, 'y'), 'b' is missing.",
                    '8 times',
                    'another client',
                    'protection',
                    'update',
                ],
            },
        ),
        (
            'out of time',
            {
                'error': exception.OutOfTime(ID, 'importing into fast', 60.0),
                'data': {
                    'image_id': ID,
                    'waits_for': 'importing into fast',
                    'seconds': 60.0,
                },
                'words': [ID, '(importing into fast)', '60 s', '--timeout'],
            },
        ),
        (
            'no image',
            {
                'error': exception.NoImage('kernel'),
                'data': {'name': 'kernel'},
                'words': ['kernel', 'no image', 'Update the stack'],
            },
        ),
        (
            'not applied',
            {
                'error': exception.NotApplied(
                    ID, ['a', 'b'], exception.Unavailable('x', 'no', 503)
                ),
                'data': {'image_id': ID, 'names': ('a', 'b')},
                'words': [ID, "'a', 'b'", 'no', '503'],
            },
        ),
        (
            'still in a store',
            {
                'error': data_exception.StillInStore(
                    ID, 'slow', exception.Refused('delete it', 'no', 403)
                ),
                'data': {'image_id': ID, 'store': 'slow'},
                'words': [ID, 'slow', '403', 'administrators', '"stores"'],
            },
        ),
        (
            'not owned',
            {
                'error': exception.NotOwned(ID, 'project'),
                'data': {'image_id': ID, 'owner': 'project'},
                'words': [ID, '(project)', '"external_id"'],
            },
        ),
        (
            'drifted',
            {
                'error': exception.Drifted(ID, ['it is gone', 'and lost']),
                'data': {
                    'image_id': ID,
                    'reasons': ('it is gone', 'and lost'),
                },
                'words': [ID, 'it is gone; and lost'],
            },
        ),
    ]

    def test_carries_its_data(self):
        """What the message is made from can be read from the error."""
        for name, value in self.data.items():
            self.assertEqual(value, getattr(self.error, name))

    def test_says_what_matters(self):
        """The message names the image, what is wrong and the way out."""
        for words in self.words:
            self.assertIn(words, str(self.error))


class TestInvalidDeclaration(base.BaseTestCase):
    """Offences in one message."""

    def test_one_line_each(self):
        """Each offence has a line of its own."""
        offences = rules.check({'b': None, 'a': []}).offences
        error = exception.InvalidDeclaration(iter(offences))

        self.assertEqual(offences, error.offences)
        self.assertEqual(
            ["- 'a'", "- 'b'"],
            [line[:5] for line in str(error).splitlines()[1:]],
        )

    def test_is_cut(self):
        """Thousands of offences fit into a column of 64 KiB."""
        (one,) = rules.check({'k' + 'é' * 250: None}).offences
        offences = 5000 * [one]
        error = exception.InvalidDeclaration(offences)

        self.assertEqual(5000, len(error.offences))
        self.assertLess(len(str(error).encode()), 65535)
        self.assertIn('and 4900 more', str(error))


class TestNotAsDefined(base.BaseTestCase):
    """What a cloud refuses by its definitions."""

    def test_one_line_each(self):
        """Each offence has a line of its own, and many are cut."""
        offences = [rules.Offence(f'k{n}', 'is bad', 'fix it') for n in (1, 2)]
        error = exception.NotAsDefined(offences)
        self.assertEqual(tuple(offences), error.offences)
        self.assertEqual(
            ["- 'k1' is bad: fix it", "- 'k2' is bad: fix it"],
            str(error).splitlines()[1:],
        )
        self.assertIn('nothing was changed', str(error))
        self.assertEqual(
            '- and 20 more',
            str(exception.NotAsDefined(offences * 60)).splitlines()[-1],
        )


class TestNotApplied(base.BaseTestCase):
    """A change that fails again and again."""

    def test_names_the_likely_cause(self):
        """A 500 may be a name that MySQL takes for another one."""
        for status, named in [(500, True), (503, False), (409, False)]:
            error = exception.NotApplied(
                ID, ['a'], exception.RequestFailed('x', 'no', status)
            )
            self.assertIs(named, 'MySQL' in str(error))

    def test_is_cut(self):
        """Thousands of names fit into a column of 64 KiB."""
        error = exception.NotApplied(
            ID,
            [f'{i:05}' + 'é' * 250 for i in range(5000)],
            exception.Unavailable('x', 'no'),
        )
        self.assertEqual(5000, len(error.names))
        self.assertLess(len(str(error).encode()), 65535)


class TestNotKept(base.BaseTestCase):
    """Values that are not what was written."""

    def test_is_cut(self):
        """Large values, and many of them, fit into a column of 64 KiB."""
        error = exception.NotKept(
            ID, {f'{i:05}': ['é' * 60000] * 5 for i in range(128)}, 8
        )
        self.assertLess(len(str(error).encode()), 65535)
        self.assertIn("'00000'", str(error))
        self.assertIn('and 28 more', str(error))

    def test_has_no_credentials(self):
        """A value that is a URL is shown without its credentials."""
        error = exception.NotKept(ID, {'a': ['http://mia:s3cr3t@h/x']}, 8)
        self.assertNotIn('s3cr3t', str(error))
        self.assertNotIn('mia', str(error))

    def test_protection(self):
        """A protection is a likely cause only of what is missing."""
        error = exception.NotKept(ID, {'a': [None, 'x']}, 8)
        self.assertNotIn('protection', str(error))

    def test_can_be_stored(self):
        """A database of three-byte UTF-8 can hold the message."""
        error = exception.NotKept(
            ID, {'a': ['\U0001f600'], 'b': [['\U0001f600']]}, 8
        )
        self.assertLessEqual(max(str(error)), '\uffff')
