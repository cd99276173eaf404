"""The schema's version: bring a database up to date, or look at it."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from oslo_config import cfg
from oslo_db import exception

from servicevm.db import api, models


def sync(conf: cfg.ConfigOpts) -> str:
    """Run the migrations that are missing.

    Calls `servicevm.db.api.configure`. Safe to repeat.

    :returns: the version reached
    :raises oslo_db.exception.DBMigrationError: it is of a newer release
    """
    api.configure(conf)
    config = _config()
    found = version()
    if found is not None and not _known(config, found):
        raise exception.DBMigrationError(
            f"It is at version {found}, which this release does not know; "
            f"it needs {head()}. Install the release that made it, or "
            "restore a copy from before"
        )
    with api.engine().connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head()


def _known(config: Config, revision: str) -> bool:
    try:
        return bool(ScriptDirectory.from_config(config).get_revision(revision))
    except CommandError:
        return False


def head() -> str:
    """The version that this code needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError("no migrations are installed")
    return found


def version() -> str | None:
    """The version that the database is at; None for an empty one."""
    with api.engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check() -> bool:
    """Whether the database is at the version that this code needs."""
    return version() == head()


def differences() -> list[Any]:
    """What alembic finds different between database and models."""
    with api.engine().connect() as connection:
        return compare(connection)


def compare(connection: sa.Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True}
    )
    return list(compare_metadata(context, models.Base.metadata))


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations")
    )
    return config
