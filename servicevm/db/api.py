"""The way to the database: one engine per process, short transactions.

::

    configure(conf)
    with reader() as session: ...   # a consistent view, never blocks
    with writer() as session: ...   # committed at the end, or not at all
    write(function)                 # as writer, again after a collision

Everything between the two ends of a ``with`` is one transaction. A writer
must not wait for anything but the database: on SQLite it keeps all other
writers out (they wait up to 10 s).
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception, options
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import orm

from servicevm import conf as svm_conf
from servicevm.db import sqlite

T = TypeVar("T")

#: Attempts at a transaction in `write`.
ATTEMPTS = 5

#: Options of ``[database]`` that the engine is made with.
_PASSED_ON = (
    "mysql_sql_mode",
    "mysql_wsrep_sync_wait",
    "connection_recycle_time",
    "max_pool_size",
    "max_overflow",
    "pool_timeout",
    "max_retries",
    "retry_interval",
    "connection_debug",
)


@enginefacade.transaction_context_provider
class _Scope:
    """Carries one transaction; never shared, so that none ever nests."""


class _Facade:
    """The process's way to its database; replaced by `configure`."""

    manager: Any = None
    engine: sa.Engine | None = None


def register(conf: cfg.ConfigOpts) -> None:
    """Register ``[database]`` with the project's default on `conf`."""
    options.set_defaults(conf, connection=svm_conf.DATABASE_DEFAULT)


def connection_url(conf: cfg.ConfigOpts) -> str:
    """Where the database is. May hold a password: never log it."""
    register(conf)
    return str(conf.database.connection)


def configure(conf: cfg.ConfigOpts) -> None:
    """Point this process at the database that `conf` names.

    A second call lets go of the first database.

    :raises oslo_db.exception.DBError: if it can not be opened
    """
    url = connection_url(conf)
    make_private(url)
    passed: dict[str, Any] = {
        name: getattr(conf.database, name) for name in _PASSED_ON
    }
    parameters = conf.database.connection_parameters or ""
    if sa.make_url(url).get_backend_name() == "sqlite":
        passed["sqlite_fk"] = True
        # oslo.db else sleeps 0 s at the end of each transaction, for
        # eventlet's sake.
        passed["thread_checkin"] = False
        passed["max_retries"] = 1
        parameters = "&".join(filter(None, [parameters, sqlite.PARAMETER]))
    manager = enginefacade.transaction_context()
    manager.configure(
        connection=url, connection_parameters=parameters, **passed
    )
    made = manager.writer.get_engine()
    dispose()
    _Facade.manager, _Facade.engine = manager, made


def sync(conf: cfg.ConfigOpts) -> str:
    """Run the migrations that are missing; see `servicevm.db.schema`."""
    from servicevm.db import schema  # which needs this module

    return schema.sync(conf)


def make_private(url: str) -> None:
    """Make an SQLite file's folder (0700) and the file (0600).

    SQLite gives the files beside it (-wal, -shm) the same mode.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    path = Path(parsed.database)
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def dispose() -> None:
    """Close the connections of this process, if it has any."""
    if _Facade.engine is not None:
        _Facade.engine.dispose()
    _Facade.manager = _Facade.engine = None


def engine() -> sa.Engine:
    """The engine, for migrations and tests.

    :raises RuntimeError: before `configure`
    """
    if _Facade.engine is None:
        raise RuntimeError("servicevm.db.api.configure was not called")
    return _Facade.engine


@contextlib.contextmanager
def reader() -> Iterator[orm.Session]:
    """A session that sees one state of the database and writes nothing."""
    with _manager().reader.using(_Scope()) as session:
        yield session


@contextlib.contextmanager
def writer() -> Iterator[orm.Session]:
    """A session whose changes are committed together when it ends.

    :raises oslo_db.exception.DBError: on commit as well; all is undone
    """
    with _manager().writer.using(_Scope()) as session:
        # Takes SQLite's write lock now: a read that later turns into a
        # write fails at once where another writer came between.
        session.connection(execution_options=sqlite.IMMEDIATE)
        yield session


def _manager() -> Any:
    if _Facade.manager is None:
        raise RuntimeError("servicevm.db.api.configure was not called")
    return _Facade.manager


def write(function: Callable[[orm.Session], T]) -> T:
    """Run `function` in a writer; again where another came first.

    That is a deadlock, or a value that two transactions chose at once and
    a unique constraint gave to the other.

    :raises oslo_db.exception.DBError: after `ATTEMPTS`
    """
    for attempt in range(ATTEMPTS):
        try:
            with writer() as session:
                return function(session)
        except (exception.DBDuplicateEntry, exception.DBDeadlock):
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
