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

"""Configuration files in the form that oslo.config reads."""

import collections.abc
import configparser
import pathlib
from typing import Any

#: Options by section.
Sections = collections.abc.Mapping[str, collections.abc.Mapping[str, Any]]


def merge(base: Sections, overrides: Sections) -> dict[str, dict[str, Any]]:
    """Options of ``base``, with those of ``overrides`` added or replaced."""
    merged = {name: dict(options) for name, options in base.items()}
    for name, options in overrides.items():
        merged.setdefault(name, {}).update(options)
    return merged


def write(path: pathlib.Path, sections: Sections) -> None:
    """Write a configuration file, readable by its owner only.

    :param path: the file.
    :param sections: options by section; an option that is None is left out.
    """
    # DEFAULT is a section like the others, not a source of fallbacks, and
    # option names keep their case.
    parser = configparser.RawConfigParser(default_section='')
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_dict(
        {
            name: {k: str(v) for k, v in options.items() if v is not None}
            for name, options in sections.items()
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open('w', encoding='utf-8') as stream:
        parser.write(stream)
