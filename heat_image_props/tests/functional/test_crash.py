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

"""Whenever heat-engine dies, the next operation on the stack repairs it."""

import concurrent.futures
import contextlib

from heatclient import exc as heat_exc
import tenacity

from heat_image_props.tests.functional import base
from heat_image_props.tests.functional import crash_points

#: Of an image, what is another one in each stack.
_OWN = frozenset(
    (
        'id',
        'name',
        'file',
        'self',
        'created_at',
        'updated_at',
        'direct_url',
        'locations',
        'crash_key',
    )
)

#: Requests to Heat at a time; its API serves ten.
_AT_ONCE = 8


class Case:
    """One stack, in which a scenario is disturbed at a point, or not."""

    def __init__(self, test, name, scenario, point=None):
        self.name = f'{name}: {point or "undisturbed"}'
        self.scenario = scenario
        self.point = point
        key = crash_points.Values().key
        source = test.cloud.source
        self.files = (f'{key}-first.img', f'{key}-second.img')
        self.values = crash_points.Values(
            key=key,
            url=source.put(self.files[0], crash_points.FIRST),
            other_url=source.put(self.files[1], crash_points.SECOND),
            project=test.other_project,
        )
        self.stack_id = None
        #: The id of the image that it began with.
        self.first = None
        #: The ids of its images when the engine died.
        self.alive = []
        self.fault = None

    def template(self, test, properties):
        """Return a template with an image whose name and key are known."""
        given = {'name': self.values.key, **properties(self.values)}
        given['property'] = {
            'crash_key': self.values.key,
            **given.get('property', {}),
        }
        return test.template(**given)


class CrashTestCase(base.FunctionalTestCase):
    """A test with many stacks, whose engine dies."""

    def setUp(self):
        super().setUp()
        self.other_project = self.project_of('other')
        self.pool = concurrent.futures.ThreadPoolExecutor(_AT_ONCE)
        self.addCleanup(self.pool.shutdown)
        self.problems = []
        self.cases = []
        self.addCleanup(self.leave_all)

    def leave_all(self):
        """Begin to delete what is left of the stacks."""
        for case in self.cases:
            if case.stack_id is not None:
                self.leave_stack(case.stack_id)

    # Many stacks at once -------------------------------------------------

    def each(self, method, cases):
        """Do something with every case; a failure is noted as a problem."""

        def one(case):
            try:
                return method(case)
            except (heat_exc.HTTPException, TimeoutError) as error:
                self.problem(case, str(error))

        return list(self.pool.map(one, cases))

    def problem(self, case, text):
        """Note what is not as it should be."""
        self.problems.append(f'{case.name}: {text}')

    def prepare(self, cases):
        """Create the stacks that the scenarios begin with."""
        cases = [case for case in cases if case.scenario.before is not None]

        def begin(case):
            case.stack_id = self.heat.stacks.create(
                stack_name=f'crash-{case.values.key}',
                template=case.template(self, case.scenario.before),
            )['stack']['id']

        self.each(begin, cases)
        self.wait(cases, 'CREATE')
        self.assertEqual([], self.problems)
        images = self.images()
        for case in cases:
            (case.first,) = images[case.values.key]

    def begin(self, case):
        """Do what the scenario is about, for the first time or again."""
        wanted = case.scenario.wanted
        if wanted is None:
            self.heat.stacks.delete(case.stack_id)
        elif case.stack_id is None:
            case.stack_id = self.heat.stacks.create(
                stack_name=f'crash-{case.values.key}',
                template=case.template(self, wanted),
            )['stack']['id']
        else:
            self.heat.stacks.update(
                case.stack_id, template=case.template(self, wanted)
            )

    def wait(self, cases, action):
        """Wait until stacks have got there; a failure is a problem.

        All are asked for at once: to ask for each would keep Heat busy.
        """
        waiting = {case.stack_id: case for case in cases if case.stack_id}

        def look():
            stacks = {stack.id: stack for stack in self.heat.stacks.list()}
            for stack_id, case in list(waiting.items()):
                status = 'DELETE_COMPLETE'
                if stack_id in stacks:
                    status = stacks[stack_id].stack_status
                if status.endswith('IN_PROGRESS'):
                    continue
                if status != f'{action}_COMPLETE':
                    reason = stacks[stack_id].stack_status_reason
                    self.problem(case, f'{status}: {reason}')
                del waiting[stack_id]
            return not waiting

        try:
            tenacity.Retrying(
                retry=tenacity.retry_if_result(lambda done: not done),
                stop=tenacity.stop_after_delay(base.LONGEST),
                wait=tenacity.wait_fixed(0.5),
            )(look)
        except tenacity.RetryError:
            for case in waiting.values():
                self.problem(case, f'no end of {action}')

    def delete_all(self):
        """Delete the stacks, and see that nothing is left."""
        cases = [case for case in self.cases if case.stack_id]
        there = [case for case in cases if case.scenario.wanted is not None]
        self.each(lambda case: self.heat.stacks.delete(case.stack_id), there)
        self.wait(there, 'DELETE')
        images = self.images()
        for case in cases:
            left = images.get(case.values.key)
            if left:
                self.problem(case, f'left in Glance: {sorted(left)}')

    def images(self):
        """Return the images by key of their case and by id."""
        found = {}
        url = '/v2/images?limit=1000'
        while url:
            answer = self.glance.get(url).json()
            for image in answer['images']:
                key = image.get('crash_key')
                found.setdefault(key, {})[image['id']] = image
            url = answer.get('next')
        return found

    # What is proven ------------------------------------------------------

    def watch(self, models, action):
        """Run cases that nothing disturbs, and note their requests."""
        with contextlib.ExitStack() as stack:
            for case in models:
                case.fault = stack.enter_context(
                    self.cloud.wire.watch(name=case.values.key)
                )
            self.each(self.begin, models)
            self.wait(models, action)
        for case in models:
            case.requests = crash_points.without_repetitions(
                [hit.operation for hit in case.fault.hits]
            )

    def undisturbed(self, action, scenarios):
        """Run the scenarios, and return the case of each."""
        runs = {
            name: Case(self, name, scenario)
            for name, scenario in scenarios.items()
        }
        models = list(runs.values())
        self.cases += models
        self.prepare(models)
        self.watch(models, action)
        self.assertEqual([], self.problems)
        self.assertEqual(
            {name: each.requests for name, each in scenarios.items()},
            {name: ' '.join(case.requests) for name, case in runs.items()},
        )
        return runs

    def prove(self, action, scenarios):
        """Disturb the scenarios at every point, and repair the stacks."""
        runs = self.undisturbed(action, scenarios)
        cases = {
            Case(self, name, run.scenario, point): run
            for name, run in runs.items()
            for point in crash_points.points(run.requests)
        }
        self.cases += cases
        self.prepare(cases)
        killed = [case for case in cases if case.point.kind != 'lost']
        lost = [case for case in cases if case.point.kind == 'lost']
        self.crash(killed, lost, action)
        self.each(self.begin, killed)
        self.wait(killed, 'DELETE' if action == 'DELETE' else 'UPDATE')
        self.judge(cases)

    def judge(self, cases):
        """See that cases ended as the runs that nothing disturbed."""
        images = self.images()
        for case, run in cases.items():
            self.compare(case, run, images)
        self.delete_all()
        self.assertEqual([], self.problems)

    def crash(self, killed, lost=(), action='CREATE'):
        """Let the engine die when each stack is at its point."""
        with contextlib.ExitStack() as stack:
            for case in (*killed, *lost):
                kind = crash_points.KINDS[case.point.kind]
                fault = getattr(self.cloud.wire, kind)(
                    name=case.values.key, times=1, **case.point.match
                )
                case.fault = stack.enter_context(fault)
            self.each(self.begin, (*lost, *killed))
            self.each(
                lambda case: case.fault.wait_until_held(timeout=base.LONGEST),
                killed,
            )
            self.wait(lost, action)
            for case in lost:
                if not case.fault.count:
                    self.problem(case, 'the request was not sent')
            images = self.images()
            for case in killed:
                case.alive = list(images.get(case.values.key, ()))
            with self.cloud.killed('heat-engine'):
                for case in killed:
                    case.fault.wait_until_left()

    def compare(self, case, run, images):
        """See that a case ended as the run that nothing disturbed."""
        mine = images.get(case.values.key, {})
        if case.scenario.wanted is None:
            if mine:
                self.problem(case, f'not deleted: {sorted(mine)}')
            return
        if len(mine) != 1:
            self.problem(case, f'{len(mine)} images: {sorted(mine)}')
            return
        ((image_id, image),) = mine.items()
        ((model_id, model),) = images[run.values.key].items()
        alive = case.alive
        if case.scenario.replaces:
            alive = [each for each in alive if each != case.first]
        elif case.first is not None:
            alive = [case.first]
        if alive and [image_id] != alive:
            self.problem(case, f'{alive} became {image_id}')
        stored = self.image_id(case.stack_id)
        if stored != image_id:
            self.problem(case, f'Heat knows {stored}, not {image_id}')
        differences = {
            name: (model.get(name), image.get(name))
            for name in {*model, *image} - _OWN
            if model.get(name) != image.get(name)
        }
        if differences:
            self.problem(case, f'not as undisturbed: {differences}')
        if image['visibility'] == 'shared':
            members = self.members(image_id)
            if members != self.members(model_id):
                self.problem(case, f'the members are {members}')
        for number, file in enumerate(case.files):
            downloads = len(self.cloud.source.requests(name=file))
            wanted = len(self.cloud.source.requests(name=run.files[number]))
            if downloads != wanted:
                self.problem(case, f'{downloads} downloads of {file}')


class TestCreate(CrashTestCase):
    def test_every_point(self):
        """A creation that was cut short is completed, with the same image."""
        self.prove('CREATE', crash_points.CREATE)


class TestUpdate(CrashTestCase):
    def test_every_point(self):
        """An update that was cut short is completed, with the same image."""
        self.prove('UPDATE', crash_points.UPDATE)


class TestDelete(CrashTestCase):
    def test_every_point(self):
        """A deletion that was cut short is completed."""
        self.prove('DELETE', crash_points.DELETE)


class TestTwice(CrashTestCase):
    def test_every_point_of_the_repair(self):
        """An engine that dies over the repair loses nothing either."""
        runs, models, cases = [], [], {}
        for name, (operation, repair) in crash_points.REPAIRS.items():
            scenario = crash_points.CREATE[name]
            first = next(
                point
                for point in crash_points.points(scenario.requests.split())
                if (point.kind, point.operation) == ('before', operation)
            )
            run = Case(self, name, scenario)
            runs.append(run)
            models.append(Case(self, name, scenario, first))
            for point in crash_points.points(repair.split()):
                if point.kind != 'lost':
                    case = Case(self, name, scenario, first)
                    case.next_point = point
                    cases[case] = run
        self.cases += [*runs, *models, *cases]
        self.watch(runs, 'CREATE')
        self.crash([*models, *cases])
        self.watch(models, 'UPDATE')
        self.assertEqual([], self.problems)
        self.assertEqual(
            [repair for _, repair in crash_points.REPAIRS.values()],
            [' '.join(case.requests) for case in models],
        )
        for case in cases:
            case.name += f', then {case.next_point}'
            case.point = case.next_point
        self.crash(cases)
        self.each(self.begin, cases)
        self.wait(cases, 'UPDATE')
        self.judge({**cases, **dict(zip(models, runs, strict=True))})
