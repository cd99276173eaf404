"""``servicevm-conductor``: drives operations; any number of them.

Needs the database, the CA's folder and the message bus; without the bus it
goes on with what it finds in the database. SIGTERM ends it when the steps
in hand are over; other conductors take up the rest at once. A second one
ends it at once.
"""

import contextlib
import sys
from collections.abc import Sequence

from oslo_config import cfg
from oslo_db.exception import DBConnectionError
from oslo_log import log

from servicevm import exposition, pki
from servicevm.cmd import daemon
from servicevm.cmd.daemon import StartError, Stop
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import schema
from servicevm.db.whereabouts import relay_of

LOG = log.getLogger(__name__)

PROGRAM = "servicevm-conductor"
#: Seconds that steps in hand get to end after SIGTERM. A call to an agent
#: is the longest.
STOP_TIMEOUT = 35.0
#: Seconds that messages in hand get.
RPC_STOP = 12.0
#: Seconds between two looks for a database that does not answer.
_LOOK = 1.0
#: Looks until the start is given up.
_LOOKS = 60


def open_database(conf: cfg.ConfigOpts, stop: Stop) -> bool:
    """Wait for the database, and check that it fits this release.

    :returns: False if the process was asked to end meanwhile
    :raises StartError: it has to be migrated, or does not answer
    """
    # One try at a time: we count them, and may be asked to end meanwhile.
    conf.set_override("max_retries", 0, group="database")
    for look in range(_LOOKS):
        try:
            db.configure(conf)
            found, wanted = schema.version(), schema.head()
            break
        except DBConnectionError as error:
            if not look:
                LOG.warning("The database does not answer: %s", error)
            if stop.wait(_LOOK):
                return False
    else:
        raise StartError(
            "The database does not answer. Look at [database] connection, "
            "and whether its server runs."
        )
    if found != wanted:
        raise StartError(
            f"The database is at version {found or 'none'}, this release "
            f"needs {wanted}. Run: servicevm-manage db sync"
        )
    return True


def serve(argv: Sequence[str]) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = Stop()
    conf = daemon.configure(PROGRAM, argv, db.register)
    # Slow to import, and wrong configuration is to be told at once.
    from servicevm.rpc import oslo

    if not open_database(conf, stop):
        return
    pki.ensure_authority(conf)
    conductor = Conductor(conf, oslo.OsloRelay(conf, relay_of))
    servers = oslo.serve_conductor(conf, conductor)
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(exposition.offered(conf.conductor.metrics))
        conductor.start()
        cleanup.callback(conductor.stop, STOP_TIMEOUT)
        for server in servers:
            server.start()
            cleanup.callback(server.stop, RPC_STOP)
        LOG.info("The conductor %s works.", conf.conductor.name)
        stop.wait()
        LOG.info("Stopping; what is in hand is put down after its step.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; see the module's docstring."""
    told = sys.argv[1:] if argv is None else argv
    return daemon.run(PROGRAM, lambda: serve(told))
