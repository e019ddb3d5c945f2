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

"""Strategies of names and values that Glance may or may not keep."""

from hypothesis import strategies as st

from heat_image_props import rules

#: Characters that the rules know an opinion on, and many that they do not.
SPECIAL = '/~" \'\\%=:.-_aAbBsSßéÉe\u0301\u212bÅåıIiſµμ\u200b\u00a0\t\n\x85'

characters = st.one_of(
    st.sampled_from(SPECIAL),
    st.characters(max_codepoint=0xFFFF),
    st.sampled_from('\0\ud800\U0001f600'),
)
names = st.text(characters, max_size=12)
values = st.text(characters, max_size=40)

#: What YAML may put where a text is wanted.
scalars = st.one_of(
    values,
    st.booleans(),
    st.integers(),
    st.floats(),
    st.none(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
maps = st.dictionaries(names, scalars, max_size=8)


#: Characters that Glance stores, special ones preferred.
storable = st.one_of(
    st.sampled_from(SPECIAL),
    st.characters(
        min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=['Cs']
    ),
)


def accepted():
    """Maps of text that the rules accept, by the verdict of the rules."""
    return (
        st.dictionaries(
            st.text(storable, min_size=1, max_size=12).map(
                lambda name: name.strip() or 'blank'
            ),
            st.text(storable, max_size=40),
            min_size=1,
            max_size=8,
        )
        .map(_without_clashes)
        .filter(lambda declared: not rules.check(declared).offences)
    )


def _without_clashes(declared):
    """Leave one name of those that a database may take for one."""
    return {
        name: declared[name]
        for name in {rules.fold(name): name for name in declared}.values()
    }


def resource_properties():
    """Properties of a resource as Heat gives them, right ones preferred."""
    texts = st.none() | st.sampled_from(['', 'a', 'shared'])
    flags = st.none() | st.booleans()
    pairs = st.none() | st.dictionaries(
        st.sampled_from(['a', 'b', 'c', 'os_distro', 4, 'min_ram']),
        st.sampled_from(['1', 1, True, '', None]),
        max_size=2,
    )
    lists = st.none() | st.lists(st.sampled_from('abcd'), max_size=3)
    return st.fixed_dictionaries(
        {
            'name': texts,
            'owner': texts,
            'os_distro': texts,
            'min_disk': st.none() | st.integers(0, 2),
            'protected': flags,
            'hidden': flags,
            'active': flags,
            'is_public': flags,
            'visibility': st.none()
            | st.sampled_from(['public', 'private', 'community', 'shared']),
            'members': lists,
            'tags': lists,
            'stores': lists,
            'property': pairs,
            'extra_properties': pairs,
        }
    )


def images():
    """Images as Glance shows them, those of other tools among them.

    A name may be one that no client could have written.
    """
    base = st.fixed_dictionaries(
        {
            'id': st.uuids().map(str),
            'name': st.none() | values,
            'status': st.sampled_from(['active', 'deactivated', 'queued']),
            'visibility': st.sampled_from(
                ['public', 'private', 'community', 'shared']
            ),
            'protected': st.booleans(),
            'os_hidden': st.booleans(),
            'min_disk': st.integers(0, 2),
            'min_ram': st.integers(0, 2),
            'disk_format': st.sampled_from(['raw', 'qcow2']),
            'container_format': st.just('bare'),
            'tags': st.lists(names, max_size=4, unique=True),
            'os_hash_algo': st.none() | st.sampled_from(['sha512', 'odd']),
            'os_hash_value': st.none() | st.just('0' * 128),
            'owner': st.just('ours'),
        },
        optional={'stores': st.sampled_from(['', 'fast', 'slow,fast'])},
    )
    custom = st.dictionaries(names, values, max_size=6) | accepted()
    return st.builds(
        lambda custom, base: {**custom, 'os_glance_x': 'x', **base},
        custom,
        base,
    )
