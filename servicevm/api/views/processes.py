"""Conductors, relays and api processes as the API shows them."""

from typing import Any

from servicevm import clock
from servicevm.db import models, processes, relay_groups

_PROCESS = models.table(models.Process)

#: What belongs to a relay and is in another table.
RELAY_PARTS = {
    "group_project_id": relay_groups.project_of(
        _PROCESS.c.relay_group
    ).correlate(_PROCESS)
}


def process(row: Any, now: int) -> dict[str, Any]:
    """A conductor or an api process.

    :param now: microseconds, of the clock that its reports are dated by
    """
    return {
        "id": row.id,
        "name": row.name,
        "host": row.host,
        "version": row.version,
        "alive": processes.is_alive(row, now),
        "started_at": clock.isoformat(row.started_at),
        "last_seen": clock.isoformat(row.last_seen),
    }


def relay(row: Any, now: int) -> dict[str, Any]:
    """A relay that was read with `RELAY_PARTS`."""
    return process(row, now) | {
        "group": row.group or "",
        "group_project_id": row.group_project_id,
        "address": row.address,
        "sessions": row.sessions or 0,
        "draining": row.draining,
    }
