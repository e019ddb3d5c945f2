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

"""What is known of the properties of a resource before it is created."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from heat.engine import function
from heat.engine import properties as heat_properties


def values(
    properties: heat_properties.Properties,
    names: Iterable[str],
    *,
    strict: bool,
) -> tuple[dict[str, Any], set[str | tuple[str, Any]]]:
    """Return the properties that are known, and the names of the others.

    Of a map or a list, those items are left out that are not known; those of
    a map are named by a pair, of the property and the key.

    :param properties: properties of a resource
    :param names: which of them
    :param strict: whether parameters must have values; they need not while a
        template alone is validated
    """
    known: dict[str, Any] = {}
    unknown: set[str | tuple[str, Any]] = set()
    for name in names:
        value = properties[name]
        written = properties.data.get(name)
        whole = isinstance(written, function.Function)
        if whole and _is_open(function.resolve(written), written, strict):
            unknown.add(name)
        elif function.resolve(written) is not None:
            known[name] = _items(value, written, strict)
            if isinstance(value, Mapping):
                unknown.update(
                    (name, key) for key in value.keys() - known[name].keys()
                )
    return known, unknown


def given(properties: heat_properties.Properties) -> dict[str, Any]:
    """Return the properties of a resource, None for those that are null.

    Heat makes false, 0 or an empty text of a null, but to write null is not
    to ask for that (``Property.get_value`` of ``heat/engine/properties.py``).
    """
    return {
        name: None
        if function.resolve(properties.data.get(name)) is None
        else properties[name]
        for name in properties
    }


def _items(value: Any, written: Any, strict: bool) -> Any:
    """Return a value without the items that are not known."""
    whole = isinstance(written, function.Function)
    if isinstance(value, Mapping):
        return {
            key: item
            for key, item in value.items()
            if not _is_open(
                item,
                written
                if whole or not isinstance(written, Mapping)
                else written.get(key),
                strict,
            )
        }
    if isinstance(value, list):
        same = isinstance(written, list) and len(written) == len(value)
        return [
            item
            for item, snippet in zip(
                value, written if same else [written] * len(value)
            )
            if not _is_open(item, snippet, strict)
        ]
    return value


def _is_open(value: Any, written: Any, strict: bool) -> bool:
    """Say whether a value of the template is not known yet.

    What refers to a resource that does not exist is null, or a stand-in; a
    parameter may have no value.  Any other null is one that the author
    wrote.
    """
    sources = list(function.dependencies(written))
    if value is None and isinstance(written, function.Function):
        return bool(sources) or not strict
    return any(source.action == source.INIT for source in sources)
