"""What resources are called in what outlives them: operations, events, usage.

Each has the name that its resource had when it was written; a rename is
taken over, so that it is the last name once the resource is gone. As long as
that is there, what is shown is its own; see servicevm.api.views.names.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import models
from servicevm.states import ResourceType

#: Where the names of each type are. Quotas have none.
NAMED: Mapping[str, Any] = {
    str(ResourceType.DEVICE): models.Device,
    str(ResourceType.SERVICE): models.Service,
    str(ResourceType.DEVICE_TEMPLATE): models.DeviceTemplate,
    str(ResourceType.API): models.Process,
    str(ResourceType.CONDUCTOR): models.Process,
    str(ResourceType.RELAY): models.Process,
}

_LAST = (
    sa.select(models.Operation.resource_name)
    .where(models.Operation.resource_id == sa.bindparam("resource"))
    .order_by(models.Operation.seq.desc())
    .limit(1)
)


def find(
    session: orm.Session, resource_type: str, resource_id: str
) -> str | None:
    """What the resource is called by now, or was called last.

    None for one without a name.

    One that the session has at hand costs nothing.
    """
    model = NAMED.get(str(resource_type))
    if model is None:
        return None
    if model is not models.Process:
        row = session.identity_map.get(
            session.identity_key(model, resource_id)
        )
        if row is not None:
            return str(row.name)
    found: str | None = session.scalar(
        sa.select(model.name).where(model.id == resource_id)
    )
    if found is None and model in (models.Device, models.Service):
        # The end of a deletion is told once the row is gone.
        found = session.scalar(_LAST, {"resource": resource_id})
    return found


def take_over(session: orm.Session, resource_id: str, name: str) -> None:
    """The resource has another name from now on."""
    for model in (models.Operation, models.Event, models.UsageSpan):
        session.execute(
            sa.update(model)
            .where(
                model.resource_id == resource_id, model.resource_name != name
            )
            .values(resource_name=name)
            .execution_options(synchronize_session=False)
        )
