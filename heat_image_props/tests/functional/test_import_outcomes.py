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

"""What becomes of stacks whose data does not arrive."""

import calendar
import contextlib
import dataclasses
import re
import time
import uuid


from heat_image_props.tests.functional import base

#: Seconds from the moment when Glance knows of a failure until Heat does.
SOON = 60

#: A place that Glance's own filter refuses.
REFUSED = 'http://127.0.0.1:9/x.img'

DATA = b'at last'

LATER = 'all of several full, without an id'


@dataclasses.dataclass
class Case:
    """One way in which data does not arrive.

    :ivar broken: properties of the image with which it does not
    :ivar mended: properties with which it does
    :ivar told: texts that the reason has to have
    :ivar before: properties of the image before, if it is an update
    :ivar is_new: whether the image that gets the data is another one
    :ivar stack: id of the stack
    :ivar image: id of the image that did not get the data
    """

    broken: dict
    mended: dict
    told: tuple
    before: dict | None = None
    is_new: bool = False
    stack: str = ''
    image: str = ''


class TestOutcomes(base.FunctionalTestCase):
    """Imports that Glance itself ends."""

    def setUp(self):
        super().setUp()
        self.name = f'outcome-{uuid.uuid4().hex[:8]}'
        self.url = self.source(DATA)
        self.file = self.url.rpartition('/')[2]
        self.host = self.url.split('/')[2]
        self.full = contextlib.ExitStack()
        self.addCleanup(self.full.close)

    def path(self, prefix):
        """Return the URL of the data behind a prefix of its source."""
        return self.cloud.source.url(f'{prefix}/{self.file}')

    def fill(self, store=None, image_id=None):
        """Let a store, or all, be full for one image, and return its id."""
        image_id = image_id or str(uuid.uuid4())
        self.full.enter_context(
            self.cloud.stores.full(image_id=image_id, store=store)
        )
        return image_id

    def remote(self, **image):
        """Make an image for glance-download and return its id."""
        image_id = self.glance.post(
            '/v2/images',
            json={
                'name': 'remote',
                'disk_format': 'raw',
                'container_format': 'bare',
                **image,
            },
        ).json()['id']
        self.addCleanup(self.glance.delete, f'/v2/images/{image_id}')
        return image_id

    def cases(self):
        """Return all cases by name."""
        failed = f'from {self.host} failed'
        absent = f'{uuid.uuid4()}.img'
        here = {'location': self.url}
        several = {**here, 'stores': ['fast', 'slow']}
        some = {**several, 'all_stores_must_succeed': False}
        redirect = self.cloud.source.url(f'redirect?to={REFUSED}')
        refused = ('does not pass filtering', '127.0.0.1:9')
        remote = {
            'import_method': 'glance-download',
            'remote_region': self.cloud.region,
        }
        complete = {**remote, 'remote_image': self.remote()}
        self.upload(complete['remote_image'], DATA)
        queued = {**remote, 'remote_image': self.remote()}
        gone = {**remote, 'remote_image': str(uuid.uuid4())}
        bad = {
            '404': self.path('status/404'),
            '500': self.path('status/500'),
            'truncated': self.path('truncated'),
            'redirect': redirect,
        }
        cases = {
            'absent': Case(
                {'location': self.cloud.source.url(absent)},
                {'location': self.cloud.source.url(absent)},
                (failed,),
            ),
            'filtered': Case({'location': REFUSED}, here, refused),
            'reference filtered': Case(
                {'location': REFUSED, 'import_method': 'reference'},
                {**here, 'import_method': 'reference'},
                refused,
            ),
            'no remote image': Case(
                gone, complete, (f'image {gone["remote_image"]} of region',)
            ),
            'remote image without data': Case(
                queued,
                complete,
                (f'image {queued["remote_image"]} of region',),
            ),
        }
        for name, url in bad.items():
            broken = {'location': url}
            cases[name] = Case(broken, here, (failed,))
            cases[f'update to {name}'] = Case(broken, here, (failed,), {})
            cases[f'replacement by {name}'] = Case(
                broken,
                here,
                (failed,),
                {'location': self.source()},
                # Heat begins again with the image that it had before.
                is_new=True,
            )
            cases[f'reference {name}'] = Case(
                {**broken, 'import_method': 'reference'},
                {**here, 'import_method': 'reference'},
                (failed,),
            )
        for name, store, declared, mended in [
            ('full', None, here, {}),
            ('one of several full', 'slow', several, {}),
            # Glance leaves it locked.
            ('all of several full', None, some, {'id': None}),
        ]:
            declared = {**declared, 'id': self.fill(store)}
            cases[name] = Case(
                declared,
                {**declared, **mended},
                (failed,),
                is_new=bool(mended),
            )
        cases['reference truncated'].is_new = True
        # Long enough to fill the stores when the id is known.
        later = {**some, 'location': self.path('slow/1')}
        cases[LATER] = Case(later, later, (failed,), is_new=True)
        self.absent = absent
        return cases

    def told_at(self, case):
        """Return when Heat, and when Glance, knew of a failure; seconds."""
        event = next(
            event
            for event in self.heat.events.list(
                case.stack, resource_name='image', sort_dir='desc'
            )
            if event.resource_status.endswith('FAILED')
        )
        tasks = self.glance.get(f'/v2/images/{case.image}/tasks').json()
        return seconds(event.event_time), max(
            (seconds(task['updated_at']) for task in tasks['tasks']),
            default=0,
        )

    def begin(self, name, case):
        """Begin the operation that fails."""
        declared = {'name': f'{self.name} {name}', **case.broken}
        if case.before is None:
            case.stack = self.start_stack(self.template(**declared))
        else:
            self.wait_for(case.stack, 'CREATE_COMPLETE')
            self.heat.stacks.update(
                case.stack, template=self.template(**declared)
            )

    def images(self, name):
        """Return all images of a case."""
        return self.glance.get(
            '/v2/images', params={'name': f'{self.name} {name}'}
        ).json()['images']

    def test_all(self):
        """Each fails soon with its cause; the next update imports again."""
        cases = self.cases()
        for name, case in cases.items():
            if case.before is not None:
                declared = {'name': f'{self.name} {name}', **case.before}
                case.stack = self.start_stack(self.template(**declared))
        for name, case in sorted(
            cases.items(), key=lambda item: item[1].before is not None
        ):
            self.begin(name, case)
            if name == LATER:
                self.fill(image_id=base.until(self.images, LATER)[0]['id'])
        found = []
        for name, case in cases.items():
            action = 'CREATE' if case.before is None else 'UPDATE'
            try:
                self.wait_for(case.stack, f'{action}_FAILED')
            except base.StackFailed as error:
                found.append(f'{name}: {error}')
            reason = self.heat.stacks.get(case.stack).stack_status_reason
            # After a failed replacement Heat shows the one or the other.
            found_id = re.search('image ([0-9a-f-]{36})', reason, re.I)
            case.image = found_id[1] if found_id else '?'
            heat, glance = self.told_at(case)
            if glance and heat - glance > SOON:
                found.append(f'{name}: told after {heat - glance} s')
            found += [
                f'{name}: {text!r} is not in {reason!r}'
                for text in case.told
                if text not in reason
            ]
            found += [
                f'{name}: left {image["status"]}'
                for image in self.images(name)
                if image['status'] not in ('queued', 'active')
            ]
        self.cloud.source.put(self.absent, DATA)
        self.full.close()
        for name, case in cases.items():
            declared = {'name': f'{self.name} {name}', **case.mended}
            self.heat.stacks.update(
                case.stack, template=self.template(**declared)
            )
        for name, case in cases.items():
            try:
                self.wait_for(case.stack, 'UPDATE_COMPLETE')
            except base.StackFailed as error:
                found.append(f'{name}: {error}')
            state = [
                (image['id'], image['status'], image['size'])
                for image in self.images(name)
            ]
            wanted = (self.image_id(case.stack), 'active', len(DATA))
            if state != [wanted]:
                found.append(f'{name}: {state} is not {wanted}')
            elif (wanted[0] != case.image) != case.is_new:
                found.append(f'{name}: new or not is not {case.is_new}')
        self.assertEqual([], found)


def seconds(text):
    """Return the seconds since the epoch of a time of Glance or Heat."""
    return calendar.timegm(
        time.strptime(text[:19].replace(' ', 'T'), '%Y-%m-%dT%H:%M:%S')
    )
