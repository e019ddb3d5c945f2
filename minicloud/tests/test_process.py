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

"""Processes end with everything that they have started."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import fixtures
from oslotest import base
import psutil
import tenacity

from minicloud import ports
from minicloud import process
from minicloud import reaper

_SOURCES = pathlib.Path(process.__file__).resolve().parent.parent

#: A parent and its child, which say that they are there and then wait.
_FAMILY = ['sh', '-c', 'sleep 600 & echo $! $$; wait']


def _gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@tenacity.retry(
    retry=tenacity.retry_if_result(lambda value: not value),
    stop=tenacity.stop_after_delay(60),
    wait=tenacity.wait_fixed(0.02),
)
def _eventually(condition):
    return condition()


class TestProcess(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.supervisor = process.Supervisor(
            self.directory, self.directory / 'log'
        )
        self.useFixture(self.supervisor)

    def spawn_family(self, **kwargs):
        """A process with a child: the process and both ids."""
        parent = self.supervisor.spawn('family', _FAMILY, **kwargs)
        parent.wait_until(
            lambda: parent.log.read_text().endswith('\n'), 'talking'
        )
        return parent, [int(pid) for pid in parent.log.read_text().split()]

    def test_stop(self):
        """Stopping a process ends its children as well."""
        parent, pids = self.spawn_family()
        self.assertEqual({'family': parent.pid}, self.supervisor.pids())

        parent.stop()

        self.assertIsNone(parent.pid)
        self.assertEqual({}, self.supervisor.pids())
        _eventually(lambda: all(map(_gone, pids)))

    def test_stop_twice(self):
        """What has been stopped can be stopped again."""
        parent, _pids = self.spawn_family()

        parent.stop()
        parent.stop()

    def test_stubborn(self):
        """A process that ignores the signal is killed after the timeout."""
        stubborn = self.supervisor.spawn(
            'stubborn', ['sh', '-c', 'trap "" TERM; echo deaf; sleep 600']
        )
        stubborn.wait_until(lambda: stubborn.log.stat().st_size, 'deaf')
        pid = stubborn.pid

        stubborn.stop(timeout=0.1)

        self.assertTrue(_gone(pid))

    def test_leftover_child(self):
        """Children of a process that has ended by itself are ended too."""
        parent, pids = self.spawn_family()
        os.kill(parent.pid, signal.SIGKILL)

        parent.stop()

        _eventually(lambda: all(map(_gone, pids)))

    def test_end_of_supervisor(self):
        """Everything that is running ends with the supervisor."""
        with process.Supervisor(
            self.directory, self.directory / 'other'
        ) as supervisor:
            family = supervisor.spawn('family', _FAMILY)
            family.wait_until(lambda: family.log.stat().st_size, 'talking')
            pids = [int(pid) for pid in family.log.read_text().split()]

        self.assertEqual(2, len(pids))
        _eventually(lambda: all(map(_gone, pids)))

    def test_servers_before_databases(self):
        """What others need ends last."""
        order = self.directory / 'order'
        script = 'trap "echo $0 >>order; exit" TERM; echo; sleep 600 & wait'
        for name, base_process in (('database', True), ('server', False)):
            each = self.supervisor.spawn(
                name, ['sh', '-c', script, name], base=base_process
            )
            each.wait_until(each.log.stat, 'talking')
            log = each.log
            each.wait_until(lambda log=log: log.stat().st_size, 'talking')

        self.supervisor.stop_all()

        self.assertEqual(['server', 'database'], order.read_text().split())

    def test_start_again(self):
        """A killed process can be started again, with the same log."""
        parent, _pids = self.spawn_family()
        parent.kill()

        parent.start()

        parent.wait_until(
            lambda: len(parent.log.read_text().split()) == 4, 'talking'
        )
        self.assertIsNotNone(parent.pid)

    def test_run(self):
        """A command that succeeds is run to its end."""
        self.supervisor.run('true', ['sh', '-c', 'echo done'])

        self.assertEqual(
            ['done'], process.tail(self.supervisor.log_dir / 'true.log')
        )

    def test_run_fails(self):
        """A command that fails is reported with its code and its log."""
        error = self.assertRaises(
            process.StartError,
            self.supervisor.run,
            'false',
            ['sh', '-c', 'echo reason; exit 3'],
        )

        self.assertEqual('false: exit code 3', str(error))
        self.assertEqual(['reason'], process.tail(error.log))

    def test_no_such_program(self):
        """A program that is not there is reported by its name."""
        error = self.assertRaises(
            process.StartError, self.supervisor.spawn, 'odd', ['/no/such']
        )

        self.assertIn('/no/such', str(error))

    def test_wait_until_ended(self):
        """Waiting for a process that has ended says so at once."""
        short = self.supervisor.spawn('short', ['sh', '-c', 'exit 4'])

        error = self.assertRaises(
            process.StartError, short.wait_until, lambda: False, 'ready'
        )

        self.assertEqual('short: ended with code 4', str(error))

    def test_wait_until_timeout(self):
        """Waiting in vain ends with what was waited for."""
        parent, _pids = self.spawn_family()

        error = self.assertRaises(
            process.StartError,
            parent.wait_until,
            lambda: False,
            'listening',
            timeout=0.01,
        )

        self.assertEqual('family: not listening after 0 s', str(error))

    def test_wait_until_refused(self):
        """A refused connection is no reason to stop waiting."""
        parent, _pids = self.spawn_family()
        answers = [ConnectionRefusedError(), None]

        def condition():
            answer = answers.pop(0)
            if answer:
                raise answer
            return True

        parent.wait_until(condition, 'listening')

        self.assertEqual([], answers)

    def test_stopped_while_waiting(self):
        """stop_all() ends what other threads wait for, and new starts."""
        self.supervisor.stop_all()

        for call in (
            lambda: self.supervisor.wait_until(lambda: False, 'any', 'up'),
            lambda: self.supervisor.spawn('any', _FAMILY),
        ):
            error = self.assertRaises(process.StartError, call)
            self.assertEqual('any: stopped by request', str(error))

    def test_inherit(self):
        """A reserved port is handed over open, and then let go of."""
        port = ports.Port()
        server = self.supervisor.spawn(
            'server',
            [
                sys.executable,
                '-c',
                'import socket, sys, time\n'
                'listener = socket.socket(fileno=int(sys.argv[1]))\n'
                'listener.listen()\n'
                'time.sleep(600)',
                '{fd}',
            ],
            inherit=port,
        )

        server.wait_until(port.is_open, 'listening')

        server.kill()
        self.assertFalse(port.is_open())

    def test_environment(self):
        """Credentials and Python's own variables are not passed on."""
        self.useFixture(fixtures.EnvironmentVariable('OS_USERNAME', 'me'))
        self.useFixture(fixtures.EnvironmentVariable('PYTHONPATH', '/here'))
        self.useFixture(fixtures.EnvironmentVariable('https_proxy', 'there'))
        self.useFixture(fixtures.EnvironmentVariable('KEPT', 'yes'))

        environ = process.clean_environ()

        self.assertEqual('yes', environ['KEPT'])
        for name in ('OS_USERNAME', 'PYTHONPATH', 'https_proxy'):
            self.assertNotIn(name, environ)


class TestKilled(base.BaseTestCase):
    def test_reaper(self):
        """When the controlling process is killed, all the rest ends.

        Its process groups go, and its temporary directories.
        """
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        temporary = directory / 'temporary'
        temporary.mkdir()
        program = textwrap.dedent("""
            import pathlib, sys, threading
            from minicloud import process
            top = pathlib.Path(sys.argv[1])
            supervisor = process.Supervisor(top, top / 'log')
            supervisor.setUp()
            supervisor.remove_at_end(top / 'temporary')
            supervisor.spawn('family', [
                'sh', '-c', 'sleep 600 & echo $! $$; wait'
            ])
            threading.Event().wait()
        """)
        controller = subprocess.Popen(
            [sys.executable, '-c', program, str(directory)],
            env={**os.environ, 'PYTHONPATH': str(_SOURCES)},
        )
        self.addCleanup(controller.wait)
        self.addCleanup(controller.kill)
        log = directory / 'log' / 'family.log'
        _eventually(lambda: log.exists() and log.read_text().endswith('\n'))
        pids = [int(pid) for pid in log.read_text().split()]
        self.assertEqual([False, False], [_gone(pid) for pid in pids])

        controller.kill()

        _eventually(lambda: all(map(_gone, pids)))
        _eventually(lambda: not temporary.exists())

    def test_grace(self):
        """Who ignores the signal is killed."""
        stubborn = subprocess.Popen(
            ['sh', '-c', 'trap "" TERM; echo deaf; sleep 600'],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.addCleanup(stubborn.stdout.close)
        self.addCleanup(stubborn.wait)
        self.addCleanup(stubborn.kill)
        self.assertEqual(b'deaf\n', stubborn.stdout.readline())

        reaper.end({stubborn.pid: signal.SIGTERM}, grace=0.1)

        self.assertEqual(-signal.SIGKILL, stubborn.wait(10))

    def test_gone_already(self):
        """A group that has ended is no error."""
        short = subprocess.Popen(['true'], start_new_session=True)
        short.wait()

        reaper.end({short.pid: signal.SIGTERM}, grace=10)
