"""What the beginning and the end of an operation do to its resource."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import errors
from servicevm.conductor.views import DeviceView
from servicevm.db import events, holds, leases, models, usage
from servicevm.states import (
    HARMLESS,
    PENDING,
    Action,
    HoldScope,
    OperationState,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = [
    "begun",
    "delete_device",
    "delete_service",
    "ended",
    "resource_of",
    "sentence",
    "settled",
]

_ENDING = {
    OperationState.SUCCEEDED: ("operation.succeeded", Severity.INFO, "ended"),
    OperationState.FAILED: ("operation.failed", Severity.ERROR, "failed"),
    OperationState.CANCELLED: (
        "operation.cancelled",
        Severity.WARNING,
        "was cancelled",
    ),
    OperationState.SUPERSEDED: (
        "operation.superseded",
        Severity.INFO,
        "was superseded",
    ),
}


def sentence(code: str, text: str) -> str:
    """What went wrong and what to do about it, as one text."""
    reason = errors.REASONS.get(code, errors.INTERNAL)
    return f"{text.strip()} {reason.hint}"


def resource_of(
    session: orm.Session, operation: models.Operation
) -> models.Device | models.Service | None:
    """The device or service that the operation is about."""
    if operation.resource_type == ResourceType.DEVICE:
        return session.get(models.Device, operation.resource_id)
    return session.get(models.Service, operation.resource_id)


def begun(
    session: orm.Session,
    operations: Sequence[models.Operation],
    devices: Mapping[str, DeviceView],
    now: int,
) -> None:
    """Show that what is in ERROR is being worked on again.

    :param devices: those of the operations, by id, as they are now
    """
    # One of a newer release, of whatever it does, fails with its first step.
    pending = {
        one.resource_id: PENDING[Action(one.action)]
        for one in operations
        if one.action in PENDING
    }
    failed: list[models.Device | models.Service] = [
        session.get_one(models.Device, device_id)
        for device_id, device in devices.items()
        if device_id in pending
        and device.row.provisioning_status == ProvisioningStatus.ERROR
    ]
    services = [
        one.resource_id
        for one in operations
        if one.resource_type == ResourceType.SERVICE
        and one.resource_id in pending
    ]
    if services:
        failed += session.scalars(
            sa.select(models.Service).where(
                models.Service.id.in_(services),
                models.Service.provisioning_status == ProvisioningStatus.ERROR,
            )
        )
    for resource in failed:
        resource.provisioning_status = pending[resource.id]
        resource.status_code, resource.status_reason = None, ""
        resource.updated_at = now


def settled(
    session: orm.Session,
    operation: models.Operation,
    resource: models.Device | models.Service,
    now: int,
) -> None:
    """Show that the resource is as this operation wanted it.

    A later operation of it keeps it PENDING.
    """
    with session.no_autoflush:
        if not leases.successor(session, operation):
            resource.provisioning_status = ProvisioningStatus.ACTIVE
    resource.status_code, resource.status_reason = None, ""
    resource.updated_at = now


def ended(
    session: orm.Session,
    operation: models.Operation,
    state: OperationState,
    code: str | None,
    text: str,
    now: int,
) -> None:
    """Show how it ended: the resource's status, and an event."""
    failed = state in (OperationState.FAILED, OperationState.CANCELLED)
    resource = resource_of(session, operation) if failed else None
    if resource is not None and code is not None:
        resource.status_code = code
        resource.status_reason = sentence(code, text)
        resource.updated_at = now
        if not leases.successor(session, operation):
            resource.provisioning_status = (
                ProvisioningStatus.ACTIVE
                if operation.action in HARMLESS
                else ProvisioningStatus.ERROR
            )
    type_, severity, verb = _ENDING[state]
    what = f"{operation.action.capitalize()} of the {operation.resource_type}"
    events.emit(
        session,
        type=type_,
        severity=severity,
        resource_type=operation.resource_type,
        resource_id=operation.resource_id,
        device_id=operation.device_id,
        project_id=operation.project_id,
        operation_id=operation.id,
        request_id=operation.request_id or None,
        code=code,
        facts={
            "action": operation.action,
            "detail": text if failed else "",
        },
        message=f"{what} {verb}{': ' + text if failed else '.'}",
    )


def delete_device(session: orm.Session, device_id: str) -> None:
    """Delete a device, its services and what hangs on them.

    Operations, events and what was used stay, for people.
    """
    services = session.scalars(
        sa.select(models.Service.id).where(
            models.Service.device_id == device_id
        )
    ).all()
    for service_id in services:
        delete_service(session, service_id)
    session.execute(
        sa.delete(models.Tag).where(models.Tag.resource_id == device_id)
    )
    usage.end(session, device_id)
    holds.drop(session, HoldScope.DEVICE, device_id)
    session.execute(
        sa.delete(models.Device).where(models.Device.id == device_id)
    )


def delete_service(session: orm.Session, service_id: str) -> None:
    """Delete a service and its tags."""
    session.execute(
        sa.delete(models.Tag).where(models.Tag.resource_id == service_id)
    )
    usage.end(session, service_id)
    session.execute(
        sa.delete(models.Service).where(models.Service.id == service_id)
    )
