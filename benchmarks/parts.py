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

"""The parts of the benchmarks, in the order in which they run."""

import collections.abc
import dataclasses
import importlib


@dataclasses.dataclass(frozen=True)
class Part:
    """One part.

    :ivar name: on the command line.
    :ivar module: what measures it.
    :ivar has_cloud: whether it needs a cloud; each gets a fresh one.
    """

    name: str
    module: str
    has_cloud: bool = True

    @property
    def title(self) -> str:
        """The title of its table."""
        return str(self._module().TITLE)

    def measure(self) -> list:
        """Measure it; in the environment of a cloud, if it needs one."""
        measured = self._module().measure()
        return list(measured)

    def _module(self):  # type: ignore[no-untyped-def]
        return importlib.import_module(f'benchmarks.{self.module}')


PARTS: collections.abc.Mapping[str, Part] = {
    part.name: part
    for part in (
        Part('requests', 'glance_requests'),
        Part('bytes', 'downloads'),
        Part('polls', 'polls'),
        Part('cpu', 'cpu', has_cloud=False),
        Part('stacks', 'stacks'),
        Part('startup', 'startup', has_cloud=False),
        Part('server', 'server'),
    )
}
