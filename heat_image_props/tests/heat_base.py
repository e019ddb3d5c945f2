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

"""The base of tests that run in-process against Heat's own classes."""

import os
import sysconfig

from heat.tests import common
from oslo_config import cfg
from oslotest import base

from heat_image_props.tests import base as own_base  # noqa: F401  (profiles)


class HeatTestCase(common.HeatTestCase, base.BaseTestCase):
    """Heat's test case, made to work with an installed Heat."""

    def setUp(self, *args, **kwargs):
        # HeatTestCase looks for etc/heat beside the package heat, as in its
        # source tree. A wheel puts that directory below the prefix.
        cfg.CONF.set_override(
            'environment_dir',
            os.path.join(
                sysconfig.get_path('data'), 'etc', 'heat', 'environment.d'
            ),
        )
        super().setUp(*args, **kwargs)
