"""What a driver says of what it makes, on its way into the resource ledger.

An intent is written before the driver goes on; what the driver is known to
intend is written with the claim of its operation. The id that follows tells
nothing that would not be found again by the intent, so it costs no
transaction of its own: it is kept, and written with whatever the operation
writes next, at the latest with the end of its step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models
from servicevm.states import LedgerState

__all__ = ["Entry", "Intents", "Ledger", "intend"]

#: Device's id to its infra driver's name and the kinds that are intended.
Intents = Mapping[str, tuple[str, Sequence[str]]]

_TABLE = models.table(models.DeviceResource)


@dataclass
class Entry:
    """What `servicevm.drivers.infra.base.Record` is called with, and where.

    :param new: whether there is no such entry yet
    """

    device_id: str
    driver: str
    kind: str
    external_id: str | None
    new: bool


class Ledger:
    """Entries that one try of a step has to write. Only it writes them."""

    def __init__(self) -> None:
        self._kept: dict[str, Entry] = {}

    def keep(self, entry: Entry) -> None:
        """Have it written by the next `write`."""
        self._kept[entry.kind] = entry

    def write(self, session: orm.Session) -> None:
        """Write what is kept; the device is locked, the operation ours."""
        for entry in self._kept.values():
            _write(session, entry)

    def written(self) -> None:
        """Say that what was kept is committed."""
        self._kept.clear()


def intend(session: orm.Session, intents: Intents, now: int) -> None:
    """Write intents of devices that are locked and have no entries yet."""
    rows = [
        {
            "device_id": device_id,
            "kind": kind,
            "driver": driver,
            "state": LedgerState.INTENT,
            "created_at": now,
            "updated_at": now,
        }
        for device_id, (driver, kinds) in intents.items()
        for kind in kinds
    ]
    if rows:
        session.execute(sa.insert(_TABLE), rows)


def _write(session: orm.Session, entry: Entry) -> None:
    values: dict[str, Any] = {"updated_at": db.now(session)}
    if entry.external_id is not None:
        values["external_id"] = entry.external_id
        values["state"] = LedgerState.PRESENT
    # A second try may come after one that was written without our hearing
    # of it.
    new, entry.new = entry.new, False
    if not new:
        updated = session.execute(
            sa.update(_TABLE)
            .where(
                _TABLE.c.device_id == entry.device_id,
                _TABLE.c.kind == entry.kind,
            )
            .values(**values)
        )
        if db.rowcount(updated):
            return
    session.execute(
        sa.insert(_TABLE).values(
            device_id=entry.device_id,
            kind=entry.kind,
            driver=entry.driver,
            created_at=values["updated_at"],
            **{"state": LedgerState.INTENT, **values},
        )
    )
