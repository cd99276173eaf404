"""A database of its own for every test, of the kind asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.db import api
from tests.unit import database as databases
from tests.unit.server import Server, point


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path / "state"))
    return made


@pytest.fixture
def database(conf: cfg.ConfigOpts, migrated: Path) -> Iterator[cfg.ConfigOpts]:
    databases.use(conf, migrated)
    yield conf
    databases.leave()


@pytest.fixture
def empty(
    conf: cfg.ConfigOpts, database_server: Server | None
) -> Iterator[cfg.ConfigOpts]:
    """One that nobody has migrated."""
    if database_server is None:
        yield conf
        api.dispose()
        return
    database_server.create("empty")
    point(conf, database_server, "empty")
    yield conf
    api.dispose()
    database_server.drop("empty")
