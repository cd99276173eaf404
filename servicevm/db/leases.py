"""Who drives an operation: leases and fences.

A claim (`servicevm.db.claims`) takes the next fence, a number that only
grows. Every later write of the claimant names its fence; one whose lease ran
out and whose operation was taken over gets `FencedOut`.

All times here are of the database's clock; see `servicevm.db.api.now`.
"""

import os
import socket
from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db.adoption import adopt
from servicevm.db.models import Operation, table
from servicevm.states import TERMINAL, OperationState

__all__ = [
    "IDLE",
    "LIVE",
    "FencedOut",
    "alone",
    "fenced",
    "new_owner",
    "next_due",
    "orphaned",
    "release",
    "renew",
    "standing",
    "stands",
    "successor",
    "wake",
]

#: States of operations that have not ended.
LIVE = tuple(state for state in OperationState if state not in TERMINAL)
#: Those of them of operations that nobody has in hand.
IDLE = (OperationState.PENDING, OperationState.WAITING)
#: Key in a session's ``info``: id of the operation.
_ALONE = "servicevm_alone"


class FencedOut(Exception):
    """Somebody else drives the operation now; stop at once."""


def new_owner() -> str:
    """Name a conductor: ``host/boot/pid/uuid``, for people and `orphaned`."""
    return "/".join(
        [
            socket.gethostname()[:60],
            _boot_id(),
            str(os.getpid()),
            str(uuidutils.generate_uuid()),
        ]
    )


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


_TABLE = table(Operation)
#: What others than its claimant write of an operation that is RUNNING.
_OTHERS = ("run_after", "cancel_requested", "cancel_code")
_SIBLING = table(Operation).alias()
_STANDS = db.Timed(
    sa.select(
        *(_TABLE.c[name] for name in _OTHERS),
        sa.exists()
        .where(
            _SIBLING.c.device_id == _TABLE.c.device_id,
            _SIBLING.c.seq != _TABLE.c.seq,
            _SIBLING.c.state.in_(LIVE),
        )
        .label("accompanied"),
    )
    .where(
        _TABLE.c.id == sa.bindparam("claimed"),
        _TABLE.c.fence == sa.bindparam("by"),
        _TABLE.c.state == OperationState.RUNNING,
    )
    .with_for_update()
)


def stands(session: orm.Session, claimed: Operation) -> sa.Row[Any]:
    """Make sure that an operation is still ours, and is until commit.

    Call after `servicevm.db.locks.lock_device` of its device.

    :param claimed: the row as it was claimed, or last written since
    :returns: what others may have written of it
    :raises FencedOut: if it is not
    """
    # Locked, so that nobody takes over between this look and the caller's
    # own writes.
    found = _STANDS.first(
        session, {"claimed": claimed.id, "by": claimed.fence}
    )
    if found is None:
        raise FencedOut(claimed.id)
    if not found.accompanied:
        session.info[_ALONE] = claimed.id
    return found


def fenced(session: orm.Session, claimed: Operation) -> Operation:
    """The row of an operation that is still ours; see `stands`.

    What only its claimant writes is not read again.
    """
    found = stands(session, claimed)
    return adopt(session, claimed, **dict(zip(_OTHERS, found, strict=False)))


def alone(session: orm.Session, operation: Operation) -> bool:
    """Whether `stands` saw no other live operation of the same device.

    As nobody adds one while the device is held.
    """
    return bool(session.info.get(_ALONE) == operation.id)


def standing(session: orm.Session, device_id: str, fence: int) -> None:
    """As `fenced`, for who knows the fence only; the device is held.

    :param fence: of a claim; 0 for who has none
    :raises FencedOut: if the claim does not stand any more
    """
    claimed = sa.exists().where(
        Operation.device_id == device_id,
        Operation.fence == fence,
        Operation.state == OperationState.RUNNING,
    )
    if fence and not session.scalar(sa.select(claimed)):
        raise FencedOut(device_id)


def renew(
    session: orm.Session,
    owner: str,
    held: Collection[str],
    now: int,
    lease: int,
) -> None:
    """Keep the operations that the owner is driving at this moment.

    Those that somebody is writing are passed over: their step has just
    ended, which renews the lease, or they are somebody else's.
    """
    ours = session.scalars(
        sa.select(Operation.seq)
        .where(
            Operation.owner == owner,
            Operation.id.in_(sorted(held)),
            Operation.state == OperationState.RUNNING,
        )
        .order_by(Operation.seq)
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(
        sa.update(Operation)
        .where(Operation.seq.in_(ours))
        .values(lease_until=now + lease)
        .execution_options(synchronize_session=False)
    )


def release(
    session: orm.Session, owner: str, held: Collection[str], now: int
) -> int:
    """End the leases of what the owner has claimed and dropped since.

    The database was away when it was to be written how a step ended.

    :param held: what it is driving at this moment
    :returns: how many operations are free again
    """
    freed = session.execute(
        sa.update(Operation)
        .where(
            Operation.owner == owner,
            Operation.id.not_in(sorted(held)),
            Operation.state == OperationState.RUNNING,
            Operation.lease_until >= now,
        )
        .values(lease_until=now - 1)
        .execution_options(synchronize_session=False)
    )
    return db.rowcount(freed)


def orphaned(session: orm.Session, owner: str, now: int) -> int:
    """End the leases of this host's conductors that are certainly dead.

    After a kill on one machine nobody has to wait for the lease.

    :param owner: who asks; its host and boot decide what "this host" is
    :returns: how many operations are free again
    """
    host, boot, pid, _ = owner.split("/")
    count = 0
    query = sa.select(Operation).where(
        Operation.state == OperationState.RUNNING,
        Operation.owner.startswith(f"{host}/", autoescape=True),
        Operation.owner != owner,
        Operation.lease_until >= now,
    )
    for operation in session.scalars(query).all():
        _, its_boot, its_pid, _ = str(operation.owner).split("/")
        same_process = its_boot == boot and its_pid != pid
        if same_process and Path(f"/proc/{its_pid}").exists():
            continue
        # Another that starts now may have done this, and claimed it.
        freed = session.execute(
            sa.update(Operation)
            .where(
                Operation.seq == operation.seq,
                Operation.fence == operation.fence,
            )
            .values(lease_until=now - 1)
            .execution_options(synchronize_session=False)
        )
        count += db.rowcount(freed)
    return count


def next_due(session: orm.Session, now: int) -> int | None:
    """When the next operation that waits wants to be looked at."""
    found: int | None = session.scalar(
        sa.select(sa.func.min(Operation.run_after)).where(
            Operation.state.in_(IDLE), Operation.run_after > now
        )
    )
    return found


def wake(
    session: orm.Session,
    now: int,
    *,
    device_id: str | None = None,
    resource_id: str | None = None,
) -> None:
    """Have operations of a device or resource looked at (again) now.

    Of one that is in hand, `run_after` changes too: so its conductor sees
    that its look may have come too early.
    """
    scope = [
        column == value
        for column, value in (
            (Operation.device_id, device_id),
            (Operation.resource_id, resource_id),
        )
        if value is not None
    ]
    session.execute(
        sa.update(Operation)
        .where(
            *scope,
            Operation.state.in_(
                [OperationState.WAITING, OperationState.RUNNING]
            ),
        )
        .values(run_after=now)
        .execution_options(synchronize_session=False)
    )


def successor(session: orm.Session, operation: Operation) -> bool:
    """Whether a later operation of the same resource is yet to be done."""
    if alone(session, operation):
        return False
    query = sa.select(Operation.seq).where(
        Operation.resource_id == operation.resource_id,
        Operation.seq > operation.seq,
        Operation.state.in_(LIVE),
    )
    return session.scalar(query.limit(1)) is not None
