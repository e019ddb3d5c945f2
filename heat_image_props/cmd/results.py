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

"""Results of checks."""

from __future__ import annotations

from typing import Any

from oslo_upgradecheck import upgradecheck

from heat_image_props import redact

SUCCESS = upgradecheck.Code.SUCCESS
WARNING = upgradecheck.Code.WARNING
FAILURE = upgradecheck.Code.FAILURE


def result(code: Any, *lines: str) -> upgradecheck.Result:
    """Return a result, without the credentials of URLs.

    :param code: one of oslo.upgradecheck's
    :param lines: what was found, and what to do about it
    """
    return upgradecheck.Result(code, redact.mask('\n'.join(lines)))
