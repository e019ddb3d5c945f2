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

"""Configuration files are what oslo.config takes them for."""

import pathlib

import fixtures
from oslo_config import cfg
from oslotest import base

from minicloud import inifile


class TestInifile(base.BaseTestCase):
    def test_round_trip(self):
        """oslo.config reads back what was written, DEFAULT included."""
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = directory / 'etc' / 'service.conf'
        inifile.write(
            path,
            {
                'DEFAULT': {'Name': 'a %(b)s $$', 'left_out': None},
                'other': {'ports': '[1,2]', 'path': directory},
            },
        )

        conf = cfg.ConfigOpts()
        conf.register_opt(cfg.StrOpt('Name'))
        conf.register_opt(cfg.StrOpt('left_out', default='default'))
        conf.register_opt(cfg.StrOpt('Name'), group='other')
        conf.register_opt(cfg.ListOpt('ports', bounds=True), group='other')
        conf.register_opt(cfg.StrOpt('path'), group='other')
        conf(['--config-file', str(path)])

        self.assertEqual('a %(b)s $', conf.Name)
        self.assertEqual('default', conf.left_out)
        self.assertIsNone(conf.other.Name)
        self.assertEqual(['1', '2'], conf.other.ports)
        self.assertEqual(str(directory), conf.other.path)
        self.assertEqual(0o600, path.stat().st_mode & 0o777)

    def test_merge(self):
        """Overrides replace and add options, and leave the base alone."""
        base_options = {'a': {'x': 1, 'y': 2}}

        merged = inifile.merge(base_options, {'a': {'y': 3}, 'b': {'z': 4}})

        self.assertEqual({'a': {'x': 1, 'y': 3}, 'b': {'z': 4}}, merged)
        self.assertEqual({'a': {'x': 1, 'y': 2}}, base_options)
