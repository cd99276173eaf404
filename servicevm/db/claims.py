"""Which operations are due and free, and taking them.

A claim takes the next fence, a number that only grows, with the device held
and the row locked. What is done with it then: `servicevm.db.leases`.

All times here are of the database's clock; see `servicevm.db.api.now`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import api as db
from servicevm.db.leases import IDLE, LIVE
from servicevm.db.locks import lock_idle
from servicevm.db.models import Device, Operation, table
from servicevm.states import OperationState

__all__ = ["Candidate", "candidates", "claim_all"]

#: Microseconds that no wait lasts. What seems to wait for longer was written
#: before the clock was set back, and would else stand still until then.
FAR = 300 * clock.SECOND
# Made once: an alias maps every column anew, which takes milliseconds.
_EARLIER = orm.aliased(Operation)
_BESIDE = orm.aliased(Operation)


class Candidate(NamedTuple):
    """An operation that seemed free for a claim."""

    id: str
    device_id: str


_NOW = sa.bindparam("now", type_=sa.BigInteger())
#: Whether an operation wants to be driven now.
_READY = (
    # Said once more for the planner: few rows are live, most are history.
    Operation.state.in_(LIVE)
    & (
        (
            Operation.state.in_(IDLE)
            & (
                (Operation.run_after <= _NOW)
                | (
                    Operation.run_after
                    > sa.bindparam("far", type_=sa.BigInteger())
                )
                | Operation.cancel_requested
            )
        )
        | (
            (Operation.state == OperationState.RUNNING)
            & (Operation.lease_until < _NOW)
        )
    )
)
#: Whether nothing that comes first is under way.
#:
#: One resource's operations are done in the order in which they were
#: accepted. One device has one operation in hand at a time (those that wait
#: do not count), so that steps may read, decide and tell the device.
_FREE = ~(
    sa.exists().where(
        _EARLIER.resource_id == Operation.resource_id,
        _EARLIER.seq < Operation.seq,
        _EARLIER.state.in_(LIVE),
    )
) & ~(
    sa.exists().where(
        _BESIDE.device_id == Operation.device_id,
        _BESIDE.seq != Operation.seq,
        _BESIDE.state == OperationState.RUNNING,
        _BESIDE.lease_until >= _NOW,
    )
)
# Queries of every claim and every step: made once, so that their SQL is.
_LOOK = (
    sa.select(Operation.id, Operation.device_id)
    .where(_READY, _FREE)
    .order_by(Operation.run_after, Operation.seq)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)
_DEVICE = table(Device)
_THERE = sa.select(_DEVICE.c.id).where(
    _DEVICE.c.id.in_(sa.bindparam("devices", expanding=True))
)
_TAKEN = (
    sa.select(Operation)
    .where(
        Operation.id.in_(sa.bindparam("ids", expanding=True)), _READY, _FREE
    )
    .order_by(Operation.run_after, Operation.seq)
    # Whoever writes one without its device, as `renew` does, may be stopped.
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)
_TABLE = table(Operation)


def _at(now: int) -> dict[str, int]:
    return {"now": now, "far": now + FAR}


def candidates(
    session: orm.Session, now: int, limit: int
) -> Sequence[Candidate]:
    """What `claim_all` may find, due longest first: a look without a lock."""
    found = session.execute(_LOOK, {**_at(now), "most": limit})
    return [Candidate(*row) for row in found]


def claim_all(
    session: orm.Session,
    found: Sequence[Candidate],
    owner: str,
    lease: int,
) -> list[Operation]:
    """Take those operations that are still free; holds their devices.

    Passes over what others hold: it waits for nobody.

    :param found: of each device only the first is taken
    :param lease: microseconds for which they are the owner's
    """
    # None of two that wait for the same device is in the other's way yet.
    first = {one.device_id: one.id for one in reversed(found)}
    held = lock_idle(session, first)
    if passed := sorted(first.keys() - held.keys()):
        # With a device that is gone nobody needs to be alone.
        for device_id in session.scalars(_THERE, {"devices": passed}):
            del first[device_id]
    if not first:
        return []
    now = db.now(session)
    rows = session.scalars(
        _TAKEN, {**_at(now), "ids": sorted(first.values())}
    ).all()
    if not rows:
        return []
    # Of all claims about the device the latest has the highest fence.
    fences = {
        row.seq: max(row.fence + 1, held.get(row.device_id, 0)) for row in rows
    }
    session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.seq.in_(sorted(fences)))
        .values(
            state=OperationState.RUNNING,
            owner=owner,
            fence=sa.case(fences, value=_TABLE.c.seq),
            lease_until=now + lease,
            started_at=sa.func.coalesce(_TABLE.c.started_at, now),
            updated_at=now,
        )
    )
    for row in rows:
        for name, value in (
            ("state", OperationState.RUNNING.value),
            ("owner", owner),
            ("fence", fences[row.seq]),
            ("lease_until", now + lease),
            ("started_at", row.started_at or now),
            ("updated_at", now),
        ):
            orm.attributes.set_committed_value(row, name, value)
    return list(rows)
