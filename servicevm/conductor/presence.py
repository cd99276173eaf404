"""Whether devices are heard of, and what that makes of their status."""

from typing import NamedTuple

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock, errors
from servicevm.conductor.settle import sentence
from servicevm.db import events, models
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


def look(session: orm.Session, now: int, patience: Patience) -> int:
    """Bring the operating status of every ACTIVE device up to date.

    :returns: how many changed
    """
    rows = session.execute(
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
    ).all()
    changed = 0
    for device, agent in rows:
        heard = is_heard(agent, now, patience)
        lost = device.operating_status == OperatingStatus.UNRESPONSIVE
        if heard is False and not lost:
            set_status(
                session,
                device,
                OperatingStatus.UNRESPONSIVE,
                errors.AGENT_NOT_CONNECTED,
                errors.AGENT_NOT_CONNECTED.title,
            )
            changed += 1
        elif heard is True and lost:
            set_status(session, device, OperatingStatus.ONLINE)
            changed += 1
    return changed


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
    device.updated_at = clock.now_us()
    events.emit(
        session,
        type="device.operating_status",
        severity=Severity.WARNING if reason else Severity.INFO,
        resource_type=ResourceType.DEVICE,
        resource_id=device.id,
        device_id=device.id,
        project_id=device.project_id,
        code=device.status_code,
        message=f"The device {device.name} is {status}"
        + (f": {detail}" if detail else "."),
    )
