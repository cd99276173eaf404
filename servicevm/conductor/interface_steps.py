"""Steps about a device's interfaces."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import errors
from servicevm.conductor import views
from servicevm.conductor.context import StepContext
from servicevm.conductor.outcomes import Done, Outcome, Wait
from servicevm.db import models
from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec
from servicevm.errors import PermanentError

__all__ = ["attach", "detach", "prepare", "tell_interfaces"]

#: Seconds between two looks for a card that was plugged in.
POLL = 0.25


def prepare(ctx: StepContext) -> views.DeviceView:
    """Have the infra driver make what the interfaces need.

    :returns: the device with its interfaces as they turned out
    """
    device = _device(ctx)
    prepared = ctx.infra(device).prepare(with_peers(ctx, device), ctx.record)
    if list(prepared) == list(device.interfaces):
        return device
    ctx.write(lambda session, _: _store(session, device.row.id, prepared))
    return _device(ctx)


def with_peers(ctx: StepContext, device: views.DeviceView) -> DeviceSpec:
    """The device, with what its mgmt driver has to reach."""
    options = device.template.get("mgmt_options") or {}
    return replace(
        device.spec(), peers=ctx.mgmt(device).peers(device.row.id, options)
    )


def attach(ctx: StepContext) -> Outcome:
    """Plug the interface that was asked for into the running device."""
    device, index = _device(ctx), int(ctx.operation.arguments["index"])
    wanted = _of_index(device.unattached, index)
    if wanted is None:
        if _of_index(device.interfaces, index) is not None:
            return Done()  # the machine was made anew with it meanwhile
        raise PermanentError(errors.NOT_FOUND, "The interface is gone.")
    plugged = ctx.infra(device).attach_interface(
        with_peers(ctx, device), wanted, ctx.record
    )

    def there(session: orm.Session) -> None:
        _store(session, device.row.id, [plugged])

    return Done(effect=there)


def tell_interfaces(ctx: StepContext) -> Outcome:
    """Tell the device which interfaces it has from now on."""
    device, index = _device(ctx), int(ctx.operation.arguments["index"])
    new = _of_index(device.interfaces, index)
    missing = ctx.mgmt(device).interfaces(
        device.row.id,
        # Not that of the request: one that is retried after later ones
        # tells what is wanted by now.
        device.row.generation,
        device.interfaces,
    )
    if new is not None and new.mac in missing:
        return Wait(ctx.pause(POLL), f"The device does not see {new.mac} yet.")
    return Done()


def detach(ctx: StepContext) -> Outcome:
    """Unplug the interface, and forget it."""
    device, index = _device(ctx), int(ctx.operation.arguments["index"])
    unwanted = _of_index(device.unattached, index)
    if unwanted is None:
        return Done()
    ctx.infra(device).detach_interface(device.spec(), unwanted)

    def gone(session: orm.Session) -> None:
        session.execute(
            sa.delete(models.DeviceInterface).where(
                models.DeviceInterface.device_id == device.row.id,
                models.DeviceInterface.index == index,
            )
        )
        session.execute(
            sa.delete(models.DeviceResource).where(
                models.DeviceResource.device_id == device.row.id,
                # What drivers call it; see InfraDriver.attach_interface.
                models.DeviceResource.kind.endswith(f":{index}"),
            )
        )

    return Done(effect=gone)


def _device(ctx: StepContext) -> views.DeviceView:
    device = ctx.device()
    if device is None:
        raise PermanentError(errors.NOT_FOUND, "The device is gone.")
    return device


def _of_index(
    interfaces: Sequence[InterfaceSpec], index: int
) -> InterfaceSpec | None:
    return next((one for one in interfaces if one.index == index), None)


def _store(
    session: orm.Session, device_id: str, interfaces: Sequence[InterfaceSpec]
) -> None:
    """Write interfaces as they turned out.

    Where a network gave an address it is ours: who has it on record still
    is a device whose port is gone already.
    """
    row = models.DeviceInterface
    for one in interfaces:
        if one.address is None:
            continue
        session.execute(
            sa.update(row)
            .where(
                row.network == one.network,
                row.address == one.address,
                row.device_id != device_id,
            )
            .values(address=None)
        )
    for one in interfaces:
        session.execute(
            sa.update(row)
            .where(row.device_id == device_id, row.index == one.index)
            .values(
                network=one.network,
                mac=one.mac,
                address=one.address,
                prefix=one.prefix,
                gateway=one.gateway,
                attached=True,
            )
        )
