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

"""How a cloud is described that has never been started."""


def of(directory):
    """Return the description of a cloud with this work directory."""
    return {
        'profile': 'embedded',
        'region': 'RegionOne',
        'auth_url': 'http://127.0.0.1:5/v3',
        'work_dir': str(directory),
        'endpoints': {},
        'processes': {'glance': 7},
        'source': {
            'url': 'http://127.0.0.1:6',
            'directory': str(directory),
            'log': str(directory / 'source'),
        },
        'glance_log': str(directory / 'glance'),
        'store_faults': str(directory / 'faults'),
        'wire_faults': str(directory / 'wire'),
        'wire_log': str(directory / 'wire.jsonl'),
        'users': {
            'demo': {'project': 'demo', 'password': 'pw'},
            'reader': {'project': 'demo', 'password': 'rd'},
        },
    }
