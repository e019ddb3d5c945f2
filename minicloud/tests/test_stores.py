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

"""Glance's file stores behave as those of real clouds do, when asked to."""

import hashlib
import pathlib
import threading

import fixtures
from glance.common.scripts import utils as import_scripts
from glance_store._drivers import filesystem
from glance_store import exceptions
from glance_store import location
from oslo_config import cfg
from oslo_utils import units
from oslotest import base

from minicloud.servers import store_faults
from minicloud import stores

_SLOW = 'slow'
_FAST = 'fast'


class TestStores(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stores = stores.Stores(self.directory / 'faults')

    def test_none(self):
        """Stores have no faults of their own."""
        self.assertEqual([], self.stores.faults('full', 'an image', _FAST))

    def test_ends_with_block(self):
        """A fault is there in its block only, also when that fails."""

        def block():
            with self.stores.in_use('an image', 'a clone'):
                (fault,) = self.stores.faults('in_use', 'an image', _FAST)
                self.assertEqual('a clone', fault.reason)
                raise KeyError

        self.assertRaises(KeyError, block)

        self.assertEqual([], self.stores.faults('in_use', 'an image', _FAST))
        self.assertEqual([], list((self.directory / 'faults').iterdir()))

    def test_concerns(self):
        """A fault concerns the image and the store that it names."""
        with self.stores.full(image_id='an image', store=_SLOW):
            self.assertEqual(
                [True, False, False],
                [
                    bool(self.stores.faults('full', *each))
                    for each in (
                        ('an image', _SLOW),
                        ('an image', _FAST),
                        ('another', _SLOW),
                    )
                ],
            )

    def test_another_process(self):
        """A fault is seen by everybody who looks into the directory."""
        with self.stores.slow(5, store=_SLOW):
            seen = stores.Stores(self.directory / 'faults')

            (fault,) = seen.faults('slow', 'any', _SLOW)

        self.assertEqual(5, fault.rate)

    def test_several(self):
        """The end of one fault leaves the others."""
        with self.stores.full(store=_SLOW):
            with self.stores.full(store=_SLOW):
                pass

            self.assertEqual(1, len(self.stores.faults('full', 'any', _SLOW)))

    def test_everything(self):
        """A fault of all images in all stores is refused as a mistake."""
        self.assertRaises(ValueError, self.stores.full)
        self.assertRaises(ValueError, self.stores.slow, 5)

    def test_rate(self):
        """A rate at which a write would never end is refused."""
        self.assertRaises(ValueError, self.stores.slow, 0, store=_SLOW)


class TestDriver(base.BaseTestCase):
    """The driver is Glance's own, on a directory."""

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # Taken back at the end: other tests want Glance as it is.
        for owner, name in (
            (filesystem.Store, 'add'),
            (filesystem.Store, 'delete'),
            (import_scripts.CallbackIterator, '__init__'),
        ):
            self.addCleanup(setattr, owner, name, getattr(owner, name))
        store_faults.install(self.directory / 'faults')
        self.stores = stores.Stores(self.directory / 'faults')
        self.conf = cfg.ConfigOpts()
        self.conf([])

    def driver(self, name=_FAST):
        self.conf.register_opts(filesystem.Store.OPTIONS, group=name)
        data = self.directory / name
        self.conf.set_override(
            'filesystem_store_datadir', str(data), group=name
        )
        driver = filesystem.Store(self.conf, backend=name)
        driver.configure_add()
        return driver

    def add(self, driver, content, image_id='an image'):
        return driver.add(image_id, iter(content), 0, 'sha512')

    def location(self, driver, image_id='an image'):
        return location.Location(
            'file',
            filesystem.StoreLocation,
            self.conf,
            uri=f'file://{self.directory / driver.backend_group / image_id}',
            backend=driver.backend_group,
        )

    def test_as_ever(self):
        """Without a fault the driver writes and deletes."""
        driver = self.driver()

        _, size, _, digest, _ = self.add(driver, [b'ab', b'c'])
        path = self.directory / _FAST / 'an image'

        self.assertEqual((3, b'abc'), (size, path.read_bytes()))
        self.assertEqual(hashlib.sha512(b'abc').hexdigest(), digest)
        driver.delete(self.location(driver))
        self.assertFalse(path.exists())

    def test_in_use(self):
        """The refusal to delete says who holds the data."""
        driver = self.driver()
        self.add(driver, [b'abc'])

        with self.stores.in_use('an image', 'cloned by volume 7'):
            error = self.assertRaises(
                exceptions.InUseByStore, driver.delete, self.location(driver)
            )

        self.assertEqual('cloned by volume 7', error.msg)
        self.assertTrue((self.directory / _FAST / 'an image').exists())

    def test_full(self):
        """A store that is full has nothing left of what was written."""
        driver = self.driver()

        with self.stores.full(store=_FAST):
            self.assertRaises(
                exceptions.StorageFull, self.add, driver, [b'abc']
            )

        self.assertEqual([], list((self.directory / _FAST).iterdir()))

    def test_gets_full(self):
        """A store can get full while it is written to."""
        driver = self.driver()

        def content(fault):
            yield b'abc'
            with fault:
                yield b'def'

        self.assertRaises(
            exceptions.StorageFull,
            self.add,
            driver,
            content(self.stores.full(store=_FAST)),
        )

        self.assertEqual([], list((self.directory / _FAST).iterdir()))

    def test_other_store(self):
        """A fault of one store leaves the other as it is."""
        with self.stores.full(store=_SLOW):
            _, size, *_ = self.add(self.driver(), [b'abc'])

        self.assertEqual(3, size)

    def test_staging(self):
        """An image's fault does not keep it from being staged."""
        with self.stores.full(image_id='an image'):
            _, size, *_ = self.add(
                self.driver('os_glance_staging_store'), [b'abc']
            )

        self.assertEqual(3, size)

    def test_slow(self):
        """Writing waits while it is slow, and goes on when it is not."""
        driver = self.driver()
        asked, done = threading.Event(), threading.Event()

        def content():
            asked.set()
            yield b'x' * units.Ki
            yield b'x' * units.Ki

        def write():
            self.add(driver, content())
            done.set()

        writer = threading.Thread(target=write)
        with self.stores.slow(1, image_id='an image'):
            writer.start()
            self.addCleanup(writer.join)
            self.assertTrue(asked.wait(10))
            self.assertFalse(done.wait(0.3))
        self.assertTrue(done.wait(10))

        self.assertEqual(
            2 * units.Ki,
            (self.directory / _FAST / 'an image').stat().st_size,
        )

    def test_reports(self):
        """An import tells every second how far it is, not once a minute."""
        now = [100.0]
        self.useFixture(
            fixtures.MonkeyPatch('oslo_utils.timeutils.now', lambda: now[0])
        )
        reports = []
        data = import_scripts.CallbackIterator(
            iter([b'ab', b'c', b'd']),
            lambda chunk, total: reports.append(total),
            min_interval=60,
        )

        next(data)
        now[0] += 1.5
        next(data)
        next(data)

        self.assertEqual([3], reports)

    def test_full_reads_all(self):
        """A full store takes all the data, or an uploader gets no answer."""
        content = iter([b'ab', b'c', b'd'])

        with self.stores.full(store=_FAST):
            self.assertRaises(
                exceptions.StorageFull, self.add, self.driver(), content
            )

        self.assertEqual([], list(content))
