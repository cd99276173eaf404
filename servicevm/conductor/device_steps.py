"""The steps of a device's operations; the order is in servicevm.plans."""

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock, errors, plans
from servicevm.conductor import hosted, settle, views
from servicevm.conductor.context import Step, StepContext
from servicevm.conductor.interface_steps import (
    attach,
    detach,
    prepare,
    tell_interfaces,
)
from servicevm.conductor.outcomes import Done, Outcome, Wait
from servicevm.conductor.publication import publish, store
from servicevm.db import api as db
from servicevm.db import events, leases, models, relay_groups
from servicevm.db.operations import supersede
from servicevm.drivers.infra.base import (
    DeviceSpec,
    DeviceState,
    Observation,
)
from servicevm.drivers.mgmt.base import DeviceReport
from servicevm.errors import PermanentError, TransientError
from servicevm.states import (
    Action,
    LedgerState,
    OperatingStatus,
    ResourceType,
)

__all__ = ["DEVICE_STEPS", "first_contact"]

#: Seconds between two looks at something that gives no sign by itself.
POLL = 0.25
#: Seconds to something that is a matter of milliseconds.
SOON = 0.1
#: Seconds between two looks at something that wakes us when it happens.
LOOK = 1.0
#: Most seconds without a look, whatever the driver expects.
AWAY = 30.0


def allocate(ctx: StepContext) -> Outcome:
    """Clear what an earlier, failed attempt of the operation has left.

    Not called where there is nothing; see `servicevm.plans.CLEARS`.
    """
    device = _device(ctx)
    ctx.mgmt(device).forget(device.row.id, fence=device.fence)
    if not ctx.infra(device).delete(device.spec()):
        return Wait(
            ctx.pause(POLL), "Waiting for the failed attempt to go away."
        )

    def cleared(session: orm.Session) -> None:
        session.execute(
            sa.delete(models.DeviceResource).where(
                models.DeviceResource.device_id == device.row.id
            )
        )

    return Done(effect=cleared, message="Cleared a failed attempt.")


def boot(ctx: StepContext) -> Outcome:
    """Hand the device to its infra driver, with its first-boot files."""
    _build(ctx)
    return Done(data={"booted_at": ctx.now()})


def wait_running(ctx: StepContext) -> Outcome:
    """Wait until the infrastructure says that the machine runs."""
    device = _device(ctx)
    seen = ctx.infra(device).observe(device.spec())
    if seen.state is DeviceState.BUILDING:
        if seen.look_in is None:
            pause = ctx.pause(POLL)
        else:
            pause = min(max(seen.look_in, SOON), AWAY)
        return Wait(pause, seen.detail or "The machine is being built.")
    _refuse_dead(seen)

    def running(session: orm.Session) -> None:
        row = session.get_one(models.Device, device.row.id)
        row.facts = {**row.facts, **seen.facts}
        row.launched_at = row.launched_at or db.now(session)

    return Done(effect=running)


def wait_agent(ctx: StepContext) -> Outcome:
    """Wait until the device calls home, at most its time for that."""
    device = _device(ctx)
    report = ctx.mgmt(device).observe(device.row.id)
    if _answers(report, ctx.data.get("boot_id")):
        return Done(
            effect=lambda session: _add_facts(
                session, device.row.id, report.facts
            )
        )
    _refuse_dead(ctx.infra(device).observe(device.spec()))
    limit = first_contact(
        device.template, ctx.conf.conductor.first_contact_timeout
    )
    since = int(ctx.data.get("booted_at", ctx.operation.created_at))
    if ctx.now() >= since + limit * clock.SECOND:
        raise PermanentError(
            errors.AGENT_NEVER_CALLED,
            f"The agent in the device did not call home within {limit} "
            f"seconds. {device.row.status_reason}".strip(),
        )
    if report.connected:
        return Wait(SOON, "The agent is connected and not ready yet.")
    return Wait(
        ctx.pause(LOOK),
        device.row.status_reason
        or "Waiting for the agent in the device to call home.",
    )


def reboot(ctx: StepContext) -> Outcome:
    """Restart the machine, or build it again where it is gone."""
    device = _device(ctx)
    _keep_boot_id(ctx, device)
    infra = ctx.infra(device)
    if infra.observe(device.spec()).state is DeviceState.ABSENT:
        # Its key went with it: it has to enrol again.
        ctx.mgmt(device).forget(device.row.id, fence=device.fence)
        _build(ctx)
    else:
        hard = bool(ctx.operation.arguments.get("hard"))
        # It finds what it needs to enrol again, if its certificate ran out.
        infra.reboot(_with_bootstrap(ctx, device), hard=hard)
    return Done(data={"booted_at": ctx.now()}, effect=_down(ctx))


def rebuild(ctx: StepContext) -> Outcome:
    """Make the machine anew: it has to enrol again, with another key."""
    device = _device(ctx)
    _keep_boot_id(ctx, device)
    ctx.mgmt(device).forget(device.row.id, fence=device.fence)
    _choose_relays(ctx)
    device = prepare(ctx)
    ctx.infra(device).rebuild(_with_bootstrap(ctx, device), ctx.record)
    return Done(data={"booted_at": ctx.now()}, effect=_down(ctx))


def _keep_boot_id(ctx: StepContext, device: views.DeviceView) -> None:
    """Remember which boot it is, before there is another."""
    if "boot_id" not in ctx.data:
        facts = ctx.mgmt(device).observe(device.row.id).facts
        ctx.save({"boot_id": facts.get("boot_id")})


def _down(ctx: StepContext) -> Callable[[orm.Session], None]:
    def down(session: orm.Session) -> None:
        row = session.get_one(models.Device, ctx.operation.device_id)
        row.operating_status = OperatingStatus.OFFLINE
        row.updated_at = db.now(session)
        hosted.follow(session, row, OperatingStatus.OFFLINE, row.updated_at)

    return down


def resync(ctx: StepContext) -> Outcome:
    """Hand every service over again to a device that restarted."""
    device = _device(ctx)
    endpoints = publish(ctx.infra(device), device)
    mgmt = ctx.mgmt(device)
    for service in device.services:
        mgmt.apply(device.row.id, views.document(service))
    report = mgmt.observe(device.row.id)

    def there(session: orm.Session) -> None:
        store(session, endpoints)
        hosted.heard(session, device.row.id, report.services, db.now(session))

    return Done(message=f"{len(device.services)} services.", effect=there)


def activate(ctx: StepContext) -> Outcome:
    """Say that the device is there."""

    def active(session: orm.Session) -> None:
        now = db.now(session)
        row = session.get_one(models.Device, ctx.operation.device_id)
        settle.settled(session, ctx.operation, row, now)
        row.operating_status = OperatingStatus.ONLINE
        row.observed_generation = max(
            row.observed_generation,
            int(ctx.operation.arguments.get("generation", row.generation)),
        )
        if not leases.alone(session, ctx.operation):
            with session.no_autoflush:  # all that changes is written at once
                leases.wake(session, now, device_id=row.id)

    return Done(effect=active)


def quiesce(ctx: StepContext) -> Outcome:
    """End what is under way on the device's services."""

    def end(session: orm.Session, row: models.Operation) -> int:
        others = set(
            session.scalars(
                sa.select(models.Operation.resource_id).where(
                    models.Operation.device_id == ctx.operation.device_id,
                    models.Operation.resource_id != ctx.operation.resource_id,
                    models.Operation.state.in_(leases.LIVE),
                )
            )
        )
        for resource_id in sorted(others):
            supersede(
                session, ctx.operation.device_id, resource_id=resource_id
            )
        return len(others)

    others = ctx.write(end)
    if others:
        return Wait(
            ctx.pause(POLL),
            f"Waiting for {others} services' operations to end.",
        )
    return Done()


def revoke(ctx: StepContext) -> Outcome:
    """Take the device's credentials away."""
    device = ctx.device()
    if device is not None:
        ctx.mgmt(device).forget(device.row.id, fence=device.fence)
    return Done()


def destroy(ctx: StepContext) -> Outcome:
    """Destroy the machine and all that was made for it."""
    device = ctx.device()
    if device is None:
        return Done()
    if device.touched:
        ctx.write(
            lambda session, _: session.execute(
                sa.update(models.DeviceResource)
                .where(
                    models.DeviceResource.device_id == ctx.operation.device_id
                )
                .values(state=LedgerState.DELETING, updated_at=db.now(session))
            )
        )
    if ctx.infra(device).delete(device.spec()):
        return Done()
    return Wait(ctx.pause(POLL), "Waiting for the machine to go away.")


def purge(ctx: StepContext) -> Outcome:
    """Delete the rows; operations and events stay."""

    def gone(session: orm.Session) -> None:
        row = session.get(models.Device, ctx.operation.device_id)
        if row is None:
            return
        events.emit(
            session,
            type="device.deleted",
            resource_type=ResourceType.DEVICE,
            resource_id=row.id,
            device_id=row.id,
            project_id=row.project_id,
            operation_id=ctx.operation.id,
            request_id=ctx.operation.request_id or None,
            message=f"The device {row.name} and its services are gone.",
        )
        settle.delete_device(session, row.id)

    return Done(effect=gone)


def first_contact(template: Mapping[str, object], default: int) -> int:
    """Seconds that a device of this template may take to call home."""
    health = template.get("health")
    found = (
        health.get("first_contact_timeout")
        if isinstance(health, Mapping)
        else None
    )
    return default if found is None else int(found)


def _device(ctx: StepContext) -> views.DeviceView:
    device = ctx.device()
    if device is None:
        raise PermanentError(errors.NOT_FOUND, "The device is gone.")
    return device


def _build(ctx: StepContext) -> None:
    _choose_relays(ctx)
    device = prepare(ctx)
    ctx.infra(device).create(_with_bootstrap(ctx, device), ctx.record)


def _choose_relays(ctx: StepContext) -> None:
    """Have a device that is made (anew) use the relay group that a new one
    would: its project may have been given one since."""
    device = _device(ctx)
    group = ctx.mgmt(device).relay_group(
        device.template.get("mgmt_options") or {}
    )
    if group is not None:
        with db.reader() as session:
            group = relay_groups.choose(session, device.row.project_id, group)
    if group == device.row.relay_group:
        return

    def choose(session: orm.Session, operation: models.Operation) -> None:
        row = session.get_one(models.Device, operation.device_id)
        row.relay_group, row.updated_at = group, db.now(session)

    ctx.write(choose)


def _with_bootstrap(ctx: StepContext, device: views.DeviceView) -> DeviceSpec:
    bootstrap = ctx.mgmt(device).bootstrap(
        device.row.id,
        device.template.get("mgmt_options") or {},
        device.interfaces,
    )
    return device.spec(bootstrap)


def _answers(report: DeviceReport, old_boot_id: object) -> bool:
    """Whether the agent is there, of the boot that we wait for."""
    if not (report.connected and report.ready):
        return False
    return old_boot_id is None or report.facts.get("boot_id") != old_boot_id


def _add_facts(
    session: orm.Session, device_id: str, facts: Mapping[str, object]
) -> None:
    row = session.get_one(models.Device, device_id)
    row.facts = {**row.facts, **facts}


def _refuse_dead(seen: Observation) -> None:
    """Fail where the machine is not going to run by itself."""
    if seen.state is DeviceState.FAILED:
        reason = errors.REASONS.get(seen.code or "", errors.DEVICE_DIED)
        raise PermanentError(reason, seen.detail)
    if seen.state is DeviceState.STOPPED:
        raise PermanentError(errors.DEVICE_DIED, seen.detail)
    if seen.state is DeviceState.ABSENT:
        # A cloud may not know at once what it has just been asked for.
        raise TransientError(errors.DEVICE_MISSING, seen.detail)


_CREATE: dict[str, Step] = {
    plans.CLEARS: allocate,
    "boot": boot,
    "wait_running": wait_running,
    "wait_agent": wait_agent,
    "activate": activate,
}
_REBOOT: dict[str, Step] = {
    "reboot": reboot,
    "wait_running": wait_running,
    "wait_agent": wait_agent,
    "resync": resync,
    "activate": activate,
}
_REBUILD: dict[str, Step] = {
    "rebuild": rebuild,
    "wait_running": wait_running,
    "wait_agent": wait_agent,
    "resync": resync,
    "activate": activate,
}
_ATTACH: dict[str, Step] = {
    "attach": attach,
    "tell_interfaces": tell_interfaces,
    "resync": resync,
    "activate": activate,
}
_DETACH: dict[str, Step] = {
    "tell_interfaces": tell_interfaces,
    "detach": detach,
    "resync": resync,
    "activate": activate,
}
_DELETE: dict[str, Step] = {
    "quiesce": quiesce,
    "revoke": revoke,
    "destroy": destroy,
    "purge": purge,
}

DEVICE_STEPS: dict[tuple[str, str, str], Step] = {
    (ResourceType.DEVICE, action, name): step
    for action, steps in (
        (Action.CREATE, _CREATE),
        (Action.REBOOT, _REBOOT),
        (Action.REBUILD, _REBUILD),
        (Action.ATTACH, _ATTACH),
        (Action.DETACH, _DETACH),
        (Action.DELETE, _DELETE),
    )
    for name, step in steps.items()
}
