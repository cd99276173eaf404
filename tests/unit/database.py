"""A migrated database for every test: one file, made once and copied.

Migrations take a while, and so does a disk: tests that are not about
either go without both. So does making an engine, and with it every
statement's compiled form: one engine serves all tests, and connects to the
file of the one that runs.

On a server (``pytest --database``) all tests share one database, which is
emptied before each.
"""

import contextlib
import copy
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.db import api, present
from tests.unit.server import Server, empty, point

T = TypeVar("T")

#: Name of the database that tests share on a server.
SHARED = "tests"

#: A test that tells the time itself has another.
_CLOCK = clock.now_us


class _Kept:
    """What `use` made when it was first called."""

    facade: tuple[Any, sa.Engine, Any] | None = None
    file: Path
    server: Server | None = None
    #: A beginning, after the contents of a file, to the contents that it had
    #: with it, and what was said of it.
    begun: dict[tuple[str, bytes], tuple[bytes, Any]] = {}


def configured(folder: Path) -> cfg.ConfigOpts:
    """Options of an installation with its SQLite file in the folder."""
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(folder))
    return made


def migrate(folder: Path) -> Path:
    """An empty database at the newest version."""
    api.sync(configured(folder))
    api.dispose()
    file = folder / "servicevm.sqlite"
    # Migrations leave free pages; a full disk has none.
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM")
    return file


def migrate_on(server: Server) -> Path:
    """The same on a server; returns the path of no file."""
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    server.create(SHARED)
    point(made, server, SHARED)
    api.sync(made)
    api.dispose()
    _Kept.server = server
    return Path("servicevm.sqlite")


def use(conf: cfg.ConfigOpts, migrated: Path) -> None:
    """Point this process at a copy of its own, which no power cut awaits."""
    state_dir = Path(conf.state_dir)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _Kept.server is not None:
        point(conf, _Kept.server, SHARED)
        _use_server(conf)
        return
    shutil.copy(migrated, state_dir)
    # As `configure` does; the application reads options of the database.
    api.register(conf)
    _Kept.file = state_dir / migrated.name
    if _Kept.facade is None:
        api.configure(conf)
        engine = api.engine()
        sa.event.listen(engine, "do_connect", _connect)
        sa.event.listen(
            engine,
            "connect",
            lambda connection, _: connection.execute(
                "PRAGMA synchronous = OFF"
            ),
        )
        _keep()
    api.dispose()
    assert _Kept.facade is not None
    # Connections that `configure` has opened are as they were before.
    _Kept.facade[1].dispose()
    _restore()


def leave() -> None:
    """Let go of what `use` has pointed this process at."""
    if _Kept.server is None:
        api.dispose()
        return
    # Its connections serve the next test: making them takes longer than most
    # tests do.
    api._Facade.manager = api._Facade.engine = None


def begun_with(name: str, make: Callable[[], T]) -> T:
    """Put into the database what several tests begin with.

    It is made once for each state that the database was in before, and
    copied for the tests that come after. On a server, and for a test with a
    clock of its own, it is made each time.

    :param name: of what is made
    :param make: depends on nothing but the database; returns what tests are
        to know of it
    """
    if _Kept.server is not None or clock.now_us is not _CLOCK:
        return make()
    key = name, hashlib.sha256(_content()).digest()
    if key not in _Kept.begun:
        made = make()
        _Kept.begun[key] = _content(), copy.deepcopy(made)
        return made
    content, made = _Kept.begun[key]
    _Kept.file.write_bytes(content)
    return copy.deepcopy(made)  # type: ignore[no-any-return]


def _content() -> bytes:
    """All that the present test's file holds; nobody is connected then."""
    # The last to leave takes the log of writes into the file.
    api.engine().dispose()
    return _Kept.file.read_bytes()


def _use_server(conf: cfg.ConfigOpts) -> None:
    if _Kept.facade is None:
        api.configure(conf)
        # Tests let time pass as they like; the server is on this host.
        present.SERVERS.clear()
        _keep()
    _restore()
    empty()


def _keep() -> None:
    facade = api._Facade
    assert facade.engine is not None
    _Kept.facade = (facade.manager, facade.engine, facade.reading)


def _restore() -> None:
    assert _Kept.facade is not None
    facade = api._Facade
    facade.manager, facade.engine, facade.reading = _Kept.facade


@contextlib.contextmanager
def listening(name: str, listener: Callable[..., Any]) -> Iterator[None]:
    """Have `listener` called at an event of the engine, but only within.

    :param name: SQLAlchemy's, e.g. ``before_cursor_execute``
    """
    engine = api.engine()
    sa.event.listen(engine, name, listener)
    try:
        yield
    finally:
        sa.event.remove(engine, name, listener)


def _connect(
    dialect: Any, record: Any, positional: list[Any], named: dict[str, Any]
) -> sqlite3.Connection:
    """Connect as asked, but to the present test's file."""
    found: sqlite3.Connection = dialect.connect(_Kept.file, **named)
    return found
