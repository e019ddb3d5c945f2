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

"""Has the Heat that is installed beside this Python validate templates.

No server is needed: it is what heat-engine checks before it creates a stack,
by its own classes.  The catalogue that it asks for Glance is made up here.

``python validate_template.py [--parameter NAME=VALUE]... TEMPLATE...`` ends
with 1 if a template is refused, and says why.
"""

import argparse
import pathlib
import sys

# First of all: this chooses between threads and eventlet, as this Heat does.
from heat.cmd import engine as _engine  # noqa: F401

from heat.common import context
from heat.common import exception
from heat.common import template_format
from heat.engine import environment
from heat.engine import resources
from heat.engine import stack
from heat.engine import template
from oslo_config import cfg

#: Nothing is sent there.
_URL = 'http://127.0.0.1:9'

#: A service in the catalogue of a token, as Keystone gives it.
_GLANCE = {
    'type': 'image',
    'name': 'glance',
    'endpoints': [{'interface': 'public', 'region_id': 'none', 'url': _URL}],
}


def refusal(text: str, parameters: dict[str, str]) -> str | None:
    """Why Heat refuses a template; None if it does not.

    :param text: the template.
    :param parameters: values of its parameters.
    """
    user = context.RequestContext(
        project_id='none',
        auth_url=_URL,
        auth_token='of nobody',  # noqa: S106
        auth_token_info={'token': {'catalog': [_GLANCE]}},
    )
    made = stack.Stack(
        user,
        'validated',
        template.Template(
            template_format.parse(text),
            env=environment.Environment({'parameters': parameters}),
        ),
    )
    try:
        made.validate()
    except exception.HeatException as exc:
        return str(exc)
    return None


def main() -> int:
    """The command line.

    :returns: 1 if a template is refused.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--parameter', action='append', default=[])
    parser.add_argument('templates', nargs='+', type=pathlib.Path)
    options = parser.parse_args()
    parameters = dict(each.split('=', 1) for each in options.parameter)

    cfg.CONF([], project='heat', default_config_files=[])
    resources.initialise()
    code = 0
    for path in options.templates:
        why = refusal(path.read_text('utf-8'), parameters)
        print(f'{path}: {why or "valid"}')
        if why:
            code = 1
    return code


if __name__ == '__main__':
    sys.exit(main())
