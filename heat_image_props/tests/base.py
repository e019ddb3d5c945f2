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

"""The base of all tests that need no Heat, and the hypothesis profiles."""

import os

import hypothesis
from oslotest import base
import testscenarios

# The same examples at every run, so that a change is judged by what it did.
# Nothing may depend on the speed of the machine: no deadline, and no health
# check that measures time.
hypothesis.settings.register_profile(
    'default',
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# Looks for what the fixed examples miss: other examples at every run.
hypothesis.settings.register_profile(
    'thorough',
    hypothesis.settings.get_profile('default'),
    max_examples=10000,
    derandomize=False,
    print_blob=True,
)
hypothesis.settings.load_profile(
    os.environ.get('HYPOTHESIS_PROFILE', 'default')
)


class BaseTestCase(testscenarios.WithScenarios, base.BaseTestCase):
    """A test with scenarios, captured output and a time limit."""

    def __init_subclass__(cls, **kwargs):
        """Refuse a scenario whose name would end the run without a failure.

        The names become ids of tests, and subunit writes those in UTF-8: a
        lone surrogate ends the process, and stestr says that all is well.
        """
        super().__init_subclass__(**kwargs)
        for name, _ in getattr(cls, 'scenarios', None) or ():
            name.encode()
