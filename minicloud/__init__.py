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

"""A real Keystone, Glance and Heat on loopback, for tests and demos.

Nothing is faked: the services are the released packages of the Python that
runs this, with their own databases and a message bus.  Two profiles:

``embedded``
    everything comes from PyPI: PostgreSQL out of a wheel, and heat-api and
    the engine in one process over oslo.messaging's ``fake://``;
``production``
    shaped like a deployment: MariaDB, RabbitMQ (Debian packages, started
    here on private data) and several stock ``heat-engine`` workers.

:class:`minicloud.cloud.MiniCloud` starts a cloud in this process' care;
``python -m minicloud`` does it from a shell; other processes (the tests) get
at it through :class:`minicloud.running.RunningCloud`.

The package is not part of the distribution.
"""
