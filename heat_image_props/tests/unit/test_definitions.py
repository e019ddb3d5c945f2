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

"""Tests of how the metadata definitions of clouds are got and kept."""

import threading

import dogpile.cache
import fixtures
from oslo_log import log as logging

from heat_image_props import definitions
from heat_image_props import image_api
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_glance_metadefs

PLACE = ('http://keystone.test', 'here')
LIST = '/metadefs/namespaces'


def region(backend):
    """Return a cache that processes share, with a kind of dogpile.cache."""
    return dogpile.cache.make_region().configure(backend)


class LibraryTestCase(base.BaseTestCase):
    """A test with a library and a Glance."""

    def setUp(self):
        super().setUp()
        self.clock = fake_glance.Clock()
        self.glance = self.useFixture(fake_glance.FakeGlance(self.clock))
        # What Heat has by default.
        self.shared = region('dogpile.cache.null')
        self.library = definitions.Library(self.shared, self.clock)
        self.logger = self.useFixture(
            fixtures.FakeLogger(level=logging.DEBUG, name='heat_image_props')
        )

    def get(self, *keys, place=PLACE, project=fake_glance.PROJECT):
        """Return the names that are defined, or None if that is not known."""
        found = self.library.get(place, project, keys, self.glance.api)
        return None if found is None else sorted(found)

    def asked(self):
        """Return the paths of the requests, and forget them."""
        paths = [each.path for each in self.glance.definition_requests]
        self.glance.definition_requests.clear()
        return paths

    def debug(self):
        """Return what was logged about definitions."""
        return [
            line
            for line in self.logger.output.splitlines()
            if 'etadata definitions' in line
        ]


class TestRequests(LibraryTestCase):
    """What is asked for, and when."""

    def setUp(self):
        super().setUp()
        self.glance.define('any', team={'type': 'string'})
        self.glance.define('OS::Hard', 'hw_', x={'type': 'string'})
        self.glance.define('os', 'os_', y={'type': 'string'})

    def test_by_prefix(self):
        """Namespaces are read when a name begins as theirs do, once."""
        self.assertEqual(['team'], self.get('a'))
        self.assertEqual([LIST, f'{LIST}/any'], self.asked())
        self.assertEqual(['hw_x', 'team'], self.get('hw_x'))
        self.assertEqual([f'{LIST}/OS%3A%3AHard'], self.asked())
        self.assertEqual(['hw_x', 'os_y', 'team'], self.get('hw_', 'os_'))
        self.assertEqual([f'{LIST}/os'], self.asked())
        self.assertEqual(['team'], self.get('a'))
        self.assertEqual([], self.asked())

    def test_queries(self):
        """The list is that for images, and so are the prefixes."""
        self.get('a')
        listed, one = self.glance.definition_requests
        self.assertEqual(
            {'resource_types': 'OS::Glance::Image', 'limit': '1000'},
            listed.query,
        )
        self.assertEqual({'resource_type': 'OS::Glance::Image'}, one.query)

    def test_age(self):
        """After an hour all is asked for again."""
        self.get('a')
        self.asked()
        self.clock.now += 3599
        self.get('a')
        self.assertEqual([], self.asked())
        self.clock.now += 2
        self.glance.namespaces[0]['properties'] = {}
        self.assertEqual([], self.get('a'))
        self.assertEqual([LIST, f'{LIST}/any'], self.asked())

    def test_places(self):
        """Another region, or another cloud, has definitions of its own."""
        self.get('a')
        self.asked()
        self.get('a', place=('http://keystone.test', 'there'))
        self.assertEqual([LIST, f'{LIST}/any'], self.asked())

    def test_of_glance(self):
        """An image takes 11 requests, 17 if it has names in hw_."""
        self.glance.namespaces = fake_glance_metadefs.loaded()
        self.assertIn('os_type', self.get('team', 'os_type'))
        self.assertEqual(11, len(self.asked()))
        self.assertIn('hw_disk_bus', self.get('hw_disk_bus'))
        self.assertEqual(6, len(self.asked()))
        self.get('hw_disk_bus', 'team')
        self.assertEqual([], self.asked())
        self.get('hw_disk_bus', project='another')
        self.assertEqual([LIST], self.asked())

    def test_pages(self):
        """A list that comes in pages is read to its end."""
        self.glance.page = 2
        self.assertEqual(['hw_x', 'os_y', 'team'], self.get('hw_', 'os_'))
        self.assertEqual([LIST] * 2, self.asked()[:2])


class TestProjects(LibraryTestCase):
    """Whose definitions a project gets."""

    def setUp(self):
        super().setUp()
        for name, visibility, owner in (
            ('public', 'public', 'operator'),
            ('private', 'private', fake_glance.PROJECT),
        ):
            self.glance.define(name, **{name: {'type': 'string'}})
            self.glance.namespaces[-1].update(
                visibility=visibility, owner=owner
            )

    def test_private_ones(self):
        """What is private is for its project; the public is read once."""
        self.assertEqual(['private', 'public'], self.get('a'))
        self.asked()
        # All are administrators here, whom Glance hides nothing from.
        self.glance.is_admin = True
        self.assertEqual(['public'], self.get('a', project='other'))
        self.assertEqual([LIST], self.asked())

    def test_same_name_later(self):
        """A private one is not got from what another project was given."""
        self.get('a')
        self.glance.is_admin = True
        self.glance.namespaces[1].update(
            owner='other', properties={'theirs': {'type': 'string'}}
        )
        self.assertEqual(['public', 'theirs'], self.get('a', project='other'))
        self.assertEqual(['private', 'public'], self.get('a'))

    def test_no_longer_public(self):
        """What becomes private while it is read is kept for nobody."""
        self.glance.is_admin = True
        listed = threading.Event()
        api = self.glance.api()
        namespaces = api.namespaces

        def change(*args):
            answer = namespaces(*args)
            self.glance.namespaces[0].update(
                visibility='private', owner='other'
            )
            listed.set()
            return answer

        self.patch(api, 'namespaces', change)
        ask = (PLACE, fake_glance.PROJECT, ['a'], lambda: api)
        self.assertIsNone(self.library.get(*ask))
        self.assertTrue(listed.is_set())
        self.clock.now += 61
        self.assertEqual(['private'], sorted(self.library.get(*ask)))


class TestShared(LibraryTestCase):
    """Several engines, with a cache that the operator has given Heat."""

    def setUp(self):
        super().setUp()
        self.shared = region('dogpile.cache.memory')
        self.glance.define('any', team={'type': 'string'})
        self.glance.define('private', rack={'type': 'string'})
        self.glance.namespaces[1].update(
            visibility='private', owner=fake_glance.PROJECT
        )

    def get_as_engine(self, **kwargs):
        """Ask as another engine does, and return what it asks Glance for."""
        self.library = definitions.Library(self.shared, self.clock)
        self.found = self.get('a', **kwargs)
        return self.asked()

    def test_once_for_all(self):
        """The second engine asks for the list only."""
        self.assertEqual(3, len(self.get_as_engine()))
        found = self.found
        self.assertEqual([LIST], self.get_as_engine())
        self.assertEqual(['rack', 'team'], found)
        self.assertEqual(found, self.found)

    def test_by_project_and_place(self):
        """What is private, or elsewhere, is not mixed up."""
        self.get_as_engine()
        self.glance.namespaces[1].update(owner='other')
        self.glance.is_admin = True
        self.assertEqual(
            [LIST, f'{LIST}/private'], self.get_as_engine(project='other')
        )
        self.assertEqual(
            3, len(self.get_as_engine(place='x', project='other'))
        )

    def test_broken(self):
        """A cache that is broken is no failure of the stack."""
        self.shared = None
        self.get_as_engine()
        self.assertIsNone(self.found)


class TestFailures(LibraryTestCase):
    """A Glance that does not answer, or not as expected."""

    def setUp(self):
        super().setUp()
        self.glance.define('any', team={'type': 'string'})

    def test_no_such_api(self):
        """Where there is none there is no advice, which is said once."""
        for status in (403, 404):
            self.library = definitions.Library(self.shared, self.clock)
            self.glance.fail(f'GET {LIST}', status)
            self.assertIsNone(self.get('a'))
            self.assertIsNone(self.get('a'))
            self.assertEqual([LIST], self.asked())
            # A proxy says so too, when Glance is away for a moment.
            self.clock.now += 61
            self.assertEqual(['team'], self.get('a'))
            self.asked()
        self.assertEqual(2, len(self.debug()))

    def test_namespace_that_is_gone(self):
        """For one that is deleted meanwhile the list is read again."""
        for status in (403, 404):
            self.glance.define(f'gone{status}', x={'type': 'string'})
            self.glance.fail(f'GET {LIST}/gone{status}', status)
            self.assertIsNone(self.get('a'))
            self.asked()
            self.clock.now += 61
            self.assertEqual(['team', 'x'], self.get('a'))
            self.assertIn(LIST, self.asked())
            self.library = definitions.Library(self.shared, self.clock)

    def test_errors(self):
        """After an error a cloud is left alone for a minute."""
        for kind, status, body in (
            (f'GET {LIST}', 500, 'broken'),
            (f'GET {LIST}', 400, 'broken'),
            (f'GET {LIST}', fake_glance.CUT, ''),
            (f'GET {LIST}', 200, '[]'),
            (f'GET {LIST}', 200, {'other': []}),
            (f'GET {LIST}', 200, {'namespaces': 5, 'next': 'x'}),
            (f'GET {LIST}/any', 503, 'broken'),
            (f'GET {LIST}/any', 400, 'broken'),
        ):
            self.library = definitions.Library(self.shared, self.clock)
            self.glance.fail(kind, status, body)
            self.assertIsNone(self.get('a'))
            said = self.debug()
            self.asked()
            self.assertIsNone(self.get('a'))
            self.assertEqual([], self.asked())
            self.assertEqual(said, self.debug())
            self.clock.now += 61
            self.assertEqual(['team'], self.get('a'))

    def test_too_many(self):
        """More than is reasonable is not read."""
        self.patch(definitions, 'MOST_NAMESPACES', 1)
        self.glance.define('more', x={'type': 'string'})
        self.assertIsNone(self.get('a'))
        self.assertEqual([LIST], self.asked())

    def test_too_many_pages(self):
        """A list without an end is not read."""
        self.glance.page = 0
        self.glance.fail(
            f'GET {LIST}',
            200,
            {'namespaces': [{'namespace': 'any'}], 'next': 'again'},
            times=10,
        )
        self.assertIsNone(self.get('a'))
        self.assertEqual([LIST] * 10, self.asked())

    def test_too_slow(self):
        """The reading of many namespaces is given up after a minute."""
        for number in range(3):
            self.glance.define(f'n{number}', x={'type': 'string'})
        read = image_api.ImageAPI.namespace

        def slow(*args):
            self.clock.now += 40
            return read(*args)

        self.patch(image_api.ImageAPI, 'namespace', slow)
        self.assertIsNone(self.get('a'))
        self.assertEqual(3, len(self.asked()))
        # What was read is there, and the rest is read later.
        self.clock.now += 61
        self.assertEqual(['team', 'x'], self.get('a'))
        self.assertEqual(2, len(self.asked()))


class TestPatience(LibraryTestCase):
    """Readings that take long."""

    def setUp(self):
        super().setUp()
        # Time is real where somebody waits.
        self.library = definitions.Library(self.shared)
        self.glance.define('any', team={'type': 'string'})
        self.going_on = threading.Event()
        self.addCleanup(self.end_readings)
        self.api = self.glance.api()
        namespaces = self.api.namespaces

        def hold(*args):
            self.going_on.wait(60)
            return namespaces(*args)

        self.patch(self.api, 'namespaces', hold)

    def end_readings(self):
        """Let go of all readings, and wait for their end."""
        self.going_on.set()
        for each in [*self.library._readings.values()]:
            each.join(60)

    def held(self, project=fake_glance.PROJECT):
        """Ask a Glance that does not answer yet."""
        return self.library.get(PLACE, project, ['a'], lambda: self.api)

    def test_bounded(self):
        """Nobody waits long, the next one not at all, and it goes on."""
        self.patch(definitions, 'PATIENCE', 0.05)
        self.assertIsNone(self.held())
        self.patch(definitions, 'PATIENCE', 3600)
        self.assertIsNone(self.held())
        self.assertEqual(1, len(self.debug()))
        self.end_readings()
        self.assertEqual(['team'], sorted(self.held()))

    def test_asked_twice_at_once(self):
        """Two who ask at the same time make one reading."""
        self.patch(definitions, 'PATIENCE', 60)
        found = []
        askers = [
            threading.Thread(target=lambda: found.append(self.held()))
            for _ in range(2)
        ]
        for each in askers:
            each.start()
        self.going_on.set()
        for each in askers:
            each.join(60)
        self.assertEqual([['team']] * 2, [sorted(each) for each in found])
        self.assertEqual(2, len(self.asked()))

    def test_many_at_once(self):
        """No more than a few readings are under way; the others wait."""
        self.patch(definitions, 'MOST_READINGS', 1)
        self.patch(definitions, 'PATIENCE', 0.05)
        self.assertIsNone(self.held())
        self.assertIsNone(self.held('other'))
        self.assertEqual(1, len(self.library._readings))
        self.patch(definitions, 'PATIENCE', 60)
        self.end_readings()
        self.assertEqual(['team'], sorted(self.held('third')))

    def test_no_connection(self):
        """A connection that cannot be made leaves nothing behind."""
        self.assertRaises(
            ZeroDivisionError,
            self.library.get,
            PLACE,
            'p',
            ['a'],
            lambda: 1 / 0,
        )
        self.assertEqual({}, self.library._readings)


class TestKept(LibraryTestCase):
    """What is kept."""

    def test_size(self):
        """The oldest is forgotten when there is too much."""
        self.patch(definitions, 'MOST_KEPT', 2)
        for name in 'ab':
            self.get('a', project=name)
        self.get('a', project='a')
        self.asked()
        self.get('a', project='c')
        self.get('a', project='b')
        self.assertEqual([LIST], self.asked())
        self.get('a', project='a')
        self.assertEqual([LIST], self.asked())
