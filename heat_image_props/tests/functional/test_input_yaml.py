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

"""What YAML makes of an unquoted value, on every way to Heat.

A template reaches Heat as a text, which its API reads, or as what a client
made of the text; values reach it in an environment and as parameters too.
"""

import json
import os
import pathlib
import subprocess
import uuid

import fixtures
from heatclient.common import template_utils
from heatclient import exc as heat_exc

from heat_image_props import rules
from heat_image_props.tests.functional import base

#: What an author may write, and what Glance then holds.
STORED = (
    *(('yes', 'true'), ('no', 'false'), ('on', 'true'), ('off', 'false')),
    *(('Yes', 'true'), ('TRUE', 'true'), ('y', 'y'), ('n', 'n')),
    *(('1e3', '1e3'), ('1.0e+3', '1000.0'), ('1e400', '1e400')),
    *(('0o7', '0o7'), ('012', '10'), ('09', '09'), ('0x1f', '31')),
    *(('0b101', '5'), ('1_000', '1000'), ('1,000', '1,000'), ('+1', '1')),
    *(('12:30:45', '45045'), ('190:20:30.15', '685230.15')),
    *(('2026-01-02', '2026-01-02'), ('2026-13-45', '2026-13-45')),
    *(('2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'),),
    *(('2026-01-02 03:04:05 +1', '2026-01-02 03:04:05 +1'),),
    *(('22.10', '22.1'), ('1.', '1.0'), ('.5', '0.5'), ('-0.0', '-0.0')),
    *(('1e-7', '1e-7'), ('1.0e-7', '1e-07'), ('0.1', '0.1')),
    *((f'1{400 * "0"}', f'1{400 * "0"}'), (f'{30 * "9"}.0', '1e+30')),
    *(('""', ''), ("'yes'", 'yes'), ('"22.10"', '22.10'), ('"  a "', '  a ')),
    *(('!!str 12', '12'), ('!!binary aGVsbG8=', 'hello'), ('&x a', 'a')),
    *(('"a\\nb\\t\\u20ac"', 'a\nb\t€'), ('a # b', 'a'), ('a: "b"'[3:], 'b')),
    *(('>-\n          a\n          b', 'a b'), ('|\n          a\n', 'a\n')),
    *(('"null"', 'null'), ('None', 'None'), ('nan', 'nan'), ('inf', 'inf')),
)

#: What is refused with its key.
REFUSED = (
    *('null', 'NULL', '~', '', '{a: b}', '{}', '[1, 2]', '[]', '!!set {a}'),
    *('.inf', '-.inf', '.nan', '1.0e+400', '!!omap [a: 1]'),
    *('"\\0"', '"\\ud800"', '"\\U0001f600"', '{a: {b: [c]}}'),
)

#: Keys that an author may write, and the names of the properties.
KEYS = (
    *(('yes', 'true'), ('4', '4'), ('1.50', '1.5'), ('012', '10')),
    *(('2026-01-02', '2026-01-02'), ('12:30', '750'), ('1e3', '1e3')),
    *(('"4.10"', '4.10'), ('trait:HW_X', 'trait:HW_X'), ('~0', '~0')),
)

TEMPLATE = """\
heat_template_version: 2021-04-16
resources:
  image:
    type: OS::Glance::Image
    properties:
      disk_format: raw
      container_format: bare
      property:
"""

PARAMETERS = """\
heat_template_version: 2021-04-16
parameters:
  map: {type: json, default: {}}
  number: {type: number, default: 0}
  boolean: {type: boolean, default: false}
  string: {type: string, default: ''}
  list: {type: comma_delimited_list, default: []}
resources:
  image:
    type: OS::Glance::Image
    properties:
      disk_format: raw
      container_format: bare
      property: {get_param: map}
      extra_properties:
        number: {get_param: number}
        boolean: {get_param: boolean}
        string: {get_param: string}
      tags: {get_param: list}
"""


def written(lines):
    """Return a template with the lines of a map of properties."""
    return TEMPLATE + ''.join(f'        {line}\n' for line in lines)


class YAMLTestCase(base.FunctionalTestCase):
    """A test with templates as text."""

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def file(self, name, text):
        """Write a file, and return its path."""
        path = self.directory / name
        path.write_text(text, encoding='utf-8')
        return str(path)

    def read_by_client(self, text):
        """Return a template as heatclient and its command send it."""
        _, template = template_utils.get_template_contents(
            self.file('template.yaml', text)
        )
        return template

    def custom(self, stack):
        """Return the custom properties of the image of a stack."""
        return rules.custom(self.image(self.image_id(stack)))


class TestTemplate(YAMLTestCase):
    """A template that one writes."""

    def test_is_stored(self):
        """Both ways to read it lead to the same text, by POST and PATCH."""
        lines = [f'{key}: x' for key, _ in KEYS]
        expected = {name: 'x' for _, name in KEYS}
        for number, (text, value) in enumerate(STORED):
            lines.append(f'key{number}: {text}')
            expected[f'key{number}'] = value
        text = written(lines)

        stack = self.create_stack(text)
        self.assertEqual(expected, self.custom(stack))
        image_id = self.image_id(stack)
        self.update_stack(stack, TEMPLATE + '        {}\n')
        self.assertEqual({}, self.custom(stack))
        self.update_stack(stack, self.read_by_client(text))
        self.assertEqual(expected, self.custom(stack))
        self.assertEqual(image_id, self.image_id(stack))

    def test_is_refused(self):
        """Both ways lead to a refusal that names the key."""
        lines = [f'key{number}: {text}' for number, text in enumerate(REFUSED)]
        mark = self.cloud.glance_log.mark()
        for template in (written(lines), self.read_by_client(written(lines))):
            error = self.assertRaises(
                heat_exc.HTTPBadRequest, self.create_stack, template
            )
            for number in range(len(REFUSED)):
                self.assertIn(f"- 'key{number}' has ", str(error))
        self.assertEqual([], self.requests(mark))

    def test_keys(self):
        """JSON has no keys but text, and so has what crosses a network."""
        for line, name in (
            ('null: x', 'null'),
            ('.inf: x', 'Infinity'),
            ('{4: lost, "4": x}', '4'),
        ):
            (image,) = self.heat.stacks.preview(
                stack_name=f'test-{uuid.uuid4().hex[:8]}',
                template=self.read_by_client(written([line])),
            ).resources
            self.assertEqual({name: 'x'}, image['properties']['property'])
        for line in ('"": x', '" ": x', '"a\\n": x', 'size: x', '_: x'):
            error = self.assertRaises(
                heat_exc.HTTPBadRequest, self.create_stack, written([line])
            )
            key = line.rpartition(':')[0].strip('"')
            self.assertIn(f"- '{key}' ", str(error))

    def test_what_yaml_refuses(self):
        """What is no YAML is refused by line, before there are keys."""
        for value in ('<<', '=', '- a', '{', '"', '!!python/none'):
            lines = [f'key: {value}']
            error = self.assertRaises(
                heat_exc.HTTPBadRequest, self.create_stack, written(lines)
            )
            self.assertIn('line ', str(error))


class TestParameters(YAMLTestCase):
    """Values from outside a template."""

    def test_are_stored(self):
        """What Heat makes of a parameter by its type is stored as text."""
        stack = self.create_stack(PARAMETERS)
        for parameters, properties, tags in (
            (
                {
                    'map': '{"a": 1, "b": true, "c": 1.50, "d": "é", "4": ""}',
                    'number': '1e3',
                    'boolean': 'yes',
                    'string': '1e3',
                    'list': 'b,a',
                },
                {
                    **{'a': '1', 'b': 'true', 'c': '1.5', 'd': 'é', '4': ''},
                    **{'number': '1000.0', 'boolean': 'true'},
                    'string': '1e3',
                },
                ['a', 'b'],
            ),
            (
                {
                    'map': {'a': 1e22, 'date': '2026-01-02', 'b': False},
                    'number': '007',
                    'boolean': '0',
                    'string': 1.50,
                    'list': ['c', 4],
                },
                {
                    **{'a': '1e+22', 'date': '2026-01-02', 'b': 'false'},
                    **{'number': '7', 'boolean': 'false', 'string': '1.5'},
                },
                ['4', 'c'],
            ),
        ):
            self.update_stack(stack, PARAMETERS, parameters=parameters)
            self.assertEqual(properties, self.custom(stack))
            self.assertEqual(
                tags, sorted(self.image(self.image_id(stack))['tags'])
            )

    def test_are_refused(self):
        """What Glance does not keep is named here too."""
        mark = self.cloud.glance_log.mark()
        for parameters, words in (
            ({'map': '{"key": null}'}, "'key' has the value null"),
            ({'map': '{"key": NaN}'}, "'key' has a value that is not a fini"),
            ({'map': '{"key": {"a": 1}}'}, "'key' has a map"),
            ({'map': '{"key": "\\ud800"}'}, "'key' has a value that contain"),
            ({'map': '{"size": "1"}'}, "'size' is read-only"),
            ({'number': '1e400'}, "'number' has a value that is not a finite"),
            ({'number': 400 * '9' + '.0'}, "'number' has a value that is not"),
            ({'string': '\0'}, "'string' has a value that contains a NUL"),
            ({'list': 'a, b'}, "'tags:  b' has white space at an end"),
            ({'list': 'a,,b'}, "'tags: ' is empty"),
            ({'map': {'string': 'x'}}, "'string' is given in"),
        ):
            error = self.assertRaises(
                heat_exc.HTTPBadRequest,
                self.create_stack,
                PARAMETERS,
                parameters=parameters,
            )
            self.assertIn(words, str(error))
        self.assertEqual([], self.requests(mark))

    def test_of_the_command(self):
        """The openstack command, with an environment and a parameter."""
        name = f'test-{uuid.uuid4().hex[:8]}'
        environment = {
            'map': '{a: yes, b: 1_000, c: 2026-01-02, "d": 0o7}',
            'number': '22.10',
            'string': 'no',
        }
        result = subprocess.run(
            [
                *('openstack', 'stack', 'create', name, '-f', 'json'),
                *('-t', self.file('template.yaml', PARAMETERS)),
                '-e',
                self.file(
                    'environment.yaml',
                    'parameters:\n'
                    + ''.join(
                        f'  {key}: {value}\n'
                        for key, value in environment.items()
                    ),
                ),
                *('--parameter', 'boolean=on', '--parameter', 'list=a,b'),
            ],
            # Of several clouds, the one of this test.
            env={**os.environ, **self.cloud.environment(self.USER)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, result.returncode, result.stderr)
        stack = json.loads(result.stdout)['id']
        self.addCleanup(self.leave_stack, stack)
        self.wait_for(stack, 'CREATE_COMPLETE')

        self.assertEqual(
            {
                **{'a': 'true', 'b': '1000', 'c': '2026-01-02', 'd': '0o7'},
                **{'number': '22.1', 'boolean': 'true', 'string': 'False'},
            },
            self.custom(stack),
        )
