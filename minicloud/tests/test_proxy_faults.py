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

"""The proxy fails as asked."""

import contextlib
import http.client
import http.server
import json
import pathlib
import time

import fixtures

from minicloud import proxy
from minicloud.tests import proxy_base
from minicloud import wire

_ID = proxy_base.ID
_PATH = proxy_base.PATH


class TestFaults(proxy_base.ProxyTestCase):
    def create(self, name, image_id=None):
        """Create an image."""
        image = {'name': name, **({'id': image_id} if image_id else {})}
        return self.ask('POST', '/v2/images', json.dumps(image))[0]

    def test_answer(self):
        """An answer of the proxy has status, headers and text; no more."""
        with self.wire.answer(
            429, headers={'Retry-After': '7'}, body='slow', operation='get'
        ) as fault:
            self.assertEqual((429, b'slow'), self.ask())
            self.assertEqual('7', self.response.getheader('Retry-After'))
            self.assertEqual(200, self.ask('PATCH', body=b'x')[0])
        self.assertEqual(200, self.ask()[0])

        self.assertEqual([('PATCH', _PATH), ('GET', _PATH)], self.seen())
        self.assertEqual(f'GET {_PATH} 429', self.logged()[0])
        self.assertEqual(1, fault.count)
        self.assertEqual([f'GET {_PATH}'], [str(hit) for hit in fault.hits])
        self.assertEqual(_ID, fault.hits[0].image_id)

    def test_answer_after(self):
        """A request can be done and answered as if it were not."""
        with self.wire.answer_after(504):
            self.assertEqual((504, b''), self.ask('DELETE'))

        self.assertEqual([('DELETE', _PATH)], self.seen())

    def test_garbage(self):
        """A page of a portal is no JSON."""
        with self.wire.garbage():
            status, body = self.ask()

        self.assertEqual(200, status)
        self.assertIn(b'<html>', body)

    def test_others(self):
        """Requests of others, a test's own for one, are not touched."""
        with self.wire.answer(500) as fault:
            status, _ = self.ask(headers={'User-Agent': 'test'})

        self.assertEqual((200, 0), (status, fault.count))

    def test_skip_and_times(self):
        """Some requests pass first, then so many are hit."""
        with self.wire.answer(500, skip=1, times=2) as fault:
            statuses = [self.ask()[0] for _ in range(5)]

        self.assertEqual([200, 500, 500, 200, 200], statuses)
        self.assertEqual(2, fault.count)

    def test_order(self):
        """Of several faults the first that is not used up acts."""
        with (
            self.wire.answer(500, times=1),
            self.wire.answer(503, times=1),
        ):
            statuses = [self.ask()[0] for _ in range(3)]

        self.assertEqual([500, 503, 200], statuses)

    def test_after(self):
        """A fault can wait for another operation."""
        with self.wire.answer(500, operation='get', after='patch'):
            statuses = [
                self.ask(method)[0] for method in ('GET', 'PATCH', 'GET')
            ]

        self.assertEqual([200, 200, 500], statuses)

    def test_watch(self):
        """What passes can be watched, and other faults act all the same."""
        with self.wire.watch() as seen, self.wire.answer(500) as fault:
            self.assertEqual(500, self.ask('PATCH')[0])

        self.assertEqual('patch', seen.hits[0].operation)
        self.assertEqual(1, fault.count)

    def test_image(self):
        """A fault of one image leaves the others alone."""
        with self.wire.answer(500, image_id=_ID):
            self.assertEqual(500, self.ask('POST', f'{_PATH}/import')[0])
            self.assertEqual(500, self.ask('DELETE', f'/v2/stores/a/{_ID}')[0])
            self.assertEqual(200, self.ask('GET', '/v2/images/other')[0])
            self.assertEqual(200, self.ask('GET', '/v2/info/import')[0])

    def test_name(self):
        """An image is known by its name, with and without an id of ours."""
        with self.wire.answer(500, name='mine', skip=1) as fault:
            self.assertEqual(200, self.create('mine', 'chosen'))
            self.assertEqual(500, self.ask('GET', '/v2/images/chosen')[0])
            self.assertEqual(200, self.create('other', 'another'))
            self.assertEqual(200, self.ask('GET', '/v2/images/another')[0])
        self.assertEqual(200, self.create('theirs'))
        with self.wire.answer(503, name='theirs'):
            self.assertEqual(503, self.ask()[0])
            self.assertEqual(503, self.create('theirs', 'new'))

        self.assertEqual(1, fault.count)

    def test_cut_before(self):
        """The connection is reset and nothing arrives."""
        with self.wire.cut_before(times=1):
            self.assertRaises(ConnectionResetError, self.ask)

        self.assertEqual([], self.seen())
        self.assertEqual([f'GET {_PATH} 0'], self.logged())

    def test_cut_after(self):
        """What was asked is done and the connection is reset."""
        with self.wire.cut_after(times=1):
            self.assertRaises(ConnectionResetError, self.ask, 'DELETE')

        self.assertEqual([('DELETE', _PATH)], self.seen())
        self.assertEqual([f'DELETE {_PATH} 0'], self.logged())

    def test_truncate(self):
        """One half of the body comes, with the length of the whole."""
        with self.wire.truncate():
            error = self.assertRaises(http.client.IncompleteRead, self.ask)

        self.assertEqual((6, 6), (len(error.partial), error.expected))

    def test_delay(self):
        """A request is passed on later."""
        started = time.monotonic()
        with self.wire.delay(0.3):
            self.assertEqual(200, self.ask()[0])

        self.assertGreaterEqual(time.monotonic() - started, 0.3)

    def test_wrong(self):
        """A fault for an operation that there is not is refused."""
        error = self.assertRaises(
            ValueError, self.wire.cut_before, operation='teleport'
        )

        self.assertIn('import', str(error))
        self.assertRaises(ValueError, wire.Fault, 'imaginary')


class TestHolding(proxy_base.ProxyTestCase):
    def begin(self):
        """Send a request whose answer is not awaited."""
        connection = self.connect()
        connection.request('DELETE', _PATH, headers=proxy_base.AGENT)
        return connection

    def test_before(self):
        """A request that is held arrives when it is released."""
        with self.wire.hold_before() as fault:
            connections = [self.begin(), self.begin()]
            fault.wait_until_held(2)
            self.assertEqual([], self.seen())
            fault.release()
            for connection in connections:
                self.assertEqual(204, connection.getresponse().status)

        self.assertEqual((2, 0), (fault.count, fault.held))

    def test_before_gone(self):
        """A request whose client leaves never arrives."""
        with self.wire.hold_before() as fault:
            connection = self.begin()
            fault.wait_until_held()
            connection.close()
            fault.wait_until_left()

        self.assertEqual([], self.seen())
        self.assertEqual([f'DELETE {_PATH} 0'], self.logged())

    def test_after(self):
        """An answer that is held comes when it is released."""
        with self.wire.hold_after() as fault:
            connection = self.begin()
            fault.wait_until_held()
            self.assertEqual([('DELETE', _PATH)], self.seen())
            self.assertEqual([], self.logged())
        self.assertEqual(204, connection.getresponse().status)

        self.assertEqual([f'DELETE {_PATH} 204'], self.logged())

    def test_after_gone(self):
        """What was done is not undone when the client leaves."""
        with self.wire.hold_after(times=1) as fault:
            connection = self.begin()
            fault.wait_until_held()
            connection.close()
            fault.wait_until_left()

        self.assertEqual([('DELETE', _PATH)], self.seen())
        self.assertEqual([f'DELETE {_PATH} 0'], self.logged())

    def test_not_held(self):
        """Who waits in vain is told how many were seen."""
        with self.wire.hold_before() as fault:
            error = self.assertRaises(
                TimeoutError, fault.wait_until_held, timeout=0.1
            )
            self.assertRaises(TimeoutError, fault.wait_for_hits, timeout=0.1)

        self.assertEqual('0 of 1 held after 0 s', str(error))

    def test_stop(self):
        """A proxy that stops holds nobody."""
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        with proxy.ProxyServer(
            directory / 'faults', directory / 'log'
        ) as self.proxy:
            faults = wire.Wire(directory / 'faults', self.wire.log)
            stack = contextlib.ExitStack()
            self.addCleanup(stack.close)
            fault = stack.enter_context(faults.hold_before())
            connection = self.begin()
            fault.wait_until_held()

        self.assertRaises(
            (ConnectionError, http.client.HTTPException),
            connection.getresponse,
        )
