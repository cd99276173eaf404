"""How SQLite is used: WAL, pooled connections, writers that queue.

Hooked into the engine that oslo.db makes by SQLAlchemy's public plugin
interface, because oslo.db itself opens a new connection for every
transaction on SQLite (0.5 ms each) and always says a plain ``BEGIN``.
"""

import sqlite3
from typing import Any

import sqlalchemy as sa
from oslo_db import exception
from sqlalchemy import event, pool
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import CreateEnginePlugin

_NAME = "servicevm.sqlite"

#: For the query part of a connection URL.
PARAMETER = f"plugin={_NAME}"

#: Execution options of a connection whose transaction will write.
IMMEDIATE = {"servicevm_immediate": True}

_CONNECT = (
    "PRAGMA busy_timeout = 10000",
    # Readers and the one writer do not block each other.
    "PRAGMA journal_mode = WAL",
    # FULL, not NORMAL: with NORMAL a power cut may take back commits whose
    # effects are outside already. An agent keeps the generations it has
    # applied on its own disk and refuses lower ones, and a 202 was answered.
    # Commits are few (presence is written in bulk), so the fsync is cheap.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class SqlitePlugin(CreateEnginePlugin):
    """Changes what `create_engine` makes of an SQLite URL."""

    def __init__(self, url: sa.URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        if url.database and url.database != ":memory:":
            kwargs["poolclass"] = pool.QueuePool
            kwargs["pool_size"] = 8
            # As many as there are threads: waiting for the lock is
            # SQLite's business, and bounded by busy_timeout.
            kwargs["max_overflow"] = -1
            # A file does not drop connections: no ping before each use.
            kwargs["pool_pre_ping"] = False

    def update_url(self, url: sa.URL) -> sa.URL:
        return url.difference_update_query(["plugin"])

    def engine_created(self, engine: sa.Engine) -> None:
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "before_cursor_execute", _on_execute, retval=True)


plugins.register(_NAME, __name__, SqlitePlugin.__name__)


def _on_connect(connection: Any, record: Any) -> None:
    try:
        for pragma in _CONNECT:
            connection.execute(pragma).close()
    except sqlite3.Error as error:
        # oslo.db translates errors of statements, not of listeners.
        raise exception.DBError(error) from error


def _on_execute(
    connection: sa.Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    executemany: bool,
) -> tuple[str, Any]:
    if statement == "BEGIN" and connection.get_execution_options().get(
        "servicevm_immediate"
    ):
        return "BEGIN IMMEDIATE", parameters
    return statement, parameters
