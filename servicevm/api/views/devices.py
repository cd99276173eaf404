"""Devices as the API shows them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import listing, models
from servicevm.drivers.infra import user_network


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
    return {
        device_id: int(count)
        for device_id, count in session.execute(
            sa.select(
                models.Service.device_id, sa.func.sum(models.Service.slots)
            )
            .where(models.Service.device_id.in_(ids))
            .group_by(models.Service.device_id)
        )
    }


def _interfaces(
    session: orm.Session, ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    table = models.DeviceInterface
    rows = session.execute(
        sa.select(
            table.device_id,
            table.role,
            # A row has a method called index.
            table.index.label("position"),
            table.network,
            table.mac,
            table.address,
            table.prefix,
            table.gateway,
        )
        .where(table.device_id.in_(ids))
        .order_by(table.index)
    )
    for row in rows:
        # Every guest has the same address on its own user network, so the
        # row has none: there an address is taken once per network.
        user = row.network == user_network.NETWORK
        found[row.device_id].append(
            {
                "role": row.role,
                "index": row.position,
                "network": row.network,
                "mac": row.mac,
                "address": user_network.ADDRESS if user else row.address,
                "prefix": user_network.PREFIX if user else row.prefix,
                "gateway": row.gateway,
            }
        )
    return found


def _agents(
    session: orm.Session, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    rows = session.execute(
        sa.select(models.AgentSession, models.AgentCertificate.not_after)
        .outerjoin(
            models.AgentCertificate,
            models.AgentCertificate.serial == models.AgentSession.serial,
        )
        .where(models.AgentSession.device_id.in_(ids))
    )
    return {
        row.device_id: {
            "connected": row.connected,
            "version": row.agent_version,
            "boot_id": row.boot_id,
            "connected_at": clock.isoformat(row.connected_at),
            "last_seen": clock.isoformat(row.last_seen),
            "certificate": None
            if not_after is None
            else {
                "serial": row.serial,
                "not_after": clock.isoformat(not_after),
            },
        }
        for row, not_after in rows
    }
