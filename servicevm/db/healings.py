"""Episodes of healing; see servicevm.healing."""

from sqlalchemy import orm

from servicevm.db import api, models

__all__ = ["begin"]


def begin(session: orm.Session, device_id: str, operation_id: str) -> None:
    """Begin anew with an attempt that somebody asked for.

    Where it fails, healing goes on from there by itself. The caller has
    locked the device.
    """
    now = api.now(session)
    row = session.get(models.DeviceHealing, device_id)
    if row is None:
        row = models.DeviceHealing(device_id=device_id)
        session.add(row)
    row.began_at = row.tried_at = now
    row.tries, row.gave_up, row.waits_for = 1, False, None
    row.operation_id = operation_id
