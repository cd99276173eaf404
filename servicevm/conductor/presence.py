"""Whether devices are heard of, and what that makes of their status."""

from functools import partial
from typing import NamedTuple

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock, errors
from servicevm.conductor.settle import sentence
from servicevm.db import api as db
from servicevm.db import events, models
from servicevm.db.locks import lock_device
from servicevm.states import (
    OperatingStatus,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = ["Patience", "is_heard", "look", "set_status"]


class Patience(NamedTuple):
    """How long silence is borne, in microseconds.

    :param grace: after a session has closed; agents reconnect in seconds
    :param silence: in an open session, before it counts as gone
    """

    grace: int
    silence: int

    @classmethod
    def of(cls, conf: cfg.ConfigOpts) -> "Patience":
        # The relay gathers heartbeats before it passes them on.
        silence = conf.relay.dead_after + 2 * conf.relay.flush_interval
        return cls(
            int(conf.conductor.agent_grace * clock.SECOND),
            int(silence * clock.SECOND),
        )


def is_heard(
    session: models.AgentSession | None, now: int, patience: Patience
) -> bool | None:
    """Whether the agent is heard of; None while it is too early to say."""
    if session is None:
        return None
    if session.connected:
        return now < session.last_seen + patience.silence
    return None if now < session.last_seen + patience.grace else False


def look(patience: Patience) -> int:
    """Bring the operating status of every ACTIVE device up to date.

    :returns: how many changed
    """
    with db.reader() as session:
        now = db.now(session)
        changed = [
            device.id
            for device, agent in _watched(session)
            if _found(device, agent, now, patience)
        ]
    # One device at a time, and each looked at again once it is held.
    return sum(
        db.write(partial(_update, device_id, patience))
        for device_id in changed
    )


def _watched(
    session: orm.Session, device_id: str | None = None
) -> list[tuple[models.Device, models.AgentSession]]:
    """ACTIVE devices whose status the agent's session decides."""
    query = (
        sa.select(models.Device, models.AgentSession)
        .join(
            models.AgentSession,
            models.AgentSession.device_id == models.Device.id,
        )
        .where(
            models.Device.provisioning_status == ProvisioningStatus.ACTIVE,
            models.Device.operating_status.in_(
                [
                    OperatingStatus.ONLINE,
                    OperatingStatus.DEGRADED,
                    OperatingStatus.UNRESPONSIVE,
                    OperatingStatus.UNKNOWN,
                ]
            ),
        )
    )
    if device_id is not None:
        query = query.where(models.Device.id == device_id)
    return [(device, agent) for device, agent in session.execute(query)]


def _found(
    device: models.Device,
    agent: models.AgentSession,
    now: int,
    patience: Patience,
) -> OperatingStatus | None:
    """The status that the device is to get; None where it keeps its own."""
    heard = is_heard(agent, now, patience)
    lost = device.operating_status == OperatingStatus.UNRESPONSIVE
    if heard is False and not lost:
        return OperatingStatus.UNRESPONSIVE
    if heard is True and lost:
        return OperatingStatus.ONLINE
    return None


def _update(device_id: str, patience: Patience, session: orm.Session) -> bool:
    lock_device(session, device_id)
    now = db.now(session)
    for device, agent in _watched(session, device_id):
        status = _found(device, agent, now, patience)
        if status is None:
            return False
        reason = (
            errors.AGENT_NOT_CONNECTED
            if status is OperatingStatus.UNRESPONSIVE
            else None
        )
        detail = reason.title if reason else ""
        set_status(session, device, status, reason, detail)
        return True
    return False


def set_status(
    session: orm.Session,
    device: models.Device,
    status: OperatingStatus,
    reason: errors.Reason | None = None,
    detail: str = "",
) -> None:
    """Write a device's operating status, with an event if it changed."""
    if device.operating_status == status:
        return
    device.operating_status = status
    device.status_code = reason.code if reason else None
    device.status_reason = sentence(reason.code, detail) if reason else ""
    device.updated_at = db.now(session)
    events.emit(
        session,
        type="device.operating_status",
        severity=Severity.WARNING if reason else Severity.INFO,
        resource_type=ResourceType.DEVICE,
        resource_id=device.id,
        device_id=device.id,
        project_id=device.project_id,
        code=device.status_code,
        facts={"status": str(status), "detail": detail},
        message=f"The device {device.name} is {status}"
        + (f": {detail}" if detail else "."),
    )
