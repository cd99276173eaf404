"""``servicevm-relay``: holds agents' sessions, at the edge of two networks.

It has no database, no cloud's credentials and no CA key: it needs the
message bus and three files that ``servicevm-manage pki relay-certificate``
writes. SIGTERM has the agents move to other relays before it ends; a second
one ends it at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from oslo_config import cfg
from oslo_log import log

from servicevm import exposition, pki
from servicevm.cmd import daemon
from servicevm.cmd.daemon import StartError, Stop
from servicevm.relay.service import Relay

LOG = log.getLogger(__name__)

PROGRAM = "servicevm-relay"
#: Seconds that calls in hand, and what agents last said, get.
STOP_TIMEOUT = 10.0


def certificate(conf: cfg.ConfigOpts) -> pki.RelayCertificate:
    """What it serves with.

    :raises StartError: the files are not usable
    """
    relay = conf.relay
    hint = (
        "Make the files with: servicevm-manage pki relay-certificate "
        f"{relay.name} --group {relay.group} --output DIR"
    )
    for path in (relay.certificate, relay.key, relay.ca_bundle):
        if not Path(path).is_file():
            raise StartError(f"{path} is missing. {hint}")
    try:
        return pki.relay_file_certificate(conf)
    except (OSError, ValueError) as error:
        raise StartError(
            f"{relay.certificate}, {relay.key} and {relay.ca_bundle} can "
            f"not be used: {error}. {hint}"
        ) from error


def serve(argv: Sequence[str]) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = Stop()
    conf = daemon.configure(PROGRAM, argv)
    from servicevm.rpc import oslo

    relay = Relay(conf, oslo.OsloAgentEvents(conf), certificate(conf))
    servers = oslo.serve_relay(conf, relay)
    with exposition.offered(conf.relay.metrics):
        relay.start()
        for server in servers:
            server.start()
        LOG.info("The relay %s listens.", conf.relay.name)
        stop.wait()
        LOG.info("Stopping; agents are told to move.")
        # Conductors may call those that are still here.
        relay.move_all(conf.relay.move_timeout)
        for server in servers:
            server.stop(STOP_TIMEOUT)
        relay.stop(STOP_TIMEOUT)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; see the module's docstring."""
    told = sys.argv[1:] if argv is None else argv
    return daemon.run(PROGRAM, lambda: serve(told))
