"""A lab on a real SQLite file, with a clock that stands still."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.db import api

from .lab import Lab


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path / "state"))
    return made


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables: migrations take a while."""
    folder = tmp_path_factory.mktemp("database")
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(folder))
    api.sync(made)
    api.dispose()
    return folder / "servicevm.sqlite"


@pytest.fixture
def lab(
    conf: cfg.ConfigOpts, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    state_dir = Path(conf.state_dir)
    state_dir.mkdir(mode=0o700)
    shutil.copy(empty_database, state_dir)
    api.configure(conf)
    # Processes die in these tests, machines do not: no need for the disk.
    sa.event.listen(
        api.engine(),
        "connect",
        lambda connection, _: connection.execute("PRAGMA synchronous = OFF"),
    )

    def set_clock(now: int) -> None:
        monkeypatch.setattr(clock, "now_us", lambda: now)

    made = Lab(conf, set_clock)
    made.template()
    yield made
    api.dispose()
