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

"""The image source misbehaves as asked, and logs what it did."""

import http.client
import pathlib
import urllib.error
import urllib.request

import fixtures
from oslotest import base

from minicloud import source


class TestSourceServer(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        server = source.SourceServer(directory / 'files', directory / 'log')
        self.source = self.useFixture(server).source

    def read(self, path, headers=None, method='GET'):
        request = urllib.request.Request(
            self.source.url(path), headers=headers or {}, method=method
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPRedirectHandler(),
        )
        with opener.open(request, timeout=10) as response:
            return response.read()

    def status(self, path, **kwargs):
        error = self.assertRaises(
            urllib.error.HTTPError, self.read, path, **kwargs
        )
        error.close()
        return error.code

    def test_put(self):
        """What was put is served under its name, at the URL returned."""
        url = self.source.put('a.img', b'content')

        self.assertEqual(self.source.url('a.img'), url)
        self.assertEqual(b'content', self.read('a.img'))

    def test_put_sparse(self):
        """A sparse file is served as that many zero bytes."""
        self.source.put_sparse('a.img', 100_000)

        self.assertEqual(bytes(100_000), self.read('a.img'))

    def test_head(self):
        """HEAD is answered without a body and logged as such."""
        self.source.put('a.img', b'content')

        self.assertEqual(b'', self.read('a.img', method='HEAD'))

        (request,) = self.source.requests()
        self.assertEqual('HEAD', request['method'])
        self.assertEqual(0, request['bytes'])

    def test_unknown(self):
        """A name that is not there is 404, and so is an unknown prefix."""
        self.source.put('a.img', b'content')

        self.assertEqual(404, self.status('b.img'))
        self.assertEqual(404, self.status('odd/a.img'))

    def test_outside(self):
        """No path leads out of the directory."""
        (self.source.directory.parent / 'private').write_text('private')

        for path in ('../private', '%2e%2e/private', '..%2fprivate', '..'):
            self.assertEqual(404, self.status(path), path)

    def test_status(self):
        """A status is answered as asked for."""
        self.assertEqual(503, self.status('status/503/a.img'))
        self.assertEqual(404, self.status('status/404/a.img'))

    def test_truncated(self):
        """Of a truncated file one half comes, though all was announced."""
        self.source.put('a.img', b'x' * 1000)

        error = self.assertRaises(
            http.client.IncompleteRead, self.read, 'truncated/a.img'
        )

        self.assertEqual(500, len(error.partial))
        self.assertEqual(500, self.source.requests()[0]['bytes'])

    def test_slow(self):
        """A slow file comes in pieces of a tenth of a second."""
        self.source.put('a.img', b'x' * 1000)

        self.assertEqual(b'x' * 1000, self.read('slow/100000/a.img'))

    def test_redirect(self):
        """A redirect leads where the query says."""
        url = self.source.put('a.img', b'content')

        self.assertEqual(b'content', self.read(f'redirect?to={url}'))

        statuses = [each['status'] for each in self.source.requests()]
        self.assertEqual([302, 200], statuses)

    def test_auth(self):
        """A protected file is for those who know the password."""
        self.source.put('a.img', b'content')

        self.assertEqual(401, self.status('auth/a.img'))
        self.assertEqual(
            b'content',
            self.read(
                'auth/a.img',
                # image:secret
                headers={'Authorization': 'Basic aW1hZ2U6c2VjcmV0'},
            ),
        )

    def test_requests(self):
        """Requests can be told by name, and by a mark taken before."""
        self.source.put('a.img', b'a')
        self.source.put('b.img', b'bb')
        self.read('a.img')
        mark = self.source.mark()
        self.read('slow/1000/b.img')

        self.assertEqual(
            ['/a.img', '/slow/1000/b.img'],
            [each['path'] for each in self.source.requests()],
        )
        self.assertEqual(
            [('/slow/1000/b.img', 200, 2)],
            [
                (each['path'], each['status'], each['bytes'])
                for each in self.source.requests(mark)
            ],
        )
        self.assertEqual(1, len(self.source.requests(name='b.img')))
        self.assertEqual([], self.source.requests(mark, name='a.img'))

    def test_another_process(self):
        """Directory, URL and log are all that a reader elsewhere needs."""
        elsewhere = source.ImageSource(
            self.source.url().rstrip('/'),
            self.source.directory,
            self.source.log,
        )
        elsewhere.put('a.img', b'content')
        self.read('a.img')

        self.assertEqual(1, len(elsewhere.requests(name='a.img')))
