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

"""Lets other processes have the controlling process of a cloud do things.

An order is a file; its answer is another one.
"""

import collections.abc
import contextlib
import json
import pathlib
import threading
import uuid

import fixtures
import tenacity

#: Seconds between two looks for an order, and for its answer.
_LOOK = 0.05


class OrderFailed(Exception):
    """What was ordered could not be done."""


class Control:
    """Gives orders.

    :param directory: where they are looked for.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory

    def order(self, *words: str, timeout: float = 180.0) -> None:
        """Have something done, and wait until it is.

        :param words: what the controlling process understands.
        :param timeout: seconds.
        :raises OrderFailed: it could not be done, or not in that time.
        """
        path = self._directory / f'{uuid.uuid4()}.order'
        _write(path, json.dumps(words))
        answer = path.with_suffix('.answer')
        try:
            tenacity.Retrying(
                retry=tenacity.retry_if_result(lambda there: not there),
                stop=tenacity.stop_after_delay(timeout),
                wait=tenacity.wait_fixed(_LOOK),
            )(answer.exists)
        except tenacity.RetryError:
            path.unlink(missing_ok=True)
            raise OrderFailed(
                f'{" ".join(words)}: not done after {timeout:.0f} s'
            ) from None
        error = answer.read_text()
        answer.unlink()
        if error:
            raise OrderFailed(f'{" ".join(words)}: {error}')


class ControlServer(fixtures.Fixture):
    """Has orders done, one after the other, in a thread of this process.

    :param directory: where orders are looked for; made if it does not exist.
    :param do: called with the words of each; what it raises is the answer.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        do: collections.abc.Callable[..., None],
    ) -> None:
        super().__init__()
        self._directory = directory
        self._do = do
        self._stopping = threading.Event()

    def _setUp(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        thread = threading.Thread(
            target=self._serve, name='control', daemon=True
        )
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self._stopping.set)

    def _serve(self) -> None:
        while not self._stopping.wait(_LOOK):
            for path in sorted(self._directory.glob('*.order')):
                # Taken back, as the one who gave it did not want to wait.
                with contextlib.suppress(FileNotFoundError):
                    self._answer(path)

    def _answer(self, path: pathlib.Path) -> None:
        words = json.loads(path.read_text())
        path.unlink()
        error = ''
        try:
            self._do(*words)
        except Exception as exc:
            error = f'{type(exc).__name__}: {exc}'
        _write(path.with_suffix('.answer'), error)


def _write(path: pathlib.Path, text: str) -> None:
    """Write a file so that nobody finds half of it."""
    partial = path.with_suffix('.partial')
    partial.write_text(text)
    partial.replace(path)
