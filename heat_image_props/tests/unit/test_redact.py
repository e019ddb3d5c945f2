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

"""Tests of what is left of a URL in a message."""

import html
import json
import re
import string

import hypothesis
from hypothesis import strategies as st

from heat_image_props import redact
from heat_image_props.tests import base

# What a URL may hold as it is (RFC 3986), and what many people write there.
UNRESERVED = string.ascii_letters + string.digits + '-._~'
IN_USER = UNRESERVED + "!$&'()*+,;=%"
IN_PASSWORD = IN_USER + ':@'
IN_QUERY = IN_PASSWORD + '/?'

#: Marks whatever must not survive; nothing else in a test holds it.
MARK = 'ZQ7'

# A secret has the mark on both sides of anything, so that no part of it
# may be left.
users = st.text(IN_USER, max_size=8).map(lambda s: f'{MARK}{s}{MARK}')
passwords = st.text(IN_PASSWORD, max_size=8).map(lambda s: f'{MARK}{s}{MARK}')
queries = st.text(IN_QUERY, max_size=8).map(lambda s: f'{MARK}{s}{MARK}')
texts = st.text(
    st.characters(exclude_categories=('Cs',), exclude_characters='Z')
)
schemes = st.sampled_from(['http', 'https', 'HTTP', 'ftp', 'swift+https'])
paths = st.sampled_from(['', '/', '/a', '/a/b.img', '/a%20b/c~d'])


@st.composite
def urls(draw, password=passwords):
    """URLs with a user, or a password, or a query, or a fragment."""
    url = draw(schemes) + '://'
    with_user = draw(st.booleans())
    if with_user:
        url += draw(users)
        if draw(st.booleans()):
            url += ':' + draw(password)
        url += '@'
    url += 'images.example.org' + draw(st.sampled_from(['', ':8080']))
    url += draw(paths)
    if not with_user or draw(st.booleans()):
        url += draw(st.sampled_from('?#')) + draw(queries)
    return url


class TestMask(base.BaseTestCase):
    """What must not survive in a text."""

    @hypothesis.given(urls(), texts, texts)
    def test_hides_all_secrets(self, url, before, after):
        """Of user, password, query and fragment nothing is left."""
        masked = redact.mask(f'{before} {url} {after}')

        self.assertNotIn(MARK, masked)
        if '@' not in re.split('[?#]', url, maxsplit=1)[-1]:
            # Where there is one it may be the end of a password.
            self.assertIn('images.example.org', masked)

    @hypothesis.given(urls(), st.sampled_from(list('\'"<(=,:_1é')))
    def test_hides_after_any_character(self, url, before):
        """A URL is found whatever stands in front of it."""
        self.assertNotIn(MARK, redact.mask(f'at{before}{url}'))

    @hypothesis.given(urls(), st.sampled_from(['\'\'', '""', '<>', '()']))
    def test_hides_in_quotes(self, url, quotes):
        """A URL in quotes or brackets is hidden, and the text goes on."""
        masked = redact.mask(f'at {quotes[0]}{url}{quotes[1]} it failed')
        self.assertNotIn(MARK, masked)
        self.assertTrue(masked.endswith(' it failed'), masked)

    @hypothesis.given(st.lists(urls(), max_size=3))
    def test_hides_in_every_url(self, several):
        """Each of several URLs is hidden."""
        self.assertNotIn(MARK, redact.mask(', '.join(several)))

    @hypothesis.given(st.text(IN_PASSWORD + ' "<>^`{}|\\', max_size=8))
    def test_hides_a_known_url_whole(self, password):
        """A URL that is given is hidden even if it is malformed."""
        url = f'http://{MARK}:{MARK}{password}{MARK}@images.example.org/x'
        masked = redact.mask(f'could not open {url}, giving up', url)

        self.assertNotIn(MARK, masked)
        self.assertIn('could not open', masked)
        self.assertIn('giving up', masked)

    @hypothesis.given(st.text(IN_PASSWORD + '/', max_size=8))
    def test_hides_a_password_with_slashes(self, password):
        """A slash that ought to be escaped does not end the password."""
        url = f'http://{MARK}:{MARK}{password}{MARK}@images.example.org/x'
        self.assertNotIn(MARK, redact.mask(f'at {url}!'))

    @hypothesis.given(texts.filter(lambda text: '://' not in text))
    def test_leaves_plain_text(self, text):
        """A text without a URL is not changed."""
        self.assertEqual(text, redact.mask(text))

    @hypothesis.given(schemes, paths, st.sampled_from(['', ':8080']))
    def test_leaves_plain_urls(self, scheme, path, port):
        """A URL without anything to hide is not changed."""
        text = f'from {scheme}://images.example.org{port}{path} it came'
        self.assertEqual(text, redact.mask(text))

    @hypothesis.given(urls())
    def test_is_idempotent(self, url):
        """What is masked stays as it is."""
        once = redact.mask(f'at {url} ')
        self.assertEqual(once, redact.mask(once))

    def test_examples(self):
        """The masked form of some URLs."""
        for text, masked in [
            ('https://u:p@h:1/x?y=z#f', 'https://***@h:1/x?***'),
            ('https://u:p@h', 'https://***@h'),
            ('https://u@h/x#f', 'https://***@h/x#***'),
            ('see https://h/x?y=z, now', 'see https://h/x?*** now'),
            ('https://a:b@c@h/x', 'https://***@h/x'),
            ('"https://u:p@h/x"', '"https://***@h/x"'),
            ('mail to a@b.example', 'mail to a@b.example'),
            ('', ''),
        ]:
            self.assertEqual(masked, redact.mask(text))

    def test_known_url_is_named_by_its_host(self):
        """A URL that is given is replaced by its host."""
        self.assertEqual(
            'open the location at h:1: no',
            redact.mask('open http://u:p@h:1/x: no', 'http://u:p@h:1/x'),
        )

    def test_no_secret_given(self):
        """An empty URL is no secret."""
        self.assertEqual('abc', redact.mask('abc', ''))

    def test_long_text_takes_no_time(self):
        """A text of 64 KiB, the longest value, is searched in one go."""
        for text in ('a' * 65535, 'a:/' * 20000, 'a://' * 16000):
            self.assertLessEqual(len(redact.mask(text)), 3 * len(text))


class TestScrub(base.BaseTestCase):
    """What somebody says about a known URL, or about a part of it."""

    @hypothesis.given(urls(), st.sampled_from(list('/?#:@&=;')))
    def test_hides_parts(self, url, cut):
        """A part of what is secret is hidden where it stands alone."""
        # What stands before it is a name, and no secret.
        hypothesis.assume('=' not in url)
        for part in url.split(cut):
            if MARK in part and '://' not in part:
                self.assertNotIn(MARK, redact.scrub(f"no '{part}' here", url))

    def test_examples(self):
        """What is left of some messages."""
        url = 'http://user:pa/ss%41@h:1/x?token=to%2Fk&part#end'
        for text, masked in [
            ("no port: 'pa'", "no port: '***'"),
            ('paper: pass, token', 'paper: pass, token'),
            ('ssA and ss%41', '*** and ***'),
            ('to/k to%2Fk', '*** ***'),
            ('part, end', '***, ***'),
            ('the end of a user', 'the *** of a ***'),
            ('', ''),
        ]:
            self.assertEqual(masked, redact.scrub(text, url))
        self.assertEqual('a *** b', redact.scrub('a k3y b', 'http://k3y@h'))
        self.assertEqual('as it is', redact.scrub('as it is', ''))

    def test_escaped(self):
        """A URL is found in the quotes of Python, of JSON and of HTML."""
        url = 'http://u:a"\'<\\é @h/x'
        for text in (repr(url), json.dumps(url), html.escape(url)):
            self.assertEqual(
                'see the location at h',
                redact.scrub(f'see {text}', url)
                .replace('"', '')
                .replace("'", ''),
            )


class TestUrl(base.BaseTestCase):
    """A text that is a URL as a whole."""

    @hypothesis.given(
        urls(st.text(max_size=8).map(f'{MARK}{{}}{MARK}'.format))
    )
    def test_hides_all_secrets(self, url):
        """Nothing secret is left, whatever characters there are."""
        self.assertNotIn(MARK, redact.url(url))

    def test_examples(self):
        """What is left of some URLs."""
        for text, masked in [
            ('https://u:p@h:1/x?y=z#f', 'https://***@h:1/x?***'),
            ('https://h/x', 'https://h/x'),
            ('http://u:"p q<@h/x', 'http://***@h/x'),
            ('u:p@h/x?y', '***@h/x?***'),
            ('http:/u:p@h/x', '***@h/x'),
            ('u:p@h://x', '***@h://x'),
            ('', ''),
        ]:
            self.assertEqual(masked, redact.url(text))


class TestHost(base.BaseTestCase):
    """What is told of a source."""

    scenarios = [
        (url, {'url': url, 'host': host})
        for url, host in [
            ('http://h/x', 'h'),
            ('http://h:81/x', 'h:81'),
            ('https://u:p@h:81/x?y#z', 'h:81'),
            ('https://U:P@Images.Example.org', 'images.example.org'),
            ('http://[::1]:80/x', '[::1]:80'),
            ('http://[::1]/x', '[::1]'),
            ('http://[::1', 'an invalid URL'),
            ('http://h:port/x', 'an invalid URL'),
            ('http://u:p/w@h/x', 'an invalid URL'),
            ('file:///etc/passwd', 'an invalid URL'),
            ('u:p@h', 'an invalid URL'),
            ('', 'an invalid URL'),
        ]
    ]

    def test_is_host_and_port(self):
        """Host and port are told, and nothing else."""
        self.assertEqual(self.host, redact.host(self.url))


class TestHostOfAny(base.BaseTestCase):
    """What is told of any source."""

    @hypothesis.given(urls())
    def test_has_no_secret(self, url):
        """Nothing that is secret is told of a URL."""
        self.assertNotIn(MARK.lower(), redact.host(url).lower())

    @hypothesis.given(st.text())
    def test_any_text(self, text):
        """Text that is no URL is no error."""
        self.assertNotEqual('', redact.host(text))
        redact.host(f'http://{text}')


class TestImage(base.BaseTestCase):
    """An image as Glance shows it."""

    def test_where_the_data_is(self):
        """Where an operator lets the store be shown its secrets are not."""
        shown = redact.image(
            {
                'id': 'x',
                'size': 3,
                'direct_url': 'swift+https://u:p@h/x',
                'locations': [
                    {'url': 'https://h/x?sig=1', 'metadata': {'a': 'b'}},
                    {'metadata': {}},
                ],
            }
        )
        self.assertEqual(
            {
                'id': 'x',
                'size': 3,
                'direct_url': 'swift+https://***@h/x',
                'locations': [
                    {'url': 'https://h/x?***', 'metadata': {'a': 'b'}},
                    {'url': '', 'metadata': {}},
                ],
            },
            shown,
        )

    def test_nothing_to_hide(self):
        """Properties and other attributes are shown as they are."""
        for image in (
            {},
            {'a': 'b', 'tags': ['t'], 'size': None, 'protected': False},
            {'direct_url': None, 'locations': []},
        ):
            self.assertEqual(image, redact.image(image))

    def test_changes_nothing_in_place(self):
        """The image that is given stays as it is."""
        image = {'locations': [{'url': 'http://u:p@h/x'}]}
        redact.image(image)
        self.assertEqual({'locations': [{'url': 'http://u:p@h/x'}]}, image)
