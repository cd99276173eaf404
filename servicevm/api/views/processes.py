"""Conductors, relays and api processes as the API shows them."""

from typing import Any

from servicevm import clock
from servicevm.db import processes


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
    """A relay."""
    return process(row, now) | {
        "group": row.group or "",
        "address": row.address,
        "sessions": row.sessions or 0,
        "draining": row.draining,
    }
