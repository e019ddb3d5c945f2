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

"""A progress bar for commands that take a while.

The environment of heat-engine has no library for one, and a command is not
worth another package in it.
"""

from __future__ import annotations

from collections.abc import Generator
from collections.abc import Sequence
from typing import TextIO
from typing import TypeVar

_T = TypeVar('_T')

#: Fewer things than this are done before anybody has read a bar.
MANY = 10

_WIDTH = 30
# Back to the start of the line, and what is in it away.
_CLEAR = '\r\x1b[K'


def progress(
    things: Sequence[_T], title: str, stream: TextIO
) -> Generator[_T, None, None]:
    """Yield things, and show how many are done, if there are many.

    Nothing is left of the bar in the end, or when the generator is closed.

    :param things: what is to be done
    :param title: what is being done
    :param stream: where to show it, if it is a terminal
    """
    if len(things) < MANY or not stream.isatty():
        yield from things
        return
    try:
        for done, thing in enumerate(things):
            bar = '#' * (_WIDTH * done // len(things))
            stream.write(
                f'{_CLEAR}{title} [{bar:.<{_WIDTH}}] {done}/{len(things)}'
            )
            stream.flush()
            yield thing
    finally:
        stream.write(_CLEAR)
        stream.flush()
