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

"""heat-api and heat-engine in one process.

oslo.messaging's ``fake://`` transport lives inside a process, so the two can
talk without a message bus when they share one.  Run as
``python -P heat_one_process.py CONFIG_FILE FD``; FD is a bound TCP socket.
"""

import contextlib
import os
import signal
import sys

if __name__ == '__main__':
    # cheroot takes an inherited socket as systemd hands it over: as
    # descriptor 3.  Now, before any import opens a file.
    os.dup2(int(sys.argv[2]), 3)
    os.environ['LISTEN_PID'] = str(os.getpid())

# First of all: this chooses between threads and eventlet, as this Heat does.
from heat.cmd import engine as _engine  # noqa: F401

from cheroot import wsgi
from heat.common import config
from heat.common import messaging
from heat.common import profiler
from heat.engine import service
from heat.engine import template
from heat.rpc import api as rpc_api
from heat import version
from oslo_config import cfg
import oslo_i18n
from oslo_log import log as logging

CONF = cfg.CONF


def _stop(signum: int, frame: object) -> None:
    raise SystemExit(0)


def main(config_file: str) -> None:
    """Serve until SIGTERM; the steps are those of ``heat.cmd.engine``.

    :param config_file: path of heat.conf.
    """
    # A client's user agent begins with the program's name.
    sys.argv = ['heat-engine', '--config-file', config_file]
    oslo_i18n.enable_lazy()
    logging.register_options(CONF)
    CONF(
        project='heat',
        prog='heat-engine',
        version=version.version_info.version_string(),
    )
    logging.setup(CONF, CONF.prog)
    logging.set_defaults()
    config.set_config_defaults()
    messaging.setup()
    config.startup_sanity_check()
    template._get_template_extension_manager()
    profiler.setup(CONF.prog, CONF.host)

    engine = service.EngineService(CONF.host, rpc_api.ENGINE_TOPIC)
    engine.start()
    # The address is of no use: the socket is there already, see above.
    server = wsgi.Server(
        ('127.0.0.1', 0), config.load_paste_app('heat-api'), numthreads=10
    )
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.suppress(SystemExit):
        server.start()
    engine.stop()


if __name__ == '__main__':
    main(sys.argv[1])
    # Threads of the message bus would keep the interpreter.
    sys.stdout.flush()
    os._exit(0)
