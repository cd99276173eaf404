"""Writing how far the healing of a device or service has come."""

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.conductor import patients, sick
from servicevm.conductor.patients import Patient
from servicevm.db import api as db
from servicevm.db import events, holds, leases, models, operations
from servicevm.db.locks import lock_device
from servicevm.errors import SERVICE_DIED
from servicevm.healing import ARGUMENTS, Waits
from servicevm.states import (
    Action,
    Initiator,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = ["attempt", "begin", "close", "give_up", "under_way", "wait"]


_Healing = models.DeviceHealing | models.ServiceHealing

#: Most seconds for an attempt to heal a service: two of the longest calls.
#: Where its device is lost meanwhile, that is what there is to be healed.
SERVICE_TIMEOUT = 120.0


def begin(patient: Patient, session: orm.Session) -> None:
    """Note when it was first seen lost, or sick."""
    lock_device(session, patient.id)
    found = _again(session, patient)
    if found is None or not found.lost or found.episode is not None:
        return
    row = (
        models.DeviceHealing(device_id=patient.id)
        if patient.service_id is None
        else models.ServiceHealing(service_id=patient.service_id)
    )
    row.began_at, row.tries, row.gave_up = db.now(session), 0, False
    session.add(row)


def _again(session: orm.Session, patient: Patient) -> Patient | None:
    """As it is now; None if there is nothing to be done for it."""
    found = (
        patients.read(session, patient.id)
        if patient.service_id is None
        else sick.read(session, patient.service_id)
    )
    return found[0] if found else None


def _current(session: orm.Session, patient: Patient) -> bool:
    """Whether it still is as it was read; its device is locked then."""
    lock_device(session, patient.id)
    found = _again(session, patient)
    return found is not None and (
        (found.lost, found.failed, found.episode)
        == (patient.lost, patient.failed, patient.episode)
    )


def _row(session: orm.Session, patient: Patient) -> _Healing:
    if patient.service_id is None:
        return session.get_one(models.DeviceHealing, patient.id)
    return session.get_one(models.ServiceHealing, patient.service_id)


def _named(patient: Patient) -> ResourceType:
    """What is healed."""
    if patient.service_id is None:
        return ResourceType.DEVICE
    return ResourceType.SERVICE


def close(patient: Patient, session: orm.Session) -> None:
    if not _current(session, patient):
        return
    row = _row(session, patient)
    if row.tries:
        _tell(
            session,
            patient,
            "healed",
            Severity.INFO,
            f"The {_named(patient)} stayed well after attempt {row.tries} to "
            "heal it.",
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
        "healing_gave_up",
        Severity.ERROR,
        f"Healing gave up after {row.tries} attempts. Find out what is "
        f"wrong, then {_BY_HAND[_named(patient)]} by hand.",
        {"attempts": row.tries},
    )


_BY_HAND = {
    ResourceType.DEVICE: "heal, reboot or rebuild the device",
    ResourceType.SERVICE: "set the service, or reboot its device,",
}


def wait(patient: Patient, waits: Waits, session: orm.Session) -> None:
    if _current(session, patient):
        _row(session, patient).waits_for = str(waits)


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
    if under_way(session, patient) >= limit:
        return Waits.TURN
    device = session.get_one(models.Device, patient.id)
    if holds.of(session, device) is not None:
        return Waits.HOLD
    row = _row(session, patient)
    about, cause = _ailing(session, patient, device)
    about.provisioning_status = ProvisioningStatus.PENDING_UPDATE
    about.status_code, about.status_reason = None, ""
    operation = operations.enqueue(
        session,
        resource_type=_named(patient),
        resource_id=about.id,
        device_id=device.id,
        action=action,
        project_id=device.project_id,
        timeout=timeout
        if patient.service_id is None
        else min(timeout, SERVICE_TIMEOUT),
        arguments={
            "generation": about.generation,
            "cause": cause,
            **ARGUMENTS[action],
        },
        initiator=Initiator.SYSTEM,
    )
    about.operation_id = row.operation_id = operation.id
    row.tries += 1
    row.tried_at = about.updated_at = db.now(session)
    row.waits_for = None
    _tell(
        session,
        patient,
        "healing",
        Severity.WARNING,
        f"The {_named(patient)} is {patient.operating}: healing tries a "
        f"{action}, attempt {row.tries}.",
        {"action": str(action), "attempt": row.tries},
        operation_id=operation.id,
    )
    return None


def _ailing(
    session: orm.Session, patient: Patient, device: models.Device
) -> tuple[models.Device | models.Service, str]:
    """The row of what is healed, and the code of what is wrong with it."""
    if patient.service_id is None:
        return device, device.status_code or ""
    service = session.get_one(models.Service, patient.service_id)
    return service, SERVICE_DIED.code


def under_way(session: orm.Session, patient: Patient) -> int:
    """Attempts to heal devices, or services: those of a device that was lost
    meanwhile wait for it, and must not be in the way of its own."""
    healing: type[_Healing] = (
        models.DeviceHealing
        if patient.service_id is None
        else models.ServiceHealing
    )
    return int(
        session.scalar(
            sa.select(sa.func.count())
            .select_from(models.Operation)
            .join(healing, healing.operation_id == models.Operation.id)
            .where(models.Operation.state.in_(leases.LIVE))
        )
        or 0
    )


def _tell(
    session: orm.Session,
    patient: Patient,
    what: str,
    severity: Severity,
    message: str,
    facts: dict[str, object],
    operation_id: str | None = None,
) -> None:
    events.emit(
        session,
        type=f"{_named(patient)}.{what}",
        severity=severity,
        resource_type=_named(patient),
        resource_id=patient.service_id or patient.id,
        device_id=patient.id,
        project_id=patient.project_id,
        operation_id=operation_id,
        facts=facts,
        message=message,
    )
