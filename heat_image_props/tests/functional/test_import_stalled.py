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

"""What becomes of stacks whose Glance is killed in the middle of an import."""

import configparser
import contextlib
import dataclasses
import datetime
from unittest import mock
import uuid

import sqlalchemy

from heat_image_props import progress
from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import second_heat

#: Seconds without progress after which an import is given up here.
LIMIT = 30

DATA = b'at last'

LOCK = 'os_glance_import_task'


@dataclasses.dataclass
class Case:
    """One state in which a kill leaves an image.

    :ivar declared: properties of the image
    :ivar status: of the image when Glance is killed, with a lock
    :ivar told: what the reason says of it
    :ivar is_new: whether the next update creates the image again
    :ivar size: of the data that it has then
    :ivar row: columns of the image to change in the database afterwards
    :ivar age: minutes by which to make the task of the import older
    :ivar stack: id of the stack
    :ivar image: id of the image
    :ivar lock: id of the task that works on it
    """

    declared: dict
    status: str = 'importing'
    told: str = 'importing into fast'
    is_new: bool = True
    size: int = len(DATA)
    row: dict = dataclasses.field(default_factory=dict)
    age: int = 0
    stack: str = ''
    image: str = ''
    lock: str | None = None


class StalledTestCase(base.FunctionalTestCase):
    """A test with a Heat that soon gives up."""

    def setUp(self):
        super().setUp()
        impatient = self.useFixture(
            second_heat.SecondHeat(
                self.cloud,
                self.USER,
                {'heat_image_props': {'import_stall_timeout': LIMIT}},
            )
        )
        self.impatient = impatient.client
        self.name = f'stalled-{uuid.uuid4().hex[:8]}'
        self.slow = contextlib.ExitStack()
        self.addCleanup(self.slow.close)

    def path(self, rate, size):
        """Serve data slowly; return its URL and its name."""
        name = self.source(bytes(size)).rpartition('/')[2]
        self.addCleanup(self.cloud.source.put, name, DATA)
        return self.cloud.source.url(f'slow/{rate}/{name}'), name

    def change_row(self, table, where, **columns):
        """Change a row of Glance's database."""
        config = configparser.RawConfigParser(default_section='')
        config.read(self.cloud.work_dir / 'etc' / 'glance' / 'glance-api.conf')
        engine = sqlalchemy.create_engine(config['database']['connection'])
        self.addCleanup(engine.dispose)
        found = sqlalchemy.table(
            table, *map(sqlalchemy.column, {**where, **columns})
        )
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.update(found)
                .where(*(found.c[name] == where[name] for name in where))
                .values(columns)
            )

    def images(self, name):
        """Return id, status and size of all images of a case."""
        return [
            (image['id'], image['status'], image['size'])
            for image in self.glance.get(
                '/v2/images', params={'name': f'{self.name} {name}'}
            ).json()['images']
        ]

    def at_work(self, name, case):
        """Find the image of a case in the state that it is to be left in."""
        found = self.glance.get(
            '/v2/images', params={'name': f'{self.name} {name}'}
        ).json()['images']
        case.image = found[0]['id'] if found else ''
        if not found or found[0]['status'] != case.status:
            return False
        case.lock = found[0].get(LOCK)
        return case.lock and (
            case.row or progress.phase_of(found[0]) == case.told
        )

    def kill(self, cases):
        """Kill Glance, and start it again with the rows of the cases."""
        with self.cloud.killed('glance'):
            for case in cases.values():
                if case.row:
                    self.change_row('images', {'id': case.image}, **case.row)
                    # It was never begun, so nothing is staged.
                    staged = (
                        self.cloud.work_dir
                        / 'data/glance/os_glance_staging_store'
                        / case.image
                    )
                    staged.unlink()
                if case.age:
                    then = datetime.datetime.now(datetime.UTC)
                    then -= datetime.timedelta(minutes=case.age)
                    self.change_row(
                        'tasks',
                        {'id': case.lock},
                        updated_at=then.replace(tzinfo=None),
                    )
        self.slow.close()

    def reason(self, stack_id, name='image'):
        """Return why a stack is in its state."""
        return self.heat.stacks.get(stack_id).stack_status_reason


class TestKilled(StalledTestCase):
    """Creations during which Glance is killed."""

    def cases(self):
        """Return all cases by name."""
        url, self.file = self.path(100, 64 * 1024)
        slow = {'location': url}
        stores = {'location': self.source(DATA), 'stores': ['slow']}
        several = {
            **stores,
            'stores': ['fast', 'slow'],
            'all_stores_must_succeed': False,
        }
        queued = {
            'told': 'waiting for Glance to begin',
            'row': {'status': 'queued'},
        }
        return {
            'download': Case(slow),
            'store': Case(stores, told='importing into slow'),
            'declared id': Case({**slow, 'id': str(uuid.uuid4())}),
            'protected': Case({**slow, 'protected': True}),
            'one of several stores': Case(
                several, 'active', 'copying into slow', is_new=False
            ),
            'reference': Case(
                {**slow, 'import_method': 'reference'},
                'active',
                'finishing the import',
                is_new=False,
                size=64 * 1024,
            ),
            'queued': Case(slow, **queued),
            'queued, expired': Case(slow, **queued, age=180, is_new=False),
        }

    def update(self, case, name, **properties):
        """Begin an update of a case."""
        self.heat.stacks.update(
            case.stack,
            template=self.template(
                **{
                    'name': f'{self.name} {name}',
                    **case.declared,
                    **properties,
                }
            ),
        )

    def test_all(self):
        """Each is given up in time; the next update has a usable image."""
        cases = self.cases()
        self.slow.enter_context(self.cloud.stores.slow(0.001, store='slow'))
        with mock.patch.object(self, 'heat', self.impatient):
            self.check(cases)
        # What is deleted later is deleted by the cloud's own Heat.
        self.assertEqual([], self.found)

    def check(self, cases):
        """Go through all cases side by side."""
        self.found = []
        for name, case in cases.items():
            case.stack = self.start_stack(
                self.template(name=f'{self.name} {name}', **case.declared)
            )
        for name, case in cases.items():
            base.until(self.at_work, name, case)
        self.kill(cases)
        self.cloud.source.put(self.file, DATA)
        alive = self.start_alive()
        for name, case in cases.items():
            self.wait(name, case, 'CREATE_FAILED')
            reason = self.reason(case.stack)
            for text in (case.image, case.told, 'import_stall_timeout'):
                if text not in reason:
                    self.found.append(f'{name}: {text!r} not in {reason!r}')
            self.update(case, name)
        chosen = cases.pop('declared id')
        for name, case in cases.items():
            self.wait(name, case, 'UPDATE_COMPLETE')
            self.look(name, case)
        self.wait('declared id', chosen, 'UPDATE_FAILED')
        self.assertIn('give another one', self.reason(chosen.stack))
        self.update(chosen, 'declared id', id=str(uuid.uuid4()))
        self.wait('declared id', chosen, 'UPDATE_COMPLETE')
        self.look('declared id', chosen)
        self.finish_alive(alive)
        # Glance deletes none that it takes for being read.
        self.change_row(
            'image_properties',
            {
                'image_id': cases['reference'].image,
                'name': 'os_glance_hash_op_host',
            },
            deleted=True,
        )
        # It has to be deleted like the others.
        self.patch_image(
            self.image_id(cases['protected'].stack),
            {'op': 'replace', 'path': '/protected', 'value': False},
        )

    def start_alive(self):
        """Begin an import that takes longer than the limit."""
        url, name = self.path(200, 200 * 2 * LIMIT)
        case = Case({'location': url})
        case.stack = self.start_stack(
            self.template(name=f'{self.name} alive', **case.declared)
        )
        return case, name

    def finish_alive(self, alive):
        """See that an import that was given up and is alive is kept."""
        case, file = alive
        self.wait('alive', case, 'CREATE_FAILED')
        case.image = self.image_id(case.stack)
        base.until(lambda: LOCK not in self.image(case.image))
        self.update(case, 'alive')
        self.wait('alive', case, 'UPDATE_COMPLETE')
        self.assertEqual(
            [(case.image, 'active', 400 * LIMIT)], self.images('alive')
        )
        self.assertEqual(1, len(self.cloud.source.requests(name=file)))

    def wait(self, name, case, status):
        """Wait for a state of the stack of a case."""
        try:
            self.wait_for(case.stack, status)
        except base.StackFailed as error:
            self.found.append(f'{name}: {error}')

    def look(self, name, case):
        """See that there is one usable image, the same or a new one."""
        wanted = [(self.image_id(case.stack), 'active', case.size)]
        if self.images(name) != wanted:
            self.found.append(f'{name}: {self.images(name)} not {wanted}')
        elif (wanted[0][0] != case.image) != case.is_new:
            self.found.append(f'{name}: new or not is not {case.is_new}')


class TestKilledWhileCopying(StalledTestCase):
    """A copy into a further store during which Glance is killed."""

    USER = 'admin'

    def test_keeps_the_data(self):
        """The update fails with its reason; the image stays what it is."""
        one = {'location': self.source(DATA)}
        both = {**one, 'stores': ['fast', 'slow']}
        cases = {
            'copy': Case(both, 'active', 'copying into slow'),
            'copy, expired': Case(
                both, 'active', 'copying into slow', age=180
            ),
        }
        for name, case in cases.items():
            case.stack = self.create_stack(self.of(name, one))
        self.slow.enter_context(self.cloud.stores.slow(0.001, store='slow'))
        with mock.patch.object(self, 'heat', self.impatient):
            for name, case in cases.items():
                self.heat.stacks.update(
                    case.stack, template=self.of(name, both)
                )
            for name, case in cases.items():
                base.until(self.at_work, name, case)
            self.kill(cases)
            for case in cases.values():
                self.wait_for(case.stack, 'UPDATE_FAILED')
                for text in (case.image, 'copying into slow', 'keeps'):
                    self.assertIn(text, self.reason(case.stack))
            stack, image_id = cases['copy'].stack, cases['copy'].image
            # The rest is done, and the store fails with its reason.
            self.update_stack(
                stack, self.of('copy', both, min_ram=1), 'UPDATE_FAILED'
            )
            self.assertIn('60 minutes', self.reason(stack))
            self.assertEqual(1, self.image(image_id)['min_ram'])
            # Without the store there is nothing to wait for.
            self.update_stack(stack, self.of('copy', one, min_ram=2))
            self.assertEqual(2, self.image(image_id)['min_ram'])
            # When the lock has expired it is copied, once the operator has
            # removed what the dead Glance may have left in the store: its
            # driver overwrites no file.
            self.store_file('slow', cases['copy, expired'].image).unlink(
                missing_ok=True
            )
            self.update_stack(
                cases['copy, expired'].stack, self.of('copy, expired', both)
            )
        stores = self.image(cases['copy, expired'].image)['stores']
        self.assertEqual({'fast', 'slow'}, {*stores.split(',')})
        for name, case in cases.items():
            self.assertEqual(
                [(case.image, 'active', len(DATA))], self.images(name)
            )

    def store_file(self, store, image_id):
        """Return the file in which a store keeps the data of an image."""
        return self.cloud.work_dir / 'data' / 'glance' / store / image_id

    def of(self, name, *properties, **more):
        """Return the template of a case."""
        declared = {'name': f'{self.name} {name}', **more}
        for each in properties:
            declared.update(each)
        return self.template(**declared)
