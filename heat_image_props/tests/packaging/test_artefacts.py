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

"""What operators and packagers get: the sdist, and the wheel made from it."""

import functools
import importlib.metadata
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import typing
import zipfile

from oslotest import base
from packaging import requirements
import testscenarios

TOP = pathlib.Path(__file__).parents[3]
# Left behind by tools and by other builds; setuptools would put into the new
# sdist what an old *.egg-info lists.
NOT_SOURCE = (
    *('.tox', '.venv', '.stestr', '.minicloud', '.hypothesis', '.*_cache'),
    *('*.egg-info', '__pycache__', 'build', 'cover', 'dist'),
)


class Artefacts(typing.NamedTuple):
    """Names in the sdist (without its top directory), and in the wheel."""

    sdist: frozenset[str]
    wheel: frozenset[str]
    wheel_name: str
    wheel_content: bytes
    metadata: importlib.metadata.Distribution


@functools.cache
def build(*, archive: bool) -> Artefacts:
    """Build both, once for all tests of a process.

    The build runs on a copy, so that it neither sees nor leaves anything in
    the source tree, and without isolation, so that it needs no network.

    :param archive: leave git's data out, as an archive of the source does.
    """
    with tempfile.TemporaryDirectory() as name:
        source = pathlib.Path(name, 'source')
        out = pathlib.Path(name, 'out')
        left_out = (*NOT_SOURCE, '.git') if archive else NOT_SOURCE
        shutil.copytree(TOP, source, ignore=shutil.ignore_patterns(*left_out))
        env = dict(os.environ)
        if not source.joinpath('.git').exists():
            # pbr cannot ask git for the version.
            env.setdefault('PBR_VERSION', '0.0.1')
        done = subprocess.run(
            [
                *(sys.executable, '-m', 'build', '--no-isolation'),
                *('--outdir', out, source),
            ],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f'The build failed:\n{done.stdout}')
        (sdist,) = out.glob('*.tar.gz')
        (wheel,) = out.glob('*.whl')
        with tarfile.open(sdist) as tar:
            in_sdist = frozenset(
                member.name.partition('/')[2]
                for member in tar
                if member.isfile()
            )
        archive = zipfile.ZipFile(io.BytesIO(wheel.read_bytes()))
        in_wheel = frozenset(archive.namelist())
        (info,) = {
            name.partition('/')[0]
            for name in in_wheel
            if '.dist-info/' in name
        }
        return Artefacts(
            in_sdist,
            in_wheel,
            wheel.name,
            wheel.read_bytes(),
            importlib.metadata.PathDistribution(
                zipfile.Path(archive, f'{info}/')
            ),
        )


class ArtefactsTestCase(testscenarios.WithScenarios, base.BaseTestCase):
    """A test of what was built, from a checkout and from an archive."""

    scenarios = (
        ('checkout', {'archive': False}),
        ('archive', {'archive': True}),
    )

    def setUp(self):
        super().setUp()
        self.built = build(archive=self.archive)
        self.sdist, self.names = self.built.sdist, self.built.wheel
        self.dist = self.built.metadata


class SdistTestCase(ArtefactsTestCase):
    def test_holds_what_a_build_and_a_test_run_need(self):
        """The sdist can be built, tested and documented again."""
        missing = {
            'LICENSE',
            'README.rst',
            'doc/source/conf.py',
            'heat_image_props/tests/unit/__init__.py',
            'pyproject.toml',
            'requirements.txt',
            'setup.cfg',
            'setup.py',
            'test-requirements.txt',
            'tools/tox.sh',
            'tox.ini',
        } - self.sdist

        self.assertEqual(set(), missing)


class WheelTestCase(ArtefactsTestCase):
    def test_depends_on_requirements_txt(self):
        """Every requirement of requirements.txt is in the wheel's metadata."""
        lines = TOP.joinpath('requirements.txt').read_text().splitlines()
        expected = {
            str(requirements.Requirement(line.partition('#')[0].strip()))
            for line in lines
            if line.partition('#')[0].strip()
        }

        self.assertNotEqual(set(), expected)
        self.assertEqual(
            expected,
            {str(requirements.Requirement(r)) for r in self.dist.requires},
        )

    def test_entry_points(self):
        """Heat and oslo.config find the resource, the bridge, the options.

        Users find the commands.
        """
        self.assertEqual(
            {
                (
                    'console_scripts',
                    'heat-image-props-template',
                    'heat_image_props.cmd.template:main',
                ),
                (
                    'console_scripts',
                    'heat-image-props-status',
                    'heat_image_props.cmd.status:main',
                ),
                (
                    'heat.plugins',
                    'OS::Glance::Image',
                    'heat_image_props.image:GlanceImage',
                ),
                (
                    'heat.clients',
                    'heat_image_props',
                    'heat_image_props.bridge:PluginLoader',
                ),
                (
                    'oslo.config.opts',
                    'heat_image_props',
                    'heat_image_props.conf:list_opts',
                ),
            },
            {(e.group, e.name, e.value) for e in self.dist.entry_points},
        )

    def test_entry_points_name_modules_of_the_wheel(self):
        """Each entry point's module is shipped."""
        modules = {
            e.module.replace('.', '/') + '.py' for e in self.dist.entry_points
        }

        self.assertEqual(set(), modules - self.names)

    def test_shim_directory(self):
        """The directory handed to Heat has its __init__ and one module."""
        shim = {
            name.rpartition('/')[2]
            for name in self.names
            if name.startswith('heat_image_props/heat_plugins/')
        }

        self.assertIn('__init__.py', shim)
        self.assertEqual(2, len(shim), shim)

    def test_only_the_package_is_installed(self):
        """No minicloud, examples, doc or tools beside heat_image_props."""
        tops = {name.partition('/')[0] for name in self.names}

        self.assertEqual(
            {'heat_image_props'},
            {top for top in tops if not top.endswith('.dist-info')},
        )

    def test_typed_and_licensed(self):
        """Type hints are announced, and the licence is enclosed."""
        self.assertIn('heat_image_props/py.typed', self.names)
        self.assertTrue(
            any(name.endswith('/LICENSE') for name in self.names), self.names
        )

    def test_metadata(self):
        """Name, Python, licence and description are those of setup.cfg."""
        metadata = self.dist.metadata

        self.assertEqual('heat-image-props', metadata['Name'])
        self.assertEqual('>=3.9', metadata['Requires-Python'])
        self.assertEqual('Apache-2.0', metadata['License'])
        self.assertIn('text/x-rst', metadata['Description-Content-Type'])
        self.assertIn('OS::Glance::Image', metadata.get_payload())

    def test_version_comes_from_pbr(self):
        """The version is not what setuptools says when pbr was not asked."""
        self.assertNotEqual('0.0.0', self.dist.version)


class InstallTestCase(ArtefactsTestCase):
    def test_pip_installs_and_uninstalls_by_name(self):
        """The commands of the README, with the wheel in place of PyPI."""
        with tempfile.TemporaryDirectory() as name:
            index, venv = pathlib.Path(name, 'index'), pathlib.Path(name, 'v')
            index.mkdir()
            index.joinpath(self.built.wheel_name).write_bytes(
                self.built.wheel_content
            )
            self.run_python('-m', 'venv', '--without-pip', venv)
            pip = ('-m', 'pip', '--python', venv)
            # Heat is not installed: that takes a minute, and has no part in
            # what is shown here.
            self.run_python(
                *(*pip, 'install', '--no-deps', '--no-index'),
                *('--find-links', index, 'heat-image-props'),
            )
            self.assertEqual(
                ['heat_image_props'],
                [
                    path.name
                    for path in venv.glob('lib/python*/site-packages/*')
                    if path.suffix != '.dist-info'
                ],
            )
            self.run_python(*pip, 'uninstall', '--yes', 'heat-image-props')
            self.assertEqual(
                [], list(venv.glob('lib/python*/site-packages/heat*'))
            )

    def run_python(self, *arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stdout)
