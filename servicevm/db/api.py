"""The way to the database: one engine per process, short transactions.

::

    configure(conf)
    with reader() as session: ...   # a consistent view, never blocks
    with writer() as session: ...   # committed at the end, or not at all
    write(function)                 # as writer, again after a collision
    tried(function)                 # what write would give; nothing is kept
    now(session)                    # what time it is, for everybody
    Timed(query).all(session, {})   # rows, and what time it is

Everything between the two ends of a ``with`` is one transaction. A writer
must not wait for anything but the database: on SQLite it keeps all other
writers out (they wait up to 10 s).

On the other databases writers run side by side. Who decides on what it has
read about a device begins with `servicevm.db.locks.lock_device`, and
everything that writes runs through `write`: a deadlock, which no order of
locks excludes for good, makes it run once more.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception, options
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import orm
from sqlalchemy.exc import ArgumentError

from servicevm import clock
from servicevm import conf as svm_conf
from servicevm.db import present, servers, sqlite

T = TypeVar("T")

#: Attempts at a transaction in `write`.
ATTEMPTS = 10
#: Connections that a process keeps: what its threads use at once, and not one
#: opened anew for every second request.
MAX_POOL = 12
#: Attempts to reach a server when a process starts, a second apart.
CONNECT_ATTEMPTS = 10

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


_COLLISIONS = (
    exception.DBDeadlock,
    exception.DBDuplicateEntry,
    exception.DBReferenceError,
)
#: Seconds for which what a server said of its clock is gone on from.
_LATELY = 5.0
#: Key in a session's ``info``.
_NOW = "servicevm_now"


@enginefacade.transaction_context_provider
class _Scope:
    """Carries one transaction; never shared, so that none ever nests."""


class _Facade:
    """The process's way to its database; replaced by `configure`."""

    manager: Any = None
    engine: sa.Engine | None = None
    #: Execution options of readers.
    reading: Mapping[str, Any] = {}
    #: What the server said that it is, and when: seconds, monotonic.
    told: tuple[int, float] | None = None


def register(conf: cfg.ConfigOpts) -> None:
    """Register ``[database]`` with the project's default on `conf`."""
    options.set_defaults(conf, connection=svm_conf.DATABASE_DEFAULT)
    conf.set_default("max_pool_size", MAX_POOL, group="database")
    conf.set_default("max_retries", CONNECT_ATTEMPTS, group="database")
    conf.set_default("retry_interval", 1, group="database")


def connection_url(conf: cfg.ConfigOpts) -> str:
    """Where the database is. May hold a password: never log it."""
    register(conf)
    return str(conf.database.connection)


def configure(conf: cfg.ConfigOpts, *, patient: bool = False) -> None:
    """Point this process at the database that `conf` names.

    A second call lets go of the first database.

    :param patient: statements may take as long as they like: migrations
    :raises oslo_db.exception.DBError: if it can not be opened
    :raises cfg.Error: if what `conf` names is no URL of a database
    """
    url = connection_url(conf)
    try:
        sa.make_url(url)
    except (ValueError, ArgumentError):
        # Not what it says: that may be a piece of the password.
        raise cfg.ConfigFileValueError(
            "[database] connection is no URL of a database. It looks like "
            "mysql+pymysql://USER:PASSWORD@HOST/DATABASE, and an @ in "
            "the password is written as %40."
        ) from None
    make_private(url)
    passed: dict[str, Any] = {
        name: getattr(conf.database, name) for name in _PASSED_ON
    }
    parameters = conf.database.connection_parameters or ""
    # oslo.db else sleeps 0 s at the end of each transaction, for eventlet's
    # sake.
    passed["thread_checkin"] = False
    plugin = servers.PATIENT if patient else servers.PARAMETER
    if sa.make_url(url).get_backend_name() == "sqlite":
        passed["sqlite_fk"] = True
        passed["max_retries"] = 1
        plugin = sqlite.PARAMETER
    parameters = "&".join(filter(None, [parameters, plugin]))
    manager = enginefacade.transaction_context()
    manager.configure(
        connection=url, connection_parameters=parameters, **passed
    )
    made = manager.writer.get_engine()
    dispose()
    _Facade.manager, _Facade.engine = manager, made
    _Facade.reading = servers.READING.get(made.dialect.name, {})


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
    _Facade.manager = _Facade.engine = _Facade.told = None


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
        if _Facade.reading:
            session.connection(execution_options=_Facade.reading)
        yield session


@contextlib.contextmanager
def writer() -> Iterator[orm.Session]:
    """A session whose changes are committed together when it ends.

    :raises oslo_db.exception.DBError: on commit as well; all is undone
    """
    with _manager().writer.using(_Scope()) as session:
        # Takes SQLite's write lock now: a read that later turns into a
        # write fails at once where another writer came between.
        servers.begin_writing(
            session.connection(execution_options=sqlite.IMMEDIATE)
        )
        yield session


def now(session: orm.Session) -> int:
    """The present by the database's clock, in microseconds.

    Hosts disagree about the time; what processes of several hosts compare
    (leases, deadlines, who was last heard of) is of this one clock. A
    transaction has one present: that of its first question.
    """
    found = session.info.get(_NOW)
    if found is None:
        told = _clock(session)
        # An SQLite file has no server; all its processes are of one host.
        if told is None:
            found = clock.now_us()
            session.info[_NOW] = found
        else:
            found = session.scalars(sa.select(told)).one()
            _heard(session, found)
    return int(found)


def lately() -> int:
    """What `now` would answer, or a little earlier.

    Goes on from what the server said last, so it need not be asked each
    time: for looks, and for what counts in seconds.
    """
    if engine().dialect.name not in present.SERVERS:
        return clock.now_us()
    # Read once: another thread may let go of the database meanwhile.
    told = _Facade.told
    if told is not None:
        said, at = told
        passed = time.monotonic() - at
        if passed < _LATELY:
            return said + int(passed * clock.SECOND)
    with reader() as session:
        return now(session)


def _heard(session: orm.Session, said: int) -> None:
    session.info[_NOW] = said
    # After the answer: what is counted from here is never ahead.
    _Facade.told = said, time.monotonic()


class Timed:
    """A query whose rows bring what `now` answers, from a server.

    Made once for every query: its SQL is then made once too.
    """

    def __init__(self, query: sa.Select[Any]) -> None:
        self._query = query
        self._timed = {
            name: query.add_columns(told.label(_NOW))
            for name, told in present.SERVERS.items()
        }

    def first(
        self,
        session: orm.Session,
        parameters: Mapping[str, Any],
    ) -> sa.Row[Any] | None:
        """The first row; as `all`."""
        found = self.all(session, parameters)
        return found[0] if found else None

    def all(
        self, session: orm.Session, parameters: Mapping[str, Any]
    ) -> Sequence[sa.Row[Any]]:
        """All rows; each may have the time as one more value at its end."""
        dialect = session.get_bind().dialect.name
        if dialect not in present.SERVERS or _NOW in session.info:
            return session.execute(self._query, parameters).all()
        found = session.execute(self._timed[dialect], parameters).all()
        if found:
            _heard(session, found[0][-1])
        return found


def rowcount(result: sa.Result[Any]) -> int:
    """How many rows a statement has changed."""
    assert isinstance(result, sa.CursorResult)  # noqa: S101 - for the types
    return result.rowcount


def _clock(session: orm.Session) -> sa.ColumnElement[int] | None:
    return present.SERVERS.get(session.get_bind().dialect.name)


def _manager() -> Any:
    if _Facade.manager is None:
        raise RuntimeError("servicevm.db.api.configure was not called")
    return _Facade.manager


def write(function: Callable[[orm.Session], T]) -> T:
    """Run `function` in a writer; again where another came first.

    That is a deadlock, a lock that was not to be had in time, a value that
    two transactions chose at once and a unique constraint gave to the
    other, or a row that was deleted while it was being pointed at.

    :param function: reads what it decides on, every time it is called
    :raises oslo_db.exception.DBError: after `ATTEMPTS`; at once where the
        connection is lost: whether it was committed is not known then
    """
    for attempt in range(ATTEMPTS):
        try:
            with writer() as session:
                return function(session)
        except _COLLISIONS:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


class _Undone(Exception):
    """Ends a transaction that is not to be committed."""


def tried(function: Callable[[orm.Session], T]) -> T:
    """What `write` would give; nothing of it is kept.

    :param function: as for `write`
    :raises oslo_db.exception.DBError: as `write`
    """
    found: list[T] = []

    def undone(session: orm.Session) -> None:
        found[:] = [function(session)]
        raise _Undone

    with contextlib.suppress(_Undone):
        write(undone)
    return found[0]
