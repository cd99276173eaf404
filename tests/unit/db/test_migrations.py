"""From every version to the newest, with rows in all tables."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from oslo_config import cfg
from oslo_db.exception import DBError

from servicevm.db import api, schema
from tests.unit import database

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


def test_what_is_there_lends_its_name_to_what_tells_of_it(
    empty: cfg.ConfigOpts,
) -> None:
    api.configure(empty)
    upgrade("0003")
    found = {table.name: table for table in tables()}
    told = {
        "device": "devices",
        "service": "services",
        "device_template": "device_templates",
        "relay": "processes",
        "quota": None,
    }
    with api.engine().begin() as connection:
        for name in ("device_templates", "devices", "services", "processes"):
            row = {one.name: value(one) for one in found[name].columns}
            row |= {"name": f"one of {name}"}
            connection.execute(sa.insert(found[name]).values(row))
        for number, kind in enumerate(told):
            for name in ("operations", "events"):
                table = found[name]
                for gone in (0, 1):
                    row = {one.name: value(one) for one in table.columns}
                    row |= {
                        "id": f"{number} {gone}",
                        "seq": number * 2 + gone + 1,
                        "resource_type": kind,
                        "resource_id": "gone" if gone else "x",
                    }
                    connection.execute(sa.insert(table).values(row))
    schema.sync(empty)
    with api.engine().connect() as connection:
        for table in tables():
            if table.name not in ("operations", "events"):
                continue
            rows = connection.execute(
                sa.select(table).order_by(table.c.seq)
            ).mappings()
            names = [
                (row["resource_type"], row["resource_name"]) for row in rows
            ]
            assert names == [
                one
                for kind, named in told.items()
                for one in (
                    (kind, named and f"one of {named}"),
                    (kind, None),
                )
            ]


def test_what_is_there_is_used_from_its_creation(
    empty: cfg.ConfigOpts,
) -> None:
    api.configure(empty)
    upgrade("0007")
    found = {table.name: table for table in tables()}
    with api.engine().begin() as connection:
        for name in ("device_templates", "devices", "services"):
            row = {one.name: value(one) for one in found[name].columns}
            row |= {"created_at": 7, "name": name}
            if name == "devices":
                row |= {"vcpus": 2, "ram_mib": 512, "slots": 4}
            connection.execute(sa.insert(found[name]).values(row))
    schema.sync(empty)
    spans = next(one for one in tables() if one.name == "usage_spans")
    with api.engine().connect() as connection:
        rows = connection.execute(
            sa.select(spans).order_by(spans.c.resource_type)
        ).mappings()
        kept = ("resource_type", "resource_name", "started_at", "ended_at")
        assert [
            tuple(row[name] for name in (*kept, "vcpus", "ram_mib", "slots"))
            for row in rows
        ] == [
            ("device", "devices", 7, None, 2, 512, 0),
            ("service", "services", 7, None, 0, 0, 1),
        ]


def test_names_are_filled_in_beside_others_and_go_on_where_they_were(
    empty: cfg.ConfigOpts,
) -> None:
    api.configure(empty)
    upgrade("0003")
    found = {table.name: table for table in tables()}
    events = found["events"]
    some = {one.name: value(one) for one in events.columns}
    some["resource_type"] = "device"
    with api.engine().begin() as connection:
        for name in ("device_templates", "devices"):
            row = {one.name: value(one) for one in found[name].columns}
            connection.execute(sa.insert(found[name]).values(row))
        connection.execute(
            sa.insert(events),
            [some | {"seq": one, "id": str(one)} for one in range(1, 1500)],
        )
    updates = 0

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal updates
        updates += statement.startswith("UPDATE events SET resource_name")
        if updates == 2:
            updates += 1
            # On SQLite every writer is alone.
            if connection.dialect.name != "sqlite":
                # Of the release before, which is still at work.
                with api.engine().begin() as other:
                    other.execute(
                        sa.update(events)
                        .where(events.c.seq == 1)
                        .values(message="written")
                    )
            raise RuntimeError("interrupted")

    with database.listening("before_cursor_execute", note):
        with pytest.raises((RuntimeError, DBError), match="interrupted"):
            upgrade("head")
    upgrade("head")
    with api.engine().connect() as connection:
        names = sa.text("SELECT DISTINCT resource_name FROM events")
        assert connection.scalars(names).all() == ["x"]
