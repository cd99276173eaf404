"""Text means the same on every database."""

import sqlalchemy as sa
from oslo_config import cfg

from servicevm.db import api, collation, models
from tests.unit.db import rows

NAMES = ["web", "Web", "web ", "wéb", "web\N{SNOWMAN}", "\N{PILE OF POO}", ""]


def test_names_that_differ_in_a_byte_differ(database: cfg.ConfigOpts) -> None:
    with api.writer() as session:
        for number, name in enumerate(NAMES):
            session.add(rows.template(id=f"{number}", name=name))
    with api.reader() as session:
        for number, name in enumerate(NAMES):
            found = session.scalars(
                sa.select(models.DeviceTemplate.id).where(
                    models.DeviceTemplate.name == name
                )
            ).all()
            assert found == [str(number)]


def test_tags_that_differ_in_a_byte_differ(database: cfg.ConfigOpts) -> None:
    with api.writer() as session:
        for name in NAMES:
            session.add(models.Tag(resource_id=rows.DEVICE, tag=name))


def test_names_are_sorted_by_their_bytes(database: cfg.ConfigOpts) -> None:
    with api.writer() as session:
        for number, name in enumerate(NAMES):
            session.add(rows.template(id=f"{number}", name=name))
    with api.reader() as session:
        found = session.scalars(
            sa.select(models.DeviceTemplate.name).order_by(
                models.DeviceTemplate.name
            )
        ).all()
    assert list(found) == sorted(NAMES, key=str.encode)


def test_the_longest_texts_fit(database: cfg.ConfigOpts) -> None:
    longest = "\N{PILE OF POO}" * 4096
    with api.writer() as session:
        session.add(rows.template(description=longest, name=longest[:255]))
    with api.reader() as session:
        row = session.get_one(models.DeviceTemplate, rows.TEMPLATE)
        assert row.description == longest
        assert row.name == longest[:255]


def test_no_column_compares_otherwise(database: cfg.ConfigOpts) -> None:
    with api.engine().connect() as connection:
        assert collation.wrong(connection) == {}


def test_rows_that_are_found_count_though_nothing_changes(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as session:
        session.add(rows.template())
    with api.writer() as session:
        for _ in range(2):
            result = session.execute(
                sa.update(models.DeviceTemplate).values(name="small")
            )
            assert isinstance(result, sa.CursorResult)
            assert result.rowcount == 1
