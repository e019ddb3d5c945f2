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

"""Compares what Glance holds with what was declared.

Pure: it is given what Glance shows.
"""

#: Longest part of a value that is shown.
_SHOWN = 60


def judge(stack, image, members):
    """Return what is not as a stack declares it, as sentences.

    :param stack: the :class:`model.Stack`, whose last operation is complete
    :param image: the image as Glance shows it, or None if there is none
    :param members: ids of the projects that it is shared with
    """
    if image is None:
        return ['the image does not exist']
    declared = stack.accepted
    texts = declared.texts()
    tags = set(image['tags'])
    found = [
        *_different('attribute', declared.expected(), image),
        *_different('key', texts, image),
        *_different('foreign key', stack.foreign, image),
        *(
            f'key {name!r} was ours, is not declared any more, and is there'
            for name in sorted(stack.keys - set(texts))
            if name in image
        ),
        *_missing('tag', declared.tags, tags),
        *_left('tag', stack.tags - declared.tags, tags),
    ]
    if image.get('os_glance_import_task'):
        found.append('an import still holds the image')
    if image['visibility'] == 'shared':
        found += _missing('member', declared.members, members)
        found += _left('member', stack.members - declared.members, members)
    return found


def _different(kind, expected, image):
    return [
        f'{kind} {name!r} is {_shown(image.get(name))}, not {_shown(value)}'
        for name, value in sorted(expected.items())
        if image.get(name) != value
    ]


def _missing(kind, expected, found):
    return [
        f'{kind} {each!r} is missing'
        for each in sorted(set(expected) - set(found))
    ]


def _left(kind, unwanted, found):
    return [
        f'{kind} {each!r} was ours, is not declared any more, and is there'
        for each in sorted(set(unwanted) & set(found))
    ]


def _shown(value):
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}...'


def orphans(images, owned):
    """Return the images that no stack owns.

    :param images: all images of the project, as Glance lists them
    :param owned: ids of those that stacks have
    """
    return [
        f'image {image["id"]} ({image["name"]}, {image["status"]}) belongs '
        'to no stack'
        for image in images
        if image['id'] not in owned
    ]


def downloads(stack, counts):
    """Return what was fetched more often than there was a reason to.

    :param stack: the :class:`model.Stack`
    :param counts: how often each file was fetched
    """
    return [
        f'{name} was fetched {counts[name]} times instead of {most}'
        for name, most in sorted(stack.downloads.items())
        if counts.get(name, 0) > most
    ]


def lost(declared, image):
    """Return the names of declared keys and tags that an image lacks.

    :param declared: a :class:`model.Declaration`
    :param image: the image as Glance shows it
    """
    return [
        *(
            name
            for name, value in sorted(declared.texts().items())
            if image.get(name) != value
        ),
        *sorted(declared.tags - set(image['tags'])),
    ]
