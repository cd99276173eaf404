"""Writing how far the healing of a device has come."""

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.conductor import patients
from servicevm.conductor.patients import Patient
from servicevm.db import api as db
from servicevm.db import events, holds, leases, models, operations
from servicevm.db.locks import lock_device
from servicevm.healing import ARGUMENTS, Waits
from servicevm.states import (
    Action,
    Initiator,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = ["attempt", "begin", "close", "give_up", "under_way", "wait"]


def begin(device_id: str, session: orm.Session) -> None:
    """Note when a device was first seen lost."""
    lock_device(session, device_id)
    found = patients.read(session, device_id)
    if found and found[0].lost and found[0].episode is None:
        session.add(
            models.DeviceHealing(
                device_id=device_id,
                began_at=db.now(session),
                tries=0,
                gave_up=False,
            )
        )


def _current(session: orm.Session, patient: Patient) -> bool:
    """Whether it still is as it was read; its device is locked then."""
    lock_device(session, patient.id)
    found = patients.read(session, patient.id)
    return bool(found) and (
        (found[0].lost, found[0].failed, found[0].episode)
        == (patient.lost, patient.failed, patient.episode)
    )


def _row(session: orm.Session, patient: Patient) -> models.DeviceHealing:
    return session.get_one(models.DeviceHealing, patient.id)


def close(patient: Patient, session: orm.Session) -> None:
    if not _current(session, patient):
        return
    row = _row(session, patient)
    if row.tries:
        _tell(
            session,
            patient,
            "device.healed",
            Severity.INFO,
            f"The device stayed well after attempt {row.tries} to heal it.",
            {"attempts": row.tries},
        )
    session.delete(row)


def give_up(patient: Patient, session: orm.Session) -> None:
    if not _current(session, patient):
        return
    row = _row(session, patient)
    row.gave_up, row.waits_for = True, None
    _tell(
        session,
        patient,
        "device.healing_gave_up",
        Severity.ERROR,
        f"Healing gave up after {row.tries} attempts. Find out what is "
        "wrong, then heal, reboot or rebuild the device by hand.",
        {"attempts": row.tries},
    )


def wait(device_id: str, waits: Waits, session: orm.Session) -> None:
    row = session.get(models.DeviceHealing, device_id)
    if row is not None:
        row.waits_for = str(waits)


def attempt(
    patient: Patient,
    action: Action,
    session: orm.Session,
    *,
    limit: int,
    timeout: float,
) -> Waits | None:
    """Ask for one attempt.

    :returns: why there is none
    """
    if not _current(session, patient):
        return Waits.DOUBT
    if under_way(session) >= limit:
        return Waits.TURN
    device = session.get_one(models.Device, patient.id)
    if holds.of(session, device) is not None:
        return Waits.HOLD
    row = _row(session, patient)
    device.provisioning_status = ProvisioningStatus.PENDING_UPDATE
    cause = device.status_code
    device.status_code, device.status_reason = None, ""
    operation = operations.enqueue(
        session,
        resource_type=ResourceType.DEVICE,
        resource_id=device.id,
        device_id=device.id,
        action=action,
        project_id=device.project_id,
        timeout=timeout,
        arguments={
            "generation": device.generation,
            "cause": cause or "",
            **ARGUMENTS[action],
        },
        initiator=Initiator.SYSTEM,
    )
    device.operation_id = row.operation_id = operation.id
    row.tries += 1
    row.tried_at = device.updated_at = db.now(session)
    row.waits_for = None
    _tell(
        session,
        patient,
        "device.healing",
        Severity.WARNING,
        f"The device is {patient.operating}: healing tries a {action}, "
        f"attempt {row.tries}.",
        {"action": str(action), "attempt": row.tries},
        operation_id=operation.id,
    )
    return None


def under_way(session: orm.Session) -> int:
    return int(
        session.scalar(
            sa.select(sa.func.count())
            .select_from(models.Operation)
            .join(
                models.DeviceHealing,
                models.DeviceHealing.operation_id == models.Operation.id,
            )
            .where(models.Operation.state.in_(leases.LIVE))
        )
        or 0
    )


def _tell(
    session: orm.Session,
    patient: Patient,
    type_: str,
    severity: Severity,
    message: str,
    facts: dict[str, object],
    operation_id: str | None = None,
) -> None:
    events.emit(
        session,
        type=type_,
        severity=severity,
        resource_type=ResourceType.DEVICE,
        resource_id=patient.id,
        device_id=patient.id,
        project_id=patient.project_id,
        operation_id=operation_id,
        facts=facts,
        message=message,
    )
