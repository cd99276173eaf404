"""Asking for a change: the operation, the event, the status, as one."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import idempotency
from servicevm.api.method import Call
from servicevm.db import api as db
from servicevm.db import events, last_names, listing, models, operations
from servicevm.errors import CONFLICT, PermanentError
from servicevm.states import Action, ProvisioningStatus, ResourceType

Resource = models.Device | models.Service

_TYPES = {
    models.Device: ResourceType.DEVICE,
    models.Service: ResourceType.SERVICE,
}


def project(call: Call, asked: str | None) -> str:
    """The project that something new is to belong to.

    :param asked: as the body says; None for the caller's own
    :raises PermanentError: FORBIDDEN, where it is another's
    """
    own = str(call.context.project_id)
    if asked is None or asked == own:
        return own
    call.runtime.policy.enforce(call.context, "create_for_project")
    return asked


def request(
    session: orm.Session,
    call: Call,
    row: Resource,
    action: Action,
    arguments: Mapping[str, Any] | None = None,
) -> models.Operation:
    """Add the operation and its event; the row names it as its newest."""
    resource_type = _TYPES[type(row)]
    device_id = row.id if isinstance(row, models.Device) else row.device_id
    # So that the conductor's log has it, too.
    of_caller = call.context.global_request_id
    traced = {"global_request_id": of_caller} if of_caller else {}
    operation = operations.enqueue(
        session,
        resource_type=resource_type,
        resource_id=row.id,
        device_id=device_id,
        action=action,
        arguments={
            "generation": row.generation,
            **traced,
            **(arguments or {}),
        },
        project_id=row.project_id,
        user_id=str(call.context.user_id),
        request_id=call.request_id,
        idempotency_key=idempotency.key(call),
        timeout=call.runtime.operation_timeout,
    )
    row.operation_id = operation.id
    row.updated_at = db.now(session)
    emit(session, call, row, str(action), operation.id)
    return operation


def emit(
    session: orm.Session,
    call: Call,
    row: Resource,
    verb: str,
    operation_id: str | None = None,
) -> None:
    """Add the event of a change that the caller asked for."""
    resource_type = _TYPES[type(row)]
    events.emit(
        session,
        type=f"{resource_type}.{verb}",
        resource_type=resource_type,
        resource_id=row.id,
        device_id=row.id if isinstance(row, models.Device) else row.device_id,
        project_id=row.project_id,
        operation_id=operation_id,
        request_id=call.request_id,
        user_id=call.context.user_id,
        message=f"{call.context.user_id} asked to {verb} {resource_type} "
        f"{row.name}.",
    )


def describe(
    session: orm.Session, row: Resource, given: Mapping[str, Any]
) -> None:
    """Take over the name, description, tags and properties given."""
    if given.get("name", row.name) != row.name:
        last_names.take_over(session, row.id, given["name"])
    for key in ("name", "description", "properties"):
        if key in given:
            setattr(row, key, given[key])
    if "tags" in given:
        listing.set_tags(session, row.id, given["tags"])
    row.updated_at = db.now(session)


def take_services_along(
    session: orm.Session, device: models.Device, operation_id: str
) -> None:
    """The services of a device that is being deleted go with it."""
    session.execute(
        sa.update(models.Service)
        .where(models.Service.device_id == device.id)
        .values(
            provisioning_status=ProvisioningStatus.PENDING_DELETE,
            operation_id=operation_id,
            updated_at=db.now(session),
        )
    )


def refuse_deleting(row: Any, type_: ResourceType | None = None) -> None:
    """Refuse to change what is being deleted.

    :param type_: what the row is, unless it is an object of the ORM
    :raises PermanentError: CONFLICT
    """
    if row.provisioning_status == ProvisioningStatus.PENDING_DELETE:
        raise PermanentError(
            CONFLICT,
            f"{(type_ or _TYPES[type(row)]).capitalize()} {row.id} is being "
            "deleted.",
        )


def running_delete(
    session: orm.Session, row: Resource
) -> models.Operation | None:
    """The operation that is deleting the row already, if one is."""
    if row.provisioning_status != ProvisioningStatus.PENDING_DELETE:
        return None
    device_id = row.id if isinstance(row, models.Device) else row.device_id
    # A service may be going with its device.
    return operations.live(session, row.id, Action.DELETE) or operations.live(
        session, device_id, Action.DELETE
    )
