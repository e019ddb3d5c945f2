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

"""Sphinx configuration of the documentation."""

import importlib.metadata
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'ext'))

project = 'heat-image-props'
copyright = 'heat-image-props contributors'
version = release = importlib.metadata.version(project)

extensions = [
    'fault_table',
    'openstackdocstheme',
    'oslo_config.sphinxext',
    'reno.sphinxext',
    'resource_type',
    'sphinx.ext.autodoc',
]

# The names above are used as they are, not read from git and setup.cfg.
openstackdocs_auto_name = False
openstackdocs_auto_version = False

html_theme = 'openstackdocs'
# Visits are nobody's business.
html_theme_options = {'analytics_tracking_code': ''}
templates_path = ['../templates']
html_static_path = ['_static']
html_css_files = ['tables.css']
pygments_style = 'native'

autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented_params'
