# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.


"""Shows what becomes of the requests that meet with a fault.

The directive ::

    .. fault-table:: heat_image_props.faults

makes a table of the module's ``REQUESTS`` and ``FAULTS`` with what its
``outcome`` says of each pair, and a list that explains the ``OUTCOMES``.
With the option ``bounds`` it makes a list of the ``BOUNDS`` instead.
A functional test holds the same facts.
"""

import inspect
import pkgutil

from docutils import nodes
from docutils.parsers.rst import directives
from docutils import statemachine
from sphinx.application import Sphinx
from sphinx.util import docutils
from sphinx.util import nodes as sphinx_nodes


class FaultTable(docutils.SphinxDirective):
    """The directive ``fault-table``."""

    required_arguments = 1
    option_spec = {'bounds': directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the table and the explanations, parsed."""
        facts = pkgutil.resolve_name(self.arguments[0])
        source = inspect.getsourcefile(facts)
        self.env.note_dependency(source)
        if 'bounds' in self.options:
            lines = [*self._definitions(facts.BOUNDS.items())]
        else:
            lines = [
                *self._table(facts),
                *self._definitions(
                    (outcome.title, outcome.text) for outcome in facts.OUTCOMES
                ),
            ]
        node = nodes.section()
        node.document = self.state.document
        sphinx_nodes.nested_parse_with_titles(
            self.state, statemachine.StringList(lines, source), node
        )
        return node.children

    def _table(self, facts):
        """Yield the lines of the table."""
        yield from ('.. list-table::', '   :header-rows: 1', '')
        requests = facts.REQUESTS.items()
        rows = [
            ['Fault', *(request.title for _, request in requests)],
            *(
                [
                    fault.title,
                    *(facts.outcome(name, key).title for name, _ in requests),
                ]
                for key, fault in facts.FAULTS.items()
            ),
        ]
        for row in rows:
            for number, cell in enumerate(row):
                yield f'   {" " if number else "*"} - {cell}'
        yield ''

    def _definitions(self, items):
        """Yield the lines of a list of terms and what they mean."""
        for term, text in items:
            yield from (term, f'    {text}', '')


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive('fault-table', FaultTable)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
