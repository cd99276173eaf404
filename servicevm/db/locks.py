"""Being alone with a device until the transaction ends.

On SQLite every writer is alone with everything. Elsewhere writers run side
by side, and two of them that each look first and write afterwards may both
go by what the other is about to change. Whoever decides on what it has read
about a device (its operations, slots, services, agent) locks the device
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

__all__ = ["lock_device", "lock_idle", "lock_operation", "lock_service"]


_DEVICE = models.table(models.Device)
_LOCK = sa.update(_DEVICE).values(hold_count=_DEVICE.c.hold_count + 1)
#: Made once, so that their SQL is.
_LOCK_ONE = _LOCK.where(_DEVICE.c.id == sa.bindparam("held"))
_MANY: sa.BindParameter[Any] = sa.bindparam("held", expanding=True)
_LOCK_MANY = _LOCK.where(_DEVICE.c.id.in_(_MANY))
#: No stronger than the update after it: what points to a device is not in
#: the way. SQLite, whose writers are alone, locks no rows.
_IDLE = db.Timed(
    sa.select(_DEVICE.c.id, _DEVICE.c.hold_count)
    .where(_DEVICE.c.id.in_(_MANY))
    .order_by(_DEVICE.c.id)
    .with_for_update(skip_locked=True, key_share=True)
)


def lock_device(session: orm.Session, device_id: str) -> bool:
    """Be alone with the device; the first thing that a transaction does.

    A write that changes the row, not SELECT FOR UPDATE: the nodes of a
    Galera cluster do not tell each other of locks, only of writes.

    :returns: whether there is such a device; of one that is gone nothing is
        left to be alone with
    """
    held = session.execute(_LOCK_ONE, {"held": device_id})
    return bool(db.rowcount(held))


def lock_idle(
    session: orm.Session, device_ids: Collection[str]
) -> dict[str, int]:
    """Be alone with those of these that nobody else has locked.

    Waits for nobody, whom somebody may have stopped in the middle of a
    transaction: of many devices all others would wait with that one.

    :returns: how many times each of them was locked, with this time
    """
    found = _IDLE.all(session, {"held": sorted(device_ids)})
    held = {row.id: int(row.hold_count) + 1 for row in found}
    if held:
        session.execute(_LOCK_MANY, {"held": list(held)})
    return held


def lock_service(session: orm.Session, service_id: str) -> bool:
    """Be alone with the device that has this service."""
    return _lock_of(
        session, models.Service.device_id, models.Service.id == service_id
    )


def lock_operation(session: orm.Session, operation_id: str) -> bool:
    """Be alone with the device that this operation is about."""
    return _lock_of(
        session,
        models.Operation.device_id,
        models.Operation.id == operation_id,
    )


def _lock_of(session: orm.Session, column: Any, where: Any) -> bool:
    # A column, not the row: the row is read once the device is held.
    device_id = session.scalar(sa.select(column).where(where))
    return device_id is not None and lock_device(session, device_id)
