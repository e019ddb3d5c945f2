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
       :tables: heat_image_props.effects

The module of the option ``tables`` says by ``REQUESTS`` which request carries
each property, and by ``EFFECTS`` what an update of some of them does; one
without a request fails the build.

What Heat itself answers to ``openstack orchestration resource type show`` is
made of the same schemata, so the page cannot differ from it.
"""

import inspect
import pkgutil
import re

from docutils import nodes
from docutils.parsers.rst import directives
from docutils import statemachine
from heat.engine import properties
from heat.engine import support
from sphinx.application import Sphinx
from sphinx.util import docutils
from sphinx.util import nodes as sphinx_nodes

_PROPERTIES = ('Property', 'Type', 'Default', 'An update', 'Request', 'Since')
_ATTRIBUTES = ('Attribute', 'Type', 'What it is')

# A slash within a path, where a line may be broken: browsers do not break it
# there by themselves.
_SLASH = re.compile(r'(?<=[\w}])/')

# The schema of the items of a list has this name in the schema of the list.
_ITEM = '*'


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


def _nested(schema):
    """Return the schemata of the members of a map by name, sorted."""
    members = schema.schema or {}
    return sorted(
        (name, member) for name, member in members.items() if name != _ITEM
    )


def _type(schema):
    """Return the name of a type, with that of the items of a list."""
    item = (schema.schema or {}).get(_ITEM)
    return f'{schema.type} of {item.type}' if item else str(schema.type)


def _default(schema):
    """Return the default, or what there is in place of one."""
    if schema.required:
        return 'required'
    # An empty text is what a null becomes.
    return 'none' if schema.default in (None, '') else f'``{schema.default}``'


def _since(status):
    """Return the release that brought a property, and what became of it."""
    if status.status == support.SUPPORTED:
        return status.version
    return f'{status.version}, {status.status.lower()}: {status.message}'


def _breakable(request):
    """Return a request that can be broken before the slashes in it."""
    return _SLASH.sub(r'\\ |wbr|\\ /', request)


def _heading(title):
    """Yield the lines of the title of a section."""
    yield from (title, '=' * len(title), '')


def _table(header, rows, name):
    """Yield the lines of a table.

    :param name: class of the table, by which a style sheet finds it
    """
    yield '.. list-table::'
    yield '   :header-rows: 1'
    yield f'   :class: resource-type {name}'
    yield ''
    for row in (header, *rows):
        for number, cell in enumerate(row):
            yield f'   {" " if number else "*"} - {cell}'
    yield ''


def _property_rows(schemata, requests, effects):
    """Yield a row for each property, and for each member of a map."""
    for name, schema in schemata:
        effect = effects.get(name) or (
            'in place' if schema.update_allowed else 'replacement'
        )
        request = _breakable(requests[name])
        since = _since(schema.support_status)
        # A link to the description below the table.
        title = f'`{name} <property-{name}_>`__'
        yield title, _type(schema), _default(schema), effect, request, since
        for member, nested in _nested(schema):
            yield (
                f'{title}: {member}',
                _type(nested),
                _default(nested),
                effect,
                request,
                since,
            )


def _description(name, schema):
    """Yield the lines that describe a property, or a member of one."""
    notes = [f'*{_type(schema)}*', _default(schema)]
    if notes[1] == 'none':
        notes[1] = 'optional'
    elif not schema.required:
        notes[1] = f'default {notes[1]}'
    yield f'``{name}``'
    yield f'    {", ".join(notes)}.'
    yield ''
    yield f'    {schema.description}'
    for constraint in schema.constraints:
        yield f'    {_constraint(constraint)}'
    yield ''
    for member, nested in _nested(schema):
        for line in _description(member, nested):
            yield f'    {line}'.rstrip()


def _is_shown(schema):
    return schema.support_status.status != support.HIDDEN


class ResourceType(docutils.SphinxDirective):
    """The directive ``resource-type``."""

    required_arguments = 1
    option_spec = {'tables': directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the description of the class, parsed."""
        cls = pkgutil.resolve_name(self.arguments[0])
        tables = pkgutil.resolve_name(self.options['tables'])
        for origin in (cls, tables):
            self.env.note_dependency(inspect.getsourcefile(origin))
        lines = [
            *inspect.getdoc(cls).splitlines(),
            '',
            *self._properties(cls, tables),
            *self._attributes(cls),
        ]
        source = f'{inspect.getsourcefile(cls)}:schemata'
        node = nodes.section()
        node.document = self.state.document
        sphinx_nodes.nested_parse_with_titles(
            self.state, statemachine.StringList(lines, source), node
        )
        return node.children

    def _properties(self, cls, tables):
        """Yield the lines about the properties."""
        # Required ones first, then by name.
        schemata = sorted(
            properties.schemata(cls.properties_schema).items(),
            key=lambda item: (not item[1].required, item[0]),
        )
        yield from _heading('Properties')
        yield from ('.. |wbr| raw:: html', '', '   <wbr>', '')
        yield from _table(
            _PROPERTIES,
            _property_rows(schemata, tables.REQUESTS, tables.EFFECTS),
            'properties',
        )
        for name, schema in schemata:
            yield from (f'.. _property-{name}:', '')
            yield from _description(name, schema)

    def _attributes(self, cls):
        """Yield the lines about the attributes."""
        yield from _heading('Attributes')
        yield from _table(
            _ATTRIBUTES,
            (
                (f'``{name}``', schema.type or 'Any', schema.description)
                for name, schema in sorted(
                    {
                        **cls.base_attributes_schema,
                        **cls.attributes_schema,
                    }.items()
                )
                if _is_shown(schema)
            ),
            'attributes',
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive('resource-type', ResourceType)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
