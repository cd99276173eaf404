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

from servicevm.db import api, collation, models, sync_lock


def sync(conf: cfg.ConfigOpts) -> str:
    """Run the migrations that are missing.

    Calls `servicevm.db.api.configure`. Safe to repeat, and to run several
    times at once: one of them works, the others wait for it.

    :returns: the version reached
    :raises oslo_db.exception.DBMigrationError: it is of a newer release
    """
    # Changing a large table takes as long as it takes.
    api.configure(conf, patient=True)
    try:
        with sync_lock.alone(api.engine()):
            return _upgrade()
    finally:
        # From now on nothing takes long.
        api.configure(conf)


def _upgrade() -> str:
    config = _config()
    found = version()
    if found is not None and not _known(config, found):
        raise exception.DBMigrationError(
            f"It is at version {found}, which this release does not know; "
            f"it needs {head()}. Install the release that made it, or "
            "restore a copy from before"
        )
    with api.engine().connect() as connection:
        collation.prepare(connection)
        # First what is there: a key of a new table points to columns that
        # compare as its own do.
        collation.settle(connection)
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        collation.settle(connection)
        connection.commit()
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
    """What alembic finds different between database and models, and text
    columns that compare otherwise than they should."""
    with api.engine().connect() as connection:
        return [
            *compare(connection),
            *(
                f"{table}.{column} has another collation"
                for table, columns in collation.wrong(connection).items()
                for column in columns
            ),
        ]


def compare(connection: sa.Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={"compare_type": True, "compare_server_default": _other_default},
    )
    return list(compare_metadata(context, models.Base.metadata))


def _other_default(
    context: MigrationContext,
    found_column: Any,
    column: sa.Column[Any],
    found: str | None,
    wanted: Any,
    rendered: str | None,
) -> bool | None:
    """Whether the server's default differs; None: as alembic finds.

    MariaDB has no booleans, and says 1 where it was told true.
    """
    if not isinstance(column.type, sa.Boolean) or None in (found, rendered):
        return None
    return _truth(str(found)) != _truth(str(rendered))


def _truth(default: str) -> bool:
    return default.strip("'\"").lower() in ("1", "true")


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations")
    )
    return config
