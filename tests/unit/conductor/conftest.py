"""A lab on a real SQLite file, with a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from tests.unit import database

from .lab import Lab


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path / "state"))
    return made


@pytest.fixture
def lab(
    conf: cfg.ConfigOpts, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    database.use(conf, migrated)

    def set_clock(now: int) -> None:
        monkeypatch.setattr(clock, "now_us", lambda: now)

    made = Lab(conf, set_clock)
    made.template()
    yield made
    database.leave()
