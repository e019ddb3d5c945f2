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

"""What can be read back: attributes, drift, checks, events."""

import json

from heat_image_props import attributes
from heat_image_props.tests.functional import test_update

#: All attributes that are members of the image as Glance shows it.
PLAIN = frozenset(attributes.attributes_schema) - {
    attributes.LIVE_PROPERTIES,
    attributes.MANAGED_PROPERTIES,
    attributes.DRIFT,
    attributes.STORES,
}


class ReadBackTestCase(test_update.UpdateTestCase):
    """A test whose templates put out all that can be read."""

    def template(self, resources=None, **properties):
        template = super().template(resources, **properties)
        template['outputs'] = {
            name: {'value': {'get_attr': ['image', name]}}
            for name in (*attributes.attributes_schema, 'show')
        }
        return template

    def drift(self, stack):
        """Return what is declared and differs."""
        return self.outputs(stack)[attributes.DRIFT]


class TestAttributes(ReadBackTestCase):
    """The attributes of the resource."""

    def test_all_that_glance_reports(self):
        """They are those of the live image, also where there is no data."""
        template = self.template(property={'a': '1'}, tags=['ours'])
        stack = self.create_stack(template)
        image_id = self.image_id(stack)
        for status, size in (('queued', None), ('active', 16)):
            outputs = self.outputs(stack)
            image = self.image(image_id)
            self.assertEqual(
                {name: image.get(name) for name in PLAIN},
                {name: outputs[name] for name in PLAIN},
            )
            self.assertEqual((status, size), (image['status'], image['size']))
            self.assertEqual(image, outputs['show'])
            self.assertEqual(
                {'a': '1'}, outputs[attributes.MANAGED_PROPERTIES]
            )
            self.assertEqual({}, outputs[attributes.DRIFT])
            self.assertEqual(
                [] if size is None else ['fast'], outputs[attributes.STORES]
            )
            if size is None:
                self.upload(image_id)

        self.patch_image(
            image_id,
            {'op': 'add', 'path': '/foreign', 'value': 'x'},
            {'op': 'replace', 'path': '/a', 'value': '2'},
            {'op': 'replace', 'path': '/tags', 'value': ['ours', 'theirs']},
        )
        outputs = self.outputs(stack)
        self.assertEqual(
            {'a': '2', 'foreign': 'x'}, outputs[attributes.LIVE_PROPERTIES]
        )
        self.assertEqual({'a': '2'}, outputs[attributes.MANAGED_PROPERTIES])
        self.assertEqual(['ours', 'theirs'], sorted(outputs['tags']))
        self.assertEqual(
            {'a': {'expected': '1', 'actual': '2'}}, outputs[attributes.DRIFT]
        )
        self.assertEqual(128, len(self.image(image_id)['os_hash_value']))


class TestDrift(ReadBackTestCase):
    """Differences between a template and the live image."""

    def test_is_shown_and_checked_and_repaired(self):
        """Each difference is told, nothing is changed, an update repairs."""
        other = self.project_of('other')
        declared = {
            'name': 'mine',
            'min_disk': 1,
            'min_ram': 64,
            'protected': False,
            'hidden': False,
            'members': [other, 'gone'],
            'tags': ['kept', 'lost'],
            'active': True,
            'architecture': 'x86_64',
            'property': {'changed': '1', 'removed': True, 'a/b': 7},
        }
        stack, image_id = self.stack(**declared)
        self.assertEqual({}, self.drift(stack))
        self.glance.delete(f'/v2/images/{image_id}/members/gone')
        self.patch_image(
            image_id,
            *(
                {'op': 'add', 'path': f'/{name}', 'value': value}
                for name, value in (
                    ('name', 'theirs'),
                    ('min_disk', 2),
                    ('min_ram', 65),
                    ('os_hidden', True),
                    ('tags', ['kept', 'theirs']),
                    ('architecture', 'aarch64'),
                    ('changed', '2'),
                    ('foreign', 'x'),
                )
            ),
            {'op': 'remove', 'path': '/removed'},
            {'op': 'remove', 'path': '/a~1b'},
        )
        self.glance.post(f'/v2/images/{image_id}/actions/deactivate')
        expected = {
            'a/b': ('7', None),
            'active': (True, False),
            'architecture': ('x86_64', 'aarch64'),
            'changed': ('1', '2'),
            'hidden': (False, True),
            'members': (sorted([other, 'gone']), [other]),
            'min_disk': (1, 2),
            'min_ram': (64, 65),
            'name': ('mine', 'theirs'),
            'removed': ('true', None),
            'tags': (['kept', 'lost'], ['kept']),
        }
        self.assertEqual(
            {
                name: {'expected': want, 'actual': have}
                for name, (want, have) in expected.items()
            },
            self.drift(stack),
        )

        live = self.image(image_id)
        self.mark = self.cloud.glance_log.mark()
        self.check_stack(stack, 'CHECK_FAILED')
        self.assertEqual({'GET'}, set(self.methods(self.mark)))
        self.assertEqual(live, self.image(image_id))
        reason = self.reason(stack)
        for clause in (
            "'a/b' is missing instead of '7'",
            "'active' is 'false' instead of 'true'",
            "'architecture' is 'aarch64' instead of 'x86_64'",
            "'hidden' is 'true' instead of 'false'",
            "'min_disk' is '2' instead of '1'",
            "'tags' is ['kept'] instead of ['kept', 'lost']",
        ):
            self.assertIn(clause, reason)
        self.assertNotIn('foreign', reason)
        # The stack tells why, too.
        self.assertIn(
            "'architecture' is 'aarch64'",
            self.heat.stacks.get(stack).stack_status_reason,
        )

        self.update(stack, **declared)
        self.assertEqual({}, self.drift(stack))
        self.assertEqual('x', self.image(image_id)['foreign'])
        self.assert_in_place(stack, image_id)

        # Of an image that is gone there is nothing to read.
        self.glance.delete(f'/v2/images/{image_id}')
        self.assertEqual({None}, set(self.outputs(stack).values()))


class TestEvents(ReadBackTestCase):
    """The one event of each update."""

    def event(self, stack, expect='UPDATE_COMPLETE', **properties):
        """Update a stack and return what its only event says."""
        seen = self.event_ids(stack)
        self.update(stack, expect, **properties)
        said = self.said(stack, seen)
        self.assertEqual(1, len(said), said)
        return said[0]

    def test_says_what_was_done(self):
        """It names the keys and never a value."""
        stack, image_id = self.stack(
            name='before',
            property={'changed': 'secret-1', 'gone': 'secret-2', 'kept': '1'},
            tags=['old'],
            members=['one'],
        )
        self.patch_image(
            image_id,
            {'op': 'add', 'path': '/foreign', 'value': 'x'},
            {'op': 'add', 'path': '/hw_disk_bus', 'value': 'scsi'},
        )

        self.assertEqual(
            'properties: 2 added (a, b), 1 changed (changed), 1 removed '
            '(gone), 2 others left alone; attributes: 2 changed (hidden, '
            'name); tags: 1 added (new), 1 removed (old); members: 1 added '
            '(two), 1 removed (one); deactivated',
            self.event(
                stack,
                name='secret-3',
                property={
                    'changed': 'secret-4',
                    'kept': 1,
                    'a': 'secret-5',
                    'b': '',
                },
                tags=['new'],
                members=['two'],
                hidden=True,
                active=False,
            ),
        )
        back = {
            'name': 'before',
            'property': {'changed': '1', 'gone': '2', 'kept': '1'},
            'tags': ['old'],
            'members': ['one'],
        }
        self.assertEqual(
            'properties: 1 added (gone), 1 changed (changed), 2 removed '
            '(a, b), 2 others left alone; attributes: 2 changed (hidden, '
            'name); tags: 1 added (old), 1 removed (new); members: 1 added '
            '(one), 1 removed (two); reactivated',
            self.event(stack, **back),
        )
        # Another text of the template, and the same image.
        back['property']['kept'] = 1
        self.assertEqual(
            'nothing differed, nothing was changed', self.event(stack, **back)
        )
        self.assert_no_secret(stack)

    def assert_no_secret(self, stack):
        """No event says a value, nor does the template they come with."""
        said = [
            event.resource_status_reason
            for event in self.heat.events.list(stack)
        ]
        self.assertNotIn('secret-', json.dumps(said))

    def test_is_short(self):
        """However much was changed, it fits into an event."""
        self.url = None
        stack, _ = self.stack()
        many = {f'a_rather_long_name_{n:03}': 'x' for n in range(100)}
        said = self.event(stack, property=many)

        self.assertIn('100 added (a_rather_long_name_000, ', said)
        self.assertIn('...)', said)
        self.assertLessEqual(len(said), 255)
        seen = self.event_ids(stack)
        template = self.template(property=many)
        template['resources']['image']['metadata'] = {'note': 'changed'}
        self.update_stack(stack, template)
        self.assertEqual(
            ['no property of the image was changed'], self.said(stack, seen)
        )
