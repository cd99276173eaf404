"""What becomes of an operation's row: the next step, a pause, an end.

Everything here is written into the caller's transaction, which is fenced.
"""

from collections.abc import Callable
from typing import NamedTuple

from oslo_config import cfg
from oslo_log import log
from sqlalchemy import orm

from servicevm import clock, errors, plans
from servicevm.conductor import settle
from servicevm.conductor.outcomes import Done, Outcome, Wait
from servicevm.db import models, timeline
from servicevm.states import OperationState

__all__ = ["Progress", "backoff", "verdict"]

LOG = log.getLogger(__name__)

#: Longest text that is stored of an error or a message, in characters.
MAX_TEXT = 4096


class Ending(NamedTuple):
    """How an operation is to end, and why."""

    state: OperationState
    code: str | None
    text: str


def backoff(attempts: int, jitter: float) -> float:
    """Seconds until the next try after so many failed ones.

    :param jitter: 0 to 1; tries of many operations must not coincide
    """
    return min(0.5 * 2.0 ** (attempts - 1), 30.0) * (0.5 + jitter / 2)


def verdict(operation: models.Operation, now: int) -> Ending | None:
    """Whether the operation has to end before its next step."""
    if operation.cancel_requested:
        if operation.cancel_code == errors.SUPERSEDED.code:
            return Ending(
                OperationState.SUPERSEDED,
                errors.SUPERSEDED.code,
                errors.SUPERSEDED.title,
            )
        return Ending(
            OperationState.CANCELLED,
            operation.cancel_code or errors.CANCELLED.code,
            errors.CANCELLED.title,
        )
    if now >= operation.deadline:
        # What the last try said is what the reader needs to know.
        why = operation.error_text or "It was not begun."
        return Ending(
            OperationState.FAILED,
            errors.DEADLINE_EXCEEDED.code,
            f"The step {operation.step} did not end in time: {why}",
        )
    return None


class Progress:
    """Decides and writes how operations go on.

    :param stopping: whether to put operations down between two steps
    :param jitter: 0 to 1, by chance; see `backoff`
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        *,
        stopping: Callable[[], bool],
        jitter: Callable[[], float],
    ) -> None:
        self._conf = conf
        self._stopping = stopping
        self._jitter = jitter

    def conclude(
        self,
        session: orm.Session,
        row: models.Operation,
        result: Outcome | errors.ServicevmError,
        now: int,
    ) -> None:
        """Write what came of the step that the operation is at."""
        if isinstance(result, errors.ServicevmError):
            self._failed(session, row, result, now)
            return
        row.step_data = {**row.step_data, **result.data}
        row.attempts = 0
        result.effect(session)
        message = result.message[:MAX_TEXT]
        if isinstance(result, Wait):
            self._wait(session, row, result.seconds, message, now)
            return
        assert isinstance(result, Done)  # noqa: S101 - for the types
        timeline.end_step(session, row, now, OperationState.SUCCEEDED, message)
        row.error_text = ""
        following = plans.next_step(row.resource_type, row.action, row.step)
        if following is None:
            self._end(
                session, row, Ending(OperationState.SUCCEEDED, None, ""), now
            )
        else:
            row.step = following
            self.enter(session, row, now)

    def _failed(
        self,
        session: orm.Session,
        row: models.Operation,
        error: errors.ServicevmError,
        now: int,
    ) -> None:
        text = error.detail[:MAX_TEXT]
        row.attempts += 1
        limit = self._conf.conductor.max_attempts
        if not isinstance(error, errors.TransientError):
            ending = Ending(OperationState.FAILED, error.reason.code, text)
        elif row.attempts >= limit:
            ending = Ending(
                OperationState.FAILED,
                error.reason.code,
                f"{text} ({row.attempts} attempts)",
            )
        else:
            LOG.info(
                "Step %s of operation %s is tried again: %s",
                row.step,
                row.id,
                text,
            )
            pause = backoff(row.attempts, self._jitter())
            self._wait(session, row, pause, text, now)
            return
        self._end(session, row, ending, now)

    def _wait(
        self,
        session: orm.Session,
        row: models.Operation,
        seconds: float,
        message: str,
        now: int,
    ) -> None:
        row.state = OperationState.WAITING
        row.owner, row.lease_until = None, None
        row.error_text = message
        until = now + max(int(seconds * clock.SECOND), 0)
        row.run_after = min(until, row.deadline)
        timeline.end_step(session, row, now, OperationState.WAITING, message)

    def enter(
        self, session: orm.Session, row: models.Operation, now: int
    ) -> None:
        """Begin the step that the operation is at, or end it here."""
        ending = verdict(row, now)
        if ending is not None:
            self._end(session, row, ending, now)
        elif self._stopping():
            row.state = OperationState.WAITING
            row.owner, row.lease_until = None, None
            row.run_after = now
        else:
            timeline.begin_step(session, row, now)

    def _end(
        self,
        session: orm.Session,
        row: models.Operation,
        ending: Ending,
        now: int,
    ) -> None:
        timeline.end_step(session, row, now, ending.state, ending.text)
        row.state = ending.state
        row.owner, row.lease_until = None, None
        row.error_code = ending.code
        row.error_text = ending.text
        row.finished_at = now
        settle.ended(session, row, ending.state, ending.code, ending.text, now)
        LOG.info(
            "Operation %s (%s %s %s): %s %s",
            row.id,
            row.action,
            row.resource_type,
            row.resource_id,
            ending.state,
            ending.text,
        )
