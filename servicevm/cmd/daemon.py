"""What the main programs share: how they start, end and fail."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log
from sqlalchemy.exc import SQLAlchemyError

from servicevm import conf as servicevm_conf
from servicevm import logs
from servicevm.errors import ServicevmError

__all__ = ["StartError", "Stop", "configure", "run"]

LOG = log.getLogger(__name__)


class StartError(Exception):
    """The service cannot start; the text says why and what to do."""


class Stop:
    """SIGTERM and SIGINT: the first one asks, the second one insists.

    Made in the main thread, before anything is started.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)

    def wait(self, timeout: float | None = None) -> bool:
        """Until the process is asked to end.

        :returns: False if it was not, within `timeout` seconds
        """
        return self._asked.wait(timeout)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._asked.is_set():
            # Whatever still hangs: what is in hand is taken over by others
            # when its lease ends.
            os._exit(128 + number)
        self._asked.set()


def configure(
    program: str,
    argv: Sequence[str],
    *register: Callable[[cfg.ConfigOpts], object],
) -> cfg.ConfigOpts:
    """Read command line and files of one of many processes.

    :param register: of options beyond those of servicevm.conf and the log
    :raises StartError: it is configured as if it were the only one
    """
    conf = servicevm_conf.register(cfg.CONF)
    for one in (logs.register, *register):
        one(conf)
    conf(list(argv), project="servicevm", prog=program)
    logs.setup(conf)
    if conf.rpc != "oslo":
        raise StartError(
            "rpc is local, which is for servicevm-standalone. Set "
            "[DEFAULT] rpc = oslo and transport_url."
        )
    return conf


def run(program: str, serve: Callable[[], None]) -> int:
    """Serve until stopped; say in a sentence why that is not possible.

    :returns: the exit code of the process
    """
    os.umask(0o077)
    try:
        serve()
    except StartError as error:
        return _fail(program, f"{error}")
    except ServicevmError as error:
        return _fail(program, f"{error.detail} {error.reason.hint}")
    except cfg.Error as error:
        return _fail(program, f"The configuration can not be used: {error}")
    except (DBError, SQLAlchemyError) as error:
        return _fail(
            program,
            f"The database can not be used: {error}. Look at [database] "
            "connection, and at the disk that it is on.",
        )
    except OSError as error:
        return _fail(
            program, f"{error}. Look at state_dir, its owner and its disk."
        )
    return 0


def _fail(program: str, sentence: str) -> int:
    print(f"{program}: {sentence}", file=sys.stderr, flush=True)
    return 1
