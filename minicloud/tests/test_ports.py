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

"""Reserved ports are nobody else's."""

from oslotest import base

from minicloud import ports


class TestPort(base.BaseTestCase):
    def test_reserved(self):
        """While a port is reserved, others get other ports."""
        reserved = [ports.Port() for _each in range(20)]
        for port in reserved:
            self.addCleanup(port.close)

        self.assertEqual(20, len({port.number for port in reserved}))

    def test_number_stays(self):
        """A port that was let go of is bound again under its number."""
        port = ports.Port()
        self.addCleanup(port.close)
        port.close()

        port.fileno()

        self.assertFalse(port.is_open())
        self.assertEqual(f'http://127.0.0.1:{port.number}', port.url)
