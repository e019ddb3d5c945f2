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

"""What Heat reads when this directory is in its ``plugin_dirs``.

Whatever is raised here, at import or in the function, keeps heat-engine from
starting (heat/engine/plugin_manager.py, heat/common/plugin_loader.py).  So
there is nothing here that can fail.
"""

import logging


def resource_mapping():  # type: ignore[no-untyped-def]
    """Resource classes by type name, as Heat asks each plug-in module."""
    try:
        from heat_image_props import bridge

        return bridge.load_resource_types()
    except Exception:
        logging.getLogger(__name__).exception(
            'No resource type of the namespace heat.plugins is loaded'
        )
        return _stand_in()  # type: ignore[no-untyped-call]


def _stand_in():  # type: ignore[no-untyped-def]
    """The type of this package, refusing every use.

    Heat's own class of that name reports success and forgets images.
    """
    try:
        from heat_image_props import unavailable

        return {
            'OS::Glance::Image': unavailable.resource_class(
                'heat.plugins',
                'the installed plug-ins cannot be found. Nothing has been '
                'done. Ask the operator to look at the log of heat-engine.',
            )
        }
    except Exception:
        logging.getLogger(__name__).exception(
            'Heat uses its own OS::Glance::Image: do not delete stacks that '
            'have images before this is repaired'
        )
        return {}
