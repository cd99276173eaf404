"""Devices as the API shows them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.api.views import healings, names
from servicevm.db import holds, models, packed
from servicevm.drivers.infra import user_network
from servicevm.healing import Trouble
from servicevm.states import LOST, ProvisioningStatus

_DEVICE = models.Device.__table__
_SERVICE = models.Service.__table__.c
_INTERFACE = models.DeviceInterface.__table__.c
_SESSION = models.AgentSession.__table__.c
_HEALING = models.DeviceHealing.__table__
_REVISION = models.DeviceTemplateRevision.__table__.c
_CERTIFICATE = models.AgentCertificate.__table__.c

#: What belongs to a device and is in other tables.
PARTS = {
    "template_name": names.name(models.DeviceTemplate, _DEVICE, "template_id"),
    "interfaces": packed.part(
        packed.gathered(
            packed.array(
                _INTERFACE.idx,
                _INTERFACE.role,
                _INTERFACE.network,
                _INTERFACE.mac,
                _INTERFACE.address,
                _INTERFACE.prefix,
                _INTERFACE.gateway,
                _INTERFACE.subnet,
                _INTERFACE.port,
                _INTERFACE.attached,
            )
        ),
        _DEVICE,
        _INTERFACE.device_id == _DEVICE.c.id,
    ),
    "agent": packed.part(
        packed.array(
            _SESSION.connected,
            _SESSION.agent_version,
            _SESSION.boot_id,
            _SESSION.connected_at,
            _SESSION.last_seen,
            _SESSION.serial,
            sa.select(_CERTIFICATE.not_after)
            .where(_CERTIFICATE.serial == _SESSION.serial)
            .scalar_subquery(),
        ),
        _DEVICE,
        _SESSION.device_id == _DEVICE.c.id,
    ),
    "hold": holds.part(_DEVICE),
    "healing": healings.part(
        _DEVICE,
        _HEALING,
        _HEALING.c.device_id == _DEVICE.c.id,
        sa.select(_REVISION.spec)
        .where(
            _REVISION.template_id == _DEVICE.c.template_id,
            _REVISION.revision == _DEVICE.c.template_revision,
        )
        .correlate(_DEVICE)
        .scalar_subquery(),
    ),
    "used": sa.select(sa.func.sum(_SERVICE.slots))
    .where(_SERVICE.device_id == _DEVICE.c.id)
    .correlate(_DEVICE)
    .scalar_subquery(),
}


def render(row: Any) -> dict[str, Any]:
    """A device that was read with `PARTS`."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "kind": row.kind,
        "template_id": row.template_id,
        "template_name": row.template_name,
        "template_revision": row.template_revision,
        **status(row),
        "interfaces": [_interface(*item) for item in sorted(row.interfaces)]
        if row.interfaces
        else [],
        "relay_group": row.relay_group,
        "agent": None if row.agent is None else _agent(*row.agent),
        "hold": None if row.hold is None else _hold(*row.hold),
        "healing": healings.render(
            row.healing,
            Trouble.LOST,
            lost=row.operating_status in LOST
            or row.provisioning_status == ProvisioningStatus.ERROR,
        ),
        "slots": {"total": row.slots, "used": int(row.used or 0)},
        "facts": row.facts,
        "tags": sorted(row.tags or ()),
        "properties": row.properties,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
        "launched_at": clock.isoformat(row.launched_at),
    }


def status(row: models.Device | models.Service) -> dict[str, Any]:
    """What devices and services say of their state."""
    return {
        "provisioning_status": row.provisioning_status,
        "operating_status": row.operating_status,
        "status_code": row.status_code,
        "status_reason": row.status_reason,
        "generation": row.generation,
        "observed_generation": row.observed_generation,
        "operation_id": row.operation_id,
    }


def used_slots(session: orm.Session, device_id: str) -> int:
    """Slots that the services of a device take."""
    found = session.scalar(
        sa.select(sa.func.sum(_SERVICE.slots)).where(
            _SERVICE.device_id == device_id
        )
    )
    return int(found or 0)


def _interface(
    index: int,
    role: str,
    network: str,
    mac: str,
    address: str | None,
    prefix: int | None,
    gateway: str | None,
    subnet: str | None,
    port: str | None,
    attached: object,
) -> dict[str, Any]:
    # Every guest has the same address on its own user network, so the row
    # has none: there an address is taken once per network.
    user = network == user_network.NETWORK
    return {
        "role": role,
        "index": index,
        "network": network,
        "mac": mac,
        "address": user_network.ADDRESS if user else address,
        "prefix": user_network.PREFIX if user else prefix,
        "gateway": gateway,
        "subnet": subnet,
        "port": port,
        "attached": bool(attached),
    }


def _hold(scope: str, reason: str, expires_at: int | None) -> dict[str, Any]:
    return {
        "scope": scope,
        "reason": reason,
        "expires_at": clock.isoformat(expires_at),
    }


def _agent(
    connected: object,
    version: str | None,
    boot_id: str | None,
    connected_at: int | None,
    last_seen: int | None,
    serial: str | None,
    not_after: int | None,
) -> dict[str, Any]:
    return {
        "connected": bool(connected),
        "version": version,
        "boot_id": boot_id,
        "connected_at": clock.isoformat(connected_at),
        "last_seen": clock.isoformat(last_seen),
        "certificate": None
        if not_after is None
        else {"serial": serial, "not_after": clock.isoformat(not_after)},
    }
