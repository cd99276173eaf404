"""Relay groups as the API shows them."""

from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.db import models, packed, processes
from servicevm.states import ProcessRole

_GROUP = models.table(models.RelayGroup)
_DEVICE = models.table(models.Device).c
_PROCESS = models.table(models.Process).c

#: What belongs to a group and is in other tables.
PARTS = {
    "relays": packed.part(
        packed.gathered(_PROCESS.last_seen),
        _GROUP,
        _PROCESS.role == str(ProcessRole.RELAY),
        _PROCESS.relay_group == _GROUP.c.name,
    ),
    "devices": sa.select(sa.func.count())
    .where(_DEVICE.relay_group == _GROUP.c.name)
    .correlate(_GROUP)
    .scalar_subquery(),
}


def render(row: Any, now: int) -> dict[str, Any]:
    """A group that was read with `PARTS`.

    :param now: microseconds, of the clock that relays' reports are dated by
    """
    return {
        **said(row),
        "relays": sum(
            processes.is_lately(seen, now) for seen in row.relays or ()
        ),
        "devices": int(row.devices),
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
    }


def said(row: Any) -> dict[str, Any]:
    """What an operator has said of it; the rest changes by itself."""
    return {
        "name": row.name,
        "project_id": row.project_id,
        "description": row.description,
    }
