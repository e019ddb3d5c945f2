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

"""Tests of the rules for names, values and tags."""

import ast
import pathlib
import sys

import hypothesis
from hypothesis import strategies as st

from heat_image_props import rules
from heat_image_props.tests import base
from heat_image_props.tests import strategies

BASE = (
    'checksum container_format created_at direct_url disk_format file id '
    'location locations min_disk min_ram name os_hash_algo os_hash_value '
    'os_hidden owner protected schema self size status stores tags '
    'updated_at virtual_size visibility'
).split()
LOST = (
    'base context deactivate delete extra_properties get_data get_payload '
    'get_super_class helper image image_id member notifier property_rules '
    'reactivate repo send_notification set_data _abc_impl __class__ '
    '_format_image_send'
).split()


class TestPurity(base.BaseTestCase):
    """What decides must need nothing to run."""

    scenarios = [
        ('rules', {'module': 'rules'}),
        ('diff', {'module': 'diff'}),
        ('metadefs', {'module': 'metadefs'}),
    ]

    def test_imports_the_standard_library_only(self):
        """A pure module imports nothing but the standard library."""
        source = pathlib.Path(rules.__file__).with_name(f'{self.module}.py')
        imported = set()
        for node in ast.walk(ast.parse(source.read_text('utf-8'))):
            if isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                self.assertEqual(0, node.level)
                imported.add(node.module)
        self.assertNotEqual(set(), imported)
        foreign = {
            name
            for name in imported
            if name.partition('.')[0] not in sys.stdlib_module_names
        }
        self.assertEqual(set(), foreign)


class TestRefusedNames(base.BaseTestCase):
    """Names that Glance refuses, loses or takes for something else."""

    scenarios = [
        *((f'attribute {name}', {'key': name}) for name in BASE),
        *((f'reserved {name}', {'key': name})
          for name in ('deleted', 'deleted_at')),
        *((f'lost {name}', {'key': name}) for name in LOST),
        *((f'internal {name}', {'key': name})
          for name in ('os_glance', 'os_glance_import_task', 'os_glancex',
                       'OS_GLANCE_import_task')),
        ('empty', {'key': ''}),
        ('space before', {'key': ' a'}),
        ('space after', {'key': 'a '}),
        ('line feed after', {'key': 'a\n'}),
        ('no-break space before', {'key': '\xa0a'}),
        ('underscore', {'key': '_a'}),
        ('256 characters', {'key': 'k' * 256}),
        ('256 wide characters', {'key': 'é' * 256}),
        ('four bytes', {'key': 'a\U0001f600'}),
        ('NUL', {'key': 'a\0b'}),
        ('lone surrogate', {'key': 'a\ud800'}),
        ('null', {'key': None}),
        ('tuple', {'key': (1, 2)}),
    ]  # fmt: skip

    def test_is_refused_by_name(self):
        """The one offence names the key, why, and the way out."""
        verdict = rules.check({self.key: 'value', 'innocent': 'value'})

        self.assertEqual({}, verdict.text)
        self.assertEqual(1, len(verdict.offences), verdict)
        (offence,) = verdict.offences
        self.assertEqual(rules.shown(self.key), offence.key)
        self.assertNotEqual('', offence.reason)
        self.assertNotEqual('', offence.remedy)


class TestRemedies(base.BaseTestCase):
    """The way out that goes with a refusal."""

    def test_names_the_property_to_use_instead(self):
        """An attribute with a property of its own is pointed to it."""
        for key, instead in [
            ('min_ram', 'min_ram'),
            ('locations', 'location'),
            ('visibility', 'visibility'),
            ('os_hidden', 'hidden'),
            ('owner', 'owner'),
            ('stores', 'stores'),
        ]:
            (offence,) = rules.check({key: 'x'}).offences
            self.assertIn(f'"{instead}"', offence.remedy)

    def test_read_only_is_said_to_be_read_only(self):
        """An attribute that Glance sets is said to be read-only."""
        for key in ('status', 'checksum', 'os_hash_value', 'file'):
            (offence,) = rules.check({key: 'x'}).offences
            self.assertIn('read-only', offence.reason)

    def test_image_id_says_what_it_would_destroy(self):
        """The name that overwrites another image is refused as such."""
        (offence,) = rules.check({'image_id': 'x'}).offences
        self.assertIn('overwrite the image', offence.reason)

    def test_text_is_one_line(self):
        """An offence reads as: key, reason, remedy."""
        (offence,) = rules.check({'a': None}).offences
        self.assertEqual(
            "'a' has the value null, which Glance does not keep: remove it, "
            'or use "" for an empty text',
            str(offence),
        )


class TestText(base.BaseTestCase):
    """How a value of YAML is written to Glance."""

    scenarios = [
        ('text', {'value': 'scsi', 'text': 'scsi'}),
        ('empty text', {'value': '', 'text': ''}),
        ('inner and outer space', {'value': ' a  b\n', 'text': ' a  b\n'}),
        ('text of digits', {'value': '0o7', 'text': '0o7'}),
        ('true', {'value': True, 'text': 'true'}),
        ('false', {'value': False, 'text': 'false'}),
        ('integer', {'value': 4, 'text': '4'}),
        ('negative integer', {'value': -1, 'text': '-1'}),
        ('large integer', {'value': 10**30, 'text': '1' + 30 * '0'}),
        ('float', {'value': 22.04, 'text': '22.04'}),
        ('whole float', {'value': 1.0, 'text': '1.0'}),
        ('inexact float', {'value': 0.1 + 0.2, 'text': '0.30000000000000004'}),
        ('small float', {'value': 1e-7, 'text': '1e-07'}),
        ('three bytes', {'value': '\u20ac', 'text': '\u20ac'}),
        ('65535 bytes', {'value': 'x' * 65535, 'text': 'x' * 65535}),
        ('65535 bytes wide', {'value': '€' * 21845, 'text': '€' * 21845}),
    ]

    def test_is_exact(self):
        """A value has one text, and a text is kept as it is."""
        self.assertEqual(
            rules.Verdict({'key': self.text}, ()),
            rules.check({'key': self.value}),
        )

    def test_is_its_own_text(self):
        """The text of a text is that text: what is live compares equal."""
        self.assertEqual(
            {'key': self.text}, rules.check({'key': self.text}).text
        )


class TestRefusedValues(base.BaseTestCase):
    """Values that Glance cannot hold."""

    scenarios = [
        ('null', {'value': None, 'says': 'null'}),
        ('list', {'value': ['a'], 'says': 'a list'}),
        ('tuple', {'value': ('a',), 'says': 'a list'}),
        ('map', {'value': {'a': 'b'}, 'says': 'a map'}),
        ('bytes', {'value': b'a', 'says': 'bytes'}),
        ('object', {'value': object(), 'says': 'object'}),
        ('not a number', {'value': float('nan'), 'says': 'finite'}),
        ('infinite', {'value': float('inf'), 'says': 'finite'}),
        ('too many digits', {'value': 10**5000, 'says': 'digits'}),
        ('NUL', {'value': 'a\0', 'says': 'NUL'}),
        ('four bytes', {'value': '\U0001f600', 'says': 'U+1F600'}),
        ('lone surrogate', {'value': '\udfff', 'says': 'surrogate'}),
        ('65536 bytes', {'value': 'x' * 65536, 'says': '65535 bytes'}),
        ('65538 bytes wide', {'value': '€' * 21846, 'says': '65535 bytes'}),
    ]

    def test_is_refused_by_name(self):
        """The offence names the key and what is wrong, never the value."""
        (offence,) = rules.check({'key': self.value, 'other': 1}).offences
        self.assertEqual('key', offence.key)
        self.assertIn(self.says, offence.reason)


class TestRestrictedValues(base.BaseTestCase):
    """Values that the image schema of Glance restricts."""

    def test_image_ids(self):
        """A kernel and a ramdisk are given by UUID."""
        for key in ('kernel_id', 'ramdisk_id'):
            uuid = 'fd2d4a4c-7dd5-4aee-9c2c-8a1b0d1a4c3e'
            self.assertEqual({key: uuid}, rules.check({key: uuid}).text)
            (offence,) = rules.check({key: 'cirros-kernel'}).offences
            self.assertEqual(key, offence.key)

    def test_key_deletion_policy(self):
        """The policy for encryption keys is one of two words."""
        key = 'cinder_encryption_key_deletion_policy'
        for value in ('on_image_deletion', 'do_not_delete'):
            self.assertEqual({key: value}, rules.check({key: value}).text)
        self.assertEqual(1, len(rules.check({key: 'perhaps'}).offences))


class TestClashes(base.BaseTestCase):
    """Names that are one name for a Glance on MySQL."""

    scenarios = [
        ('case', {'one': 'team', 'other': 'Team'}),
        ('accent', {'one': 'cafe', 'other': 'café'}),
        ('composed', {'one': 'é', 'other': 'e\u0301'}),
        ('sharp s', {'one': 'strase', 'other': 'straße'}),
        ('long s', {'one': 's', 'other': '\u017f'}),
        ('dotless i', {'one': 'i', 'other': 'ı'}),
        ('dotted I', {'one': 'i', 'other': 'İ'}),
        ('Greek', {'one': 'σ', 'other': 'ς'}),
        ('zero width', {'one': 'ab', 'other': 'a\u200bb'}),
    ]

    def test_two_declared(self):
        """Each of two such names is an offence that names the other."""
        first, second = rules.check({self.one: 'x', self.other: 'x'}).offences
        self.assertEqual(
            {rules.shown(self.one), rules.shown(self.other)},
            {first.key, second.key},
        )
        self.assertIn(f"'{second.key}'", first.reason)
        self.assertIn(f"'{first.key}'", second.reason)

    def test_rename_of_a_managed_one(self):
        """A change that merely respells a managed name is refused."""
        (offence,) = rules.check({self.other: 'x'}, [self.one]).offences
        self.assertEqual(rules.shown(self.other), offence.key)
        self.assertIn('MySQL can never store it', offence.reason)

    def test_two_tags(self):
        """Such tags brick the tags of the image and are refused."""
        tags, offences = rules.check_tags([self.one, self.other])
        self.assertEqual(2, len(offences))
        self.assertEqual((), tags)

    def test_another_name_beside_a_managed_one(self):
        """A new name that is not alike is no rename of one that goes."""
        self.assertEqual((), rules.check({'new': 'x'}, [self.one]).offences)

    def test_managed_and_still_declared(self):
        """A managed name that stays is no rename."""
        self.assertEqual((), rules.check({self.one: 'x'}, [self.one]).offences)


class TestFold(base.BaseTestCase):
    """The folding against the collation that Glance's databases have."""

    def test_is_as_coarse_as_the_collation(self):
        """What MariaDB takes for one character, folding does as well."""
        table = pathlib.Path(__file__).with_name('utf8_general_ci.txt')
        groups = [
            [chr(int(code, 16)) for code in line.split()]
            for line in table.read_text('ascii').splitlines()
            if not line.startswith('#')
        ]
        self.assertEqual(321, len(groups))
        differing = [
            group
            for group in groups
            if len({rules.fold(character) for character in group}) != 1
        ]
        self.assertEqual([], differing)

    @hypothesis.given(strategies.names, strategies.names)
    def test_goes_character_by_character(self, one, other):
        """Names fold to the same whatever they are part of."""
        self.assertEqual(
            rules.fold(one) + rules.fold(other),
            rules.fold(one + other),
        )

    @hypothesis.given(st.text())
    def test_is_idempotent(self, name):
        """Folding a folded name changes nothing."""
        self.assertEqual(rules.fold(name), rules.fold(rules.fold(name)))


class TestTags(base.BaseTestCase):
    """Tags have the rules of names, without the reserved ones."""

    def test_text(self):
        """Tags are sorted, and each is there once."""
        self.assertEqual(
            (('4', 'name', 'true', 'x'), ()),
            rules.check_tags(['x', 4, True, 'x', 'name', '4']),
        )

    def test_refused(self):
        """All offences are reported, sorted."""
        tags, offences = rules.check_tags(
            ['x' * 256, None, '\U0001f600', 'fine', 'a\0']
        )
        self.assertEqual((), tags)
        self.assertEqual(4, len(offences))
        self.assertEqual(sorted(offences), list(offences))


class TestCheck(base.BaseTestCase):
    """The verdict on a whole map."""

    def test_all_offences_at_once_sorted(self):
        """Every offence is reported, sorted by key."""
        verdict = rules.check(
            {'z': None, 'name': 'x', '': 'x', 'a': [], 'ok': 'x'}
        )
        self.assertEqual(
            ['', 'a', 'name', 'z'], [o.key for o in verdict.offences]
        )

    def test_one_key_with_two_offences(self):
        """A bad name with a bad value is reported for both."""
        self.assertEqual(2, len(rules.check({'_a': None}).offences))

    def test_twice_after_conversion(self):
        """A key of another type that has the same text is refused."""
        (offence,) = rules.check({4: 'a', '4': 'b'}).offences
        self.assertIn('twice', offence.reason)

    def test_keys_become_text(self):
        """A key that YAML read as a number or a boolean is its text."""
        self.assertEqual(
            {'4': 'a', 'true': 'b'}, rules.check({4: 'a', True: 'b'}).text
        )

    @hypothesis.given(strategies.maps)
    def test_accepts_all_or_names_what_not(self, declared):
        """A map is accepted as a whole, or each bad key is named."""
        text, offences = (
            rules.check(declared).text,
            rules.check(declared).offences,
        )
        if offences:
            self.assertEqual({}, text)
            shown = {rules.shown(key) for key in declared}
            self.assertLessEqual({o.key for o in offences}, shown)
            self.assertEqual(tuple(sorted(offences)), offences)
            good = {
                key: value
                for key, value in declared.items()
                if rules.shown(key) not in {o.key for o in offences}
            }
            self.assertEqual((), rules.check(good).offences)
        else:
            self.assertEqual(len(declared), len(text))
            self.assertEqual(text, rules.check(text).text)

    @hypothesis.given(strategies.maps)
    def test_messages_can_be_stored_anywhere(self, declared):
        """An offence is printable text of at most three bytes a character."""
        for offence in rules.check(declared).offences:
            text = str(offence)
            text.encode('utf-8')
            self.assertTrue(text.isprintable(), repr(text))
            self.assertLessEqual(max(text), '\uffff')


class TestCustom(base.BaseTestCase):
    """The custom properties of a live image."""

    def test_leaves_out_the_server_s_own(self):
        """Neither attributes nor what Glance notes down are custom."""
        image = dict.fromkeys([*BASE, 'os_glance_failed_import'], 'x')
        self.assertEqual(
            {'os_distro': 'x', 'context': 'y'},
            rules.custom(
                {**image, 'os_distro': 'x', 'context': 'y', 'location': 'z'}
            ),
        )
