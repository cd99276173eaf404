"""Being alone with a device until the transaction ends.

On SQLite every writer is alone with everything. Elsewhere writers run side
by side, and two of them that each look first and write afterwards may both
go by what the other is about to change. Whoever decides on what it has read
about a device (its operations, slots, services, agent) holds the device
first: the next one waits at that, and then sees what was committed.

Rows are taken in one order everywhere, so that hardly anything deadlocks: a
template, a project's quotas, a device, and then whatever belongs to it.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models

__all__ = ["hold_device", "hold_devices", "hold_operation", "hold_service"]


_DEVICE = models.table(models.Device)
_HOLD = sa.update(_DEVICE).values(hold_count=_DEVICE.c.hold_count + 1)
#: Made once, so that their SQL is.
_HOLD_ONE = _HOLD.where(_DEVICE.c.id == sa.bindparam("held"))
_HELD: sa.BindParameter[Any] = sa.bindparam("held", expanding=True)
_HOLD_ALL = _HOLD.where(_DEVICE.c.id.in_(_HELD))
_ORDERED = _DEVICE.alias()
#: PostgreSQL goes through them as they lie in the table, which differs from
#: one statement to the next, unless they are locked before. No stronger than
#: by an update: what points to a device is not in the way.
_HOLD_ORDERED = _HOLD.where(
    _DEVICE.c.id.in_(
        sa.select(_ORDERED.c.id)
        .where(_ORDERED.c.id.in_(_HELD))
        .order_by(_ORDERED.c.id)
        .with_for_update(key_share=True)
    )
)


def hold_device(session: orm.Session, device_id: str) -> bool:
    """Be alone with the device; the first thing that a transaction does.

    A write that changes the row, not SELECT FOR UPDATE: the nodes of a
    Galera cluster do not tell each other of locks, only of writes.

    :returns: whether there is such a device; of one that is gone nothing is
        left to be alone with
    """
    held = session.execute(_HOLD_ONE, {"held": device_id})
    return bool(db.rowcount(held))


def hold_devices(session: orm.Session, device_ids: Collection[str]) -> None:
    """Be alone with all of these; as `hold_device`.

    One statement, which goes through them in the order of their ids.
    """
    name = session.get_bind().dialect.name
    several = len(device_ids) > 1
    hold = _HOLD_ORDERED if several and name == "postgresql" else _HOLD_ALL
    session.execute(hold, {"held": sorted(device_ids)})


def hold_service(session: orm.Session, service_id: str) -> bool:
    """Be alone with the device that has this service."""
    return _hold_of(
        session, models.Service.device_id, models.Service.id == service_id
    )


def hold_operation(session: orm.Session, operation_id: str) -> bool:
    """Be alone with the device that this operation is about."""
    return _hold_of(
        session,
        models.Operation.device_id,
        models.Operation.id == operation_id,
    )


def _hold_of(session: orm.Session, column: Any, where: Any) -> bool:
    # A column, not the row: the row is read once the device is held.
    device_id = session.scalar(sa.select(column).where(where))
    return device_id is not None and hold_device(session, device_id)
