"""The api process behind a WSGI server: configuration, start, readiness.

A fault that an operator has to correct (an option, the policy file) ends
the process at the start with a sentence. One that passes, or is corrected
elsewhere, does not: while the database is away, or its tables are not those
of this release, every request is answered with 503 and a sentence, and the
service begins by itself as soon as that is over.
"""

import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from oslo_config import cfg
from oslo_context import context
from oslo_db.exception import DBError
from oslo_log import log
from sqlalchemy.exc import SQLAlchemyError

from servicevm import conf as servicevm_conf
from servicevm import logs
from servicevm.api import app as api_app
from servicevm.api import errors as api_errors
from servicevm.api import pipeline
from servicevm.db import api as db
from servicevm.db import presence, schema
from servicevm.db.whereabouts import relay_of
from servicevm.enforcer import PolicyError
from servicevm.errors import UNAVAILABLE, ServicevmError, TransientError
from servicevm.rpc.base import ConductorApi, Json
from servicevm.states import ProcessRole
from servicevm.wsgi.relayed import RelayedCalls

LOG = log.getLogger(__name__)

#: Files to read, parted by colons; else oslo.config's usual places.
FILES = "OS_SERVICEVM_CONFIG_FILE"

#: With this a worker leaves so that its server ends, and does not try for
#: ever: of gunicorn WORKER_BOOT_ERROR, of uWSGI UWSGI_FAILED_APP_CODE.
_GUNICORN = 3
_UWSGI = 22

#: Seconds between looks at a database that is not ready.
_LOOK_EVERY = 1.0

_STOP_TIMEOUT = 5.0

Environ = dict[str, Any]
Start = Callable[..., Any]


class WsgiApplication:
    """The application as WSGI servers want it, one per process.

    Built when it is made, and again in a child that was forked after that:
    connections and threads do not survive a fork.

    :raises cfg.Error: an option is wrong
    :raises PolicyError: the policy file is
    :raises ServicevmError: transport_url is
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._lock = threading.Lock()
        self._pid = 0
        self._ready = False
        self._refusal = ""
        self._look_at = 0.0
        self._app: Any = None
        self._build()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    self._build()
        if not self._ready and not self._look():
            return self._refuse(start)
        answer: Iterable[bytes] = self._app(environ, start)
        return answer

    def stop(self) -> None:
        """End what goes on beside requests; for tests."""
        self._presence.stop(_STOP_TIMEOUT)

    def _build(self) -> None:
        db.register(self._conf)
        # No attempt at the start: what is away now may be there when asked.
        self._conf.set_override("max_retries", 0, group="database")
        if self._pid:
            # The parent's connections are the parent's.
            with contextlib.suppress(RuntimeError):
                db.engine().dispose(close=False)
        db.configure(self._conf)
        self._ready = False
        self._app = pipeline.wrap(
            api_app.build(self._conf, conductor(self._conf)), self._conf
        )
        self._presence = presence.Presence(
            self._conf, ProcessRole.API, id=presence.id_of_server()
        )
        self._presence.start()
        self._pid = os.getpid()

    def _look(self) -> bool:
        """Whether the database is ready by now; looked at once a second."""
        with self._lock:
            if self._ready or time.monotonic() < self._look_at:
                return self._ready
            before = self._refusal
            self._refusal, cause = _unready()
            self._ready = not self._refusal
            self._look_at = time.monotonic() + _LOOK_EVERY
            if self._refusal and self._refusal != before:
                LOG.error("%s %s", self._refusal, cause)
            return self._ready

    def _refuse(self, start: Start) -> Iterable[bytes]:
        request_id = context.generate_request_id()
        body = json.dumps(
            api_errors.document(
                UNAVAILABLE,
                self._refusal,
                status=UNAVAILABLE.status,
                request_id=request_id,
            )
        ).encode()
        start(
            "503 Service Unavailable",
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("Retry-After", "1"),
                ("X-Openstack-Request-Id", request_id),
            ],
        )
        return [body]


class NoConductor:
    """For ``rpc = local``, where no conductor is in this process.

    Conductors find operations by themselves, a poll_interval later.
    """

    def wake(self) -> None:
        """Nobody is there to be woken."""

    def call_service(
        self, host: Json, service_id: str, action: str, arguments: Json
    ) -> Json:
        _unreachable()

    def console_log(self, device_id: str, max_bytes: int) -> str:
        _unreachable()


def load(environ: Mapping[str, str] = os.environ) -> WsgiApplication:
    """Read the configuration and make the application of this process.

    Leaves the process, with a sentence on standard error, where that is
    not possible.
    """
    try:
        return WsgiApplication(configure(environ))
    except cfg.Error as error:
        _leave(f"The configuration can not be used: {error}")
    except PolicyError as error:
        _leave(f"The policy can not be used: {error}")
    except (DBError, SQLAlchemyError) as error:
        _leave(
            f"The database can not be used: {error}. Look at [database] "
            "connection."
        )
    except ServicevmError as error:
        _leave(f"{error.detail} {error.reason.hint}")
    except OSError as error:
        _leave(f"{error}. Look at state_dir, its owner and its disk.")


def configure(environ: Mapping[str, str]) -> cfg.ConfigOpts:
    """Read the configuration; no command line, that is the server's."""
    conf = servicevm_conf.register(cfg.CONF)
    logs.register(conf)
    named = environ.get(FILES)
    files = named.split(os.pathsep) if named else None
    for name in files or ():
        if not Path(name).is_file():
            raise cfg.ConfigFilesNotFoundError([name])
    conf(
        [],
        project="servicevm",
        prog="servicevm-api",
        default_config_files=files,
    )
    logs.setup(conf)
    return conf


def conductor(conf: cfg.ConfigOpts) -> ConductorApi:
    """The way of an api process to conductors and to devices.

    :raises PermanentError: UNAVAILABLE: transport_url is wrong
    """
    if conf.rpc == "oslo":
        # Imported here: it is slow, and not wanted where there is no bus.
        from servicevm.rpc import bus, oslo

        # A wrong URL is said at the start, not to the first user.
        bus.transport(conf).cleanup()
        return RelayedCalls(
            conf, oslo.OsloConductor(conf), oslo.OsloRelay(conf, relay_of)
        )
    LOG.warning(
        "rpc is local: conductors are not told of operations but find them, "
        "and neither statistics nor console logs can be had."
    )
    return NoConductor()


def _unready() -> tuple[str, str]:
    """Why the database can not be used; empty where it can.

    :returns: a sentence for everybody, and the cause, which is for the log
    """
    try:
        found = schema.version()
    except (DBError, SQLAlchemyError) as error:
        return "The database does not answer.", str(error)
    if found == schema.head():
        return "", ""
    return (
        f"The database is at version {found or 'none'}, this release needs "
        f"{schema.head()}. Run: servicevm-manage db sync"
    ), ""


def _unreachable() -> NoReturn:
    raise TransientError(
        UNAVAILABLE,
        "This api reaches no conductor: set rpc = oslo and transport_url.",
    )


def _leave(sentence: str) -> NoReturn:
    logging.shutdown()
    print(f"servicevm-api: {sentence}", file=sys.stderr, flush=True)
    # uWSGI's own module is there in its workers only.
    sys.exit(_UWSGI if "uwsgi" in sys.modules else _GUNICORN)
