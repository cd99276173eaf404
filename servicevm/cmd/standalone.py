"""``servicevm-standalone``: api, conductor and relay in one process.

SQLite, the local rpc, no broker. Devices outlive the process: started
again on the same state folder it finds them and goes on with every
operation from the step it was on.
"""

import contextlib
import fcntl
import ipaddress
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from cheroot import wsgi
from oslo_config import cfg
from oslo_log import log

from servicevm import conf as servicevm_conf
from servicevm import logs, pki
from servicevm.api import app as api_app
from servicevm.api import credentials
from servicevm.cmd import daemon
from servicevm.cmd.daemon import StartError, Stop
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db.presence import Presence
from servicevm.relay.service import Relay
from servicevm.rpc.local import LateRelay
from servicevm.states import ProcessRole

LOG = log.getLogger(__name__)

#: Seconds that requests and steps get to end after SIGTERM.
STOP_TIMEOUT = 10

CLI_OPTS = [
    cfg.StrOpt(
        "state-dir",
        dest="cli_state_dir",
        metavar="DIR",
        help="Folder of everything that is kept; overrides state_dir.",
    ),
    cfg.PortOpt(
        "port",
        dest="cli_port",
        metavar="PORT",
        help="Port of the API, 0 for any; overrides [api] bind_port.",
    ),
]


def configure(argv: Sequence[str]) -> cfg.ConfigOpts:
    """Read command line and configuration files."""
    conf = servicevm_conf.register(cfg.CONF)
    conf.register_cli_opts(CLI_OPTS)
    logs.register(conf)
    conf(list(argv), project="servicevm", prog="servicevm-standalone")
    if conf.cli_state_dir:
        conf.set_override("state_dir", str(Path(conf.cli_state_dir).resolve()))
    if conf.cli_port is not None:
        conf.set_override("bind_port", conf.cli_port, group="api")
    logs.setup(conf)
    return conf


def check_exposure(conf: cfg.ConfigOpts) -> None:
    """Refuse to offer a passwordless or clear-text API to a network."""
    host = str(conf.api.bind_host)
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise StartError(
            f"[api] bind_host is {host}, but auth_strategy "
            f"{conf.api.auth_strategy} is for loopback only: passwords "
            "would cross the network in clear. Set bind_host to 127.0.0.1."
        )


@contextlib.contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """Hold the state folder; the lock goes with the process.

    :raises StartError: if another process holds it
    """
    run = state_dir / "run"
    for folder in (state_dir, run):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    with open(run / "standalone.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartError(
                f"{state_dir} is in use by servicevm-standalone with pid "
                f"{lock.read().strip() or 'unknown'}. Stop it, or choose "
                "another folder with --state-dir."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def serve(conf: cfg.ConfigOpts) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = Stop()
    db.configure(conf)
    db.sync(conf)
    pki.ensure(conf)

    late_relay = LateRelay()
    conductor = Conductor(conf, late_relay)
    relay = Relay(conf, conductor, pki.relay_certificate(conf))
    late_relay.bind(relay)
    server = wsgi.Server(
        (str(conf.api.bind_host), conf.api.bind_port),
        api_app.build(conf, conductor),
        numthreads=conf.api.threads,
        # One more than a client that keeps its connection would hold.
        request_queue_size=128,
        timeout=30,
        shutdown_timeout=STOP_TIMEOUT,
    )
    try:
        server.prepare()
    except OSError as error:
        raise StartError(
            f"Cannot listen on {conf.api.bind_host}:{conf.api.bind_port}: "
            f"{error}. Choose another port with --port (0 takes any)."
        ) from error
    host, port = server.bind_addr[:2]
    clouds = credentials.ensure(conf, f"http://{host}:{port}")
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(server.stop)
        relay.start()
        cleanup.callback(relay.stop)
        conductor.start()
        cleanup.callback(conductor.stop, STOP_TIMEOUT)
        threading.Thread(target=server.serve, name="api", daemon=True).start()
        presence = Presence(conf, ProcessRole.API)
        presence.start()
        cleanup.callback(presence.stop, STOP_TIMEOUT)
        LOG.info("Ready at http://%s:%s", host, port)
        print(
            f"servicevm is ready at http://{host}:{port}\n"
            f"export OS_CLIENT_CONFIG_FILE={clouds} OS_CLOUD=servicevm",
            flush=True,
        )
        stop.wait()
        LOG.info("Stopping; devices keep running.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; see the module's docstring."""
    told = sys.argv[1:] if argv is None else argv

    def start() -> None:
        conf = configure(told)
        check_exposure(conf)
        with locked(Path(conf.state_dir)):
            serve(conf)

    return daemon.run("servicevm-standalone", start)
