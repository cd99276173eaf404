"""Taking away what is too old; see ``servicevm-manage db purge``."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import models
from servicevm.states import TERMINAL


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
