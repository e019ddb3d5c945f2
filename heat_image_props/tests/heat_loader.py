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

"""What heat-engine loads when it starts, loaded in the test's own process."""

import os
import pathlib
import sys
from typing import Any

import fixtures
from heat.engine import clients
from heat.engine import resources
from oslo_config import cfg
from oslo_config import fixture as config_fixture
from stevedore import named

from heat_image_props import bridge
from heat_image_props.tests import base
from heat_image_props.tests import distribution

#: The package that Heat makes of the directories in ``plugin_dirs``.
PLUGINS = 'heat.engine.plugins'

#: The entry points that Heat itself reads when it starts.
NAMESPACES = [
    'heat.clients',
    'heat.constraints',
    'heat.event_sinks',
    'heat.stack_lifecycle_plugins',
]


class HeatLoader(fixtures.Fixture):
    """Heat's own loader, before it has loaded anything.

    Heat keeps what it has loaded in globals of the process; they are put back
    for the other tests of the same worker.

    :ivar log: a :class:`fixtures.FakeLogger` with all that is logged.
    :ivar environment_dir: an empty directory, Heat's ``environment_dir``.
    """

    def _setUp(self) -> None:
        self.log = self.useFixture(fixtures.FakeLogger())
        self.useFixture(config_fixture.Config(cfg.CONF))
        self.environment_dir = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path
        )
        self.useFixture(fixtures.MonkeyPatch('heat.engine.clients._mgr', None))
        self.useFixture(
            fixtures.MonkeyPatch('heat.engine.resources._environment', None)
        )
        if PLUGINS in sys.modules:
            before = sys.modules[PLUGINS]
            self.addCleanup(sys.modules.__setitem__, PLUGINS, before)
        else:
            self.addCleanup(sys.modules.pop, PLUGINS, None)
        # While the import path is the usual one: stevedore would write a new
        # cache file for every path that a test makes.
        for namespace in NAMESPACES:
            named.NamedExtensionManager(namespace, [])
        self.configure('')

    def configure(self, heat_conf: str) -> None:
        """Have the process read a configuration file, as heat-engine does.

        :param heat_conf: its text; it begins in section ``[DEFAULT]``.
        """
        cfg.CONF.import_opt('plugin_dirs', 'heat.common.config')
        path = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'heat.conf'
        )
        with open(path, 'w') as stream:
            stream.write(
                '[DEFAULT]\n'
                f'environment_dir = {self.environment_dir}\n{heat_conf}\n'
            )
        cfg.CONF(
            ['--config-file', path], project='heat', default_config_dirs=[]
        )

    def load(self) -> None:
        """Load everything, if that has not happened yet."""
        resources.initialise()

    def load_again(self) -> None:
        """Load everything from the start."""
        clients._mgr = None
        resources._environment = None
        resources.initialise()

    def get_class(self, resource_type: str) -> Any:
        """The class that templates get for a type."""
        registry = resources.global_env().registry
        return registry.get_class_to_instantiate(resource_type)

    def messages(self, *words: str) -> list[str]:
        """The lines of the log in which all these words occur."""
        return [
            line
            for line in self.log.output.splitlines()
            if all(word in line for word in words)
        ]


#: Source text of a module with a resource class, ``Thing``.
RESOURCE = """
    from heat.engine import resource


    class Thing(resource.Resource):
        properties_schema = {}
"""


class LoaderTestCase(base.BaseTestCase):
    """A test of what Heat's own loader makes of installed packages.

    :ivar heat: a :class:`HeatLoader`.
    """

    def setUp(self):
        super().setUp()
        self.heat = self.useFixture(HeatLoader())

    def install(self, name, types, modules, version='1.0'):
        """Install a distribution that offers resource types.

        :param name: its name.
        :param types: ``module:attribute`` by resource type.
        :param modules: source text by module name.
        :param version: its version.
        :returns: the :class:`distribution.Distribution`.
        """
        entry_points = {bridge.NAMESPACE: types}
        return self.useFixture(
            distribution.Distribution(name, version, entry_points, modules)
        )
