"""What a device's report of a service changes in the service's row."""

from sqlalchemy import orm

from servicevm import errors
from servicevm.conductor import chatter
from servicevm.db import api as db
from servicevm.db import events, leases, models
from servicevm.drivers.mgmt.base import ServiceReport
from servicevm.states import OperatingStatus, ResourceType, Severity

__all__ = ["absorb", "applied", "behind", "refused"]

#: Longest text of a device's own words that is kept, in characters.
MAX_WORDS = 4096
_SICK = {OperatingStatus.DEGRADED, OperatingStatus.DEAD}


def applied(service: models.Service, generation: int) -> bool:
    """Whether the device is known to serve this generation, or a later."""
    return service.observed_generation >= generation


def refused(service: models.Service, generation: int) -> bool:
    """Whether the device is known to have refused this generation."""
    return (service.failed_generation or 0) >= generation


def behind(service: models.Service, report: ServiceReport | None) -> bool:
    """Whether the device has to be handed the service again."""
    if report is None:
        return True
    if (report.failed_generation or 0) >= service.generation:
        # It has looked at this one and said no; the same again is no use.
        return False
    return (report.generation, report.digest) != (
        service.generation,
        service.digest,
    )


def absorb(
    session: orm.Session,
    service: models.Service,
    report: ServiceReport,
    now: int,
    *,
    complete: bool = False,
    members: bool = True,
) -> None:
    """Write a report into the service's row.

    Reports may come late, twice and out of order: what was observed only
    grows, except by a `complete` one, which says all that the device has
    at the beginning of a session (it may have been built again).

    :param members: whether the report speaks of members at all
    """
    generation = _believed(service, report)
    stale = 0 < generation < service.observed_generation and not complete
    if complete or generation > service.observed_generation:
        service.observed_generation = generation
    failed = min(report.failed_generation or 0, service.generation)
    known = service.failed_generation or 0
    if failed > max(service.observed_generation, known):
        service.failed_generation = failed
        service.failure = report.detail[:MAX_WORDS]
    elif 0 < known <= service.observed_generation:
        service.failed_generation, service.failure = None, ""
    if not stale:
        shown = [dict(member) for member in report.members]
        if members and service.members != shown:
            service.members = shown
        _operating(session, service, report)
    leases.wake(session, now, resource_id=service.id)


def _believed(service: models.Service, report: ServiceReport) -> int:
    """The generation that the report proves, 0 if it proves nothing."""
    if report.generation > service.generation:
        return 0
    if (
        report.generation == service.generation
        and report.digest != service.digest
    ):
        return 0
    return report.generation


def _operating(
    session: orm.Session, service: models.Service, report: ServiceReport
) -> None:
    status = OperatingStatus(report.operating_status)
    if service.operating_status == status:
        return
    service.operating_status = status
    if not chatter.may_tell(session, service.device_id, db.now(session)):
        return
    detail = report.detail[:MAX_WORDS]
    message = f"The service {service.name} is {status}"
    if detail:
        message += f": {detail}"
    events.emit(
        session,
        type="service.operating_status",
        severity=Severity.WARNING if status in _SICK else Severity.INFO,
        resource_type=ResourceType.SERVICE,
        resource_id=service.id,
        device_id=service.device_id,
        project_id=service.project_id,
        code=errors.CONFIG_REFUSED.code if report.failed_generation else None,
        facts={"status": str(status), "detail": detail},
        message=message,
    )
