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

from oslo_service import backend

# Before anything of oslo.service is used.
backend.init_backend(backend.BackendType.THREADING)

from cheroot import wsgi  # noqa: E402
from heat.common import config  # noqa: E402
from heat.common import messaging  # noqa: E402
from heat.common import profiler  # noqa: E402
from heat.engine import service  # noqa: E402
from heat.engine import template  # noqa: E402
from heat.rpc import api as rpc_api  # noqa: E402
from heat import version  # noqa: E402
from oslo_config import cfg  # noqa: E402
import oslo_i18n  # noqa: E402
from oslo_log import log as logging  # noqa: E402

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
