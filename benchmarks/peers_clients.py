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

"""The clients of the Image API: a command and two libraries."""

from typing import Any

from glanceclient import client as glance_client
from glanceclient import exc as glance_exc
import openstack
from openstack import exceptions as sdk_exceptions

from benchmarks import peer
from benchmarks import wanted
from minicloud import installation
from minicloud import running


class Command(peer.Peer):
    """``openstack image set`` and ``unset``."""

    name = 'openstack image'

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        image_id = self._run(
            *('create', '--disk-format', 'raw', '--container-format', 'bare'),
            *(f'--{new.visibility}', '--format', 'value', '--column', 'id'),
            *_options(new.properties, new.tags),
            new.name,
        ).strip()
        self._run(
            *('import', '--method', 'web-download', '--uri', url, image_id)
        )
        return image_id

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        attributes, properties, removed = peer.changed(before, after)
        options = _options(properties, attributes.get('tags', ()))
        if 'name' in attributes:
            options += ['--name', after.name]
        if 'visibility' in attributes:
            options.append(f'--{after.visibility}')
        if options:
            self._run('set', *options, image_id)
        gone = [each for each in before.tags if each not in after.tags]
        if removed or gone:
            self._run(
                'unset',
                *(word for each in removed for word in ('--property', each)),
                *(word for each in gone for word in ('--tag', each)),
                image_id,
            )
        return None

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        self._run('delete', image_id)

    def _run(self, *arguments: str) -> str:
        return peer.run(
            installation.script('python-openstackclient', 'openstack'),
            ['image', *arguments],
            self.cloud.environment(),
        ).stdout


def _options(properties: Any, tags: Any) -> list[str]:
    """Properties and tags, as the command wants them."""
    return [
        *(
            word
            for name, value in properties.items()
            for word in ('--property', f'{name}={value}')
        ),
        *(word for each in tags for word in ('--tag', each)),
    ]


class Sdk(peer.Peer):
    """openstacksdk, ``connection.image.update_image``."""

    name = 'openstacksdk'

    def __init__(self, cloud: running.RunningCloud) -> None:
        super().__init__(cloud)
        self._images = openstack.connection.Connection(
            session=cloud.session(), region_name=cloud.region
        ).image

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        try:
            image = self._images.create_image(
                new.name,
                disk_format='raw',
                container_format='bare',
                tags=list(new.tags),
                visibility=new.visibility,
                allow_duplicates=True,
                use_import=True,
                import_method='web-download',
                uri=url,
                **new.properties,
            )
        except sdk_exceptions.SDKException as error:
            raise peer.Cannot(peer.last_line(str(error))) from None
        return str(image.id)

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        attributes, properties, removed = peer.changed(before, after)
        try:
            if not removed:
                self._images.update_image(image_id, **attributes, **properties)
                return None
            # What "openstack image unset" does: a property is removed by
            # handing over all the others of a fetched image.
            image = self._images.get_image(image_id)
            kept = {**image.properties, **properties}
            for each in removed:
                del kept[each]
            self._images.update_image(image, properties=kept, **attributes)
        except sdk_exceptions.SDKException as error:
            raise peer.Cannot(peer.last_line(str(error))) from None
        return None

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        self._images.delete_image(image_id)


class GlanceClient(peer.Peer):
    """python-glanceclient, ``client.images.update``."""

    name = 'glanceclient'

    def __init__(self, cloud: running.RunningCloud) -> None:
        super().__init__(cloud)
        self._client = glance_client.Client(
            '2', session=cloud.session(), region_name=cloud.region
        )

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        image = self._client.images.create(
            name=new.name,
            disk_format='raw',
            container_format='bare',
            visibility=new.visibility,
            tags=list(new.tags),
            **new.properties,
        )
        self._client.images.image_import(
            image.id, method='web-download', uri=url
        )
        return str(image.id)

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        attributes, properties, removed = peer.changed(before, after)
        gone = ()
        if 'tags' in attributes and not after.tags:
            # An empty list is never sent.
            attributes.pop('tags')
            gone = before.tags
        try:
            if attributes or properties or removed:
                self._client.images.update(
                    image_id, removed, **attributes, **properties
                )
            for each in gone:
                self._client.image_tags.delete(image_id, each)
        except glance_exc.HTTPException as error:
            raise peer.Cannot(peer.last_line(str(error))) from None
        return None

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        self._client.images.delete(image_id)
