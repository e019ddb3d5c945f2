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

"""The plug-in directory that is handed to Heat; its only module is below.

A package only so that it is shipped in the wheel.  Heat executes every module
of a plug-in directory under a name of its own, ``heat.engine.plugins.*``
(heat/common/plugin_loader.py), and skips ``__init__``: keep classes out of
here, they would exist twice.
"""
