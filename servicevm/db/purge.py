"""Taking rows away: what a resource leaves, and what is too old."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import models
from servicevm.states import TERMINAL


def purge_service(session: orm.Session, service_id: str) -> None:
    """Delete a service and its tags; operations and events stay."""
    _delete_tags(session, [service_id])
    session.execute(
        sa.delete(models.Service).where(models.Service.id == service_id)
    )


def purge_device(session: orm.Session, device_id: str) -> None:
    """Delete a device, its services and all that is recorded of it.

    Operations and events stay. Interfaces, ledger, token, certificates and
    session go with the row (ON DELETE CASCADE).
    """
    services = session.scalars(
        sa.select(models.Service.id).where(
            models.Service.device_id == device_id
        )
    ).all()
    _delete_tags(session, [device_id, *services])
    session.execute(
        sa.delete(models.Service).where(models.Service.device_id == device_id)
    )
    session.execute(
        sa.delete(models.Device).where(models.Device.id == device_id)
    )


def purge_old(session: orm.Session, before: int) -> Mapping[str, int]:
    """Delete ended operations, events and idempotency keys.

    An operation that a device or service still names as its newest stays.

    :param before: microseconds; rows from before then go
    :returns: number of rows deleted per kind
    """
    named = sa.union(
        sa.select(models.Device.operation_id).where(
            models.Device.operation_id.is_not(None)
        ),
        sa.select(models.Service.operation_id).where(
            models.Service.operation_id.is_not(None)
        ),
    )
    deletes = {
        "operations": sa.delete(models.Operation).where(
            models.Operation.state.in_(sorted(TERMINAL)),
            models.Operation.finished_at < before,
            models.Operation.id.not_in(named),
        ),
        "events": sa.delete(models.Event).where(models.Event.at < before),
        "idempotency_keys": sa.delete(models.IdempotencyKey).where(
            models.IdempotencyKey.created_at < before
        ),
    }
    counts = {}
    for kind, statement in deletes.items():
        result = session.execute(
            statement, execution_options={"synchronize_session": False}
        )
        counts[kind] = int(getattr(result, "rowcount", 0))
    return counts


def _delete_tags(session: orm.Session, resource_ids: list[str]) -> None:
    session.execute(
        sa.delete(models.Tag).where(models.Tag.resource_id.in_(resource_ids))
    )
