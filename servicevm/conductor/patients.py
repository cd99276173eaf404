"""Devices that are lost, or were lately; the sick services are in `sick`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import leases, models
from servicevm.healing import Episode, Policy, Trouble
from servicevm.states import (
    LOST,
    OperationState,
    ProvisioningStatus,
)

__all__ = ["Loss", "Patient", "episode", "losses", "read"]

#: Most that are read at once; the rest is read when these are done.
MOST = 1000


class Patient(NamedTuple):
    """One device, or one service of it, as it was read.

    :param id: of the device
    :param operating: its operating status, the service's where it is one
    :param lost: it does not serve, and healing is what may help; None where
        that cannot be told at this moment, or it is somebody else's to mend
    :param failed: it is in ERROR, because an attempt to heal it failed
    :param relay: that had its last session; None if it never had one
    :param episode: None where it was not seen lost before
    :param waits_for: as the episode's row says
    :param service_id: of the service that is sick; None where the trouble is
        the device's own
    """

    id: str
    project_id: str
    template_id: str
    operating: str
    lost: bool | None
    failed: bool
    relay: str | None
    relay_group: str | None
    infra_driver: str
    mgmt_driver: str
    policy: Policy
    facts: Mapping[str, Any]
    episode: Episode | None
    waits_for: str | None
    service_id: str | None = None


def read(session: orm.Session, device_id: str | None = None) -> list[Patient]:
    """Those with no operation under way, the oldest losses first.

    :param device_id: only this device
    """
    query = _QUERY
    if device_id is not None:
        query = query.where(_DEVICE.c.id == device_id)
    return [_patient(row) for row in session.execute(query)]


class Loss(NamedTuple):
    """A device that has an episode.

    :param still: it is lost at this moment, or being healed
    """

    began_at: int
    still: bool
    relay_group: str | None
    facts: Mapping[str, Any]


def losses(session: orm.Session) -> list[Loss]:
    """All that there are, whatever is under way on them."""
    return [
        Loss(
            row.began_at,
            row.provisioning_status != ProvisioningStatus.ACTIVE
            or row.operating_status in LOST,
            row.relay_group,
            row.facts or {},
        )
        for row in session.execute(_LOSSES)
    ]


_DEVICE = models.table(models.Device)
_REVISION = models.table(models.DeviceTemplateRevision)
_SESSION = models.table(models.AgentSession)
_HEALING = models.table(models.DeviceHealing)
_OPERATION = models.table(models.Operation)
_ABOUT = _OPERATION.alias("about")

_CONCERNED = sa.union(
    sa.select(_DEVICE.c.id).where(
        _DEVICE.c.operating_status.in_(sorted(LOST)),
        _DEVICE.c.provisioning_status == str(ProvisioningStatus.ACTIVE),
    ),
    sa.select(_HEALING.c.device_id),
).subquery()
_QUERY = (
    sa.select(
        _DEVICE.c.id,
        _DEVICE.c.project_id,
        _DEVICE.c.template_id,
        _DEVICE.c.provisioning_status,
        _DEVICE.c.operating_status,
        _DEVICE.c.operation_id,
        _DEVICE.c.relay_group,
        _DEVICE.c.facts,
        _REVISION.c.spec,
        _SESSION.c.relay,
        _HEALING.c.began_at,
        _HEALING.c.tries,
        _HEALING.c.tried_at,
        _HEALING.c.gave_up,
        _HEALING.c.waits_for,
        _HEALING.c.operation_id.label("tried"),
        _OPERATION.c.finished_at,
        _OPERATION.c.state.label("ending"),
    )
    .select_from(_CONCERNED)
    .join(_DEVICE, _DEVICE.c.id == _CONCERNED.c.id)
    .join(
        _REVISION,
        (_REVISION.c.template_id == _DEVICE.c.template_id)
        & (_REVISION.c.revision == _DEVICE.c.template_revision),
    )
    .outerjoin(_SESSION, _SESSION.c.device_id == _DEVICE.c.id)
    .outerjoin(_HEALING, _HEALING.c.device_id == _DEVICE.c.id)
    .outerjoin(_OPERATION, _OPERATION.c.id == _HEALING.c.operation_id)
    .where(
        ~sa.exists(
            sa.select(_ABOUT.c.seq).where(
                _ABOUT.c.resource_id == _DEVICE.c.id,
                _ABOUT.c.state.in_(leases.LIVE),
            )
        )
    )
    .order_by(_HEALING.c.began_at, _DEVICE.c.seq)
    .limit(MOST)
)
_LOSSES = sa.select(
    _HEALING.c.began_at,
    _DEVICE.c.provisioning_status,
    _DEVICE.c.operating_status,
    _DEVICE.c.relay_group,
    _DEVICE.c.facts,
).join(_DEVICE, _DEVICE.c.id == _HEALING.c.device_id)


def episode(row: Any) -> Episode | None:
    """What a row of a healing, of which there may be none, tells."""
    if row.began_at is None:
        return None
    ended = row.finished_at or row.tried_at or 0
    return Episode(row.began_at, row.tries, ended, bool(row.gave_up))


def _patient(row: Any) -> Patient:
    return Patient(
        id=row.id,
        project_id=row.project_id,
        template_id=row.template_id,
        operating=row.operating_status,
        lost=_is_lost(row),
        failed=row.provisioning_status == ProvisioningStatus.ERROR,
        relay=row.relay,
        relay_group=row.relay_group,
        infra_driver=str(row.spec["infra_driver"]),
        mgmt_driver=str(row.spec["mgmt_driver"]),
        policy=Policy.of(row.spec, Trouble.LOST),
        facts=row.facts or {},
        episode=episode(row),
        waits_for=row.waits_for,
    )


def _is_lost(row: Any) -> bool:
    if row.provisioning_status == ProvisioningStatus.ACTIVE:
        return row.operating_status in LOST
    # What somebody else asked for since, or ended, is theirs to mend.
    return (
        row.provisioning_status == ProvisioningStatus.ERROR
        and row.tried is not None
        and row.operation_id == row.tried
        and row.ending == OperationState.FAILED
    )
