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

"""Sphinx configuration of the release notes."""

project = 'heat-image-props Release Notes'
copyright = 'heat-image-props contributors'
# Release notes belong to no version in particular.
version = release = ''

extensions = [
    'openstackdocstheme',
    'reno.sphinxext',
]

openstackdocs_auto_name = False
openstackdocs_auto_version = False

html_theme = 'openstackdocs'
# Visits are nobody's business.
html_theme_options = {'analytics_tracking_code': ''}
templates_path = ['../../doc/templates']
pygments_style = 'native'
