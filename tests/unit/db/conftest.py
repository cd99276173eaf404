"""A database of its own for every test: a real SQLite file."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.db import api


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path / "state"))
    return made


@pytest.fixture
def database(conf: cfg.ConfigOpts, migrated: Path) -> Iterator[cfg.ConfigOpts]:
    folder = Path(conf.state_dir)
    folder.mkdir(mode=0o700)
    shutil.copy(migrated, folder)
    api.configure(conf)
    yield conf
    api.dispose()
