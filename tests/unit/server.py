"""The database server that tests run on; see ``pytest --database``."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from oslo_config import cfg

from servicevm.db import api, models
from tools.cluster.mariadb import MariaDb
from tools.cluster.postgresql import PostgreSql

Server = MariaDb | PostgreSql

KINDS: dict[str, type[Server]] = {
    "mariadb": MariaDb,
    "postgresql": PostgreSql,
}


@contextlib.contextmanager
def started(kind: str) -> Iterator[Server | None]:
    """A server of this kind for as long as it is needed; none for SQLite."""
    if kind not in KINDS:
        yield None
        return
    # pytest's own folders are for one user only, and servers have theirs.
    folder = Path(tempfile.mkdtemp(prefix="svm-"))
    folder.chmod(0o711)
    try:
        with KINDS[kind](folder / kind, durable=False) as server:
            yield server
    finally:
        shutil.rmtree(folder)


_TABLES = models.Base.metadata.sorted_tables[::-1]
_FILLED = sa.select(*(sa.exists(sa.select(one)) for one in _TABLES))


def empty() -> None:
    """Delete every row of the database that this process is connected to."""
    with api.engine().begin() as connection:
        filled = connection.execute(_FILLED).one()
        for table, there in zip(_TABLES, filled, strict=True):
            # Most have none, and one question is less than twenty deletes.
            if there:
                connection.execute(sa.delete(table))


def point(conf: cfg.ConfigOpts, server: Server, name: str) -> None:
    """Have `conf` name a database of the server."""
    api.register(conf)
    conf.set_override("connection", server.url(name), group="database")
