"""How MariaDB and PostgreSQL are used: nothing waits for ever.

Hooked into the engine that oslo.db makes by SQLAlchemy's public plugin
interface, as in `servicevm.db.sqlite`.

Transactions of writers are READ COMMITTED: after a wait for a row they see
what the other has committed, and decide on that. Those of readers are
REPEATABLE READ: all their queries see one state.
"""

import functools
import select
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_db import exception
from sqlalchemy import event, exc
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import CreateEnginePlugin

_NAME = "servicevm.servers"

#: For the query part of a connection URL.
PARAMETER = f"plugin={_NAME}"
#: As `PARAMETER`, for what may take long: migrations.
PATIENT = f"{PARAMETER}&patient=yes"

#: Seconds until a connection is there.
CONNECT_TIMEOUT = 5
#: Seconds until the server has said something; a server that is stopped or
#: cut off says nothing.
READ_TIMEOUT = 15
#: Seconds until somebody else lets go of a row.
LOCK_TIMEOUT = 10
#: Seconds after which the server gives up a transaction of which it hears
#: nothing more: its process is stopped or gone, and it holds rows.
IDLE_TIMEOUT = 15

#: Seconds for which a connection that worked, and that the server has not
#: closed, is taken to work: it is not asked before it is used again.
TRUSTED = 1.0
_WORKED = "servicevm_worked_at"

_MYSQL_SESSION = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT}",
    # JSON_ARRAYAGG cuts off what is longer, see servicevm.db.packed.
    "SET SESSION group_concat_max_len = 1048576",
)
_MARIADB_IDLE = f"SET SESSION idle_transaction_timeout = {IDLE_TIMEOUT}"
_POSTGRESQL_SESSION = {
    "lock_timeout": LOCK_TIMEOUT * 1000,
    "idle_in_transaction_session_timeout": IDLE_TIMEOUT * 1000,
    "timezone": "UTC",
}
#: Execution options of a connection whose transaction will only read, by
#: dialect; said together with BEGIN. MariaDB's sessions are like that anyway.
READING: Mapping[str, Mapping[str, Any]] = {
    "postgresql": {
        "isolation_level": "REPEATABLE READ",
        "postgresql_readonly": True,
    }
}
#: MariaDB's flag in each of its answers.
_IN_TRANSACTION = 1
#: SQLSTATEs of PostgreSQL after which the same again may work: a
#: serialization failure, a lock that was not to be had in time.
_COLLISIONS = {"40001", "55P03"}


class ServersPlugin(CreateEnginePlugin):
    """Changes what `create_engine` makes of a server's URL."""

    def __init__(self, url: sa.URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        patient = "patient" in url.query
        given = kwargs.setdefault("connect_args", {})
        # See `_on_checkout` and, for MariaDB, `_on_reset`.
        kwargs["pool_pre_ping"] = False
        if url.get_backend_name() == "postgresql":
            given.setdefault("connect_timeout", CONNECT_TIMEOUT)
            given.setdefault(
                "options",
                " ".join(
                    f"-c {name}={value}"
                    for name, value in _POSTGRESQL_SESSION.items()
                ),
            )
            kwargs["isolation_level"] = "READ COMMITTED"
            _bound_waits(None if patient else READ_TIMEOUT)
        else:
            kwargs["pool_reset_on_return"] = None
            # oslo.db takes what MariaDB calls utf8: three bytes at most.
            given["charset"] = "utf8mb4"
            given.setdefault("connect_timeout", CONNECT_TIMEOUT)
            if not patient:
                given.setdefault("read_timeout", READ_TIMEOUT)
                given.setdefault("write_timeout", READ_TIMEOUT)

    def update_url(self, url: sa.URL) -> sa.URL:
        return url.difference_update_query(["plugin", "patient"])

    def engine_created(self, engine: sa.Engine) -> None:
        event.listen(engine, "handle_error", _on_error)
        event.listen(engine, "connect", _on_use)
        event.listen(engine, "checkin", _on_use)
        event.listen(
            engine,
            "checkout",
            functools.partial(_on_checkout, engine.dialect),
        )
        if engine.dialect.name == "mysql":
            event.listen(engine, "connect", _on_mariadb)
            event.listen(engine, "reset", _on_reset)


plugins.register(_NAME, __name__, ServersPlugin.__name__)


def begin_writing(connection: sa.Connection) -> None:
    """Have every query see what was committed when it began."""
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
        )


def _on_mariadb(connection: Any, record: Any) -> None:
    with connection.cursor() as cursor:
        for statement in _MYSQL_SESSION:
            cursor.execute(statement)
        cursor.execute("SELECT VERSION()")
        # MySQL has no such bound.
        if "MariaDB" in cursor.fetchone()[0]:
            cursor.execute(_MARIADB_IDLE)
    # What was just read is no part of anybody's transaction.
    connection.rollback()


def _on_use(connection: Any, record: Any) -> None:
    record.info[_WORKED] = time.monotonic()


def _on_checkout(
    dialect: sa.Dialect, connection: Any, record: Any, fairy: Any
) -> None:
    """Have the pool connect anew where the server is not there any more.

    SQLAlchemy's own pre-ping asks every time: a way to the server and back
    for each request.
    """
    lately = time.monotonic() - record.info[_WORKED] < TRUSTED
    if lately and _is_silent(connection):
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise exc.InvalidatePoolError from error


def _is_silent(connection: Any) -> bool:
    """Whether there is nothing to read, no end of the connection either."""
    # psycopg2's has a number, PyMySQL's a socket.
    source = getattr(connection, "_sock", connection)
    if source is None:
        return False
    poll = select.poll()
    poll.register(source, select.POLLIN)
    return not poll.poll(0)


def _on_reset(connection: Any, record: Any, state: Any) -> None:
    """Roll back what is open, and only that.

    SQLAlchemy rolls back at the end of a session, and here again.
    """
    status = getattr(connection, "server_status", _IN_TRANSACTION)
    if status & _IN_TRANSACTION and not state.transaction_was_reset:
        connection.rollback()


def _on_error(context: Any) -> None:
    """Name what oslo.db leaves as it is."""
    error = context.sqlalchemy_exception
    if context.dialect.name != "postgresql" or error is None:
        return
    if getattr(error.orig, "pgcode", None) in _COLLISIONS:
        raise exception.DBDeadlock(error)
    text = str(error.orig)
    # A refusal that is FATAL is of the server itself: a wrong password, say.
    away = context.connection is None and "FATAL" not in text
    if away or "the database system is" in text:
        raise exception.DBConnectionError(error)


def _bound_waits(seconds: int | None) -> None:
    """Have psycopg2 wait for its server so long and no longer.

    libpq has no such bound; psycopg2 lets its user do the waiting, in all
    connections of the process.
    """
    import psycopg2
    from psycopg2 import extensions

    if seconds is None:
        extensions.set_wait_callback(None)
        return
    events = {
        extensions.POLL_READ: select.POLLIN,
        extensions.POLL_WRITE: select.POLLOUT,
    }

    def wait(connection: Any) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            poll = select.poll()
            poll.register(connection.fileno(), events[state])
            if not poll.poll(seconds * 1000):
                raise psycopg2.OperationalError(
                    "could not receive data from server: no answer within "
                    f"{seconds} seconds"
                )

    extensions.set_wait_callback(wait)
