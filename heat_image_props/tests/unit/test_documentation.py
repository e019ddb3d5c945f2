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

"""Tests that the documentation speaks of what there is."""

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

import ast
import inspect
import pathlib
import re
import textwrap

from heat_image_props import data_exception
from heat_image_props import discreet
from heat_image_props import exception
from heat_image_props import permission
from heat_image_props import refusal
from heat_image_props.tests import base

TOP = pathlib.Path(__file__).parents[3]
SOURCE = TOP / 'doc' / 'source'
# An entry that quotes a message and nothing else.
QUOTED = re.compile('^``(.+)``\n    [A-Z`*]', re.MULTILINE)


def texts(code):
    """Return the texts in a code, without docstrings; NUL for a value."""
    tree = ast.parse(code)
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        if id(node) not in docstrings:
            text = ''.join(
                str(part.value) if isinstance(part, ast.Constant) else '\0'
                for part in parts
            )
            found.append(text)
    return found


def pattern(entry):
    """Return what finds a text that an entry quotes; dots are anything."""
    parts = map(str.strip, entry.split('...'))
    return re.compile('.*'.join(map(re.escape, parts)), re.DOTALL)


class TestTroubleshooting(base.BaseTestCase):
    """The page that goes by the words of messages."""

    def setUp(self):
        """Read the entries of the page."""
        super().setUp()
        page = SOURCE / 'user' / 'troubleshooting.rst'
        self.entries = QUOTED.findall(page.read_text())
        self.assertGreater(len(self.entries), 40)

    def test_quotes_what_the_code_says(self):
        """Every message that the page quotes is one of the package."""
        said = [
            text
            for module in (TOP / 'heat_image_props').glob('*.py')
            for text in texts(module.read_text())
        ]
        for entry in self.entries:
            self.assertTrue(any(map(pattern(entry).search, said)), entry)

    def test_has_all_errors(self):
        """Every error with words of its own has a place in the page."""
        errors = {
            value
            for module in (
                *(exception, data_exception, discreet, permission, refusal),
            )
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, exception.ImageError)
            and {'__init__', '__str__'} & vars(value).keys()
        }
        self.assertGreater(len(errors), 20)
        patterns = [pattern(entry) for entry in self.entries]
        for error in errors:
            said = texts(textwrap.dedent(inspect.getsource(error)))
            self.assertTrue(
                any(
                    quoted.search(text) for quoted in patterns for text in said
                ),
                error,
            )


class TestExamples(base.BaseTestCase):
    """The templates and environments in ``examples``."""

    def test_all_are_shown(self):
        """Every example is included in a page, as it is."""
        pages = '\n'.join(page.read_text() for page in SOURCE.glob('**/*.rst'))
        examples = sorted((TOP / 'examples').glob('**/*.yaml'))
        self.assertGreater(len(examples), 10)
        for example in examples:
            path = f'../../../{example.relative_to(TOP)}'
            self.assertIn(f'.. literalinclude:: {path}\n', pages)
