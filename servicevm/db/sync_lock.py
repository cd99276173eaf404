"""One ``db sync`` at a time, whatever starts several."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from oslo_db import exception

__all__ = ["TIMEOUT", "alone"]

#: Seconds that one waits for the other.
TIMEOUT = 600
_NAME = "servicevm db sync"
#: Seconds between two looks at a lock that can only be looked at.
LOOK = 0.1


@contextlib.contextmanager
def alone(engine: sa.Engine) -> Iterator[None]:
    """Keep other processes out of the same database's migrations.

    :raises oslo_db.exception.DBMigrationError: they take longer than
        `TIMEOUT`
    """
    with contextlib.ExitStack() as stack:
        match engine.dialect.name:
            case "sqlite":
                stack.enter_context(_folder(engine.url))
            case name:
                # A connection of its own, and no transaction: the lock is
                # the session's, and ends with it even after a crash.
                connection = stack.enter_context(engine.connect())
                connection = connection.execution_options(
                    isolation_level="AUTOCOMMIT"
                )
                if name == "mysql":
                    _of_mariadb(connection)
                else:
                    _of_postgresql(connection)
        yield


def _of_mariadb(connection: sa.Connection) -> None:
    got = connection.scalar(
        sa.text(
            "SELECT GET_LOCK(SUBSTR(CONCAT(:name, DATABASE()), 1, 64), :s)"
        ),
        {"name": _NAME, "s": TIMEOUT},
    )
    if got != 1:
        raise _too_long()


def _of_postgresql(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"SET lock_timeout = {TIMEOUT * 1000}")
    try:
        # Of this database: the lock's name space.
        connection.execute(
            sa.select(sa.func.pg_advisory_lock(sa.func.hashtext(_NAME)))
        )
    except exception.DBDeadlock as error:
        raise _too_long() from error


@contextlib.contextmanager
def _folder(url: sa.URL) -> Iterator[None]:
    """By a lock of the folder: one of the file would get in SQLite's way."""
    if not url.database:
        yield
        return
    handle = os.open(Path(url.database).parent, os.O_RDONLY)
    try:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise _too_long() from None
                time.sleep(LOOK)
            else:
                break
        yield
    finally:
        os.close(handle)


def _too_long() -> exception.DBMigrationError:
    return exception.DBMigrationError(
        f"Another db sync has been at it for {TIMEOUT} seconds. Wait until it "
        "has ended, then run this one again"
    )
