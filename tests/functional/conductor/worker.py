"""A conductor in a process of its own, to be killed: ``worker.py STATE``.

Says "ready" once it works, and ends when its standard input does.
"""

import os
import sys

from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.conductor.service import Conductor
from servicevm.db import api
from servicevm.rpc.local import LateRelay


def main() -> None:
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", sys.argv[1])
    api.register(conf)
    url = os.environ["SERVICEVM_DATABASE"]
    conf.set_override("connection", url, group="database")
    conf.set_override("lease", 2.0, group="conductor")
    conf.set_override("poll_interval", 0.1, group="conductor")
    api.configure(conf)
    conductor = Conductor(conf, LateRelay())
    conductor.start()
    print("ready", flush=True)
    sys.stdin.read()
    conductor.stop(10)
    api.dispose()


if __name__ == "__main__":
    main()
