import pytest
from oslo_config import cfg

from servicevm.db import api, models, schema
from tests.unit.db import rows


def test_migrations_make_what_the_models_declare(
    database: cfg.ConfigOpts,
) -> None:
    assert schema.differences() == []


def test_an_empty_database_is_at_no_version(empty: cfg.ConfigOpts) -> None:
    api.configure(empty)
    assert schema.version() is None
    assert not schema.check()


def test_sync_reaches_head_and_may_be_repeated(empty: cfg.ConfigOpts) -> None:
    assert schema.sync(empty) == schema.head()
    with api.writer() as session:
        session.add(rows.template())
    assert schema.sync(empty) == schema.head()
    assert schema.check()
    with api.reader() as session:
        assert session.get(models.DeviceTemplate, rows.TEMPLATE) is not None


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(column, id=f"{table.name}.{column.name}")
        for table in models.Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(("_at", "_until", "_after", "deadline"))
    ],
)
def test_times_are_64_bit_integers(column: object) -> None:
    assert str(column.type) == "BIGINT"  # type: ignore[attr-defined]
