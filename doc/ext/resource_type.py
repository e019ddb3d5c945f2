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

"""A directive that describes a resource type from its class.

::

    .. resource-type:: heat_image_props.image:GlanceImage

What Heat itself answers to ``openstack orchestration resource type show`` is
made of the same schemata, so the page cannot differ from it.
"""

import inspect
import pkgutil

from docutils import nodes
from docutils import statemachine
from heat.engine import properties
from heat.engine import support
from sphinx.application import Sphinx
from sphinx.util import docutils
from sphinx.util import nodes as sphinx_nodes


def _constraint(constraint):
    """Return a constraint in words."""
    if 'allowed_values' in constraint:
        values = ', '.join(f'``{v}``' for v in constraint['allowed_values'])
        return f'One of {values}.'
    if 'range' in constraint:
        limits = constraint['range']
        return f'From {limits["min"]} to {limits["max"]}.'
    if 'length' in constraint:
        return f'At most {constraint["length"]["max"]} characters.'
    if 'allowed_pattern' in constraint:
        return f'Matches ``{constraint["allowed_pattern"]}``.'
    raise ValueError(f'No words for the constraint {dict(constraint)}')


def _property(name, schema):
    """Yield the lines that describe a property."""
    notes = [str(schema.type)]
    notes.append('required' if schema.required else 'optional')
    notes.append(
        'changed in place' if schema.update_allowed else 'a change replaces'
    )
    if schema.default is not None:
        notes.append(f'default ``{schema.default}``')
    yield f'``{name}``'
    yield f'    *{", ".join(notes[:1])}*, {", ".join(notes[1:])}.'
    yield ''
    yield f'    {schema.description}'
    for constraint in schema.constraints:
        yield f'    {_constraint(constraint)}'
    yield ''


def _is_shown(schema):
    return schema.support_status.status != support.HIDDEN


class ResourceType(docutils.SphinxDirective):
    """The directive ``resource-type``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the description of the class, parsed."""
        cls = pkgutil.resolve_name(self.arguments[0])
        lines = [*inspect.getdoc(cls).splitlines(), '']
        lines += ['.. rubric:: Properties', '']
        # Required ones first, then by name.
        for name, schema in sorted(
            properties.schemata(cls.properties_schema).items(),
            key=lambda item: (not item[1].required, item[0]),
        ):
            if _is_shown(schema):
                lines += _property(name, schema)
        lines += ['.. rubric:: Attributes', '']
        for name, schema in sorted(
            {**cls.base_attributes_schema, **cls.attributes_schema}.items()
        ):
            if _is_shown(schema):
                lines += [
                    f'``{name}``',
                    f'    *{schema.type or "Any"}*. {schema.description}',
                    '',
                ]
        source = f'{inspect.getsourcefile(cls)}:schemata'
        self.env.note_dependency(inspect.getsourcefile(cls))
        node = nodes.section()
        node.document = self.state.document
        sphinx_nodes.nested_parse_with_titles(
            self.state, statemachine.StringList(lines, source), node
        )
        return node.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive('resource-type', ResourceType)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
