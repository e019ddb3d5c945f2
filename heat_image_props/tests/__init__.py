#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Tests of heat-image-props."""

import contextlib

# Heat's test cases choose this too, but a module of Heat imported before them
# would choose eventlet for the whole process. Heat 22 to 24 know no other
# choice: their oslo.service has none to make, or lacks the threads.
with contextlib.suppress(ImportError, ValueError):
    from oslo_service import backend

    backend.init_backend(backend.BackendType.THREADING)
