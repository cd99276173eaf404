"""Whether a relay may serve a device, and what is told where it may not.

A relay is who it reports to be (`servicevm.db.processes`): its group is read
from there whenever it asks for something. A group that is bound to a project
serves devices of that project that record the group; any other one those that
record it, and those that record none.
"""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.conductor import chatter, presence
from servicevm.conductor.settle import sentence
from servicevm.db import api as db
from servicevm.db import events, models, relay_groups
from servicevm.errors import (
    RELAY_REFUSED,
    UNAVAILABLE,
    Reason,
    TransientError,
)
from servicevm.states import (
    OperatingStatus,
    ProcessRole,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = ["Side", "may_not", "refusal", "standing", "tell"]


#: Microseconds until the same is told of a device again.
AGAIN = 3600 * clock.SECOND
_TYPE = "device.relay_refused"


class Side(NamedTuple):
    """A relay or a device.

    :param group: its relay group; None: it has none, or (of a relay) has not
        said yet
    :param project_id: of a device, its own; of a relay, that which its group
        is bound to, if it is
    """

    group: str | None
    project_id: str | None


def may_not(name: str, relay: Side, device: Side) -> str | None:
    """Why the relay must not serve the device; None where it may."""
    if relay.group is None:
        return None
    if relay.group != device.group and device.group is not None:
        return (
            f"The relay {name} is of the relay group {relay.group}, and the "
            f"device uses {device.group}."
        )
    if relay.project_id is None:
        return None
    if device.group is None:
        return (
            f"The relay {name} is of the relay group {relay.group}, which "
            "serves one project, and the device uses none."
        )
    if relay.project_id != device.project_id:
        return (
            f"The relay {name} is of the relay group {relay.group}, which "
            "serves another project."
        )
    return None


def refusal(
    session: orm.Session, device: models.Device, relay: str | None
) -> str | None:
    """`may_not` of what the database says.

    :param relay: its name; None where it is of the release before, which
        does not say it with every request
    :raises TransientError: UNAVAILABLE: a relay that has not reported yet
        asks for a device of a group that is bound
    """
    found = session.execute(
        _STANDING, {"relay": relay, "own": device.relay_group}
    ).one()
    if found.group is None and found.bound is not None:
        if relay is not None:
            raise TransientError(
                UNAVAILABLE, f"The relay {relay} has not reported yet."
            )
        return (
            f"The device uses the relay group {device.relay_group}, and a "
            "relay of an older release asked, which does not say who it is."
        )
    return may_not(
        str(relay),
        Side(found.group, found.serves),
        Side(device.relay_group, device.project_id),
    )


def standing(session: orm.Session, relay: str) -> Side:
    """The relay, as it has reported."""
    found = session.execute(_STANDING, {"relay": relay, "own": None}).one()
    return Side(found.group, found.serves)


def tell(
    session: orm.Session,
    device: models.Device,
    relay: str | None,
    why: str,
    reason: Reason,
) -> None:
    """Say at the device, which is held, that an agent was refused.

    The same once an hour: it asks again and again.

    :param reason: what the relay is answered
    """
    now = db.now(session)
    if _is_away(session, device):
        if device.provisioning_status == ProvisioningStatus.ACTIVE:
            presence.set_status(
                session,
                device,
                OperatingStatus.UNRESPONSIVE,
                RELAY_REFUSED,
                why,
            )
        reason_now = sentence(RELAY_REFUSED.code, why)
        if device.status_reason != reason_now:
            device.status_code = RELAY_REFUSED.code
            device.status_reason = reason_now
            device.updated_at = now
    message = f"An agent of {device.name} was refused: {why}"
    said = sa.exists().where(
        models.Event.device_id == device.id,
        models.Event.at > now - AGAIN,
        models.Event.type == _TYPE,
        models.Event.code == reason.code,
        models.Event.message == message,
    )
    if not session.scalar(sa.select(said)) and chatter.may_tell(
        session, device.id, now
    ):
        events.emit(
            session,
            type=_TYPE,
            severity=Severity.ERROR,
            resource_type=ResourceType.DEVICE,
            resource_id=device.id,
            device_id=device.id,
            project_id=device.project_id,
            code=reason.code,
            facts={"relay": relay, "detail": why},
            message=message,
        )


def _is_away(session: orm.Session, device: models.Device) -> bool:
    """Whether it is the refusal that keeps the device from working."""
    if device.provisioning_status not in (
        ProvisioningStatus.ACTIVE,
        ProvisioningStatus.PENDING_CREATE,
        ProvisioningStatus.PENDING_UPDATE,
    ):
        return False
    row = session.get(models.AgentSession, device.id)
    return row is None or not row.connected


_PROCESS = models.table(models.Process).c
_GROUP_OF_RELAY = (
    sa.select(_PROCESS.relay_group)
    .where(
        _PROCESS.role == str(ProcessRole.RELAY),
        _PROCESS.name == sa.bindparam("relay", type_=sa.String),
    )
    .scalar_subquery()
)
#: One row, whatever is there: the relay's group, its project, and that of
#: the device's group.
_STANDING = sa.select(
    _GROUP_OF_RELAY.label("group"),
    relay_groups.project_of(_GROUP_OF_RELAY).label("serves"),
    relay_groups.project_of(sa.bindparam("own", type_=sa.String)).label(
        "bound"
    ),
)
