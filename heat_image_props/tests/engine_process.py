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

"""A stock heat-engine by itself: no Keystone, no API, no message broker."""

import os
import pathlib
import re

import fixtures

from minicloud import inifile
from minicloud import installation
from minicloud import process

#: Seconds that a start may take on a busy machine.
LONGEST = 120

#: A line of Heat's log: the process, the logger and the message.
LINE = re.compile(
    r'^\S+ \S+ (?P<pid>\d+) (?P<level>[A-Z]+) (?P<logger>\S+) \[.*?\] '
    r'(?P<message>.*)$',
    re.MULTILINE,
)


class HeatEngine(fixtures.Fixture):
    """The console script ``heat-engine`` of this Python environment.

    It is started by :meth:`start` in a directory of its own, with a SQLite
    database, and ended with all its workers.

    :param workers: number of worker processes.
    :param import_path: directories for the engine to import from, besides
        what is installed.
    :param options: more of its configuration, by section.
    """

    def __init__(self, workers=2, import_path=(), options=None):
        super().__init__()
        self._workers = workers
        self._import_path = import_path
        self._options = options or {}

    def _setUp(self):
        work_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self._supervisor = self.useFixture(
            process.Supervisor(work_dir, work_dir / 'log')
        )
        self._config = work_dir / 'heat.conf'
        defaults = {
            'DEFAULT': {
                # Nobody calls it, so it needs no message broker.
                'transport_url': 'fake://',
                'num_engine_workers': self._workers,
                'environment_dir': work_dir / 'environment.d',
            },
            'database': {'connection': f'sqlite:///{work_dir}/heat.db'},
        }
        inifile.write(self._config, inifile.merge(defaults, self._options))
        self._supervisor.run(
            'heat-manage', [*self._program('heat-manage'), 'db_sync']
        )

    def _program(self, name):
        script = installation.script('openstack-heat', name)
        return [str(script), '--config-file', str(self._config)]

    def start(self):
        """Start it and wait until all its workers serve.

        :raises minicloud.process.StartError: it ended, or takes too long.
        """
        self._process = self._supervisor.spawn(
            'heat-engine',
            self._program('heat-engine'),
            env={'PYTHONPATH': os.pathsep.join(self._import_path)},
        )
        self._process.wait_until(
            lambda: len(self.workers()) == self._workers,
            'serving in all workers',
            LONGEST,
        )

    @property
    def pid(self):
        """The process that the workers are forked from."""
        return self._process.pid

    def workers(self):
        """Process ids of the workers that serve."""
        return {
            line['pid']
            for line in self.log('Starting engine_worker', logger='worker')
        }

    def log(self, *words, logger=''):
        """What has been logged, as matches of :data:`LINE`.

        :param words: all of them must be in the message.
        :param logger: part of the logger's name.
        """
        return [
            line
            for line in LINE.finditer(self._process.log.read_text())
            if logger in line['logger']
            and all(word in line['message'] for word in words)
        ]
