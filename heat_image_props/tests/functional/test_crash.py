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
    """An image whose scenario is disturbed at a point, or not.

    :ivar group: the stack that it is in, with others
    """

    def __init__(self, test, name, scenario, point=None):
        self.name = f'{name}: {point or "undisturbed"}'
        self.scenario = scenario
        self.point = point
        self.group = None
        key = crash_points.Values().key
        source = test.cloud.source
        self.files = (f'{key}-first.img', f'{key}-second.img')
        self.values = crash_points.Values(
            key=key,
            url=source.put(self.files[0], crash_points.FIRST),
            other_url=source.put(self.files[1], crash_points.SECOND),
            project=test.other_project,
        )
        #: The id of the image that it began with.
        self.first = None
        #: The ids of its images when the engine died.
        self.alive = []
        self.fault = None

    @property
    def resource(self):
        """The name of the resource in the stack."""
        return f'image-{self.values.key}'

    def properties(self, properties):
        """Return the properties of an image whose name and key are known."""
        given = {
            'name': self.values.key,
            'disk_format': 'raw',
            'container_format': 'bare',
            **properties(self.values),
        }
        given['property'] = {
            'crash_key': self.values.key,
            **given.get('property', {}),
        }
        return given


class Group:
    """A stack, in which one scenario is disturbed at several points.

    What a stack itself costs Heat is more than an image in it.
    """

    def __init__(self, cases):
        self.cases = cases
        self.scenario = cases[0].scenario
        self.name = f'crash-{cases[0].values.key}'
        self.stack_id = None
        for case in cases:
            case.group = self

    def template(self, properties):
        """Return the template of one state of the scenario."""
        return {
            'heat_template_version': '2021-04-16',
            'resources': {
                case.resource: {
                    'type': 'OS::Glance::Image',
                    'properties': case.properties(properties),
                }
                for case in self.cases
            },
        }


def groups_of(cases):
    """Return the stacks of cases, each once."""
    return list(dict.fromkeys(case.group for case in cases))


class CrashTestCase(base.FunctionalTestCase):
    """A test with many images, whose engine dies."""

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
        for group in groups_of(self.cases):
            if group is not None and group.stack_id is not None:
                self.leave_stack(group.stack_id)

    # Many stacks at once -------------------------------------------------

    def group(self, cases):
        """Put cases into stacks: those of a scenario into one.

        But not those that only lose an answer: their stack gets to its end
        while the engine lives.
        """
        stacks = {}
        for case in cases:
            is_lost = case.point is not None and case.point.kind == 'lost'
            stacks.setdefault((id(case.scenario), is_lost), []).append(case)
        for members in stacks.values():
            Group(members)
        self.cases += cases

    def each(self, method, items):
        """Do something with all; a failure is noted as a problem."""

        def one(item):
            try:
                return method(item)
            except (heat_exc.HTTPException, TimeoutError) as error:
                self.problem(item, str(error))

        return list(self.pool.map(one, items))

    def problem(self, item, text):
        """Note what is not as it should be, of a case or a group."""
        self.problems.append(f'{item.name}: {text}')

    def prepare(self, cases):
        """Create the stacks that the scenarios begin with."""
        cases = [case for case in cases if case.scenario.before is not None]

        def begin(group):
            group.stack_id = self.heat.stacks.create(
                stack_name=group.name,
                template=group.template(group.scenario.before),
            )['stack']['id']

        self.each(begin, groups_of(cases))
        self.wait(cases, 'CREATE')
        self.assertEqual([], self.problems)
        images = self.images()
        for case in cases:
            (case.first,) = images[case.values.key]

    def begin(self, group):
        """Do what the scenario is about, for the first time or again."""
        wanted = group.scenario.wanted
        if wanted is None:
            self.heat.stacks.delete(group.stack_id)
        elif group.stack_id is None:
            group.stack_id = self.heat.stacks.create(
                stack_name=group.name, template=group.template(wanted)
            )['stack']['id']
        else:
            self.heat.stacks.update(
                group.stack_id, template=group.template(wanted)
            )

    def wait(self, cases, action):
        """Wait until stacks have got there; a failure is a problem.

        Only those at work are asked for, all at once: to ask for each, or
        for all that there are, would keep Heat busy.
        """
        groups = [group for group in groups_of(cases) if group.stack_id]
        waiting = {group.stack_id for group in groups}

        def look():
            at_work = {'status': 'IN_PROGRESS'}
            busy = {
                stack.id for stack in self.heat.stacks.list(filters=at_work)
            }
            return busy.isdisjoint(waiting)

        with contextlib.suppress(tenacity.RetryError):
            tenacity.Retrying(
                retry=tenacity.retry_if_result(lambda done: not done),
                stop=tenacity.stop_after_delay(base.LONGEST),
                wait=tenacity.wait_fixed(0.5),
            )(look)
        # A stack that still is at work is a problem as well.
        stacks = {stack.id: stack for stack in self.heat.stacks.list()}
        for group in groups:
            state, reason = 'DELETE_COMPLETE', ''
            if group.stack_id in stacks:
                state = stacks[group.stack_id].stack_status
                reason = stacks[group.stack_id].stack_status_reason
            if state != f'{action}_COMPLETE':
                names = ', '.join(case.name for case in group.cases)
                self.problem(group, f'{state}: {reason} ({names})')

    def delete_all(self):
        """Delete the stacks, and see that nothing is left."""
        cases = [case for case in self.cases if case.group.stack_id]
        there = [case for case in cases if case.scenario.wanted is not None]
        self.each(
            lambda group: self.heat.stacks.delete(group.stack_id),
            groups_of(there),
        )
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
            self.each(self.begin, groups_of(models))
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
        self.group(models)
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
        self.group([*cases])
        self.prepare(cases)
        killed = [case for case in cases if case.point.kind != 'lost']
        lost = [case for case in cases if case.point.kind == 'lost']
        self.crash(killed, lost, action)
        self.each(self.begin, groups_of(killed))
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
            self.each(self.begin, groups_of((*lost, *killed)))
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
        stored = self.image_id(case.group.stack_id, case.resource)
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
        for alike in (runs, models, [*cases]):
            self.group(alike)
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
        self.each(self.begin, groups_of(cases))
        self.wait(cases, 'UPDATE')
        self.judge({**cases, **dict(zip(models, runs, strict=True))})
