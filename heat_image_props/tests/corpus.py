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

"""Hostile names and values, and what must become of each.

What is refused here the rules refuse before anything is sent; what is stored
Glance holds exactly, on every database.
"""

import string

#: Names that are attributes of an image or reserved by Glance (the base
#: schema; ``_disallowed_properties``, ``_readonly_properties`` and
#: ``_reserved_properties`` of its ``RequestDeserializer``).
RESERVED = (
    *('id', 'name', 'status', 'visibility', 'protected', 'os_hidden'),
    *('checksum', 'os_hash_algo', 'os_hash_value', 'owner', 'size'),
    *('virtual_size', 'container_format', 'disk_format', 'created_at'),
    *('updated_at', 'tags', 'direct_url', 'min_ram', 'min_disk', 'self'),
    *('file', 'stores', 'schema', 'locations', 'location', 'deleted'),
    *('deleted_at', 'os_glance', 'os_glanceX', 'os_glance_x', 'OS_Glance_x'),
    *('os_glance_import_task', 'os_glance_importing_to_stores'),
    *('os_glance_failed_import', 'os_glance_stage_host'),
    'os_glance_hash_op_host',
)

#: Names that collide with attributes of the server's own objects.
COLLIDING = (
    *('base', 'extra_properties', 'image_id', 'context', 'deactivate'),
    *('delete', 'get_data', 'get_payload', 'get_super_class', 'helper'),
    *('member', 'notifier', 'reactivate', 'repo', 'send_notification'),
    *('set_data', 'image', 'property_rules', '_abc_impl'),
    *('_format_image_send', '_format_import_properties'),
    *('_get_chunk_data_iterator', '__class__', '__dict__', '__init__'),
    *('_', '_x'),
)

#: Names that Glance, or its database, cannot hold or tell from others.
MALFORMED = (
    *('', ' ', 'a ', ' a', 'a\n', '\ta', '\xa0a', 'a\u3000', '\u1680a'),
    *('\u2028', 'a\x85', '\x1fa', 'a\0', '\0', '\0a'),
    *('k' * 256, 'é' * 256, '€' * 256),
    *('a\U0001f600', '\U00010000', '\U0010ffff'),
    *('a\ud800', '\udfffa', '\ud83d.\ude00'),
)

#: Names that are plain to Glance, however odd they look.
STORED = (
    # JSON pointers.
    *('/', '//', '/a', '//a', 'a/', 'a/b', 'a//b', '~', '~~', 'a~', '~a'),
    *('~0', '~1', '~01', '~10', '~00', '~1a/~0', 'a~b/c', '/~', '~/'),
    # Paths, URLs, markup, formats, quotes.
    *('.', '..', '../x', 'a.b', '?', '#', 'a?b#c', '%', '%2F', 'a%20b'),
    *('&', '&amp;', '<b>', '</pre>', '=', 'a=b', ':', 'a:b', 'trait:HW_X'),
    *('"', "'", '\\', '\\n', '`', '$x', '${x}', '$$', '%s', '%(x)s', '{x}'),
    *('{}', '[]', '*', '!', '@', ',', ';', '|', '^', '(', '-', '--', '+'),
    *('null', 'true', '1', '1.5', '-0', 'NaN', 'a b', 'a  b', 'a\tb'),
    *('c\nd', 'e\r\nf', 'g\x01h', '\x01i', '\x7fj', 'a_', 'a-b'),
    # Names of the API, of clients and of older versions, that are free.
    *('os_hash_foo', 'is_public', 'properties', 'copy_from', 'images'),
    *('items', 'keys', 'patch', 'update', 'values', 'pop', 'remove_props'),
    *('purge_props', 'backend', 'method', 'op', 'path', 'value', 'data'),
    *('metadata', 'user', 'os_distro', 'os_version', 'instance_uuid'),
    *('Ref', 'get_param', 'get_attr', 'str_replace', 'Fn::GetAtt'),
    # Unicode: the ends of the plane, what joins, what has no width, what
    # turns the direction of writing.
    *('\u0101', '\ufb01', '\u05d0\u05d1', '\u0627\u0644', '\u4e2d\u6587'),
    *('\ud7ff', '\ue000', '\uf8ff', '\ufffd', 'q\ufffe', 'b\uffff'),
    *('c\u200bd', 'e\u200d', 'f\ufeff', '\u202eg', 'h\u2066i'),
    *('j\u0301', 'l\xa0m', 'n\x85o', 'p\u2028q', '\u00ad' + 'r'),
    # The longest.
    *('k' * 255, 'é' * 255, '€' * 255),
)

#: Pairs of names that are one name for a Glance on MySQL.
PAIRS = (
    *(('Foo', 'foo'), ('cafe', 'café'), ('e\u0301t', 'ét'), ('ß', 's')),
    *(('K', 'k'), ('k1', '\u212a1'), ('Å1', '\u212b1'), ('ﬁ', 'fi')),
    *(('İ', 'i'), ('ı1', 'I1'), ('µ', 'μ'), ('σ', 'ς'), ('ſ1', 's1')),
    *(('x\u200by', 'xy'), ('Ж', 'ж'), ('x\u0345', 'xι')),
)

#: Values that are kept, and the text that they are kept as.
VALUES = (
    *(('', ''), (' ', ' '), (' a ', ' a '), ('a\nb\r\n', 'a\nb\r\n')),
    *(('\t', '\t'), ('\x01\x7f\x85', '\x01\x7f\x85')),
    *((string.printable, string.printable), ('null', 'null')),
    *(('\ud7ff\ue000\ufffd\uffff', '\ud7ff\ue000\ufffd\uffff'),),
    *(('\u202eabc\u200b\ufeff', '\u202eabc\u200b\ufeff'),),
    *(('e\u0301é', 'e\u0301é'), ('&lt;b&gt;<b>', '&lt;b&gt;<b>')),
    *(('{"get_param": "x"}', '{"get_param": "x"}'), ("'\"\\", "'\"\\")),
    *((True, 'true'), (False, 'false'), (0, '0'), (-1, '-1')),
    *((1.0, '1.0'), (-0.0, '-0.0'), (1e22, '1e+22'), (0.1, '0.1')),
    *((5e-324, '5e-324'), (2**64, str(2**64)), (10**400, '1' + 400 * '0')),
)

#: The longest values.
LONGEST = ('x' * 65535, 'é' * 32767, '€' * 21845)

#: Values that are refused.
REFUSED_VALUES = (
    *(None, [], ['a'], {}, {'a': 'b'}, [{'a': [None]}]),
    *(float('inf'), float('-inf'), float('nan')),
    *('a\0b', '\U0001f600', 'a\ud800', '\udc00'),
    *('x' * 65536, 'é' * 32768, '€' * 21845 + 'x'),
)
