"""Devices as the API shows them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import listing, models
from servicevm.drivers.infra import user_network

_SERVICE = models.Service.__table__.c
_USED = (
    sa.select(_SERVICE.device_id, sa.func.sum(_SERVICE.slots))
    .where(listing.any_id(_SERVICE.device_id))
    .group_by(_SERVICE.device_id)
)

_INTERFACE = models.DeviceInterface.__table__.c
_INTERFACES = (
    sa.select(
        _INTERFACE.device_id,
        _INTERFACE.role,
        _INTERFACE.idx,
        _INTERFACE.network,
        _INTERFACE.mac,
        _INTERFACE.address,
        _INTERFACE.prefix,
        _INTERFACE.gateway,
    )
    .where(listing.any_id(_INTERFACE.device_id))
    .order_by(_INTERFACE.idx)
)

_SESSION = models.AgentSession.__table__.c
_CERTIFICATE = models.AgentCertificate.__table__.c
_AGENTS = (
    sa.select(
        _SESSION.device_id,
        _SESSION.connected,
        _SESSION.agent_version,
        _SESSION.boot_id,
        _SESSION.connected_at,
        _SESSION.last_seen,
        _SESSION.serial,
        _CERTIFICATE.not_after,
    )
    .outerjoin_from(
        models.AgentSession.__table__,
        models.AgentCertificate.__table__,
        _CERTIFICATE.serial == _SESSION.serial,
    )
    .where(listing.any_id(_SESSION.device_id))
)


def render(
    session: orm.Session, rows: Sequence[models.Device]
) -> list[dict[str, Any]]:
    """The rows with all that belongs to them; four more queries in all."""
    ids = [row.id for row in rows]
    tags = listing.tags_of(session, ids)
    interfaces = _interfaces(session, ids)
    agents = _agents(session, ids)
    used = used_slots(session, ids)
    return [
        {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "project_id": row.project_id,
            "kind": row.kind,
            "template_id": row.template_id,
            "template_revision": row.template_revision,
            **status(row),
            "interfaces": interfaces[row.id],
            "agent": agents.get(row.id),
            "slots": {"total": row.slots, "used": used.get(row.id, 0)},
            "facts": row.facts,
            "tags": tags[row.id],
            "properties": row.properties,
            "created_at": clock.isoformat(row.created_at),
            "updated_at": clock.isoformat(row.updated_at),
            "launched_at": clock.isoformat(row.launched_at),
        }
        for row in rows
    ]


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


def used_slots(session: orm.Session, ids: Sequence[str]) -> dict[str, int]:
    """Slots that the services of each device take."""
    rows = session.execute(_USED, {listing.IDS: [*ids]})
    return {device_id: int(count) for device_id, count in rows}


def _interfaces(
    session: orm.Session, ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = session.execute(_INTERFACES, {listing.IDS: [*ids]}).all()
    for owner, role, index, network, mac, address, prefix, gateway in rows:
        # Every guest has the same address on its own user network, so the
        # row has none: there an address is taken once per network.
        user = network == user_network.NETWORK
        found[owner].append(
            {
                "role": role,
                "index": index,
                "network": network,
                "mac": mac,
                "address": user_network.ADDRESS if user else address,
                "prefix": user_network.PREFIX if user else prefix,
                "gateway": gateway,
            }
        )
    return found


def _agents(
    session: orm.Session, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    return {
        row.device_id: {
            "connected": row.connected,
            "version": row.agent_version,
            "boot_id": row.boot_id,
            "connected_at": clock.isoformat(row.connected_at),
            "last_seen": clock.isoformat(row.last_seen),
            "certificate": None
            if row.not_after is None
            else {
                "serial": row.serial,
                "not_after": clock.isoformat(row.not_after),
            },
        }
        for row in session.execute(_AGENTS, {listing.IDS: [*ids]})
    }
