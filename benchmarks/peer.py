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

"""What every peer has in common: the operations that are measured."""

import collections.abc
import os
import pathlib
import pty
import subprocess
from typing import Any

from benchmarks import wanted
from minicloud import process
from minicloud import running

#: Seconds that a command or a stack may take on a busy machine.
LONGEST = 150


class Cannot(Exception):
    """A peer has no means to do something, or does not succeed."""


class Peer:
    """Something that a user would pick to manage an image.

    An operation that is not overridden is one that the peer has no means for.

    :param cloud: the cloud.
    :ivar name: what it is called in the tables.
    """

    name = ''

    def __init__(self, cloud: running.RunningCloud) -> None:
        self.cloud = cloud

    def create(self, new: wanted.Wanted, url: str) -> str | None:
        """Create an image.

        :param url: of its data.
        :returns: its id, or None if the peer does not say.
        :raises Cannot: it failed.
        """
        raise Cannot('there is no operation for it')

    def update(
        self, image_id: str, before: wanted.Wanted, after: wanted.Wanted
    ) -> str | None:
        """Change the metadata of an image.

        :param before: what was declared.
        :param after: what shall be.
        :returns: the id of the image if it may be another one.
        :raises Cannot: it failed.
        """
        raise Cannot('there is no operation for it')

    def check(self, image_id: str, declared: wanted.Wanted) -> bool:
        """Say whether an image is as declared.

        :raises Cannot: it failed, or does not look.
        """
        raise Cannot('there is no operation for it: comparing is left to you')

    def repair(self, image_id: str, declared: wanted.Wanted) -> None:
        """Undo what others changed, without being told what that was.

        :raises Cannot: it failed.
        """
        self.update(image_id, declared, declared)

    def delete(self, image_id: str, declared: wanted.Wanted) -> None:
        """Delete an image.

        :raises Cannot: it failed.
        """
        raise Cannot('there is no operation for it')


def is_chosen(name: str) -> bool:
    """Whether a peer is to be measured.

    ``BENCH_PEERS`` names some, separated by commas, for a run that shall not
    take long; the others keep the figures that they have.
    """
    chosen = os.environ.get('BENCH_PEERS', '')
    return not chosen or name in chosen.split(',')


def run(
    program: str | os.PathLike[str],
    arguments: collections.abc.Sequence[str],
    environment: collections.abc.Mapping[str, str],
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    :raises Cannot: it failed; with the last line that it wrote.
    """
    # "openstack image create" takes what is no terminal for image data.
    ours, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [str(program), *arguments],
            env={**process.clean_environ(), **environment},
            stdin=terminal,
            capture_output=True,
            check=False,
            text=True,
            timeout=LONGEST,
        )
    finally:
        os.close(ours)
        os.close(terminal)
    if done.returncode:
        name = pathlib.Path(program).name
        raise Cannot(f'{name}: {last_line(done.stderr or done.stdout)}')
    return done


def last_line(text: str) -> str:
    """The last line of a text that says something."""
    lines = [each.strip() for each in text.splitlines()]
    said = [each for each in lines if each.strip('{}[]-=*| ')]
    return (said or ['failed and said nothing'])[-1]


def changed(
    before: wanted.Wanted, after: wanted.Wanted
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """What a user who knows both has to say.

    :returns: attributes and custom properties to set, and properties to
        remove.  If nothing differs, all that is declared: a user who has no
        means to find drift says everything.
    """
    attributes = {
        'name': after.name,
        'visibility': after.visibility,
        'tags': list(after.tags),
    }
    if before == after:
        return attributes, dict(after.properties), []
    return (
        {
            name: value
            for name, value in attributes.items()
            if value != _plain(getattr(before, name))
        },
        {
            name: value
            for name, value in after.properties.items()
            if before.properties.get(name) != value
        },
        sorted(before.properties.keys() - after.properties.keys()),
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
