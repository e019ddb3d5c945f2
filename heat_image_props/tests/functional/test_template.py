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

"""Existing images that come under Heat by the command for it."""

import json
import os
import pathlib
import subprocess
import sysconfig
import tempfile
import uuid

from heatclient.common import template_utils
import yaml

from heat_image_props.tests.functional import adoption

COMMAND = 'heat-image-props-template'


class TestTemplate(adoption.AdoptionTestCase):
    """heat-image-props-template, and what is made of its output"""

    def run_command(self, *words, expect=0):
        """Run an installed command as the ordinary member.

        :returns: what it writes to its standard output, or, if it is to
            fail, to its standard error
        """
        scripts = sysconfig.get_path('scripts')
        done = subprocess.run(
            [str(pathlib.Path(scripts, words[0])), *words[1:]],
            env={**os.environ, **self.cloud.environment(self.USER)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(expect, done.returncode, done.stderr)
        return done.stderr if expect else done.stdout

    def test_round_trip(self):
        """Images are written down, adopted and changed in place, no copies.

        What the template does not say stays as it is.
        """
        name = f'golden-{uuid.uuid4().hex[:8]}'
        first = self.existing_image(
            name=name,
            min_ram=64,
            tags=[name],
            visibility='shared',
            os_version='1e3',
            script='#!/bin/sh\n\nyes\n',
            foreign='x',
        )
        self.glance.post(
            f'/v2/images/{first}/members',
            json={'member': self.project_of('other')},
        )
        # A name that is a function of Heat, and a file to its client.
        second = self.existing_image(
            name=name, tags=[name], get_file='/etc/passwd'
        )
        theirs = self.existing_image('other', visibility='community')
        before = [self.image(image_id) for image_id in (first, second)]
        downloads = self.cloud.source.mark()

        directory = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory())
        )
        adopt_file, template_file = directory / 'adopt', directory / 'images'
        said = self.run_command(
            *(COMMAND, name, theirs, '--adopt-file', adopt_file), expect=1
        )
        self.assertIn('More than one image', said)
        self.assertIn(f'{theirs} belongs to another project', said)
        self.assertFalse(adopt_file.exists())

        written = self.run_command(
            *(COMMAND, '--tag', name, '--adopt-file', adopt_file),
            *('--exclude-property', 'foreign'),
        )
        ids = {
            resource: found['resource_id']
            for resource, found in yaml.safe_load(adopt_file.read_bytes())[
                'resources'
            ].items()
        }
        self.assertEqual({first, second}, {*ids.values()})

        self.addCleanup(self.delete_stack, name)
        mark = self.cloud.glance_log.mark()
        self.run_command(
            *('openstack', 'stack', 'adopt', '--wait', name),
            *('--adopt-file', adopt_file),
        )
        self.check_stack(name)
        self.assertEqual({'GET'}, {*self.methods(mark)})

        # A location of the same data can be added, too.
        template = yaml.safe_load(written)
        (resource,) = (key for key in ids if ids[key] == first)
        properties = template['resources'][resource]['properties']
        properties['location'] = self.source(b'data')
        properties['property']['os_version'] = '1e4'
        template_file.write_text(json.dumps(template), 'utf-8')
        mark = self.cloud.glance_log.mark()
        # As the client reads it, which looks for files to send along.
        files, read = template_utils.get_template_contents(str(template_file))
        self.assertEqual({}, files)
        self.update_stack(name, read)
        self.assertEqual(
            {resource: self.image_id(name, resource) for resource in ids}, ids
        )
        self.assertEqual(1, self.methods(mark).count('PATCH'))
        self.assertEqual([], self.cloud.source.requests(downloads))
        after = [self.image(image_id) for image_id in (first, second)]
        self.assertEqual('1e4', after[0]['os_version'])
        before[0] |= {
            key: after[0][key] for key in ('os_version', 'updated_at')
        }
        self.assertEqual(before, after)
        self.assertEqual([self.project_of('other')], self.members(first))
