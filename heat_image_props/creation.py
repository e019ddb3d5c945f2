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

"""How an image comes to a resource: created, or adopted."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
from typing import Any

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import image_api
from heat_image_props import refusal
from heat_image_props import state


class Creation:
    """Creates the record of an image, once whatever becomes of the answer.

    It is asked for under one id only.  If an answer is lost, or is not
    believed, a look tells whether the record exists.

    :param api: connection to Glance
    :param image: what the record shall hold, with its ``id``
    :param declared: what the template asks for
    :param owner: id of the project that it belongs to
    :param is_chosen: whether the id is that of the template, so that it may
        be that of somebody's image, which is not taken over
    :param begin: called before the request that creates it
    :param give_up: called when it is known that it will not exist
    :param done: called when the record exists
    """

    def __init__(
        self,
        api: image_api.ImageAPI,
        image: Mapping[str, Any],
        declared: diff.Declared,
        *,
        owner: str,
        is_chosen: bool,
        begin: Callable[[], object],
        give_up: Callable[[], object],
        done: Callable[[], object],
    ) -> None:
        self._api = api
        self._image = image
        self._declared = declared
        self._owner = owner
        self._is_chosen = is_chosen
        self._begin = begin
        self._give_up = give_up
        self._done = done
        self._is_begun = self._is_in_doubt = False

    def create(self) -> None:
        """Create the record, if it is not there from an attempt before.

        :raises: :class:`exception.Unavailable` if that is to be tried again,
            :class:`exception.ImageIdTaken`, :class:`exception.Refused`, and
            what :func:`refusal.explain` raises
        """
        if not self._is_begun:
            if self._is_chosen:
                self._check_unused()
            self._begin()
            self._is_begun = True
        try:
            if not self._exists():
                self._post()
        except exception.Unavailable:
            raise
        except exception.ImageError as error:
            # In doubt it may be there, and is looked for later.
            if not self._is_in_doubt or isinstance(
                error, exception.ImageIdTaken
            ):
                self._give_up()
            raise
        self._done()

    def _check_unused(self) -> None:
        """Refuse an id that a visible image has."""
        image_id = self._image['id']
        try:
            self._api.get(image_id)
        except exception.Gone:
            # It may exist out of sight: then the creation is refused.
            return
        raise exception.ImageIdTaken(image_id)

    def _exists(self) -> bool:
        """Look whether an attempt before has made the record."""
        image_id = self._image['id']
        if not self._is_in_doubt:
            return False
        try:
            live = self._api.get(image_id)
        except exception.Gone:
            return False
        if self._is_chosen and not _is_ours(live, self._declared, self._owner):
            raise exception.ImageIdTaken(image_id)
        return True

    def _post(self) -> None:
        image_id = self._image['id']
        try:
            self._api.create(self._image)
        except (
            exception.Conflict,
            exception.NotFound,
            exception.Unavailable,
        ) as error:
            if (
                isinstance(error, exception.Conflict)
                and self._is_chosen
                and not self._is_in_doubt
            ):
                raise exception.ImageIdTaken(image_id) from None
            # An id that was made up just now is taken by this request, sent
            # twice by something before Glance, which itself never answers
            # that there is no place to create images.
            self._is_in_doubt = True
            raise exception.Unavailable.of(error) from None
        except exception.Refused as error:
            self._explain(error)
            raise

    def _explain(self, error: exception.Refused) -> None:
        """Raise why a record was refused, if that is known."""
        properties = self._declared.properties
        rest = {
            name: value
            for name, value in self._image.items()
            if name not in properties
        }
        refusal.explain(
            error,
            self._image['id'],
            self._declared,
            attributes=self._image,
            names=[name for name in self._image if name in properties],
            attempt=lambda names: self._api.create(
                {**rest, **{name: self._image[name] for name in names}}
            ),
        )


def is_ours(
    api: image_api.ImageAPI,
    image_id: str,
    declared: diff.Declared,
    owner: str,
) -> bool:
    """Say whether an image is what an interrupted creation has left.

    :param api: connection to Glance
    :param image_id: the id that was unused before the creation
    :param declared: what the template asks for
    :param owner: id of the project that it would belong to
    :raises: :class:`exception.RequestFailed`
    """
    try:
        live = api.find(image_id)
    except exception.Gone:
        return False
    return _is_ours(live, declared, owner)


def _is_ours(
    live: Mapping[str, Any], declared: diff.Declared, owner: str
) -> bool:
    """Say whether a record is as one of this declaration begins."""
    # The members come later.
    declared = dataclasses.replace(declared, members=frozenset())
    return (
        live['status'] == 'queued'
        and live.get('owner') == owner
        and not diff.compare(declared, diff.Managed(), live)
    )


def check_adoptable(live: Mapping[str, Any], context: Any) -> None:
    """Refuse an existing image that a stack could not look after.

    :param live: the image as Glance shows it
    :param context: request context of Heat
    :raises: :class:`exception.Unusable`, :class:`exception.NotOwned`
    """
    if state.has_ended(live):
        raise exception.Unusable(live['id'], live['status'])
    if live.get('owner') != context.project_id and not context.is_admin:
        raise exception.NotOwned(live['id'], str(live.get('owner')))
