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

"""Tests of what is told about limits and property protections."""

import fixtures

from heat_image_props import diff
from heat_image_props import exception
from heat_image_props import refusal
from heat_image_props.tests import base
from heat_image_props.tests.unit import test_creation
from heat_image_props.tests.unit import test_reconcile

ID = test_reconcile.ID


def over(kind, attempted, maximum):
    """Return what Glance says when a quota is exceeded."""
    return (
        f'The limit has been exceeded on the number of allowed image {kind}. '
        f'Attempted: {attempted}, Maximum: {maximum}'
    )


def figures(error):
    """Return how many are declared, would be there, and are allowed."""
    return error.declared, error.total, error.maximum


class TestLimit(base.BaseTestCase):
    """Which limit an answer is about."""

    scenarios = [
        (
            f'{kind}, {declared} of {total}',
            {
                'kind': kind,
                'answer': answer,
                'declared': diff.Declared(
                    properties=dict.fromkeys(map(str, range(declared)), 'x'),
                    tags=frozenset(map(str, range(declared))),
                    members=frozenset(map(str, range(declared))),
                ),
                'total': total,
                'words': words,
            },
        )
        for kind, answer, declared, total, words in (
            (
                'properties',
                over('properties', 6, 5),
                6,
                6,
                'declares 6 properties, the image would have 6, and this '
                'Glance allows 5. Remove at least 1, or ask the operator to '
                'raise image_property_quota',
            ),
            (
                'tags',
                over('tags', 7, 4),
                5,
                7,
                'declares 5 tags, the image would have 7, of which 2 are not '
                'in the template, and this Glance allows 4. Remove at least '
                '3, or ask the operator to raise image_tag_quota',
            ),
            (
                'members',
                f'Image member limit exceeded for image {ID}: '
                f'{over("members for this image", 4, 3)}:',
                8,
                9,
                'declares 8 members, the image would have 9, of which 1 are '
                'not in the template, and this Glance allows 3. Remove at '
                'least 6, or ask the operator to raise image_member_quota',
            ),
        )
    ]

    def test_figures(self):
        """The message and the error have the figures, and the way out."""
        answer = exception.Refused('change it', self.answer, 413, 'req-1')
        error = refusal.over_limit(answer, ID, self.declared, 9)

        self.assertEqual(
            (ID, self.kind, self.total),
            (error.image_id, error.kind, error.total),
        )
        self.assertEqual(
            len(getattr(self.declared, self.kind)), error.declared
        )
        self.assertIs(answer, error.error)
        self.assertIn(self.words, str(error))
        self.assertIn('Maximum: ', str(error))
        self.assertIn('(HTTP 413, req-1)', str(error))

    def test_another_status(self):
        """The same words with another status are something else."""
        answer = exception.Refused('change it', self.answer, 400)
        self.assertIsNone(refusal.over_limit(answer, ID, self.declared))


class TestOtherAnswers(base.BaseTestCase):
    """Answers that are about nothing that is known."""

    scenarios = [
        (f'{status} {reason}', {'status': status, 'reason': reason})
        for status, reason in (
            (413, 'Request entity too large'),
            (413, 'Attempted: 6, Maximum: 5'),
            (413, over('locations', 11, 10)),
            (403, 'You are not authorized to complete modify_image action.'),
            (403, "Attribute 'x' is read-only."),
            (403, "Attribute 'y' is reserved."),
            (400, "Attribute 'x' is reserved."),
            (None, 'no answer'),
        )
    ]

    def test_stay_as_they_are(self):
        """Nothing is raised in their place, and nothing is sent."""
        sent = []
        refusal.explain(
            exception.Refused('change it', self.reason, self.status),
            ID,
            diff.Declared(),
            attributes={},
            names=['x'],
            attempt=sent.append,
        )
        self.assertEqual([], sent)


class TestForAdministrators(base.BaseTestCase):
    """What a policy leaves to administrators."""

    ANSWER = exception.Refused('change it', 'no', 403)

    def explain(self, error, **attributes):
        """Explain the refusal of a request with these attributes."""
        refusal.explain(
            error,
            ID,
            diff.Declared(),
            attributes=attributes,
            attempt=self.fail,
        )

    def test_is_named(self):
        """The message names the values, and the way out."""
        error = self.assertRaises(
            refusal.ForAdministrators,
            self.explain,
            self.ANSWER,
            visibility='public',
            owner='p',
            name='n',
        )
        self.assertEqual(ID, error.image_id)
        self.assertEqual({'visibility': 'public', 'owner': 'p'}, error.values)
        self.assertIs(self.ANSWER, error.error)
        for words in (
            'no (HTTP 403)',
            '"owner: p" and "visibility: public" is for administrators',
            'Remove it',
        ):
            self.assertIn(words, str(error))

    def test_what_is_for_everybody(self):
        """Any other attribute, or answer, is not explained by that."""
        self.explain(self.ANSWER, visibility='private', name='public')
        self.explain(exception.Refused('x', 'no', 409), owner='p')


class TestProtected(base.BaseTestCase):
    """All the properties that the operator protects."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.sent = []

    def refused(self, name):
        """Return what Glance answers, as it is shown."""
        name = ' '.join(name.split())
        return exception.Refused(
            'change it', f"Attribute '{name}' is reserved.", 403
        )

    def glance(self, *protected):
        """Return a server that refuses the first name that it protects."""

        def serve(names):
            self.sent.append(list(names))
            for name in names:
                if name in protected:
                    raise self.refused(name)

        return serve

    def find(self, names, protected):
        """Send a request with some names, and look which are protected."""
        serve = self.glance(*protected)
        answer = self.assertRaises(exception.Refused, serve, names)
        return refusal.protected(answer, names, serve)

    def test_are_found(self):
        """Each request is refused, so that none changes anything."""
        self.assertEqual(['b', 'd'], self.find('abcde', 'bd'))
        self.assertEqual(
            [[*'abcde'], [*'cdeb'], [*'eb']],
            [list(names) for names in self.sent],
        )

    def test_one(self):
        """One more request tells that there is only one, if any is left."""
        self.assertEqual(['a'], self.find('abc', 'a'))
        self.assertEqual(['c'], self.find('abc', 'c'))
        self.assertEqual([3, 3, 3], [len(names) for names in self.sent])

    def test_odd_names(self):
        """Names are told from each other by what is shown of them."""
        names = ['a', "it's", 'b  c', '~1/', 'd\n e']
        self.assertEqual(names[1:], self.find(names, names[1:]))

    def test_many(self):
        """Of hundreds a few are looked for, and it is said that it is so."""
        names = [f'k{number:03}' for number in range(300)]
        found = self.find(names, names)
        self.assertEqual(names[: refusal.MOST_FOUND], found)
        self.assertEqual(refusal.MOST_FOUND, len(self.sent))
        error = refusal.PropertiesProtected(ID, found, self.refused('k000'))
        self.assertIn("'k019' (and perhaps more). ", str(error))

    def test_permitted_meanwhile(self):
        """What is permitted all at once is not asked for again."""
        found = refusal.protected(self.refused('a'), 'ab', self.glance())
        self.assertEqual(['a'], found)
        self.assertIn('permits now', self.log.output)

    def test_no_answer(self):
        """If the cloud says no more, what is known is told."""

        def fail(names):
            raise exception.Unavailable('change it', 'out of order', 503)

        found = refusal.protected(self.refused('a'), 'ab', fail)
        self.assertEqual(['a'], found)

    def test_is_told(self):
        """The names, and the way out."""
        answer = self.refused('b')
        error = refusal.PropertiesProtected(ID, ['b', '\u200ba'], answer)
        self.assertEqual(ID, error.image_id)
        self.assertEqual(('b', '\u200ba'), error.names)
        self.assertIs(answer, error.error)
        for words in (
            str(answer),
            "'b', '\\u200ba'. Leave them in the template as they are",
            'ask the operator',
        ):
            self.assertIn(words, str(error))
        self.assertNotIn('perhaps more', str(error))


class TestCreation(test_creation.CreateTestCase):
    """Refusals of a new image."""

    def test_over_limit(self):
        """What is declared is counted."""
        self.glance.fail('POST', 413, over('properties', 6, 5))
        error = self.assertRaises(
            refusal.OverLimit, self.create, is_chosen=False
        )
        self.assertEqual((1, 6, 5), figures(error))
        self.assertEqual(['POST'], self.glance.log())

    def test_protected(self):
        """The request is repeated with the properties that are left."""
        declared = diff.Declared(properties=dict.fromkeys('abc', '1'))
        for name in 'aca':
            self.glance.fail('POST', 403, f"Attribute '{name}' is reserved.")
        error = self.assertRaises(
            refusal.PropertiesProtected,
            self.create,
            is_chosen=False,
            declared=declared,
            **declared.properties,
        )
        self.assertEqual(('a', 'c'), error.names)
        first, second = (request.body for request in self.glance.requests)
        self.assertEqual([*'abc'], [name for name in first if name in 'abc'])
        self.assertEqual([*'bca'], [name for name in second if name in 'abc'])
        self.assertEqual(first, second)


class TestUpdate(test_reconcile.ReconcileTestCase):
    """Refusals of a change."""

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.glance.add(id=ID, old='1', tags=['t', 'theirs'], same='1')
        self.glance.members[ID] = {'mine': 'accepted', 'theirs': 'accepted'}
        self.before = dict(self.live)

    def test_over_limit(self):
        """Those of others count, too."""
        self.glance.fail('PATCH', 413, over('properties', 6, 5))
        error = self.assertRaises(
            refusal.OverLimit,
            self.reconcile,
            test_reconcile.declared(a='1', b='2'),
        )
        self.assertEqual((2, 6, 5), figures(error))
        self.assertEqual(['GET', 'PATCH', 'GET'], self.glance.log())

    def test_protected(self):
        """The change is repeated without those that are known."""
        for name in ('old', 'b', 'old'):
            self.glance.fail('PATCH', 403, f"Attribute '{name}' is reserved.")
        error = self.assertRaises(
            refusal.PropertiesProtected,
            self.reconcile,
            test_reconcile.declared(a='1', b='2', c='3'),
            test_reconcile.managed('old'),
        )
        self.assertEqual(('b', 'old'), error.names)
        self.assertEqual(
            [
                ['remove /old', 'add /a', 'add /b', 'add /c'],
                ['add /a', 'add /b', 'add /c', 'remove /old'],
                ['add /c', 'remove /old'],
            ],
            [
                [f'{each["op"]} {each["path"]}' for each in request.body]
                for request in self.glance.sent('PATCH')
            ],
        )
        self.assertEqual(self.before, self.live)

    def share(self, *members, **attributes):
        """Share the image with too many, and change it besides."""
        self.glance.fail(
            'POST members', 413, over('members for this image', 4, 3), skip=1
        )
        return self.assertRaises(
            refusal.OverLimit,
            self.reconcile,
            diff.Declared(
                {'min_ram': 5, **attributes},
                {'a': '1', 'same': '2'},
                frozenset(('u',)),
                frozenset(members),
            ),
            diff.Managed(
                properties=frozenset(('old', 'same')),
                tags=frozenset('t'),
                members=frozenset(('mine',)),
            ),
        )

    def test_members(self):
        """What was carried out before is taken back, and not recorded."""
        error = self.share('a', 'b', 'c')
        self.assertEqual((3, 4, 3), figures(error))
        self.assertEqual(
            {**self.before, 'tags': {*self.before['tags']}},
            {**self.live, 'tags': {*self.live['tags']}},
        )
        self.assertEqual({'mine', 'theirs'}, {*self.glance.members[ID]})
        self.assertEqual(
            (frozenset(('old', 'same')), frozenset('t'), frozenset(('mine',))),
            (
                self.remembered[-1][0].properties,
                self.remembered[-1][0].tags,
                self.remembered[-1][0].members,
            ),
        )

    def test_members_of_an_image_that_was_private(self):
        """That it was shared is taken back too."""
        self.live['visibility'] = 'private'
        self.glance.members[ID].clear()
        self.share('a', 'b', visibility='shared')
        self.assertEqual('private', self.live['visibility'])
        self.assertEqual({}, self.glance.members[ID])

    def test_members_alone(self):
        """A member that was the only change has nothing to take back."""
        self.glance.fail('POST members', 413, over('members', 4, 3))
        self.assertRaises(
            refusal.OverLimit,
            self.reconcile,
            diff.Declared(members=frozenset(('mine', 'a'))),
        )
        self.assertEqual({'mine', 'theirs'}, {*self.glance.members[ID]})
        self.assertEqual([], self.glance.sent('PATCH'))

    def test_what_cannot_be_taken_back(self):
        """It is recorded, and the limit told all the same."""
        self.glance.fail('PATCH', 503, skip=1)
        self.share('a', 'b', 'c')
        self.assertIn('stays recorded', self.log.output)
        self.assertEqual('1', self.live['a'])
        self.assertIn('a', self.remembered[-1][0].properties)
