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

import string

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.common import template_format
from heat.engine import function
from heat.engine.hot import template as hot_template
from heat.engine import template
from heatclient.common import template_utils
import hypothesis
from hypothesis import strategies as st
import yaml

from heat_image_props import hot
from heat_image_props.tests import base
from heat_image_props.tests import corpus
from heat_image_props.tests import strategies

#: Texts that some reader of YAML takes for something else.
AMBIGUOUS = (
    *('', ' ', ' a', 'a ', '~', 'null', 'Null', 'yes', 'No', 'on', 'OFF'),
    *('y', 'N', 'true', 'False', '1', '-1', '+1', '1.5', '.5', '1e3', '1E3'),
    *('1_000', '0o7', '0x1F', '0b1', '.inf', '-.INF', '.NaN', '12:30:45'),
    *('2021-04-16', '=', '<<', '-', '- a', '? a', '# a', 'a # b', 'a: b'),
    *('a:', ': a', '!x', '&a', '*a', '|', '>', '%x', '@x', '`x`', '{a}'),
    *('[a]', ',', '"', "'", "it's", 'a\tb', '\t', '\r', '\x85', '\ufeff'),
    *(' a\nb', 'a \nb', '\n', 'a\n\t'),
)

#: Texts that everybody reads as they are.
PLAIN = (
    *('OS::Glance::Image', 'virtio-scsi', 'Ubuntu 24.04 LTS', 'trait:HW_X'),
    *('hw_disk_bus', 'a', 'e1', 'v1.2.3', 'x86_64', 'path/to'),
    *('Debian 13 (trixie), amd64.',),
)


def by_heat(snippet):
    """Return what Heat makes of a part of a template."""
    functions = hot_template.HOTemplate20210416.functions
    return function.resolve(template.parse(functions, None, snippet))


class TestText(base.BaseTestCase):
    """YAML that is read back as what was written."""

    def test_ambiguous(self):
        """What a reader could take for another type stands in quotes."""
        for text in AMBIGUOUS:
            written = hot.text({'key': text})
            self.assertEqual({'key': text}, yaml.safe_load(written))
            self.assertIn(written.partition(' ')[2][0], '\'"', text)
            # As the name of a property, too.
            self.assertIn(hot.text({text: 'a'}).strip('? ')[0], '\'"|', text)

    def test_plain(self):
        """Words stand without quotes."""
        self.assertEqual(
            [f'{text}: {text}\n' for text in PLAIN],
            [hot.text({text: text}) for text in PLAIN],
        )

    def test_several_lines(self):
        """A text of several lines is one that can be read, and is not cut."""
        lines = f'#cloud-config\n\npackages: [a]\n{"x " * 60}y'
        self.assertEqual(
            f'key: |-\n  #cloud-config\n\n  packages: [a]\n  {"x " * 60}y\n',
            hot.text({'key': lines}),
        )

    def test_repeated(self):
        """The same object twice is written twice, and not as a reference."""
        tags = ['a']
        self.assertEqual(
            'a:\n  - a\nb:\n  - a\n', hot.text({'a': tags, 'b': tags})
        )

    def test_other_types(self):
        """Numbers and booleans are no texts."""
        self.assertEqual(
            'a: 512\nb: true\nc: {}\n',
            hot.text({'a': 512, 'b': True, 'c': {}}),
        )

    @hypothesis.given(
        st.dictionaries(
            st.text(strategies.storable, max_size=300),
            st.text(strategies.storable),
        )
    )
    def test_round_trip(self, pairs):
        """Each map of text is read back exactly, by Heat and by others."""
        written = hot.text({'key': pairs})
        self.assertEqual({'key': pairs}, yaml.safe_load(written))
        self.assertEqual({'key': pairs}, template_format.simple_parse(written))

    def test_corpus(self):
        """All hostile names and values that Glance stores survive."""
        values = [text for _, text in corpus.VALUES]
        values += [*corpus.LONGEST, string.printable]
        pairs = {f'k{number}': text for number, text in enumerate(values)}
        pairs |= dict.fromkeys(corpus.STORED, '')
        self.assertGreater(len(pairs), 100)
        self.assertEqual(
            {'key': pairs},
            template_format.simple_parse(hot.text({'key': pairs})),
        )


class TestLiteral(base.BaseTestCase):
    """Maps that Heat takes for maps."""

    def test_functions_are_those_of_heat(self):
        """No function of the installed Heat is missing, and none invented."""
        versions = (
            hot_template.HOTemplate20180831,
            hot_template.HOTemplate20210416,
        )
        known = {
            name
            for version in versions
            for name in (*version.functions, *version.condition_functions)
        }
        self.assertEqual(known, hot.FUNCTIONS)

    def test_ordinary(self):
        """What has no other meaning is left as it is."""
        for pairs in (
            {},
            {'team': 'infra'},
            {'digest': 'x', 'if': 'y'},
            {'type': 'golden'},
        ):
            self.assertEqual(pairs, hot.literal(pairs))

    def test_file(self):
        """No client loads a file because of the name of a property."""
        pairs = {
            **{'get_file': '/etc/passwd', 'type': 'x.yaml', 'a': '1'},
            'get_file_': '2',
        }
        written = hot.literal(pairs)

        self.assertEqual(
            {
                'map_replace': [
                    {
                        **{'get_file__': '/etc/passwd', 'type_': 'x.yaml'},
                        **{'a': '1', 'get_file_': '2'},
                    },
                    {'keys': {'get_file__': 'get_file', 'type_': 'type'}},
                ]
            },
            written,
        )
        self.assertEqual(pairs, by_heat(written))

    def test_client(self):
        """The client finds no file in a template, and changes nothing."""
        made = hot.template(
            {
                name: {'property': {name: 'x.yaml', 'other': 'y'}}
                for name in ('get_file', 'type')
            },
            'd',
        )
        path = self.create_tempfiles([('t', hot.text(made))], '.yaml')[0]
        files, read = template_utils.get_template_contents(path)

        self.assertEqual(({}, made), (files, read))

    def test_every_function(self):
        """A single key with the name of a function is a key to Heat."""
        for name in (*hot.FUNCTIONS, 'type', *corpus.STORED):
            for pairs in ({name: 'a'}, {name: 'x.yaml', 'b': name}):
                self.assertEqual(pairs, by_heat(hot.literal(pairs)))


class TestResourceNames(base.BaseTestCase):
    """Names of resources from those of images."""

    def test_names(self):
        """They are readable, legal and unique whatever the images' are."""
        cases = {
            'noble': 'noble',
            'Noble': 'Noble_2',
            'Ubuntu 24.04 LTS (amd64)': 'Ubuntu_24_04_LTS_amd64',
            '24.04': 'image_24_04',
            'noble_2': 'noble_2_2',
            '': 'image',
            None: 'image_2',
            '\u4e2d\u6587': 'image_3',
            '---': 'image_4',
            'get_file': 'get_file_2',
            'IF': 'IF_2',
            'type': 'type_2',
            'yes': 'yes',
            'x' * 300: 'x' * 60,
            'x' * 301: 'x' * 60 + '_2',
        }
        self.assertEqual(
            list(cases.values()), hot.resource_names(cases.keys())
        )

    @hypothesis.given(st.lists(st.none() | strategies.names))
    def test_unique(self, names):
        """No two are the same, also where case does not count."""
        found = hot.resource_names(names)
        self.assertEqual(len(names), len({name.lower() for name in found}))
        for name in found:
            self.assertRegex(name, '^[A-Za-z][A-Za-z0-9_]*$')


class TestDocuments(base.BaseTestCase):
    """A template, and what a stack is made from."""

    def test_template(self):
        """Heat takes the version for a text, not for a date."""
        made = hot.template({'a': {'name': 'n', 'property': {'if': 'x'}}}, 'd')
        self.assertEqual(made, template_format.parse(hot.text(made)))
        # For a reader that knows dates, too.
        self.assertEqual(made, yaml.safe_load(hot.text(made)))
        resource = made['resources']['a']
        self.assertEqual('OS::Glance::Image', resource['type'])
        self.assertEqual(
            {'name': 'n', 'property': {'if': 'x'}},
            by_heat(resource['properties']),
        )

    def test_adoption(self):
        """The data of an adoption has the template and an id a resource."""
        made = hot.adoption({'resources': {'a': {}}}, {'a': 'id'})

        self.assertEqual(
            {
                **{'action': 'CREATE', 'status': 'COMPLETE'},
                'environment': {},
                'template': {'resources': {'a': {}}},
                'resources': {'a': {'resource_id': 'id'}},
            },
            yaml.safe_load(hot.text(made)),
        )
