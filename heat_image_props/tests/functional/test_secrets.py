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

"""Credentials in the URL of the data: nobody is told them.

The minicloud lets Heat log all it has (``debug``, and ``default_log_levels``
that silence hardly anything), so what is not in its logs is logged at no
level.
"""

import configparser
import json
from typing import ClassVar
import urllib.parse
import uuid

from heatclient import exc as heat_exc
import sqlalchemy
import yaml

from heat_image_props.tests.functional import adoption
from heat_image_props.tests.functional import base


class SecretsTestCase(adoption.AdoptionTestCase):
    """A test with secrets of its own, which nothing may tell."""

    def setUp(self):
        super().setUp()
        self.logs = {path: path.stat().st_size for path in self.log_files()}
        self.secrets = []
        self.told = []

    def log_files(self):
        """Return the logs of all that Heat consists of."""
        files = sorted((self.cloud.work_dir / 'log').glob('heat*.log'))
        self.assertNotEqual([], files)
        return files

    def secret(self, kind):
        """Return a word that must not be seen again."""
        word = f'{kind}{uuid.uuid4().hex[:12]}'
        self.secrets.append(word)
        return word

    def discreet_url(self, url=None, password='{}'):
        """Return a URL with user, password and token."""
        url = url or self.source()
        scheme, _, rest = url.rpartition('//')
        userinfo = f'{self.secret("user")}:' + password.format(
            self.secret('pass')
        )
        return (
            f'{scheme}//{userinfo}@{rest}?token={self.secret("token")}'
            f'#{self.secret("part")}'
        )

    def path(self, path):
        """Return the URL of a path of the source of images."""
        return self.cloud.source.url(path)

    def look(self, stack):
        """Read all that Heat tells of a stack besides its template."""
        found = self.heat.stacks.get(stack, resolve_outputs=True)
        resources = self.heat.resources.list(stack, with_detail=True)
        events = [
            self.heat.events.get(stack, event.resource_name, event.id)
            for event in self.heat.events.list(stack)
        ]
        for each in (found, *resources, *events):
            self.told.append(json.dumps(each.to_dict()))

    def assert_untold(self, *stacks):
        """Nothing that Heat says or logs has one of the secrets."""
        for stack in stacks:
            self.look(stack)
        for path in self.log_files():
            with path.open('rb') as stream:
                stream.seek(self.logs.get(path, 0))
                self.told.append(stream.read().decode('utf-8', 'replace'))
        for text in self.told:
            plain = urllib.parse.unquote(text)
            for secret in self.secrets:
                for form in (text, plain):
                    at = form.find(secret)
                    self.assertEqual(-1, at, form[max(0, at - 400) : at + 100])
        self.told.clear()

    def locations_in_events(self, stack):
        """Return the location in each event of an image that shows one."""
        events = self.heat.events.list(stack, resource_name='image')
        shown = [
            self.heat.events.get(
                stack, 'image', event.id
            ).resource_properties.get('location')
            for event in events
        ]
        return [*filter(None, shown)]


class TestSuccess(SecretsTestCase):
    """What goes well."""

    def template(self, *args, **kwargs):
        """Return a template that shows all that it can."""
        template = super().template(*args, **kwargs)
        template['outputs'] = {
            name: {'value': {'get_attr': ['image', name]}}
            for name in ('show', 'direct_url', 'property_drift')
        }
        return template

    def test_life_of_a_stack(self):
        """From create to delete, by way of updates and a check."""
        one = self.discreet_url()
        stack = self.create_stack(self.template(location=one, tags=['a']))
        image_id = self.image_id(stack)
        self.assert_untold(stack)
        log = ''.join(
            path.read_text('utf-8', 'replace') for path in self.log_files()
        )
        # What is looked through is there; it is too much to be shown.
        lines = (
            'DEBUG heat_image_props.transport [',
            f'/v2/images/{image_id}: 200, req-',
        )
        self.assertEqual([], [line for line in lines if line not in log])

        self.update_stack(stack, self.template(location=one, tags=['b']))
        self.check_stack(stack)
        self.assertEqual(image_id, self.image_id(stack))
        self.assert_untold(stack)
        two = self.discreet_url()
        self.update_stack(stack, self.template(location=two))
        self.assertNotEqual(image_id, self.image_id(stack))
        self.assert_untold(stack)
        self.update_stack(
            stack,
            self.template(
                location=self.discreet_url(self.path('status/404/x'))
            ),
            'ROLLBACK_COMPLETE',
            disable_rollback=False,
        )
        self.assert_untold(stack)
        host = self.path('').split('/')[2]
        shown = self.locations_in_events(stack)
        self.assertLess(8, len(shown))
        for location in shown:
            self.assertRegex(location, rf'^http://\*\*\*@{host}/.*\?\*\*\*$')
        self.delete_stack(stack)
        self.assert_untold(stack)

    def test_data_that_stays(self):
        """An image that refers to its data, which Glance shows as it is."""
        url = self.discreet_url()
        stack = self.create_stack(
            self.template(location=url, import_method='reference')
        )
        image = self.image(self.image_id(stack))
        # The cloud lets every reader of the image see it.
        self.assertEqual(url, image['direct_url'])
        self.update_stack(
            stack,
            self.template(
                location=url, import_method='reference', property={'a': '1'}
            ),
            converge=True,
        )
        self.check_stack(stack)
        self.assert_untold(stack)
        self.assertIn('***@', self.outputs(stack)['direct_url'])

    def test_adoption(self):
        """A stack of an existing image, let go of and taken again."""
        template = self.template(location=self.discreet_url())
        stack = self.adopt_stack(
            template, {'resource_id': self.existing_image()}
        )
        self.check_stack(stack)
        self.assert_untold(stack)
        abandoned = self.abandon_stack(stack)
        stack = self.adopt_stack(template, abandoned['resources']['image'])
        self.assert_untold(stack)


class TestFailure(SecretsTestCase):
    """What goes wrong, with each cause that somebody may quote."""

    #: Import method, URL without its secrets, password.
    CAUSES = (
        ('web-download', '{source}/none', '{}'),
        ('web-download', '{source}/auth/x', '{}'),
        ('web-download', '{source}/status/500/x', '{}'),
        ('web-download', '{source}/redirect', '{}'),
        ('web-download', '{source}/truncated/{file}', '{}'),
        ('web-download', 'http://127.0.0.1:9/x', '{}'),
        ('web-download', 'http://nowhere.invalid/x', '{}'),
        ('web-download', 'ftp://127.0.0.1/x', '{}'),
        ('web-download', '{source}/none', 'a/{}'),
        ('web-download', '{source}/none', 'a\'"<{} é'),
        ('web-download', 'http://127.0.0.1:port/x', '{}'),
        ('web-download', 'http://[::1/x', '{}'),
        # Without its scheme.
        ('web-download', '//{source}/none', '{}'),
        ('reference', '{source}/none', '{}'),
        ('reference', 'http://127.0.0.1:9/x', '{}'),
        ('reference', '{source}/none', 'a\'"<{} é'),
    )

    def failing(self, cause):
        """Return a template that fails, with secrets of its own."""
        method, url, password = cause
        host = self.path('').rstrip('/')
        if url.startswith('//'):
            host = host.partition('//')[2]
        file = self.source().rpartition('/')[2]
        url = self.discreet_url(url.format(source=host, file=file), password)
        return self.template(
            location=url.removeprefix('//'), import_method=method
        )

    def fail(self, stack, action):
        """Wait until a stack fails."""
        error = self.assertRaises(
            base.StackFailed, self.wait_for, stack, f'{action}_COMPLETE'
        )
        self.told.append(str(error))

    def test_every_cause(self):
        """Neither creations that fail, nor an update after one, tell."""
        stacks = {
            self.start_stack(self.failing(cause)): cause
            for cause in self.CAUSES
        }
        for stack in stacks:
            self.fail(stack, 'CREATE')
        self.assert_untold(*stacks)
        # Those of the template before it are no less secret.
        for stack, cause in [*stacks.items()][::5]:
            self.heat.stacks.update(stack, template=self.failing(cause))
            self.fail(stack, 'UPDATE')
            self.assert_untold(stack)

    def test_wrong_data(self):
        """Data that is refused, and stays at its location."""
        for method in 'web-download', 'reference':
            stack = self.start_stack(
                self.template(
                    location=self.discreet_url(),
                    import_method=method,
                    image_hash={'value': 128 * '0'},
                )
            )
            self.fail(stack, 'CREATE')
            self.check_stack(stack, 'CHECK_FAILED')
            self.assert_untold(stack)


class TestRefusal(SecretsTestCase):
    """What is refused before it begins."""

    def test_offences(self):
        """A template that is wrong elsewhere, or about the location."""
        url = self.discreet_url()
        for wrong in (
            {'location': url, 'property': {'image_id': 'x'}},
            {'location': url, 'import_method': 'glance-download'},
            {'location': [url]},
            {'location': {'url': url}},
            {'location': url, 'min_ram': url},
            {'location': url, 'disk_format': url},
            {'location': url, 'tags': url},
        ):
            template = self.template(**wrong)
            for refuse in self.create_stack, self.preview:
                error = self.assertRaises(
                    heat_exc.HTTPBadRequest, refuse, template
                )
                self.told.append(str(error))
            self.told.append(self.validate(template))
        self.assert_untold()

    def preview(self, template):
        """Let Heat say what it would make of a template."""
        self.heat.stacks.preview(stack_name='none', template=template)

    def validate(self, template):
        """Return what Heat says of the form of a template."""
        try:
            return json.dumps(self.heat.stacks.validate(template=template))
        except heat_exc.HTTPBadRequest as error:
            return str(error)


class TestHiddenParameter(SecretsTestCase):
    """What an author keeps out of the template itself."""

    TEMPLATE: ClassVar = yaml.safe_load(
        (base.EXAMPLES / 'hidden-location.yaml').read_text()
    )

    def test_is_shown_nowhere(self):
        """Not even the template and the parameters of the stack tell."""
        stack = self.create_stack(
            self.TEMPLATE, parameters={'location': self.discreet_url()}
        )
        self.update_stack(
            stack,
            self.TEMPLATE,
            parameters={'location': self.discreet_url()},
        )
        for shown in (self.heat.stacks.template, self.heat.stacks.environment):
            self.told.append(json.dumps(shown(stack)))
        self.assert_untold(stack)

    def test_is_in_what_makes_the_stack_again(self):
        """Who may change a stack gets all of it, to make it again."""
        url = self.discreet_url()
        stack = self.create_stack(self.TEMPLATE, parameters={'location': url})
        for exported in (
            self.heat.stacks.export(stack),
            self.abandon_stack(stack),
        ):
            self.assertEqual(
                url, exported['environment']['parameters']['location']
            )


class TestDatabase(SecretsTestCase):
    """A database that does not take what Heat stores, and quotes it."""

    def refuse_to_store(self, word):
        """Let the database refuse properties with a word in them."""
        config = configparser.RawConfigParser()
        config.read(self.cloud.work_dir / 'etc' / 'heat' / 'heat.conf')
        engine = sqlalchemy.create_engine(config['database']['connection'])
        self.addCleanup(engine.dispose)
        table = 'ALTER TABLE resource_properties_data'

        def run(what):
            with engine.begin() as connection:
                connection.exec_driver_sql(f'{table} {what}')

        run(f"ADD CONSTRAINT not_stored CHECK (data NOT LIKE '%%{word}%%')")
        self.addCleanup(run, 'DROP CONSTRAINT not_stored')

    def test_properties_that_it_refuses(self):
        """The statement that failed is told and logged without them."""
        template = self.template(location=self.discreet_url())
        self.refuse_to_store(self.secrets[0])
        stack = self.start_stack(template)
        error = self.assertRaises(
            base.StackFailed, self.wait_for, stack, 'CREATE_COMPLETE'
        )
        self.assertIn('not_stored', str(error))
        self.assertNotIn('INSERT', str(error))
        self.told.append(str(error))
        self.assert_untold(stack)
