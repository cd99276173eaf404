"""``/v1/devices/{id}/interfaces``: plugged in and out while it runs."""

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import address_check, idempotency
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import devices, requested
from servicevm.api.schemas import devices as schemas
from servicevm.db import addresses, models
from servicevm.db import api as db
from servicevm.db.locks import lock_device
from servicevm.errors import CONFLICT, IN_USE, NOT_FOUND, PermanentError
from servicevm.states import Action, ProvisioningStatus, ResourceType

_ROW = models.DeviceInterface

#: Interfaces that a device has at the most; as templates.
MOST = 16
#: The role of the one that the agent dials from.
_MGMT = "mgmt"


class Collection(Resource):
    """``/v1/devices/{id}/interfaces``."""

    @method(
        "Plug one more interface into a device",
        rule="device:attach_interface",
        status=202,
        request=schemas.ATTACH,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call, id: str) -> Json:
        given = call.body["interface"]

        def attach(session: orm.Session) -> Json:
            lock_device(session, id)
            row = devices.find(session, call, id)
            if idempotency.made_before(session, call) is not None:
                return devices.shown(session, row.id)
            _refuse_unless_active(session, call, row)
            asked = address_check.check_one("$.interface", given)
            index = _free_index(session, row)
            interface = addresses.open_interface(
                session, row.id, index, given["role"], asked
            )
            interface.attached = False
            session.add(interface)
            _request(session, call, row, Action.ATTACH, index)
            idempotency.remember(session, call, ResourceType.DEVICE, row.id)
            session.flush()
            return devices.shown(session, row.id)

        item = db.write(attach)
        call.wake()
        return call.show("device", item)


class Item(Resource):
    """``/v1/devices/{id}/interfaces/{index}``."""

    @method(
        "Unplug an interface from a device",
        rule="device:detach_interface",
        status=202,
        response=schemas.SHOW,
    )
    def on_delete(self, call: Call, id: str, index: str) -> Json:
        def detach(session: orm.Session) -> Json:
            lock_device(session, id)
            row = devices.find(session, call, id)
            call.match("device", lambda: devices.shown(session, row.id))
            interface = _find(session, row, index)
            _refuse_unless_active(session, call, row)
            _refuse_needed(session, row, interface)
            interface.attached = False
            _request(session, call, row, Action.DETACH, interface.index)
            session.flush()
            return devices.shown(session, row.id)

        item = db.write(detach)
        call.wake()
        return call.show("device", item)


def _request(
    session: orm.Session,
    call: Call,
    row: models.Device,
    action: Action,
    index: int,
) -> None:
    row.generation += 1
    row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
    row.status_code, row.status_reason = None, ""
    requested.request(session, call, row, action, {"index": index})


def _refuse_unless_active(
    session: orm.Session, call: Call, row: models.Device
) -> None:
    """:raises PermanentError: CONFLICT"""
    if row.provisioning_status != ProvisioningStatus.ACTIVE:
        raise PermanentError(
            CONFLICT,
            f"Device {row.id} is {row.provisioning_status}; wait until it is "
            "ACTIVE.",
        )
    infra = devices.driver_of(session, call, row)
    if not infra.capabilities.attach_interface:
        raise PermanentError(
            CONFLICT,
            "The infra driver of the device cannot change its interfaces.",
        )


def _free_index(session: orm.Session, row: models.Device) -> int:
    """One more than the highest: what an earlier one has left is not ours.

    Never one of the template's, though that may be unplugged: what a
    template says of the interface of an index is not said of this one.

    :raises PermanentError: CONFLICT
    """
    count, highest = session.execute(
        sa.select(sa.func.count(), sa.func.max(_ROW.index)).where(
            _ROW.device_id == row.id
        )
    ).one()
    if count >= MOST:
        raise PermanentError(
            CONFLICT, f"A device has {MOST} interfaces at the most."
        )
    spec = session.get_one(
        models.DeviceTemplateRevision,
        (row.template_id, row.template_revision),
    ).spec
    first = len(spec["interfaces"])
    return first if highest is None else max(first, int(highest) + 1)


def _find(
    session: orm.Session, row: models.Device, index: str
) -> models.DeviceInterface:
    found = (
        session.get(_ROW, (row.id, int(index)))
        if index.isascii() and index.isdigit() and len(index) < 5
        else None
    )
    if found is None:
        raise PermanentError(
            NOT_FOUND, f"Device {row.id} has no interface {index[:36]}."
        )
    return found


def _refuse_needed(
    session: orm.Session, row: models.Device, interface: models.DeviceInterface
) -> None:
    """Refuse to unplug what the device cannot do without.

    :raises PermanentError: CONFLICT, IN_USE
    """
    if interface.role == _MGMT:
        raise PermanentError(
            CONFLICT, "Without its management interface nobody reaches it."
        )
    others = session.scalar(
        sa.select(sa.func.count()).where(
            _ROW.device_id == row.id,
            _ROW.role == interface.role,
            _ROW.index != interface.index,
        )
    )
    services = session.scalar(
        sa.select(sa.func.count()).where(models.Service.device_id == row.id)
    )
    if services and not others:
        raise PermanentError(
            IN_USE,
            f"It is the last {interface.role} interface of device {row.id}, "
            f"which has {services} services; delete them first.",
        )
