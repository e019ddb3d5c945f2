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

"""Several clouds side by side: tests mostly wait, and each needs its own."""

import collections.abc
import concurrent.futures
import contextlib
import os

import fixtures

from minicloud import cloud


@contextlib.contextmanager
def together(
    clouds: collections.abc.Sequence[cloud.MiniCloud],
) -> collections.abc.Iterator[None]:
    """Start clouds at the same time, and end them all after the block.

    :param clouds: each has a work directory of its own.
    :raises minicloud.process.StartError: a part of one did not come up; all
        others have been ended then.
    """
    with (
        # Each sets it again, and sets back what it has found.
        fixtures.EnvironmentVariable('no_proxy', '127.0.0.1'),
        concurrent.futures.ThreadPoolExecutor(len(clouds)) as pool,
    ):
        starts = {pool.submit(each.setUp): each for each in clouds}
        try:
            try:
                for start in concurrent.futures.as_completed(starts):
                    start.result()
            except BaseException:
                # Also on Ctrl-C: end what the threads are waiting for.
                for each in clouds:
                    each.abort()
                raise
            yield
        finally:
            # One that has not started has cleaned up behind itself.
            ends = [
                pool.submit(each.cleanUp)
                for start, each in starts.items()
                if start.exception() is None
            ]
            for end in ends:
                end.result()


def environment(
    clouds: collections.abc.Iterable[cloud.MiniCloud],
) -> dict[str, str]:
    """Variables for a command whose processes claim one of them each.

    See :meth:`minicloud.running.RunningCloud.from_environment`.
    """
    return {
        'no_proxy': '127.0.0.1',
        'MINICLOUD_WORK_DIRS': os.pathsep.join(
            str(each.work_dir) for each in clouds
        ),
    }
