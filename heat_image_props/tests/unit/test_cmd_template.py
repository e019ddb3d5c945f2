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

import io
import pathlib
import subprocess
import sys

import fixtures
from keystoneauth1 import fixture as ksa_fixture
import yaml

from heat_image_props.cmd import bar
from heat_image_props.cmd import template
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance

AUTH = 'http://keystone.test/v3'
OURS = fake_glance.PROJECT


class TemplateTestCase(base.BaseTestCase):
    """A test with a cloud, and a user of it in the environment."""

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.patch_environment()
        self.login()
        self.adopt_file = pathlib.Path(
            self.useFixture(fixtures.TempDir()).join('adopt.yaml')
        )

    def patch_environment(self):
        """Give the credentials of a user, and no other configuration."""
        home = self.useFixture(fixtures.TempHomeDir()).path
        clouds = pathlib.Path(home, 'clouds.yaml')
        clouds.write_text(
            yaml.safe_dump(
                {
                    'clouds': {
                        'named': {
                            'auth': {
                                'auth_url': AUTH,
                                'username': 'named-user',
                                'password': 'secret',
                                'project_id': OURS,
                            }
                        }
                    }
                }
            ),
            'utf-8',
        )
        self.useFixture(fixtures.MonkeyPatch('os.environ', {'HOME': home}))
        for name, value in {
            'OS_CLIENT_CONFIG_FILE': str(clouds),
            'OS_AUTH_URL': AUTH,
            'OS_USERNAME': 'user',
            'OS_PASSWORD': 'secret',
            'OS_PROJECT_ID': OURS,
            'OS_USER_DOMAIN_ID': 'default',
        }.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def login(self, *roles):
        """Let Keystone give a token with some roles."""
        token = ksa_fixture.V3Token(project_id=OURS)
        for role in roles or ('member',):
            token.add_role(name=role)
        token.add_service('image').add_standard_endpoints(
            public=fake_glance.URL
        )
        self.glance.is_admin = 'admin' in roles
        self.glance.mock.get(AUTH, json=ksa_fixture.V3Discovery(AUTH))
        self.keystone = self.glance.mock.post(
            f'{AUTH}/auth/tokens',
            json={'token': token['token']},
            headers={'X-Subject-Token': 'token'},
        )

    def run_command(self, *argv, terminal=False):
        """Run the command; return its status, template and messages."""
        out = io.TextIOWrapper(io.BytesIO(), 'ascii')
        err = io.StringIO()
        err.isatty = lambda: terminal
        with (
            fixtures.MonkeyPatch('sys.stdout', out),
            fixtures.MonkeyPatch('sys.stderr', err),
        ):
            try:
                status = template.main(argv)
            except SystemExit as end:
                status = end.code
        written = out.buffer.getvalue().decode()
        return status, yaml.safe_load(written), err.getvalue()

    def written(self, *argv):
        """Run the command with success; return properties by resource."""
        status, made, said = self.run_command(*argv)
        self.assertEqual((0, ''), (status, said))
        return {
            name: one['properties'] for name, one in made['resources'].items()
        }

    def refused(self, *argv, status=1):
        """Run the command in vain, and return what it says."""
        found, made, said = self.run_command(*argv)
        self.assertEqual((status, None), (found, made), said)
        self.assertFalse(self.adopt_file.exists())
        return said


class TestTemplate(TemplateTestCase):
    """heat-image-props-template"""

    def test_named(self):
        """Each image that is named is in the template once, in order."""
        first = self.glance.add(name='b\u4e2d', visibility='private', k='\xe9')
        self.glance.add(name='a', visibility='shared')
        written = self.written('a', first, 'b\u4e2d', 'a')
        self.assertEqual(['a', 'b'], list(written))
        self.assertEqual({'k': '\xe9'}, written['b']['property'])
        self.assertEqual('b\u4e2d', written['b']['name'])

    def test_members_and_tags(self):
        """With a filter, too, the members of an image are in the template."""
        image_id = self.glance.add(name='a', tags=['x'], k='v')
        self.glance.members[image_id] = {'p1': 'pending'}
        self.glance.add(name='b', tags=['y'])
        for argv in (
            ['--tag', 'x'],
            ['--property=k=v'],
            ['--tag=x', '--hidden'],
        ):
            written = self.written(*argv)
            self.assertEqual(['a'], list(written))
            self.assertEqual(['p1'], written['a']['members'])

    def test_arguments_of_the_process(self):
        """As a program it takes the arguments of its process."""
        self.glance.add(name='a')
        self.useFixture(fixtures.MonkeyPatch('sys.argv', ['program', 'b']))
        err = self.useFixture(fixtures.StringStream('err')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', err))
        self.assertEqual(1, template.main())

    def test_excluded(self):
        """What is not to be managed is left out, without a word."""
        self.glance.add(name='a', k='v', **{'owner.x': '1', 'owner.y': '2'})
        written = self.written(
            *('a', '--exclude-property', 'owner.*'),
            *('--exclude-property=Q', '--exclude-property=K'),
        )
        self.assertEqual({'k': 'v'}, written['a']['property'])

    def test_left_out(self):
        """What cannot be declared is named, and the rest is written."""
        image_id = self.glance.add(name='a', context='x', k='v')
        status, made, said = self.run_command('a')
        self.assertEqual(0, status)
        self.assertEqual(
            {'k': 'v'}, made['resources']['a']['properties']['property']
        )
        self.assertEqual(
            f"Image 'a' ({image_id}): left out 'context', which is accepted "
            'and then lost by Glance\n',
            said,
        )

    def test_one_of_the_named_is_missing(self):
        """Nothing is written, and all that is missing is named."""
        self.glance.add(name='a')
        self.glance.add(name='b', status='killed')
        said = self.refused(
            'a', 'x', 'b', 'y', '--adopt', str(self.adopt_file)
        )
        self.assertIn("No image found for 'x'\n", said)
        self.assertIn('has the status killed', said)
        self.assertIn("No image found for 'y'\n", said)

    def test_one_that_matches_is_of_no_use(self):
        """It is named, and the others are written; alone it is a failure."""
        self.glance.add(name='a', tags=['x', 'y'], disk_format=None)
        self.glance.add(name='b', tags=['x'])
        status, made, said = self.run_command('--tag', 'x')
        self.assertEqual((0, ['b']), (status, list(made['resources'])))
        self.assertIn("Left out: Image 'a'", said)

        said = self.refused('--tag', 'y')
        self.assertIn("Left out: Image 'a'", said)
        self.assertIn('No image of the project matches', said)

    def test_bar(self):
        """Who waits for many images sees how far it is."""
        for _ in range(bar.MANY):
            self.glance.add(tags=['x'])
        said = self.run_command('--tag', 'x', terminal=True)[2]
        self.assertIn('Reading images [###', said)
        self.assertEqual('', self.run_command('--tag', 'x')[2])

        self.glance.fail('GET members', 403, 'go away')
        said = self.run_command('--tag', 'x', terminal=True)[2]
        self.assertIn('go away', said.rpartition('\x1b[K')[2])


class TestImports(base.BaseTestCase):
    """What the command needs."""

    def test_nothing_of_heat(self):
        """It starts without loading Heat."""
        code = (
            'import sys; from heat_image_props.cmd import template; '
            "sys.exit('heat' in sys.modules)"
        )
        subprocess.run([sys.executable, '-c', code], check=True)


class TestAdoptFile(TemplateTestCase):
    """heat-image-props-template --adopt-file"""

    def adopted(self, *argv):
        """Return the properties and what is in the file."""
        written = self.written(*argv, '--adopt-file', str(self.adopt_file))
        found = yaml.safe_load(self.adopt_file.read_text('utf-8'))
        self.assertEqual(
            written,
            {
                name: one['properties']
                for name, one in found['template']['resources'].items()
            },
        )
        return written, found

    def test_file(self):
        """It has the template that is printed, and the id of each image."""
        one = self.glance.add(name='a', k='\u4e2d')
        two = self.glance.add(name='a')
        _, found = self.adopted(one, two)
        self.assertEqual(
            {'a': {'resource_id': one}, 'a_2': {'resource_id': two}},
            found['resources'],
        )

    def test_image_of_another_project(self):
        """It is refused where a stack could not look after it."""
        image_id = self.glance.add(
            name='a', owner='other', visibility='public'
        )
        # To write it down is no harm.
        self.assertNotIn('owner', self.written('a')['a'])
        said = self.refused('a', '--adopt-file', str(self.adopt_file))
        self.assertIn(f'Image {image_id} belongs to another project', said)
        self.assertIn('external_id', said)

    def test_administrator(self):
        """An administrator may, and the owner stays who it is."""
        self.login('admin')
        self.glance.add(name='a', owner='other')
        self.glance.add(name='b')
        written, _ = self.adopted('a', 'b')
        self.assertEqual('other', written['a']['owner'])
        self.assertNotIn('owner', written['b'])

    def test_file_that_cannot_be_written(self):
        """Nothing is printed, and it is said why."""
        self.glance.add(name='a')
        self.assertIn(
            'No such file', self.refused('a', '--adopt-file', '/no/such/file')
        )


class TestConnection(TemplateTestCase):
    """How the command comes to a cloud, and what it says if it does not."""

    def user(self):
        """Return the user that the last login was for."""
        sent = self.keystone.last_request.json()['auth']['identity']
        return sent['password']['user']['name']

    def test_environment(self):
        """The usual variables are used."""
        self.glance.add(name='a')
        self.written('a')
        self.assertEqual('user', self.user())
        self.assertEqual(
            {'heat-image-props'},
            {
                sent.headers['User-Agent'].split()[0].split('/')[0]
                for sent in self.glance.requests
            },
        )

    def test_named_cloud(self):
        """--os-cloud names a cloud of clouds.yaml, as for openstack."""
        self.glance.add(name='a')
        for name in ('USERNAME', 'AUTH_URL', 'PASSWORD', 'PROJECT_ID'):
            self.useFixture(fixtures.EnvironmentVariable(f'OS_{name}'))
        self.written('--os-cloud', 'named', 'a')
        self.assertEqual('named-user', self.user())
        self.assertIn('unknown', self.refused('--os-cloud', 'unknown', 'a'))

    def test_endpoint(self):
        """The endpoint can be another one than that of the catalog."""
        self.glance.add(name='a', id='1')
        place = 'http://elsewhere.test'
        self.glance.mock.get(
            f'{place}/v2/images/1',
            json={**self.glance.images['1'], 'name': 'b'},
        )
        self.glance.mock.get(
            f'{place}/v2/images/1/members', json={'members': []}
        )
        written = self.written('1', '--os-image-endpoint-override', place)
        self.assertEqual(['b'], list(written))

    def test_no_credentials(self):
        """What is missing is named."""
        self.useFixture(fixtures.EnvironmentVariable('OS_AUTH_URL'))
        self.assertIn('auth_url', self.refused('a'))

    def test_wrong_password(self):
        """A failed login is told in a line, without the password."""
        self.glance.mock.post(f'{AUTH}/auth/tokens', status_code=401)
        said = self.refused('a')
        self.assertIn('HTTP 401', said)
        self.assertEqual(1, said.count('\n'))
        self.assertNotIn('secret', said)

    def test_wrong_calls(self):
        """A call that cannot be meant gets the usage."""
        for argv, why in (
            ([], 'name an image, or give --tag or --property'),
            (['--hidden'], 'name an image, or give'),
            (['a', '--tag', 'x'], 'not both'),
            (['a', '--hidden'], 'not both'),
            (['--property', 'x'], "'x' is not KEY=VALUE"),
            (['--os-auth-type', 'odd', 'a'], 'auth-type'),
        ):
            status = 1 if 'auth-type' in why else 2
            self.assertIn(why, self.refused(*argv, status=status))

    def test_version(self):
        """It says which release it is."""
        found = self.run_command('--version')
        self.assertEqual(0, found[0])
