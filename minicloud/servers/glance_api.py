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

"""Glance's WSGI application for gunicorn: with a log of its requests, and
stores whose behaviour can be changed.
"""

import os
import pathlib
import sys

# Keep Glance from taking gunicorn's arguments for its own.
sys.argv = ['glance-api']

from glance.wsgi import api  # noqa: E402

from minicloud import requestlog  # noqa: E402
from minicloud.servers import store_faults  # noqa: E402

store_faults.install(pathlib.Path(os.environ['MINICLOUD_STORE_FAULTS']))

application = requestlog.RequestLogger(
    api.application, os.environ['MINICLOUD_REQUEST_LOG']
)
