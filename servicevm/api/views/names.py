"""Names of what rows point to, read in the same statement.

They are what it is called by now, and NULL once it is gone.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from servicevm.db import models
from servicevm.states import ResourceType

_PROCESS = (ResourceType.API, ResourceType.CONDUCTOR, ResourceType.RELAY)
_MODELS: Sequence[tuple[Sequence[ResourceType], Any]] = (
    ((ResourceType.DEVICE,), models.Device),
    ((ResourceType.SERVICE,), models.Service),
    ((ResourceType.DEVICE_TEMPLATE,), models.DeviceTemplate),
    (_PROCESS, models.Process),
)


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
    return sa.case(
        *(
            (
                owner.c.resource_type.in_([str(one) for one in found]),
                name(model, owner, "resource_id"),
            )
            for every, model in _MODELS
            if (found := [one for one in every if one in types])
        )
    )
