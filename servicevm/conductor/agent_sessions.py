"""The newest session of each device: its row, and who may hold it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import errors
from servicevm.conductor import serving
from servicevm.db import api as db
from servicevm.db import models
from servicevm.db.locks import lock_device
from servicevm.rpc.base import Json
from servicevm.states import ProcessRole

__all__ = ["begun", "current", "expelled", "seen"]

#: Rows that one query names.
_ROWS = 500


def seen(
    beats: Sequence[Json], session: orm.Session
) -> tuple[list[Json], set[str]]:
    """Write in bulk who was heard of, and when; see `_judged`."""
    now = db.now(session)
    session.connection().execute(
        sa.update(models.AgentSession)
        .where(
            models.AgentSession.device_id == sa.bindparam("device"),
            models.AgentSession.epoch == sa.bindparam("beat_epoch"),
            models.AgentSession.last_seen < sa.bindparam("seen"),
        )
        .values(last_seen=sa.bindparam("seen")),
        [
            {
                "device": beat["device_id"],
                "beat_epoch": beat["epoch"],
                "seen": now - int(beat["age_us"]),
            }
            for beat in beats
        ],
    )
    return _judged(session, beats)


def begun(
    session: orm.Session,
    device_id: str,
    serial: str,
    relay: str,
    hello: Json,
    now: int,
) -> int:
    """Make this the newest session of the device, which is held."""
    values: dict[str, Any] = {
        "relay": relay,
        "connected": True,
        "serial": serial,
        "boot_id": str(hello["boot_id"])[:36],
        "agent_version": str(hello["agent_version"])[:32],
        "ready": bool(hello["ready"]),
        "connected_at": now,
        "last_seen": now,
    }
    row = session.get(models.AgentSession, device_id)
    if row is None:
        session.add(
            models.AgentSession(device_id=device_id, epoch=1, **values)
        )
        return 1
    row.epoch += 1
    for name, value in values.items():
        setattr(row, name, value)
    return row.epoch


def current(
    session: orm.Session, device_id: str, epoch: int
) -> models.AgentSession | None:
    """The device's session, if `epoch` is the newest."""
    row = session.get(models.AgentSession, device_id)
    return row if row is not None and row.epoch == epoch else None


def expelled(beat: Json, session: orm.Session) -> list[Json]:
    """End the session of a device that its relay must not serve.

    Nothing that it is told later reaches it, whatever the relay does.
    """
    lock_device(session, beat["device_id"])
    row = current(session, beat["device_id"], beat["epoch"])
    if row is None:
        return []
    device = session.get_one(models.Device, row.device_id)
    why = serving.refusal(session, device, row.relay)
    if why is None:
        return []
    row.epoch += 1
    row.connected = False
    serving.tell(session, device, row.relay, why, errors.CERTIFICATE_REFUSED)
    return [{**_named(beat), "reason": why}]


def _judged(
    session: orm.Session, beats: Sequence[Json]
) -> tuple[list[Json], set[str]]:
    """Those of the sessions that are not their devices' newest; and, of the
    others, the devices that their relay must not serve."""
    newest: dict[str, int] = {}
    refused: set[str] = set()
    for start in range(0, len(beats), _ROWS):
        ids = [str(one["device_id"]) for one in beats[start : start + _ROWS]]
        for row in session.execute(_JUDGED, {"devices": ids}):
            newest[row.device_id] = row.epoch
            relay = serving.Side(row.relay_group, row.serves)
            device = serving.Side(row.own, row.project_id)
            if serving.may_not(row.relay, relay, device):
                refused.add(row.device_id)
    stale: list[Json] = [
        _named(beat)
        for beat in beats
        if newest.get(beat["device_id"]) != beat["epoch"]
    ]
    return stale, refused - {one["device_id"] for one in stale}


_SESSION = models.table(models.AgentSession).c
_DEVICE = models.table(models.Device).c
_RELAY = models.table(models.Process).c
_GROUP = models.table(models.RelayGroup).c
#: Sessions with what says whether their relays may hold them. By the relay
#: that has opened it, not by the one that says that it has it.
_JUDGED = (
    sa.select(
        _SESSION.device_id,
        _SESSION.epoch,
        _SESSION.relay,
        _RELAY.relay_group,
        _GROUP.project_id.label("serves"),
        _DEVICE.relay_group.label("own"),
        _DEVICE.project_id,
    )
    .select_from(models.AgentSession)
    .join(models.Device, _DEVICE.id == _SESSION.device_id)
    .outerjoin(
        models.Process,
        (_RELAY.role == str(ProcessRole.RELAY))
        & (_RELAY.name == _SESSION.relay),
    )
    .outerjoin(models.RelayGroup, _GROUP.name == _RELAY.relay_group)
    .where(_SESSION.device_id.in_(sa.bindparam("devices", expanding=True)))
)


def _named(beat: Json) -> Json:
    return {"device_id": beat["device_id"], "epoch": beat["epoch"]}
