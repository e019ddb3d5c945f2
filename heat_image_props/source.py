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

"""Where the data of an image comes from, and which data it is.

Pure: no Heat, no HTTP.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import hashlib
import json
import re
from typing import Any

from heat_image_props import redact
from heat_image_props import rules

#: Import method of Glance if a template names none.
WEB_DOWNLOAD = 'web-download'
#: From an image of another region.
GLANCE_DOWNLOAD = 'glance-download'
#: No import: Glance notes down where the data stays.
REFERENCE = 'reference'
#: The fingerprint of data that could not be read.
UNREAD = 'unread:'

#: Formats of the disk that an image can have.
DISK_FORMATS = tuple(
    'ami ari aki vhd vhdx vmdk raw qcow2 vdi iso ploop'.split()
)

#: Formats of the container around the disk.
CONTAINER_FORMATS = tuple('ami ari aki bare ovf ova docker compressed'.split())

#: Properties of the resource that say which data an image gets.
IDENTITY = ('location', 'import_method', 'remote_region', 'remote_image')

#: All properties of the resource that are read here.
PROPERTIES = (
    *IDENTITY,
    'remote_interface',
    'stores',
    'all_stores',
    'all_stores_must_succeed',
    'image_hash',
)

# Container formats that go with the disk format of the same name only
# (validate_import_uri and the schema of Glance know no such rule; Nova does).
_AMAZON_FORMATS = frozenset(('aki', 'ami', 'ari'))

_HEX = re.compile('[0-9a-fA-F]+')

# Algorithms whose digests differ in length with the caller's wish.
_VARIABLE = frozenset(('shake_128', 'shake_256'))


@dataclasses.dataclass(frozen=True)
class Digest:
    """A hash of the data of an image.

    :param algorithm: name as in :mod:`hashlib`
    :param value: hexadecimal digits
    """

    algorithm: str
    value: str

    def live(self, image: Mapping[str, Any]) -> str | None:
        """Return what Glance computed with the same algorithm, if it did.

        Besides the hash of the configured algorithm Glance keeps an MD5.
        """
        found = None
        if image.get('os_hash_algo') == self.algorithm:
            found = image.get('os_hash_value')
        elif self.algorithm == 'md5':
            found = image.get('checksum')
        return None if found is None else str(found)

    def matches(self, image: Mapping[str, Any]) -> bool:
        """Say whether it is the hash of the data of a live image."""
        return self.live(image) == self.value.lower()


@dataclasses.dataclass(frozen=True)
class Source:
    """What a template says about the data of an image.

    False if it names no data.

    :param method: one of the import methods of this module
    :param location: URL of the data
    :param region: region of the remote image
    :param image: id of the remote image
    :param interface: interface of the endpoint in the remote region
    :param stores: ids of the stores that shall hold the data
    :param all_stores: whether all stores shall
    :param must_succeed: whether each of several stores has to get the data
    :param digest: hash that the data shall have
    """

    method: str = WEB_DOWNLOAD
    location: str | None = None
    region: str | None = None
    image: str | None = None
    interface: str | None = None
    stores: tuple[str, ...] = ()
    all_stores: bool = False
    must_succeed: bool = True
    digest: Digest | None = None

    def __bool__(self) -> bool:
        return bool(
            self.image if self.method == GLANCE_DOWNLOAD else self.location
        )

    def fingerprint(self) -> str:
        """Return what the data is known by later; empty if there is none.

        The method and a hash, as a location may hold credentials.
        """
        if not self:
            return ''
        # Glance compares the names of regions so.
        region = self.region and self.region.lower()
        names = (self.location, region, self.image)
        text = json.dumps(names).encode()
        return f'{self.method}:{hashlib.sha256(text).hexdigest()}'

    def place(self) -> str:
        """Return where the data is, without credentials."""
        if self.method == GLANCE_DOWNLOAD:
            return f'image {self.image} of region {self.region}'
        return redact.host(self.location or '')

    def import_request(self) -> dict[str, Any]:
        """Return the body of the request that makes Glance fetch the data.

        The names are those of ``import_image`` in
        ``glance/api/v2/images.py``.
        """
        method: dict[str, Any] = {'name': self.method}
        if self.method == GLANCE_DOWNLOAD:
            method['glance_region'] = self.region
            method['glance_image_id'] = self.image
            if self.interface:
                method['glance_service_interface'] = self.interface
        else:
            method['uri'] = self.location
        body: dict[str, Any] = {'method': method}
        if self.all_stores:
            body['all_stores'] = True
        elif self.stores:
            body['stores'] = list(self.stores)
        if self.all_stores or self.stores:
            body['all_stores_must_succeed'] = self.must_succeed
        return body


def read(values: Mapping[str, Any]) -> Source:
    """Return what the properties of a resource say about its data.

    :param values: properties of the resource by name, found right by
        :func:`check`
    """
    given = values.get('image_hash') or {}
    digest = None
    if given.get('algo') and given.get('value'):
        digest = Digest(given['algo'].lower(), given['value'].lower())
    return Source(
        values.get('import_method') or WEB_DOWNLOAD,
        (values.get('location') or '').strip() or None,
        values.get('remote_region') or None,
        # Glance knows the id in lower case only.
        (values.get('remote_image') or '').lower() or None,
        values.get('remote_interface') or None,
        tuple(dict.fromkeys(values.get('stores') or ())),
        bool(values.get('all_stores')),
        values.get('all_stores_must_succeed') is not False,
        digest,
    )


def check(
    values: Mapping[str, Any], unknown: Collection[str] = ()
) -> Iterator[rules.Offence]:
    """Yield what is wrong with what is said about the data.

    :param values: properties of the resource by name
    :param unknown: names of properties that are given, with values that
        cannot be known yet
    """
    # What is null reaches us as empty or false.
    given = {name for name in PROPERTIES if values.get(name)}
    given.update(unknown)
    if values.get('location') is not None and not values['location'].strip():
        yield rules.Offence(
            'location',
            'is empty',
            'give the URL of the data, or remove it',
        )
    if 'import_method' not in unknown:
        yield from _check_method(
            values.get('import_method') or WEB_DOWNLOAD, given
        )
    if values.get('stores') and values.get('all_stores'):
        yield rules.Offence(
            'all_stores', 'is given beside "stores"', 'keep one of the two'
        )
    for store in values.get('stores') or ():
        # One of dots alone would lead elsewhere in a path.
        if not str(store or '').strip('.') or {*',/'} & {*str(store)}:
            yield rules.Offence(
                f'stores: {rules.shown(store)}',
                'is not the id of a store',
                'use one that "openstack image import info" or '
                '"glance stores-info" shows',
            )
    yield from _check_hash(values.get('image_hash') or {})
    disk, container = (
        values.get(name) for name in ('disk_format', 'container_format')
    )
    if disk and container in _AMAZON_FORMATS and disk != container:
        yield rules.Offence(
            'container_format',
            f'is {container} and goes with a disk_format of the same '
            'name only',
            'give both the same value',
        )


def _check_method(method: str, given: Collection[str]) -> Iterator[Any]:
    """Yield what does not go together with an import method."""
    remote = ('remote_region', 'remote_image')
    needed: tuple[str, ...] = ()
    refused: tuple[str, ...] = (*remote, 'remote_interface')
    if method == GLANCE_DOWNLOAD:
        needed, refused = remote, ('location',)
    elif method == REFERENCE:
        needed = ('location',)
        refused = (*refused, 'stores', 'all_stores')
    for name in needed:
        if name not in given:
            yield rules.Offence(
                name,
                f'is missing and needed by the import method {method}',
                'give it',
            )
    for name in refused:
        if name in given:
            yield rules.Offence(
                name,
                f'does not go with the import method {method}',
                'remove it, or choose another "import_method"',
            )


def _check_hash(declared: Mapping[str, Any]) -> Iterator[rules.Offence]:
    """Yield what is wrong with the hash of the data."""
    if not {'algo', 'value'} <= declared.keys():
        # None is given, or what is missing is not known yet.
        return
    algorithm = str(declared['algo']).lower()
    value = declared['value'] or ''
    if algorithm in _VARIABLE or algorithm not in hashlib.algorithms_available:
        yield rules.Offence(
            'image_hash',
            f"has the unknown algorithm '{rules.shown(algorithm)}'",
            'use the one that Glance is configured to use, sha512 by default',
        )
        return
    digits = 2 * hashlib.new(algorithm, usedforsecurity=False).digest_size
    if len(value) != digits or not _HEX.fullmatch(value):
        yield rules.Offence(
            'image_hash',
            f'has a value that is no {algorithm} of {digits} hexadecimal '
            'digits',
            'correct the value',
        )
