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

"""Hostile maps through stacks: refused with the key named, or kept exactly.

``test_rules`` holds the rules against Glance alone; here the way goes through
the API of Heat, its databases and its engine.
"""

import os
import uuid

from heatclient import exc as heat_exc
import hypothesis

from heat_image_props import rules
from heat_image_props.tests import corpus
from heat_image_props.tests.functional import base
from heat_image_props.tests import strategies

EXAMPLES = int(os.environ.get('MINICLOUD_EXAMPLES', '25'))

# Properties of one image: image_property_quota of Glance.
_MOST = 128


def apart(names, most=_MOST):
    """Return lists of names none of which a database takes for one."""
    lists = []
    for name in names:
        for found in lists:
            if len(found) < most and rules.fold(name) not in found:
                found[rules.fold(name)] = name
                break
        else:
            lists.append({rules.fold(name): name})
    return [list(found.values()) for found in lists]


class InputTestCase(base.FunctionalTestCase):
    """A test with stacks of many images."""

    def images(self, maps):
        """Return a template with an image for each map of properties."""
        return {
            'heat_template_version': '2021-04-16',
            'resources': {
                name: {
                    'type': 'OS::Glance::Image',
                    'properties': {
                        'disk_format': 'raw',
                        'container_format': 'bare',
                        'property': properties,
                    },
                }
                for name, properties in maps.items()
            },
        }

    def refusal(self, **properties):
        """Return with which words Heat refuses to create an image."""
        error = self.assertRaises(
            heat_exc.HTTPBadRequest,
            self.create_stack,
            self.template(**properties),
        )
        return str(error)

    def assert_named(self, names, message):
        """Check that each name has a line of its own in a message."""
        lines = message.splitlines()
        for name in names:
            kind, separator, item = name.rpartition('tags: ')
            begin = f"- '{kind}{separator}{rules.shown(item)}' "
            self.assertTrue(
                any(line.startswith(begin) for line in lines),
                f'{begin!a} not in {message!a}',
            )

    def assert_exact(self, ids, maps):
        """Check that the images hold the maps, and no more than these.

        :param ids: ids of the images by their names in the template
        :param maps: what the template declares for each
        """
        for name, properties in maps.items():
            self.assertEqual(
                rules.check(properties).text,
                rules.custom(self.image(ids[name])),
            )

    def drive(self, maps, others):
        """Set properties by POST, remove them, set others by PATCH.

        :param maps: properties by image
        :param others: the same, with other values
        """
        nothing = {name: {} for name in maps}
        stack = self.create_stack(self.images(maps))
        ids = {name: self.image_id(stack, name) for name in maps}
        self.assert_exact(ids, maps)
        for each in (nothing, others):
            self.update_stack(stack, self.images(each))
            self.assert_exact(ids, each)
        self.assertEqual(
            ids, {name: self.image_id(stack, name) for name in maps}
        )


class TestStored(InputTestCase):
    """What the corpus takes for storable."""

    def test_names_and_values(self):
        """Every name and value, by POST and by PATCH, exactly."""
        lists = apart(
            {*corpus.STORED, *(name for pair in corpus.PAIRS for name in pair)}
        )
        maps, others = (
            {
                f'image{number}': {name: word + name[:40] for name in names}
                for number, names in enumerate(lists)
            }
            for word in ('one ', 'two ')
        )
        values = dict(corpus.VALUES)
        for text in values.values():
            self.assertIsInstance(text, str)
        texts = [text for _, text in corpus.VALUES]
        keys = [f'key{number}' for number in range(len(texts))]
        declared = dict(
            zip(keys, (value for value, _ in corpus.VALUES), strict=True)
        )
        self.assertEqual(
            dict(zip(keys, texts, strict=True)), rules.check(declared).text
        )
        longest = {
            f'long{number}': value
            for number, value in enumerate(corpus.LONGEST)
        }
        for each in (maps, others):
            each['values'] = {**declared, **longest}
        # Each key gets the value of another one.
        others['values'].update(
            zip(keys, [*list(declared.values())[1:], 'x'], strict=True)
        )
        self.drive(maps, others)

    def test_tags_and_names(self):
        """Tags, as many and as long as can be, and the longest name."""
        tags = apart([*corpus.STORED, *corpus.RESERVED])[0]
        self.assertEqual(_MOST, len(tags))
        stack = self.create_stack(self.template(name='€' * 255, tags=tags))
        image_id = self.image_id(stack)
        for name, expected in (
            ('€' * 255, tags),
            ('~1/<b>\n', [*tags[2:], '€' * 254]),
        ):
            self.update_stack(stack, self.template(name=name, tags=expected))
            image = self.image(image_id)
            self.assertEqual(name, image['name'])
            self.assertEqual(sorted(expected), sorted(image['tags']))


class TestRefused(InputTestCase):
    """What Glance would not keep."""

    def test_is_refused(self):
        """Whatever is wrong is named, and nothing is sent."""
        stack = self.create_stack(self.template(property={'a': '1'}))
        image_id = self.image_id(stack)
        before = self.image(image_id)
        mark = self.cloud.glance_log.mark()
        for names, properties in self.wrong():
            template = self.template(**properties)
            for attempt in (
                lambda template: self.create_stack(template),
                lambda template: self.update_stack(stack, template),
            ):
                error = self.assertRaises(
                    heat_exc.HTTPBadRequest, attempt, template
                )
                self.assert_named(names, str(error))
        self.assertEqual([], self.requests(mark))
        self.assertEqual(before, self.image(image_id))

    def wrong(self):
        """Yield names to be complained of, and properties of a resource."""
        names = (*corpus.RESERVED, *corpus.COLLIDING, *corpus.MALFORMED)
        for some in apart(names, 60):
            yield some, {'property': dict.fromkeys(some, 'x')}
            yield some, {'extra_properties': dict.fromkeys(some, 'x')}
        values = {
            f'key{number}': value
            for number, value in enumerate(corpus.REFUSED_VALUES)
        }
        yield values, {'property': {'fine': 'x', **values}}
        for some in apart(corpus.MALFORMED):
            yield [f'tags: {tag}' for tag in some], {'tags': some}
        yield ['tags: 1.5 ', 'tags: null'], {'tags': [1.5, '1.5 ', None]}
        for pairs in self.pairs_apart():
            yield pairs, {'property': dict.fromkeys(pairs, 'x')}
            yield [f'tags: {tag}' for tag in pairs], {'tags': pairs}
        for name in ('a\0b', '\U0001f600', '\ud800'):
            yield ['name'], {'name': name}

    def pairs_apart(self):
        """Return lists of pairs, where each name has one like it."""
        firsts = dict(corpus.PAIRS)
        return [
            [name for first in some for name in (first, firsts[first])]
            for some in apart(firsts)
        ]

    def test_the_length_of_a_name(self):
        """The name of an image is limited by its schema."""
        for name in ('n' * 256, '€' * 256):
            self.assertIn(
                'properties.name', self.refusal(name=name).replace(' ', '')
            )


class TestAnything(InputTestCase):
    """Maps that nobody thought of."""

    def test_is_refused_or_kept(self):
        """Any map is refused with all keys named; what is not, is kept."""
        kept = {}

        @hypothesis.settings(max_examples=EXAMPLES)
        @hypothesis.given(strategies.maps)
        def is_refused_or_taken(declared):
            verdict = rules.check(declared)
            kwargs = {
                'stack_name': f'test-{uuid.uuid4().hex[:8]}',
                'template': self.template(property=declared),
            }
            if verdict.offences:
                error = self.assertRaises(
                    heat_exc.HTTPBadRequest,
                    self.heat.stacks.preview,
                    **kwargs,
                )
                self.assert_named(
                    [offence.key for offence in verdict.offences], str(error)
                )
            else:
                (image,) = self.heat.stacks.preview(**kwargs).resources
                taken = image['properties']['property']
                self.assertEqual(verdict.text, rules.check(taken).text)
            kept.update(
                (name, value)
                for name, value in declared.items()
                if not rules.check({name: value}).offences
            )

        is_refused_or_taken()
        self.assertGreater(len(kept), EXAMPLES / 2)
        names = apart(kept)[0]
        self.drive(
            {'image': {name: kept[name] for name in names}},
            {'image': {name: kept[name] for name in names[::-2]}},
        )
