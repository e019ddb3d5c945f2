# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The checks of heat-image-props-status that ask a cloud."""

import os
import pathlib

import fixtures
from oslo_config import cfg
import requests

from heat_image_props.cmd import cloud_checks
from heat_image_props.cmd import results
from heat_image_props.cmd import status
from heat_image_props.cmd import survey
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance
from heat_image_props.tests.unit import fake_heat

VERSIONS = f'{fake_glance.URL}/versions'
USAGE = f'{fake_glance.URL}/v2/info/usage'
GONE = '11111111-2222-4333-8444-555555555555'

CLOUDS = """
clouds:
  mine:
    auth:
      auth_url: {url}
      username: demo
      password: {password}
      project_name: demo
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
"""


class CloudTestCase(base.BaseTestCase):
    """A test of an account of a cloud that is there at the HTTP edge."""

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.mock = self.glance.mock
        self.heat = self.useFixture(fake_heat.FakeHeat(self.mock))
        fake_heat.add_keystone(self.mock, fake_glance.URL)
        self.set_versions('v2.0', 'v2.17', 'v2.9', 'v1.1')
        self.mock.get(USAGE, json={'usage': {}})
        for name in list(os.environ):
            if name.startswith('OS_'):
                self.useFixture(fixtures.EnvironmentVariable(name))
        self.log_in()

    def set_versions(self, *names):
        """Say which versions of the Image API there are."""
        self.mock.get(
            VERSIONS,
            status_code=300,
            json={'versions': [{'id': name} for name in names]},
        )

    def log_in(self, **variables):
        """Set the variables of an account; none where the value is None."""
        account = {
            'AUTH_URL': fake_heat.AUTH,
            'USERNAME': 'demo',
            'PASSWORD': fake_heat.PASSWORD,
            'PROJECT_NAME': 'demo',
            'USER_DOMAIN_NAME': 'Default',
            'PROJECT_DOMAIN_NAME': 'Default',
            **variables,
        }
        for name, value in account.items():
            self.useFixture(fixtures.EnvironmentVariable(f'OS_{name}', value))

    def checks(self, *arguments):
        """Return the checks, the access looked at first."""
        config = cfg.ConfigOpts()
        config.register_cli_opts(status.CLI_OPTS)
        config([*arguments, 'upgrade', 'check'], default_config_files=[])
        checks = cloud_checks.CloudChecks(config)
        self.access = checks.access()
        return checks

    def assert_found(self, level, result, *words):
        """A check has this result, which has these words."""
        self.assertEqual(level, result.code, result.details)
        self.assertNotIn(fake_heat.PASSWORD, result.details)
        for word in words:
            self.assertIn(word, result.details)


class TestAccess(CloudTestCase):
    """The credentials."""

    def test_variables(self):
        """The variables OS_* are used, and the project is told."""
        self.checks()
        self.assert_found(results.SUCCESS, self.access, 'project')
        self.assertNotIn('region', self.access.details)

    def test_clouds_yaml(self):
        """An entry of clouds.yaml is used, and its region is told."""
        self.log_in(AUTH_URL=None, USERNAME=None, PASSWORD=None)
        self.use_clouds(
            CLOUDS.format(url=fake_heat.AUTH, password=fake_heat.PASSWORD)
        )

        checks = self.checks('--os-cloud', 'mine')

        self.assert_found(results.SUCCESS, self.access, 'in region RegionOne')
        self.assert_found(results.SUCCESS, checks.image_service())

    def use_clouds(self, text):
        """Write a clouds.yaml for the test."""
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'c.yaml')
        path.write_text(text)
        self.useFixture(
            fixtures.EnvironmentVariable('OS_CLIENT_CONFIG_FILE', str(path))
        )

    def test_none(self):
        """Without credentials nothing is done, and it is told how to."""
        self.log_in(AUTH_URL=None)

        checks = self.checks()

        self.assert_found(results.SUCCESS, self.access, '--os-cloud')
        for check in (
            *(checks.running_engines, checks.image_service, checks.imports),
            *(checks.quotas, checks.placeholders),
        ):
            self.assert_found(results.SUCCESS, check(), 'Not done')
        self.assertEqual(0, self.mock.call_count)

    def test_refused(self):
        """A wrong password is a warning that does not show it."""
        self.log_in(PASSWORD='guessed')

        checks = self.checks()

        self.assert_found(results.WARNING, self.access, 'refuses', '401')
        self.assertNotIn('guessed', self.access.details)
        self.assert_found(results.SUCCESS, checks.quotas(), 'Not done')

    def test_keystone_is_away(self):
        """A Keystone that does not answer is a warning, without secrets."""
        url = 'http://me:s3cret@keystone.test:1/v3'
        error = requests.exceptions.ConnectionError(url)
        self.mock.get(url, exc=error)
        self.mock.post(f'{url}/auth/tokens', exc=error)
        self.log_in(AUTH_URL=url)

        self.checks()

        self.assert_found(results.WARNING, self.access, 'can be reached')
        self.assertNotIn('s3cret', self.access.details)

    def test_no_such_cloud(self):
        """A name that is not in clouds.yaml is told."""
        self.checks('--os-cloud', 'yours')

        self.assert_found(results.WARNING, self.access, 'yours')

    def test_clouds_yaml_that_cannot_be_read(self):
        """A clouds.yaml that is no YAML is not quoted."""
        self.use_clouds('clouds: {mine: {password: s3cret\n')

        self.checks('--os-cloud', 'mine')

        self.assert_found(results.WARNING, self.access, 'clouds.yaml')
        self.assertNotIn('s3cret', self.access.details)

    def test_variables_that_do_not_fit(self):
        """What openstacksdk stumbles over is told, without a value of it."""
        self.log_in(AUTH_TYPE='none', ENDPOINT=fake_glance.URL)

        self.checks()

        self.assert_found(results.WARNING, self.access, 'TypeError')

    def test_without_a_project(self):
        """Heat cannot be asked by who works in no project."""
        self.log_in(PROJECT_NAME=None, PROJECT_DOMAIN_NAME=None)

        self.checks()

        self.assert_found(results.WARNING, self.access, 'not for a project')


class TestEngines(CloudTestCase):
    """The Heat of the cloud."""

    def test_active(self):
        """The type has properties of ours."""
        self.assert_found(
            results.SUCCESS, self.checks().running_engines(), 'All others'
        )

    def test_not_restarted(self):
        """Heat's own type is hidden, or has other properties."""
        for properties in (None, {}):
            self.heat.properties = properties
            self.assert_found(
                results.FAILURE, self.checks().running_engines(), 'restart'
            )

    def test_not_seen(self):
        """What Heat answers instead is told, with what to do."""
        path = '/resource_types/OS::Glance::Image'
        for code, words in (
            (401, 'log in again'),
            (403, 'may not see it'),
            (404, 'catalogue'),
            (500, 'Repair the service'),
        ):
            self.heat.faults[path] = code
            self.assert_found(
                results.WARNING,
                self.checks().running_engines(),
                *('it broke', f'HTTP {code}', words),
            )

    def test_no_heat(self):
        """An answer that is not one of Heat is told."""
        for text in ('<html>', '[]'):
            self.mock.get(
                f'{fake_heat.HEAT}/resource_types/OS::Glance::Image', text=text
            )
            self.assert_found(
                results.WARNING,
                self.checks().running_engines(),
                'not one of Heat',
            )


class TestImageService(CloudTestCase):
    """Version, import methods, stores and limits of Glance."""

    def test_version(self):
        """The newest version of all is told."""
        result = self.checks().image_service()

        self.assert_found(results.SUCCESS, result, '2.17')
        self.assertNotIn('reference', result.details)

    def test_version_without_references(self):
        """What a Glance cannot do is told."""
        self.set_versions('v2.15')

        self.assert_found(
            results.SUCCESS, self.checks().image_service(), 'reference'
        )

    def test_too_old(self):
        """A Glance that is too old, or is none, is a failure."""
        for versions, found in (((), 'not offered'), (('v2.6',), '2.6')):
            self.set_versions(*versions)
            self.assert_found(
                results.FAILURE, self.checks().image_service(), found
            )

    def test_away(self):
        """A Glance that is down is a failure; a refusal is none."""
        for code, level in ((503, results.FAILURE), (403, results.WARNING)):
            self.mock.get(VERSIONS, status_code=code, text='it broke')
            self.assert_found(
                level, self.checks().image_service(), f'HTTP {code}'
            )

    def test_not_in_the_catalogue(self):
        """A region without a Glance is told by each check."""
        self.log_in(REGION_NAME='elsewhere')

        checks = self.checks()

        for result, level in (
            (checks.image_service(), results.FAILURE),
            (checks.imports(), results.WARNING),
            (checks.quotas(), results.WARNING),
            (checks.placeholders(), results.WARNING),
        ):
            self.assert_found(level, result, 'elsewhere')

    def test_imports(self):
        """Methods and stores are listed."""
        self.glance.import_methods = ['web-download', 'copy-image']
        self.glance.stores = [{'id': 'fast'}, {'id': 'slow'}]

        self.assert_found(
            results.SUCCESS,
            self.checks().imports(),
            'copy-image, web-download',
            'fast, slow',
        )

    def test_methods_that_are_missing(self):
        """What templates cannot do is a warning, with the option."""
        for methods, words in (
            ([], ('none', 'Without web-download')),
            (['web-download'], ('Without copy-image',)),
        ):
            self.glance.import_methods = methods
            self.glance.stores = [{'id': 'fast'}, {'id': 'slow'}]
            self.assert_found(
                results.WARNING,
                self.checks().imports(),
                *(*words, 'enabled_import_methods'),
            )

    def test_one_store(self):
        """One store, without a choice, needs no copies."""
        self.glance.import_methods = ['web-download']
        self.glance.stores = []

        self.assert_found(results.SUCCESS, self.checks().imports(), 'one')

    def test_quotas(self):
        """Limits, and the most properties that an image has, are told."""
        image = self.glance.add(a='1', b='2')
        stack = self.heat.add()
        self.heat.add_image(stack, image)
        self.heat.add_image(stack, self.glance.add(a='1'), name='other')
        usage = {
            'image_count_total': {'usage': 3, 'limit': 10},
            'image_size_total': {'usage': 3, 'limit': -1},
        }
        self.mock.get(USAGE, json={'usage': usage})

        self.assert_found(
            results.SUCCESS,
            self.checks().quotas(),
            'image_property_quota',
            f'2 ({image})',
            'image_count_total: 3 of 10',
            'image_size_total: 3 of any number',
        )

    def test_quota_that_is_exhausted(self):
        """A limit that is reached is a warning."""
        usage = {'image_count_total': {'usage': 10, 'limit': 10}}
        self.mock.get(USAGE, json={'usage': usage})

        self.assert_found(results.WARNING, self.checks().quotas(), 'exhausted')

    def test_quotas_of_an_older_glance(self):
        """A Glance that does not know its usage is no fault."""
        self.mock.get(USAGE, status_code=404)
        self.assert_found(results.SUCCESS, self.checks().quotas())

        self.mock.get(USAGE, status_code=500)
        self.assert_found(results.WARNING, self.checks().quotas(), '500')


class TestPlaceholders(CloudTestCase):
    """Resources of stacks that have no image."""

    def test_each_is_named(self):
        """Also those of nested stacks; and no other resource is."""
        self.heat.global_status = 200
        stack = self.heat.add('golden')
        self.heat.add_image(stack, self.glance.add(), name='real')
        self.heat.add_image(stack, GONE, name='pretended')
        self.heat.add_image(stack, GONE, name='0', nested='golden-group-x')
        self.heat.add_image(stack, None, name='failed', status='CREATE_FAILED')
        self.heat.add_image(
            stack, GONE, name='going', status='DELETE_COMPLETE'
        )
        self.heat.add_image(stack, GONE, name='web', kind='OS::Glance::ImageX')

        result = self.checks().placeholders()

        self.assert_found(
            results.WARNING,
            result,
            'Stacks: 1, resources with an image: 1, without: 2.',
            'openstack stack update --existing',
            f'- stack golden {stack["id"]}, resource pretended, image {GONE}',
            f'resource golden-group-x/0, image {GONE}',
        )
        for name in ('real', 'failed', 'going', 'web', 'Only stacks'):
            self.assertNotIn(name, result.details.partition(':\n-')[2])
        self.assertNotIn('Only stacks', result.details)

    def test_resource_without_links(self):
        """A resource whose stack is not told is one of the stack itself."""
        stack = self.heat.add()
        self.heat.add_image(stack, GONE)
        self.heat.resources[stack['id']][0]['links'] = []

        self.assert_found(
            results.WARNING, self.checks().placeholders(), 'resource image,'
        )

    def test_of_one_project(self):
        """An ordinary member is told what was not looked at."""
        stack = self.heat.add()
        self.heat.add_image(stack, self.glance.add())

        self.assert_found(
            results.SUCCESS, self.checks().placeholders(), 'Only stacks'
        )

    def test_of_an_administrator(self):
        """Heat may list all projects to one who cannot ask for that."""
        self.heat.is_admin = True
        self.heat.add()

        result = self.checks().placeholders()

        self.assert_found(results.SUCCESS, result, 'Stacks: 1')
        self.assertNotIn('Only stacks', result.details)

    def test_pages(self):
        """Stacks are listed page by page, whoever asks; each is seen once."""
        self.useFixture(
            fixtures.MonkeyPatch('heat_image_props.cmd.survey.PAGE', 2)
        )
        stacks = [self.heat.add(f's{number}') for number in range(5)]
        for self.heat.global_status in (200, 403):
            self.heat.asked.clear()
            self.assert_found(
                results.SUCCESS, self.checks().placeholders(), 'Stacks: 5'
            )
            looked = [
                path.split('/')[3]
                for path, _ in self.heat.asked
                if path.endswith('/resources')
            ]
            self.assertEqual([each['id'] for each in stacks], looked)

    def test_while_heat_works(self):
        """What is being made is no placeholder, and is counted."""
        stack = self.heat.add()
        self.heat.add_image(stack, GONE, status='CREATE_IN_PROGRESS')

        self.assert_found(
            results.SUCCESS, self.checks().placeholders(), 'working at 1 more'
        )

    def test_what_cannot_be_looked_at(self):
        """A stack that fails is told; one that is gone is not missed."""
        for code, level in ((500, results.WARNING), (404, results.SUCCESS)):
            stack = self.heat.add('broken')
            path = f'/stacks/broken/{stack["id"]}/resources'
            self.heat.faults[path] = code
            result = self.checks().placeholders()
            self.assert_found(level, result)
            self.assertEqual(code == 500, 'broken' in result.details)
            self.heat.stacks.clear()

    def test_images_that_cannot_be_looked_at(self):
        """A refusal is told of one image; a Glance that is down, at once."""
        stack = self.heat.add()
        self.heat.add_image(stack, self.glance.add())
        self.glance.fail('GET', 403)
        self.assert_found(
            results.WARNING,
            self.checks().placeholders(),
            'Could not be looked at',
        )

        self.glance.fail('GET', 503)
        self.assert_found(
            results.WARNING,
            self.checks().placeholders(),
            'The stacks cannot be looked at',
        )

    def test_heat_that_is_down(self):
        """Who cannot list stacks is told why."""
        self.heat.global_status = 500

        self.assert_found(
            results.WARNING, self.checks().placeholders(), 'HTTP 500'
        )


class TestHasCredentials(base.BaseTestCase):
    """Whether there is a cloud to ask."""

    def test_hints(self):
        """A name or one of the variables is enough."""
        self.assertFalse(survey.has_credentials({'OS_USERNAME': 'x'}))
        self.assertTrue(survey.has_credentials({}, 'mine'))
        self.assertTrue(survey.has_credentials({'OS_CLOUD': 'mine'}))
