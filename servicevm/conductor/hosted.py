"""What a device's state means for the services on it."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.conductor.reports import absorb
from servicevm.db import api as db
from servicevm.db import events, models
from servicevm.db.locks import lock_device
from servicevm.drivers.mgmt.base import ServiceReport
from servicevm.states import (
    OperatingStatus,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = ["follow", "hear", "heard"]


def follow(
    session: orm.Session,
    device: models.Device,
    status: OperatingStatus,
    now: int,
) -> None:
    """Show that the services serve as little as their device runs.

    They come back by what the device reports of them.
    """
    for service in _services(session, device.id):
        if service.operating_status == status:
            continue
        service.operating_status = status
        service.updated_at = now
        events.emit(
            session,
            type="service.operating_status",
            severity=Severity.WARNING,
            resource_type=ResourceType.SERVICE,
            resource_id=service.id,
            device_id=device.id,
            project_id=service.project_id,
            facts={"status": str(status), "device_name": device.name},
            message=f"The service {service.name} is {status}, as its device "
            f"{device.name} is.",
        )


def heard(
    session: orm.Session,
    device_id: str,
    reports: Mapping[str, ServiceReport],
    now: int,
) -> None:
    """Write what the device says of its services now."""
    for service in _services(session, device_id):
        report = reports.get(service.id)
        if report is not None:
            absorb(session, service, report, now)


def hear(
    device_id: str, reports: Mapping[str, ServiceReport], session: orm.Session
) -> None:
    """As `heard`, alone with the device."""
    lock_device(session, device_id)
    heard(session, device_id, reports, db.now(session))


def _services(session: orm.Session, device_id: str) -> list[models.Service]:
    return list(
        session.scalars(
            sa.select(models.Service).where(
                models.Service.device_id == device_id,
                models.Service.provisioning_status
                != ProvisioningStatus.PENDING_DELETE,
            )
        )
    )
