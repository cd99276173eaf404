"""Mending the difference between what devices have and what they should."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock
from servicevm.conductor.reports import behind
from servicevm.db import api as db
from servicevm.db import holds, models, operations
from servicevm.drivers.mgmt.base import ServiceReport
from servicevm.states import (
    Action,
    Initiator,
    OperatingStatus,
    OperationState,
    ProvisioningStatus,
    ResourceType,
)

__all__ = ["late", "repair", "strays"]

_MENDED = (ProvisioningStatus.ACTIVE, ProvisioningStatus.ERROR)
#: Seconds between two tries of the system to mend what went to ERROR.
PAUSE = 60


def repair(
    session: orm.Session,
    conf: cfg.ConfigOpts,
    device_id: str,
    reports: Mapping[str, ServiceReport] | None,
) -> list[str]:
    """Enqueue an operation for every service that the device is behind on.

    None, where an operator holds the device. The caller has it locked.

    :param reports: what the device says it has; None where it was not
        asked: then the database's last knowledge decides
    :returns: ids of the services
    """
    found = []
    services = session.scalars(
        sa.select(models.Service).where(
            models.Service.device_id == device_id,
            models.Service.provisioning_status.in_(_MENDED),
        )
    ).all()
    for service in services:
        if reports is None:
            late = service.observed_generation < service.generation and not (
                (service.failed_generation or 0) >= service.generation
            )
        else:
            late = behind(service, reports.get(service.id))
        # What is fine inside and in ERROR here was never told so.
        forgotten = (
            service.provisioning_status == ProvisioningStatus.ERROR
            and service.observed_generation >= service.generation
        )
        if (late or forgotten) and _may_try(session, service):
            found.append(service)
    if not found or _is_held(session, device_id):
        return []
    for service in found:
        _enqueue(session, conf, service)
    return [service.id for service in found]


def late(session: orm.Session) -> Sequence[Any]:
    """Devices that `repair` would find behind by the database's knowledge.

    :returns: what tells who holds them, see `servicevm.db.holds.Held`
    """
    service = models.Service
    refused = sa.func.coalesce(service.failed_generation, 0)
    behind = (service.observed_generation < service.generation) & (
        refused < service.generation
    )
    forgotten = (service.provisioning_status == ProvisioningStatus.ERROR) & (
        service.observed_generation >= service.generation
    )
    device = models.Device
    return session.execute(
        sa.select(device.id, device.project_id, device.template_id)
        .where(
            device.provisioning_status == ProvisioningStatus.ACTIVE,
            device.operating_status == OperatingStatus.ONLINE,
            sa.exists().where(
                service.device_id == device.id,
                service.provisioning_status.in_(_MENDED),
                behind | forgotten,
            ),
        )
        .order_by(device.id)
    ).all()


def strays(
    session: orm.Session,
    device_id: str,
    reports: Mapping[str, ServiceReport],
) -> dict[str, int]:
    """Services that the device has and nobody knows: id to generation."""
    known = set(
        session.scalars(
            sa.select(models.Service.id).where(
                models.Service.device_id == device_id
            )
        )
    )
    return {
        service_id: max(report.generation, report.failed_generation or 0)
        for service_id, report in reports.items()
        if service_id not in known
    }


def _is_held(session: orm.Session, device_id: str) -> bool:
    device = session.get_one(models.Device, device_id)
    return holds.of(session, device) is not None


def _may_try(session: orm.Session, service: models.Service) -> bool:
    """Whether nothing is under way, and a failure is long enough ago."""
    if operations.live(session, service.id) is not None:
        return False
    if service.provisioning_status != ProvisioningStatus.ERROR:
        return True
    last = session.scalars(
        sa.select(models.Operation)
        .where(models.Operation.resource_id == service.id)
        .order_by(models.Operation.seq.desc())
        .limit(1)
    ).first()
    if last is None:
        return True
    if last.action == Action.DELETE or last.state == OperationState.CANCELLED:
        # Somebody wanted it so; it must not be brought back.
        return False
    ended = last.finished_at or 0
    return db.now(session) >= ended + PAUSE * clock.SECOND


def _enqueue(
    session: orm.Session, conf: cfg.ConfigOpts, service: models.Service
) -> None:
    operation = operations.enqueue(
        session,
        resource_type=ResourceType.SERVICE,
        resource_id=service.id,
        device_id=service.device_id,
        action=Action.UPDATE,
        project_id=service.project_id,
        timeout=conf.conductor.operation_timeout,
        arguments={"generation": service.generation},
        initiator=Initiator.SYSTEM,
        request_id="",
    )
    service.operation_id = operation.id
