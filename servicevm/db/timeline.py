"""The timeline of an operation: a row for every step that was begun.

Who writes it holds the operation, so its last row is read once in a claim,
however many steps begin and end there.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db.adoption import adopt
from servicevm.db.models import Operation, OperationStep
from servicevm.states import OperationState

__all__ = ["begin_step", "end_step", "keep", "last_step", "read"]

#: Key in a session's ``info``: operation's id to its last row.
_LAST = "servicevm_last_steps"


def read(session: orm.Session, operation_ids: Iterable[str]) -> None:
    """Read what the functions below need of many operations at once."""
    last = session.info.setdefault(_LAST, {})
    last.update(dict.fromkeys(operation_ids))
    rows = session.scalars(
        sa.select(OperationStep)
        .where(OperationStep.operation_id.in_(list(last)))
        .order_by(OperationStep.position)
    )
    last.update((row.operation_id, row) for row in rows)


def keep(
    session: orm.Session, operation_id: str, last: OperationStep | None
) -> None:
    """Tell the functions below what `last_step` said when it was written."""
    known = session.info.setdefault(_LAST, {})
    if last is not None and last.finished_at is None:
        last = adopt(session, last)
    known[operation_id] = last


def begin_step(session: orm.Session, operation: Operation, now: int) -> None:
    """Write into the timeline that the operation's step is being tried."""
    last = last_step(session, operation.id)
    if last is not None and last.finished_at is None:
        if last.name == operation.step:
            last.state = OperationState.RUNNING
            last.attempts = operation.attempts + 1
            return
        # Left by a release whose plan had other steps.
        last.state, last.finished_at = OperationState.SUPERSEDED, now
    begun = OperationStep(
        operation_id=operation.id,
        position=0 if last is None else last.position + 1,
        name=operation.step,
        state=OperationState.RUNNING,
        attempts=operation.attempts + 1,
        message="",
        started_at=now,
        finished_at=None,
    )
    session.add(begun)
    session.info[_LAST][operation.id] = begun


def end_step(
    session: orm.Session,
    operation: Operation,
    now: int,
    state: OperationState,
    message: str,
) -> None:
    """Write into the timeline what became of the step.

    :param state: WAITING where it is going to be tried again
    """
    last = last_step(session, operation.id)
    if last is None or last.finished_at is not None:
        return
    last.state = state
    if message or state.terminal:
        last.message = message
    if state.terminal:
        last.finished_at = now


def last_step(session: orm.Session, operation_id: str) -> OperationStep | None:
    """The row of the step that was begun last, if any was."""
    known: dict[str, OperationStep | None] = session.info.setdefault(_LAST, {})
    if operation_id not in known:
        # What was changed before is written with the rest, in one go.
        with session.no_autoflush:
            known[operation_id] = session.scalars(
                sa.select(OperationStep)
                .where(OperationStep.operation_id == operation_id)
                .order_by(OperationStep.position.desc())
                .limit(1)
            ).first()
    return known[operation_id]
