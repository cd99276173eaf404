"""Lists are sorted and filtered by columns that an index begins with."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm.api import resources
from servicevm.db import api as db
from servicevm.db.listing import Listing

#: Tables that have some dozens of rows: as many as there are processes, or
#: groups of them, or operators set by hand.
SMALL = {"processes", "relay_groups", "holds", "breakers"}


def _listings() -> Iterator[Listing]:
    for module in pkgutil.iter_modules(resources.__path__):
        found = importlib.import_module(f"{resources.__name__}.{module.name}")
        listing = getattr(found, "LISTING", None)
        if isinstance(listing, Listing):
            yield listing


LISTINGS = {one.model.__tablename__: one for one in _listings()}


def test_the_lists_are_found() -> None:
    assert {
        "device_templates",
        "devices",
        "services",
        "operations",
        "events",
    } <= set(LISTINGS)


@pytest.mark.parametrize("table", sorted(set(LISTINGS) - SMALL))
def test_an_index_begins_with_what_a_list_goes_by(
    api: testing.TestClient, table: str
) -> None:
    listing = LISTINGS[table]
    inspector = sa.inspect(db.engine())
    begins = {
        tuple(index["column_names"]) for index in inspector.get_indexes(table)
    }
    begins |= {
        tuple(one["column_names"])
        for one in inspector.get_unique_constraints(table)
    }
    begins.add(
        tuple(inspector.get_pk_constraint(table)["constrained_columns"])
    )
    first = {columns[0] for columns in begins}
    wanted = {*listing.filters.values(), *listing.sorts.values()}
    if listing.changed is not None:
        wanted.add(listing.changed)
    for column in wanted:
        assert column.property.columns[0].name in first
    # Nearly every list is that of one project.
    if table != "device_templates":
        second = {
            columns[1]
            for columns in begins
            if columns[0] == "project_id" and len(columns) > 1
        }
        for column in listing.sorts.values():
            assert column.property.columns[0].name in second
