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

"""Tests of the validation of an image in a template."""

import importlib.metadata

# Before anything of Heat: it selects the backend of oslo.service.
from heat_image_props.tests import heat_base  # noqa: F401

from heat.common import exception as heat_exception

from heat_image_props.tests.unit import image_base

ID = image_base.ID

#: Heat before 23 cannot copy an ``if`` that gives nothing
#: (``Macro.__reduce__`` of heat/engine/function.py), so it gives something.
ELSE = ['fine'] if importlib.metadata.version('openstack-heat') < '23' else []


class TestValidate(image_base.ImageTestCase):
    """What is refused before anything is sent."""

    def refusal(self, _params=None, **kwargs):
        """Return the message with which a template is refused."""
        self.make(_params, **kwargs)
        error = self.assertRaises(
            heat_exception.StackValidationFailed, self.stack.validate
        )
        self.assertEqual([], self.glance.requests)
        return str(error)

    def test_good(self):
        """A template in order is validated without a request."""
        self.make(
            name='n',
            id=ID,
            min_ram=0,
            tags=['a', 4],
            property={'a': 4, 'b': True},
            extra_properties={'c': 'x'},
        )
        self.assertIsNone(self.stack.validate())
        self.assertEqual([], self.glance.requests)

    def test_all_offences_at_once(self):
        """Maps, tags and formats are refused in one message, sorted."""
        message = self.refusal(
            property={'image_id': 'x', 'z': [1], 'both': 1},
            extra_properties={'_y': 'x', 'both': 2},
            tags=['t\0', 'ok'],
            container_format='ami',
        )
        self.assertIn('resources.image', message)
        lines = [
            line[3:].partition("'")[0]
            for line in message.splitlines()
            if line.startswith("- '")
        ]
        self.assertEqual(
            [
                *('_y', 'both', 'container_format', 'image_id'),
                *('tags: t\\x00', 'z'),
            ],
            lines,
        )

    def test_literal_null(self):
        """A null that the template holds is refused, also as a tag."""
        message = self.refusal(property={'a': None}, tags=['t', None])
        self.assertIn("'a' has the value null", message)
        self.assertIn("'tags: null' has the value null", message)

    def test_unknown_value(self):
        """The attribute of what is not there yet is not judged."""
        self.make(
            _resources={'other': {'type': 'GenericResourceType'}},
            property={
                'a': {'get_attr': ['other', 'show']},
                'b': {'get_attr': ['other', 'Foo']},
            },
            tags=[{'get_attr': ['other', 'Foo']}],
        )
        self.assertIsNone(self.stack.validate())

    def test_map_that_is_unknown_as_a_whole(self):
        """A map, or a list, that is not known yet is not judged."""
        self.make(
            _resources={'other': {'type': 'GenericResourceType'}},
            property={'get_attr': ['other', 'show']},
            tags={'get_attr': ['other', 'show']},
        )
        self.assertIsNone(self.stack.validate())

    def test_known_beside_unknown(self):
        """What is known is judged beside what is not."""
        message = self.refusal(
            _resources={'other': {'type': 'GenericResourceType'}},
            property={'a': {'get_attr': ['other', 'show']}, 'name': 'x'},
        )
        self.assertIn("'name'", message)
        self.assertNotIn("'a'", message)

    def test_id_of_another_image_of_the_stack(self):
        """The id of an image that is to be created is not known yet."""
        self.make(
            _resources={
                'kernel': {
                    'type': image_base.TYPE,
                    'properties': {
                        'disk_format': 'aki',
                        'container_format': 'aki',
                        'location': image_base.SOURCE,
                    },
                }
            },
            property={'kernel_id': {'get_resource': 'kernel'}},
        )
        self.assertIsNone(self.stack.validate())

    def test_one_key_in_two_places(self):
        """A key given twice is refused though no value is known yet."""
        message = self.refusal(
            _resources={'other': {'type': 'GenericResourceType'}},
            kernel_id={'get_resource': 'other'},
            extra_properties={'kernel_id': {'get_resource': 'other'}},
        )
        self.assertIn("'kernel_id' is given in ", message)
        self.assertIn('"extra_properties"', message)

    def test_parameters(self):
        """Values and whole maps that come from parameters are judged."""
        parameters = {
            'one': {'type': 'string'},
            'all': {'type': 'json'},
            'number': {'type': 'number'},
        }
        self.make(
            {'one': ID, 'all': {'a': 1}, 'number': 5},
            _parameters=parameters,
            property={
                'kernel_id': {'get_param': 'one'},
                'n': {'get_param': 'number'},
            },
            extra_properties={'get_param': 'all'},
        )
        self.assertIsNone(self.stack.validate())
        message = self.refusal(
            {'one': 'x', 'all': {'image_id': 1}, 'number': 5},
            _parameters=parameters,
            property={'kernel_id': {'get_param': 'one'}},
            extra_properties={'get_param': 'all'},
        )
        self.assertIn("'kernel_id'", message)
        self.assertIn("'image_id'", message)

    def test_other_forms(self):
        """Lists of parameters and conditions are judged by their outcome."""
        condition = {'equals': [{'get_param': 'p'}, 'x']}
        parameters = {
            'p': {'type': 'string'},
            'list': {'type': 'comma_delimited_list'},
        }
        self.make(
            {'p': 'y', 'list': 'a,b,c'},
            _parameters=parameters,
            tags={'get_param': 'list'},
            property={
                'a': {'if': [condition, None, 'ok']},
                'b': {'if': [condition, [1], *ELSE]},
            },
        )
        self.assertIsNone(self.stack.validate())
        message = self.refusal(
            {'p': 'x', 'list': 'a,A'},
            _parameters=parameters,
            tags={'get_param': 'list'},
            property={
                'a': {'if': [condition, None, 'ok']},
                'b': {'if': [condition, [1], *ELSE]},
            },
        )
        self.assertIn("'a' has the value null", message)
        self.assertIn("'b' has a list", message)
        self.assertIn("'tags: A' is one with", message)

    def test_formats_of_amazon(self):
        """The containers of Amazon go with the disks of the same name."""
        for container, disk, good in [
            ('ami', 'ami', True),
            ('aki', 'aki', True),
            ('ari', 'raw', False),
            ('ami', 'ari', False),
            ('bare', 'ami', True),
        ]:
            formats = {'container_format': container, 'disk_format': disk}
            if good:
                self.make(**formats)
                self.assertIsNone(self.stack.validate())
            else:
                self.assertIn("'container_format'", self.refusal(**formats))

    def test_formats_that_are_not_known(self):
        """A format that is not known yet is not judged."""
        self.make(
            _resources={'other': {'type': 'GenericResourceType'}},
            container_format='ami',
            disk_format={'get_attr': ['other', 'foo']},
        )
        self.assertIsNone(self.stack.validate())

    def test_name_of_four_bytes(self):
        """A name that Glance refuses is refused before."""
        self.assertIn("'name'", self.refusal(name='a\U0001f600'))

    def test_heat_s_own_refusals(self):
        """What Heat's schema refuses is refused by Heat."""
        for wrong in (
            {'min_ram': -1},
            {'visibility': 'hidden'},
            {'property': 'text'},
            {'unknown': 'x'},
            {'id': 'x'},
        ):
            self.assertNotIn('Glance would not', self.refusal(**wrong))
