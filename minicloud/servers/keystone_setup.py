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

"""``keystone-manage`` for a new cloud: all its steps in one process.

Four steps as four processes would import Keystone four times, which is what
most of their time goes to.
"""

import grp
import os
import pwd
import sys

from keystone.cmd import cli
import keystone.conf


def main(config_file: str, auth_url: str, region: str) -> None:
    """Make the schema, the keys, the administrator and Keystone's endpoint.

    The administrator's password is taken from ``OS_BOOTSTRAP_PASSWORD``.

    :param config_file: path of keystone.conf.
    :param auth_url: URL of the endpoint.
    :param region: name of the region.
    """
    # root has to say who is to own the keys: whoever runs the server.
    owner = [
        f'--keystone-user={pwd.getpwuid(os.geteuid()).pw_name}',
        f'--keystone-group={grp.getgrgid(os.getegid()).gr_name}',
    ]
    bootstrap = ['bootstrap', '--bootstrap-region-id', region]
    for interface in ('public', 'internal', 'admin'):
        bootstrap += [f'--bootstrap-{interface}-url', auth_url]
    for command in (
        ['db_sync'],
        ['fernet_setup', *owner],
        ['credential_setup', *owner],
        bootstrap,
    ):
        # Each run registers its command line options anew.
        keystone.conf.CONF.reset()
        cli.main(['keystone-manage', '--config-file', config_file, *command])


if __name__ == '__main__':
    main(*sys.argv[1:])
