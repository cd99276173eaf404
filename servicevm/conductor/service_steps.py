"""The steps of a service's operations; the order is in servicevm.plans."""

from sqlalchemy import orm

from servicevm import clock, errors
from servicevm.conductor import hosted, settle, views
from servicevm.conductor.context import Step, StepContext
from servicevm.conductor.outcomes import Done, Outcome, Wait
from servicevm.conductor.publication import publish, store
from servicevm.conductor.reports import absorb, applied, refused
from servicevm.db import api as db
from servicevm.db import events, models
from servicevm.drivers.infra.base import DeviceState
from servicevm.drivers.mgmt.base import ServiceReport
from servicevm.errors import PermanentError, TransientError
from servicevm.states import (
    Action,
    OperatingStatus,
    ProvisioningStatus,
    ResourceType,
)

__all__ = ["SERVICE_STEPS"]

#: Seconds between two looks at something that wakes us when it happens.
LOOK = 1.0
#: Seconds without an outcome after which the device is told once more.
AGAIN = 10
#: Seconds that a device gets to mend a service that it was handed again; it
#: may have to end software that hangs, and to start it.
MENDING = 45
_AWAY = (
    errors.AGENT_NOT_CONNECTED,
    errors.AGENT_TIMEOUT,
    errors.RELAY_UNREACHABLE,
)
#: The same, and where others ask it so much that we have to wait: whoever
#: may ask for statistics must not make changes fail.
_LATER = (*_AWAY, errors.AGENT_BUSY)


def wait_device(ctx: StepContext) -> Outcome:
    """Wait until the device can take services."""
    device = _device(ctx)
    match device.row.provisioning_status:
        case ProvisioningStatus.ACTIVE:
            return Done()
        case ProvisioningStatus.ERROR:
            raise PermanentError(
                errors.DEVICE_FAILED,
                f"The device is in ERROR: {device.row.status_reason}",
            )
        case status:
            return Wait(
                ctx.pause(LOOK), f"Waiting for the device, which is {status}."
            )


def publish_ports(ctx: StepContext) -> Outcome:
    """Make the ports that the service listens on reachable."""
    device = _device(ctx)
    endpoints = publish(ctx.infra(device), device)
    return Done(effect=lambda session: store(session, endpoints))


def apply(ctx: StepContext) -> Outcome:
    """Hand the service's newest configuration to the device."""
    device, service = _device(ctx), _service(ctx)
    if refused(service, service.generation):
        # Before the device is told: its answer may come before we go on.

        def clear(session: orm.Session, _: models.Operation) -> None:
            row = session.get_one(models.Service, service.id)
            row.failed_generation, row.failure = None, ""

        ctx.write(clear)
    later = _tell(ctx, device, service)
    if later is not None:
        return later
    return Done(data={"generation": service.generation, "told_at": ctx.now()})


def wait_applied(ctx: StepContext) -> Outcome:
    """Wait until the device serves the configuration, or refuses it."""
    device, service = _device(ctx), _service(ctx)
    generation = int(ctx.data["generation"])
    known = _known(service, generation)
    if known is not None:
        return known
    # Nothing was heard: ask.
    mgmt = ctx.mgmt(device)
    seen = mgmt.observe(device.row.id)
    report = seen.services.get(service.id)
    if report is not None:
        known = _known(_heard(ctx, report), generation)
        if known is not None:
            return known
    if not seen.connected:
        return Wait(
            ctx.pause(LOOK), "Waiting for the device's agent to come back."
        )
    now = ctx.now()
    if now >= int(ctx.data["told_at"]) + AGAIN * clock.SECOND:
        later = _tell(ctx, device, service)
        if later is not None:
            return later
        return Wait(
            ctx.pause(LOOK),
            "The device was told again.",
            data={"told_at": now, "generation": service.generation},
        )
    return Wait(
        ctx.pause(LOOK), "Waiting for the device to apply the configuration."
    )


def wait_mended(ctx: StepContext) -> Outcome:
    """Wait until the device says that what it was handed again serves.

    It was known to serve this generation before, so it is asked.
    """
    outcome = wait_applied(ctx)
    if not isinstance(outcome, Done):
        return outcome
    device, service = _device(ctx), _service(ctx)
    report = ctx.mgmt(device).observe(device.row.id).services.get(service.id)
    if report is None:
        return Wait(
            ctx.pause(LOOK), "Waiting for the device's agent to come back."
        )
    if _heard(ctx, report).operating_status != OperatingStatus.DEAD:
        return outcome
    if ctx.now() < int(ctx.data["told_at"]) + MENDING * clock.SECOND:
        return Wait(ctx.pause(LOOK), "Waiting for the service to serve again.")
    raise PermanentError(
        errors.SERVICE_DIED, report.detail or "It does not serve again."
    )


def restart(ctx: StepContext) -> Outcome:
    """Have what serves stopped and started anew in the device."""
    device, service = _device(ctx), _service(ctx)
    mgmt = ctx.mgmt(device)
    try:
        mgmt.restart(device.row.id, service.id, ctx.operation.id)
    except TransientError as error:
        if error.reason in _LATER:
            return Wait(ctx.pause(LOOK), error.detail)
        raise
    reports = mgmt.observe(device.row.id).services

    def there(session: orm.Session) -> None:
        hosted.heard(session, device.row.id, reports, db.now(session))

    return Done(effect=there)


def activate(ctx: StepContext) -> Outcome:
    """Say that the service is there."""

    def active(session: orm.Session) -> None:
        row = session.get_one(models.Service, ctx.operation.resource_id)
        settle.settled(session, ctx.operation, row, db.now(session))

    return Done(effect=active)


def withdraw(ctx: StepContext) -> Outcome:
    """Take the service off the device, where there still is one to tell."""
    device = ctx.device()
    service = ctx.service()
    if device is None or service is None:
        return Done()
    infra = ctx.infra(device)
    if infra.observe(device.spec()).state is not DeviceState.RUNNING:
        return Done(message="The device does not run.")
    message = ""
    try:
        ctx.mgmt(device).remove(device.row.id, service.id, service.generation)
    except TransientError as error:
        if error.reason is errors.AGENT_BUSY:
            return Wait(ctx.pause(LOOK), error.detail)
        if error.reason not in _AWAY:
            raise
        # When it comes back it says which services it has, and is told to
        # remove what nobody knows; see servicevm.conductor.resync.
        message = error.detail
    endpoints = publish(infra, device, without=service.id)
    return Done(
        message=message, effect=lambda session: store(session, endpoints)
    )


def purge(ctx: StepContext) -> Outcome:
    """Delete the row; operations and events stay."""

    def gone(session: orm.Session) -> None:
        row = session.get(models.Service, ctx.operation.resource_id)
        if row is None:
            return
        events.emit(
            session,
            type="service.deleted",
            resource_type=ResourceType.SERVICE,
            resource_id=row.id,
            device_id=row.device_id,
            project_id=row.project_id,
            operation_id=ctx.operation.id,
            request_id=ctx.operation.request_id or None,
            message=f"The service {row.name} is gone.",
        )
        settle.delete_service(session, row.id)

    return Done(effect=gone)


def _tell(
    ctx: StepContext, device: views.DeviceView, service: models.Service
) -> Wait | None:
    """Hand the service's configuration to the device.

    :returns: what the step comes to where the device can not take it now
    """
    try:
        ctx.mgmt(device).apply(device.row.id, views.document(service))
    except TransientError as error:
        if error.reason in _LATER:
            return Wait(ctx.pause(LOOK), error.detail)
        raise
    return None


def _heard(ctx: StepContext, report: ServiceReport) -> models.Service:
    """The service's row after the device's report."""

    def take(session: orm.Session, _: models.Operation) -> models.Service:
        row = session.get_one(models.Service, report.id)
        absorb(session, row, report, db.now(session))
        return row

    return ctx.write(take)


def _known(service: models.Service, generation: int) -> Outcome | None:
    """What the service's row says of the generation; None for nothing."""
    if applied(service, generation):
        return Done()
    if refused(service, generation):
        raise PermanentError(errors.CONFIG_REFUSED, service.failure)
    return None


def _device(ctx: StepContext) -> views.DeviceView:
    device = ctx.device()
    if device is None:
        raise PermanentError(errors.NOT_FOUND, "The device is gone.")
    return device


def _service(ctx: StepContext) -> models.Service:
    service = ctx.service()
    if service is None:
        raise PermanentError(errors.NOT_FOUND, "The service is gone.")
    return service


_CONFIGURE: dict[str, Step] = {
    "wait_device": wait_device,
    "publish": publish_ports,
    "apply": apply,
    "wait_applied": wait_applied,
    "activate": activate,
}
_RESYNC: dict[str, Step] = {**_CONFIGURE, "wait_applied": wait_mended}
_RESTART: dict[str, Step] = {
    "wait_device": wait_device,
    "restart": restart,
    "activate": activate,
}
_DELETE: dict[str, Step] = {"withdraw": withdraw, "purge": purge}

SERVICE_STEPS: dict[tuple[str, str, str], Step] = {
    (ResourceType.SERVICE, action, name): step
    for action, steps in (
        (Action.CREATE, _CONFIGURE),
        (Action.UPDATE, _CONFIGURE),
        (Action.RESYNC, _RESYNC),
        (Action.RESTART, _RESTART),
        (Action.DELETE, _DELETE),
    )
    for name, step in steps.items()
}
