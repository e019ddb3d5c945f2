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

"""What the soak decides, keeps in mind and judges."""

import collections
import dataclasses
import itertools

from heat_image_props import declaration
from heat_image_props.tests import base
from heat_image_props.tests.load import model
from heat_image_props.tests.load import oracle
from heat_image_props.tests.load import plan

DATA = model.Data('a.img')

DECLARED = model.Declaration(
    properties={'a': 'b', 'n': 7, 'y': True},
    tags=frozenset(('golden',)),
    attributes={'min_ram': 64, 'hidden': True},
    name='x',
    members=frozenset(('other',)),
    data=DATA,
)

IMAGE = {
    'id': 'i',
    'name': 'x',
    'status': 'active',
    'min_disk': 0,
    'min_ram': 64,
    'protected': False,
    'os_hidden': True,
    'visibility': 'shared',
    'tags': ['golden', 'theirs'],
    'a': 'b',
    'n': '7',
    'y': 'true',
    'foreign_0': 'z',
}


def accepted(**changes):
    """Return a stack whose last operation is complete."""
    stack = model.Stack()
    stack.declare(
        dataclasses.replace(
            DECLARED, properties={'old': 1}, tags=frozenset(('old',))
        )
    )
    stack.declare(dataclasses.replace(DECLARED, **changes))
    stack.accept('i')
    stack.foreign = {'foreign_0': 'z'}
    return stack


class TestDeclaration(base.BaseTestCase):
    def test_template(self):
        """A template has what is declared, and a way out of protection."""
        data = dataclasses.replace(DATA, has_hash=True, fails=True)
        declared = dataclasses.replace(DECLARED, active=False, data=data)
        resource = declared.template('http://s/{}'.format)['resources']
        properties = resource['image']['properties']

        self.assertEqual('http://s/status/500/a.img', properties['location'])
        self.assertEqual(128, len(properties['image_hash']['value']))
        self.assertEqual({'a': 'b', 'n': 7, 'y': True}, properties['property'])
        self.assertEqual(
            (['golden'], ['other'], False, True, 64),
            tuple(
                properties[name]
                for name in (
                    'tags',
                    'members',
                    'active',
                    'force_delete',
                    'min_ram',
                )
            ),
        )

    def test_template_without(self):
        """What is not declared does not stand in the template."""
        declared = model.Declaration(name='x')
        resource = declared.template(str)['resources']['image']
        self.assertEqual(
            {
                'name': 'x',
                'disk_format': 'raw',
                'container_format': 'bare',
                'property': {},
                'tags': [],
                'force_delete': True,
            },
            resource['properties'],
        )

    def test_status(self):
        """The status follows from the data, and whether it can be used."""
        for data, active, status in (
            (None, None, 'queued'),
            (DATA, None, 'active'),
            (DATA, True, 'active'),
            (DATA, False, 'deactivated'),
        ):
            declared = model.Declaration(data=data, active=active)
            self.assertEqual(status, declared.expected()['status'])


class TestStack(base.BaseTestCase):
    def test_accept(self):
        """What was tried is accepted when the operation is complete."""
        stack = accepted()
        self.assertEqual((DECLARED, True), (stack.accepted, stack.is_sound))
        self.assertEqual({'a', 'n', 'y', 'old'}, stack.keys)
        self.assertEqual({'golden', 'old'}, stack.tags)

    def test_fail(self):
        """After a failure the accepted declaration stays, in doubt."""
        stack = accepted()
        stack.declare(dataclasses.replace(DECLARED, properties={'new': 1}))
        stack.fail('i')
        self.assertEqual((DECLARED, False), (stack.accepted, stack.is_sound))
        self.assertIn('new', stack.keys)
        self.assertEqual({'foreign_0': 'z'}, stack.foreign)

    def test_take_back(self):
        """A roll-back leads to what was accepted."""
        stack = accepted()
        stack.declare(dataclasses.replace(DECLARED, properties={'new': 1}))
        stack.take_back()
        self.assertEqual(DECLARED, stack.tried)
        self.assertIn('new', stack.keys)

    def test_other_image(self):
        """Another image has nothing that others had set."""
        stack = accepted()
        stack.vanish()
        self.assertTrue(stack.is_gone)
        stack.fail('j')
        self.assertEqual(({}, False), (stack.foreign, stack.is_gone))

    def test_downloads(self):
        """Data is fetched once, and once more for an image that vanished."""
        stack = accepted()
        self.assertEqual({'a.img': 1}, stack.downloads)
        stack.declare(dataclasses.replace(DECLARED, properties={}))
        self.assertEqual({'a.img': 1}, stack.downloads)
        stack.vanish()
        stack.declare(dataclasses.replace(DECLARED, data=model.Data('b.img')))
        self.assertEqual({'a.img': 2, 'b.img': 1}, stack.downloads)
        self.assertEqual(
            ['b.img was fetched 2 times instead of 1'],
            oracle.downloads(stack, {'a.img': 2, 'b.img': 2}),
        )

    def test_replacement(self):
        """Only other data, or an image of no use, is a reason for one."""
        stack = accepted()
        self.assertFalse(stack.may_replace(DECLARED, True))
        self.assertTrue(stack.may_replace(DECLARED, False))
        self.assertTrue(stack.may_replace(None, True))
        stack.declare(dataclasses.replace(DECLARED, data=model.Data('b.img')))
        self.assertTrue(stack.may_replace(DECLARED, True))


class TestOracle(base.BaseTestCase):
    scenarios = [
        ('nothing', {'image': {}, 'found': []}),
        ('foreign tags', {'image': {'tags': ['golden', 'z']}, 'found': []}),
        (
            'a key that is missing',
            {'image': {'a': None}, 'found': ["key 'a' is None, not 'b'"]},
        ),
        (
            'a key of another value',
            {'image': {'n': '8'}, 'found': ["key 'n' is '8', not '7'"]},
        ),
        (
            'a key that is left',
            {'image': {'old': '1'}, 'found': ["key 'old' was ours, is not"]},
        ),
        (
            'a foreign key',
            {
                'image': {'foreign_0': 'y'},
                'found': ["foreign key 'foreign_0' is 'y', not 'z'"],
            },
        ),
        (
            'tags',
            {
                'image': {'tags': ['old']},
                'found': [
                    "tag 'golden' is missing",
                    "tag 'old' was ours, is not",
                ],
            },
        ),
        (
            'a default',
            {
                'image': {'min_disk': 1},
                'found': ["attribute 'min_disk' is 1, not 0"],
            },
        ),
        (
            'the status',
            {
                'image': {'status': 'queued'},
                'found': ["attribute 'status' is 'queued', not 'active'"],
            },
        ),
        (
            'a lock',
            {
                'image': {'os_glance_import_task': 't'},
                'found': ['an import still holds the image'],
            },
        ),
        (
            'members that nobody sees',
            {
                'image': {'visibility': 'private'},
                'members': (),
                'found': ["attribute 'visibility' is 'private', not 'shared'"],
            },
        ),
        (
            'a member',
            {
                'image': {},
                'members': (),
                'found': ["member 'other' is missing"],
            },
        ),
    ]

    members = ('other', 'theirs')

    def test_judge(self):
        """All that differs is named, and nothing else."""
        image = {**IMAGE, **self.image}
        found = oracle.judge(accepted(), image, set(self.members))
        self.assertEqual(len(self.found), len(found), found)
        for expected, sentence in zip(self.found, found, strict=True):
            self.assertIn(expected, sentence)


class TestOracleOfAll(base.BaseTestCase):
    def test_gone(self):
        """That there is no image is all that is said then."""
        self.assertEqual(
            ['the image does not exist'], oracle.judge(accepted(), None, set())
        )

    def test_member_left(self):
        """A member of ours that is not declared any more is named."""
        stack = accepted(
            members=frozenset(),
            attributes={**DECLARED.attributes, 'visibility': 'shared'},
        )
        stack.members = {'other'}
        [sentence] = oracle.judge(stack, IMAGE, {'other', 'theirs'})
        self.assertIn("member 'other' was ours", sentence)

    def test_orphans(self):
        """An image that no stack owns is named."""
        [sentence] = oracle.orphans([IMAGE, {**IMAGE, 'id': 'j'}], {'i'})
        self.assertIn('image j (x, active)', sentence)

    def test_lost(self):
        """The race load counts keys and tags that are not as declared."""
        self.assertEqual([], oracle.lost(DECLARED, IMAGE))
        self.assertEqual(
            ['a', 'golden'],
            oracle.lost(DECLARED, {**IMAGE, 'a': 'c', 'tags': []}),
        )


class TestPlan(base.BaseTestCase):
    def steps(self, seed=1, number=1, count=300):
        """Return the first steps of a plan."""
        return list(itertools.islice(plan.Plan(seed, number), count))

    def test_repeat(self):
        """A seed and a number lead to the same steps, others to others."""
        self.assertEqual(self.steps(), self.steps())
        self.assertNotEqual(self.steps(), self.steps(seed=2))
        self.assertNotEqual(self.steps(), self.steps(number=2))

    def test_repeat_cloud(self):
        """A seed leads to the same disturbances, each kind now and then."""
        first, again = (
            list(itertools.islice(plan.disturbances(1, 10), 12))
            for _ in range(2)
        )
        self.assertEqual(first, again)
        counts = collections.Counter(each.kind for each in first)
        self.assertEqual(
            {'slow': 4, 'full': 4, 'glance': 2, 'heat-engine': 2}, counts
        )
        self.assertTrue(all(10 <= each.gap <= 20 for each in first))

    def test_order(self):
        """A stack is created first, and again after each deletion."""
        steps = self.steps()
        for before, after in itertools.pairwise((None, *steps)):
            is_first = before is None or before.operation == 'delete'
            self.assertEqual(is_first, after.operation == 'create')
        lives = [step.life for step in steps if step.operation == 'create']
        self.assertEqual(list(range(1, len(lives) + 1)), lives)

    def test_all(self):
        """Every operation and every kind of fault comes."""
        steps = self.steps()
        self.assertEqual(
            {'create', *plan.OPERATIONS}, {step.operation for step in steps}
        )
        self.assertEqual(
            {
                'answer',
                'answer_after',
                'cut_before',
                'cut_after',
                'delay',
                'truncate',
                'garbage',
            },
            {fault.kind for step in steps for fault in step.faults},
        )
        self.assertEqual({0, 1, 2}, {step.foreign for step in steps})
        for step in steps:
            self.assertIn(step.operation, str(step))

    def test_rules(self):
        """The rules refuse what shall be refused, and nothing else."""
        for step in self.steps():
            declared = step.declaration
            offences = declaration.check(
                {
                    'name': declared.name,
                    'property': declared.properties,
                    'tags': sorted(declared.tags),
                    'members': sorted(declared.members),
                    **declared.attributes,
                }
            )
            self.assertEqual(step.operation == 'refused', bool(offences), step)

    def test_changes(self):
        """An update changes something, and begins where the last one was."""
        last = None
        for step in self.steps():
            if step.operation in ('update', 'other-data'):
                self.assertNotEqual(
                    last.properties, step.declaration.properties
                )
            if step.operation in ('check', 'vanish', 'delete'):
                self.assertEqual(last, step.declaration)
            if step.operation == 'other-data':
                self.assertNotEqual(last.data, step.declaration.data)
            if step.operation not in ('rollback', 'refused'):
                last = step.declaration

    def test_repair(self):
        """A repair changes one key, and mends the source."""
        declared = plan.mended(
            model.Declaration(data=dataclasses.replace(DATA, fails=True))
        )
        self.assertEqual(DATA, declared.data)
        self.assertEqual(declared, plan.mended(declared))
        self.assertEqual(
            {'soak_step': '3, repair 0'},
            plan.repaired(declared, 3, 0).properties,
        )
