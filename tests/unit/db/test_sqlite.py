import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from servicevm.db import api
from tests.unit.db import rows


@pytest.fixture
def sqlite(conf: cfg.ConfigOpts) -> Iterator[cfg.ConfigOpts]:
    """As an operator would have it, whatever the other tests run on."""
    api.sync(conf)
    api.configure(conf)
    yield conf
    api.dispose()


def test_the_file_and_its_folder_are_private(sqlite: cfg.ConfigOpts) -> None:
    with api.writer() as session:
        session.add(rows.template())
    folder = Path(sqlite.state_dir)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in folder.iterdir()
    }
    assert set(modes.values()) == {0o600}
    assert "servicevm.sqlite-wal" in modes


def test_sqlite_is_set_up(sqlite: cfg.ConfigOpts) -> None:
    wanted = {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 10000,
    }
    with api.reader() as session:
        found = {
            pragma: session.scalar(sa.text(f"PRAGMA {pragma}"))
            for pragma in wanted
        }
    assert found == wanted


def test_connections_are_kept(sqlite: cfg.ConfigOpts) -> None:
    """oslo.db alone opens one per transaction on SQLite."""
    opened = []
    sa.event.listen(api.engine(), "connect", lambda *_: opened.append(1))
    for _ in range(5):
        with api.reader() as session:
            session.scalar(sa.text("SELECT 1"))
    assert opened == []
