"""Services that are sick, or were lately: DEAD on a device that is well."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.conductor.patients import MOST, Patient, episode
from servicevm.db import leases, models
from servicevm.healing import Policy, Trouble
from servicevm.states import (
    WELL,
    OperatingStatus,
    OperationState,
    ProvisioningStatus,
)

__all__ = ["read"]


def read(session: orm.Session, service_id: str | None = None) -> list[Patient]:
    """Those with no operation under way, the longest sick first.

    :param service_id: only this service
    """
    query = _QUERY
    if service_id is not None:
        query = query.where(_SERVICE.c.id == service_id)
    return [_patient(row) for row in session.execute(query)]


_SERVICE = models.table(models.Service)
_DEVICE = models.table(models.Device)
_REVISION = models.table(models.DeviceTemplateRevision)
_SESSION = models.table(models.AgentSession)
_HEALING = models.table(models.ServiceHealing)
_OPERATION = models.table(models.Operation)
_ABOUT = _OPERATION.alias("about")

_DEAD = _SERVICE.c.operating_status == str(OperatingStatus.DEAD)
#: While its device is lost or busy nothing is known of a service.
_KNOWN = (
    _DEVICE.c.provisioning_status == str(ProvisioningStatus.ACTIVE)
) & _DEVICE.c.operating_status.in_(WELL)
_SICK = (
    _DEAD
    & (_SERVICE.c.provisioning_status == str(ProvisioningStatus.ACTIVE))
    & _KNOWN
)
_SERVES = ~_DEAD & _KNOWN
_CONCERNED = sa.union(
    sa.select(_SERVICE.c.id)
    .join(_DEVICE, _DEVICE.c.id == _SERVICE.c.device_id)
    .where(_SICK),
    sa.select(_HEALING.c.service_id),
).subquery()
_QUERY = (
    sa.select(
        _SERVICE.c.id.label("service_id"),
        _SERVICE.c.operating_status,
        _DEVICE.c.id,
        _DEVICE.c.project_id,
        _DEVICE.c.template_id,
        _DEVICE.c.relay_group,
        _DEVICE.c.facts,
        _SICK.label("sick"),
        _SERVES.label("serves"),
        _REVISION.c.spec,
        _SESSION.c.relay,
        _HEALING.c.began_at,
        _HEALING.c.tries,
        _HEALING.c.tried_at,
        _HEALING.c.gave_up,
        _HEALING.c.waits_for,
        _OPERATION.c.finished_at,
        _OPERATION.c.state.label("ending"),
    )
    .select_from(_CONCERNED)
    .join(_SERVICE, _SERVICE.c.id == _CONCERNED.c.id)
    .join(_DEVICE, _DEVICE.c.id == _SERVICE.c.device_id)
    .join(
        _REVISION,
        (_REVISION.c.template_id == _DEVICE.c.template_id)
        & (_REVISION.c.revision == _DEVICE.c.template_revision),
    )
    .outerjoin(_SESSION, _SESSION.c.device_id == _DEVICE.c.id)
    .outerjoin(_HEALING, _HEALING.c.service_id == _SERVICE.c.id)
    .outerjoin(_OPERATION, _OPERATION.c.id == _HEALING.c.operation_id)
    .where(
        ~sa.exists(
            sa.select(_ABOUT.c.seq).where(
                _ABOUT.c.resource_id == _SERVICE.c.id,
                _ABOUT.c.state.in_(leases.LIVE),
            )
        )
    )
    .order_by(_HEALING.c.began_at, _SERVICE.c.seq)
    .limit(MOST)
)


def _patient(row: Any) -> Patient:
    return Patient(
        id=row.id,
        project_id=row.project_id,
        template_id=row.template_id,
        operating=row.operating_status,
        lost=_is_sick(row),
        failed=False,
        relay=row.relay,
        relay_group=row.relay_group,
        infra_driver=str(row.spec["infra_driver"]),
        mgmt_driver=str(row.spec["mgmt_driver"]),
        policy=Policy.of(row.spec, Trouble.SICK),
        facts=row.facts or {},
        episode=episode(row),
        waits_for=row.waits_for,
        service_id=row.service_id,
    )


def _is_sick(row: Any) -> bool | None:
    if row.serves:
        return False
    # What somebody cancelled is theirs to mend.
    if row.sick and row.ending != OperationState.CANCELLED:
        return True
    return None
