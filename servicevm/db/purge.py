"""Taking away what is too old; see ``servicevm-manage db purge``."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api, models
from servicevm.states import TERMINAL

__all__ = ["BATCH", "purge_old", "purge_usage"]

#: Most rows that one transaction deletes: others want to write as well.
BATCH = 1000


def purge_old(before: int) -> Mapping[str, int]:
    """Delete ended operations, events and idempotency keys.

    An operation that a device or service still names as its newest stays.

    :param before: microseconds; rows from before then go
    :returns: number of rows deleted per kind
    """
    newest = [
        sa.exists().where(model.operation_id == models.Operation.id)
        for model in (models.Device, models.Service)
    ]
    kinds: dict[str, tuple[Any, list[Any]]] = {
        "operations": (
            models.Operation.seq,
            [
                models.Operation.state.in_(sorted(TERMINAL)),
                models.Operation.finished_at < before,
                *(~named for named in newest),
            ],
        ),
        "events": (models.Event.seq, [models.Event.at < before]),
        "idempotency_keys": (
            models.IdempotencyKey.key,
            [models.IdempotencyKey.created_at < before],
        ),
    }
    return _purged(kinds)


def purge_usage(before: int) -> Mapping[str, int]:
    """Delete spans that have ended, traffic, and the counters of what is gone.

    A service that is there may still tell the totals of any boot, so that all
    its counters stay.

    :param before: microseconds; rows from before then go
    :returns: number of rows deleted per kind
    """
    lasts = sa.exists().where(
        models.Service.id == models.UsageCounter.service_id
    )
    return _purged(
        {
            "spans": (
                models.UsageSpan.seq,
                [models.UsageSpan.ended_at < before],
            ),
            "traffic": (
                models.UsageTraffic.hour,
                [models.UsageTraffic.hour < before],
            ),
            "counters": (
                models.UsageCounter.service_id,
                [models.UsageCounter.updated_at < before, ~lasts],
            ),
        }
    )


def _purged(kinds: Mapping[str, tuple[Any, list[Any]]]) -> dict[str, int]:
    return {
        kind: _delete(column, conditions)
        for kind, (column, conditions) in kinds.items()
    }


def _delete(column: Any, conditions: list[Any]) -> int:
    count = 0
    while True:
        with api.reader() as session:
            found = session.scalars(
                sa.select(column)
                .where(*conditions)
                .order_by(column)
                .limit(BATCH)
            ).all()
        if not found:
            return count
        # The conditions once more: it may be wanted again by now.
        statement = sa.delete(column.class_).where(
            column.in_(found), *conditions
        )
        deleted = api.write(partial(_execute, statement))
        count += deleted
        if not deleted:
            return count


def _execute(statement: sa.Delete, session: orm.Session) -> int:
    result = session.execute(
        statement, execution_options={"synchronize_session": False}
    )
    return api.rowcount(result)
