"""Names of what rows point to, read in the same statement.

They are what it is called by now, and NULL once it is gone; then operations
and events still have what it was called last, see servicevm.db.last_names.
"""

from typing import Any

import sqlalchemy as sa

from servicevm.db.last_names import NAMED
from servicevm.states import ResourceType


def name(model: Any, owner: sa.FromClause, key: str) -> sa.ScalarSelect[Any]:
    """Name of the row of `model` whose id the owner's column `key` has."""
    table = model.__table__
    return (
        sa.select(table.c.name)
        .where(table.c.id == owner.c[key])
        .correlate(owner)
        .scalar_subquery()
    )


def of_resource(
    owner: sa.FromClause, *types: ResourceType
) -> sa.ColumnElement[Any]:
    """Name of what resource_type and resource_id of a row say.

    :param types: those that there can be; a row costs one look-up
    """
    found: dict[Any, list[str]] = {}
    for one in map(str, types):
        if one in NAMED:
            found.setdefault(NAMED[one], []).append(one)
    return sa.case(
        *(
            (
                owner.c.resource_type.in_(those),
                name(model, owner, "resource_id"),
            )
            for model, those in found.items()
        )
    )


def shown(row: Any) -> dict[str, Any]:
    """What an operation or event says of what it is about.

    :param row: with ``present_name``, made by `of_resource`
    """
    return {
        "resource_name": row.present_name or row.resource_name,
        "resource_gone": row.present_name is None
        and row.resource_type in NAMED,
    }
