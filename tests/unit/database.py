"""A migrated database for every test: one file, made once and copied.

Migrations take a while, and so does a disk: tests that are not about
either go without both.
"""

import shutil
from pathlib import Path

import sqlalchemy as sa
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.db import api


def migrate(folder: Path) -> Path:
    """An empty database at the newest version."""
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(folder))
    api.sync(made)
    api.dispose()
    return folder / "servicevm.sqlite"


def use(conf: cfg.ConfigOpts, migrated: Path) -> None:
    """Point this process at a copy of its own, which no power cut awaits."""
    state_dir = Path(conf.state_dir)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(migrated, state_dir)
    api.configure(conf)
    sa.event.listen(
        api.engine(),
        "connect",
        lambda connection, _: connection.execute("PRAGMA synchronous = OFF"),
    )
    # Connections that `configure` has opened are as they were before.
    api.engine().dispose()
