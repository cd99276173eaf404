"""From every version to the newest, with rows in all tables."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from oslo_config import cfg

from servicevm.db import api, schema

REVISIONS = [
    script.revision
    for script in ScriptDirectory.from_config(
        schema._config()
    ).walk_revisions()
][::-1]


def upgrade(revision: str) -> None:
    config = schema._config()
    with api.engine().connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def tables() -> list[sa.Table]:
    """As they are in the database, those that are pointed at first."""
    found = sa.MetaData()
    found.reflect(api.engine())
    return [
        table
        for table in found.sorted_tables
        if table.name != "alembic_version"
    ]


def value(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, sa.types.String):
        # Every id is the same, so that all point at rows that exist.
        return "{}" if column.name in _JSON else "x"
    return 1


_JSON = {"properties", "facts", "spec", "config", "arguments", "step_data"}


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_survive_the_way_to_the_newest(
    empty: cfg.ConfigOpts, revision: str
) -> None:
    api.configure(empty)
    upgrade(revision)
    before = {}
    with api.engine().begin() as connection:
        for table in tables():
            row = {column.name: value(column) for column in table.columns}
            connection.execute(sa.insert(table).values(row))
            before[table.name] = row
    schema.sync(empty)
    assert schema.differences() == []
    with api.engine().connect() as connection:
        for table in tables():
            if table.name not in before:
                continue
            (row,) = connection.execute(sa.select(table)).mappings()
            kept = before[table.name]
            assert {name: row[name] for name in kept} == kept
