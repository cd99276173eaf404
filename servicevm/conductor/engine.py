"""Drives one claimed operation, step by step, to where it waits or ends.

What is decided here is written before anything else happens: the state
after a step and the beginning of the next one are one transaction, and
every transaction is fenced. A step that only looks (`servicevm.plans.LOOKS`)
is done first, and its end goes into the same transaction. A conductor that
is killed at any instant leaves an operation that another continues with the
step it was on.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from oslo_config import cfg
from oslo_db.exception import DBConnectionError, DBError
from oslo_log import log
from sqlalchemy import orm
from sqlalchemy.exc import SQLAlchemyError

from servicevm import clock, errors, logs, plans
from servicevm.conductor import ledger, metrics, settle, views
from servicevm.conductor.context import StepContext, Steps
from servicevm.conductor.outcomes import Done, Outcome, nothing
from servicevm.conductor.progress import Progress
from servicevm.db import api as db
from servicevm.db import leases, models, timeline
from servicevm.db.adoption import copied
from servicevm.db.claims import Candidate, candidates, claim_all
from servicevm.db.locks import lock_device
from servicevm.drivers import Drivers
from servicevm.states import OperationState

__all__ = ["Claim", "Engine"]

LOG = log.getLogger(__name__)

#: Among how many more operations than it can take a conductor looks.
SPREAD = 16
#: Most looks in a row for what others have not taken yet.
LOOKS = 4


@dataclass(frozen=True)
class Claim:
    """An operation that is ours, with what only we write of it.

    :param operation: as it was last written; detached
    :param last: the newest row of its timeline, likewise
    :param device: as it has just been read; None where it was not
    """

    operation: models.Operation
    last: models.OperationStep | None
    device: views.DeviceView | None = None


class Engine:
    """Drives operations; has no threads of its own.

    :param hook: called with the name of every point between two writes or
        before and after every step; tests die there
    :param stopping: asked between steps: whether to put the operation down
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        drivers: Drivers,
        steps: Steps,
        *,
        hook: Callable[[str], None],
        stopping: Callable[[], bool],
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._conf = conf
        self._drivers = drivers
        self._steps = steps
        self._hook = hook
        self._stopping = stopping
        chance = random.SystemRandom()
        self._shuffle = chance.shuffle
        self._progress = Progress(
            conf, stopping=stopping, jitter=jitter or chance.random
        )
        self._lease = int(conf.conductor.lease * clock.SECOND)
        #: How many operations the last `claims` saw and did not get: another
        #: conductor has them, or somebody holds their device for a moment.
        self.lost = 0

    def claim(self, owner: str) -> Claim | None:
        """Take an operation that is due; None if none is."""
        return next(self.claims(owner, 1), None)

    def claims(self, owner: str, most: int) -> Iterator[Claim]:
        """Take so many operations, if they are due, the longest due first.

        Fewer than there are, maybe; see `lost`. For one thread.
        """
        lost: set[str] = set()
        self.lost = 0
        for _ in range(LOOKS):
            now = db.lately()
            limit = most + SPREAD + len(lost)
            with db.reader() as session:
                seen = candidates(session, now, limit)
            found = [one for one in seen if one.id not in lost]
            while found and most > 0:
                some, found = found[:most], found[most:]
                taken = db.write(partial(self._claim, some, owner))
                most -= len(taken)
                missed = {one.id for one in some}
                missed -= {one.operation.id for one in taken}
                if missed:
                    # Conductors that look at the same time see the same.
                    self._shuffle(found)
                lost |= missed
                self.lost = len(lost)
                for claim in taken:
                    self._hook("claimed")
                    metrics.ended(claim.operation)
                    yield claim
            if most == 0 or len(seen) < limit:
                return

    def _claim(
        self,
        found: Sequence[Candidate],
        owner: str,
        session: orm.Session,
    ) -> list[Claim]:
        taken = claim_all(session, found, owner, self._lease)
        if not taken:
            return []
        now = db.now(session)
        with session.no_autoflush:
            devices = views.load_devices(
                session, sorted({one.device_id for one in taken})
            )
            settle.begun(session, taken, devices, now)
            timeline.read(session, [one.id for one in taken])
        intents: dict[str, tuple[str, Sequence[str]]] = {}
        for operation in taken:
            self._progress.enter(session, operation, now)
            device = devices.get(operation.device_id)
            if device is None or not self._is_clear(operation, device):
                continue
            self._progress.conclude(session, operation, Done(), now)
            # One without a revision fails with its next step.
            if operation.state == OperationState.RUNNING and device.revision:
                kinds = self._drivers.intents(device.infra_driver)
                intents[device.row.id] = device.infra_driver, kinds
                devices[device.row.id] = replace(
                    device, recorded=frozenset(kinds)
                )
        ledger.intend(session, intents, now)
        return [
            Claim(
                operation,
                timeline.last_step(session, operation.id),
                devices.get(operation.device_id),
            )
            for operation in taken
        ]

    def _is_clear(
        self, operation: models.Operation, device: views.DeviceView
    ) -> bool:
        """Whether its step is over already; see `plans.CLEARS`."""
        return (
            operation.state == OperationState.RUNNING
            and operation.step == plans.CLEARS
            and _key(operation) in self._steps
            and not device.touched
        )

    def drive(self, claim: Claim) -> None:
        """Do steps of a claimed operation until it waits or ends."""
        operation = claim.operation
        with logs.about(
            operation.request_id,
            global_request_id=operation.arguments.get("global_request_id"),
            user_id=operation.user_id,
            project_id=operation.project_id,
        ):
            try:
                while claim.operation.state == OperationState.RUNNING:
                    claim = self._do_steps(claim)
            except leases.FencedOut:
                metrics.OVERTAKEN.inc()
                LOG.info(
                    "Operation %s was taken over; leaving it.", operation.id
                )

    def _do_steps(self, claim: Claim) -> Claim:
        """Do the present step and those after it that only look, and write
        what became of them."""
        operation = claim.operation
        context = StepContext.of(
            self._conf,
            self._drivers,
            operation,
            claim.last,
            views.fresh(claim.device),
        )
        results = [self._do_step(context)]
        while isinstance(done := results[-1], Done):
            ahead = context.operation
            following = plans.next_step(
                ahead.resource_type, ahead.action, ahead.step
            )
            if following not in plans.LOOKS or self._stopping():
                break
            context = replace(
                context,
                operation=copied(
                    ahead,
                    step=following,
                    step_data={**ahead.step_data, **done.data},
                ),
            )
            results.append(self._do_step(context))

        def conclude(session: orm.Session) -> Claim:
            there = lock_device(session, operation.device_id)
            row = leases.fenced(session, operation)
            if there:
                context.ledger.write(session)
            timeline.keep(session, operation.id, claim.last)
            now = db.now(session)
            # Somebody may have woken it while the step was looking.
            woken = row.run_after != operation.run_after
            for result in results:
                # It may be that it has to end before the next.
                if row.state == OperationState.RUNNING:
                    self._progress.conclude(session, row, result, now)
            if woken and row.state == OperationState.WAITING:
                row.run_after = now
            # Not before: what an effect reads has what was changed written.
            if row.state == OperationState.RUNNING:
                row.lease_until = now + self._lease
            row.updated_at = now
            return Claim(row, timeline.last_step(session, row.id), device)

        step = context.operation.step
        # An effect may write of the device.
        plain = all(getattr(one, "effect", None) is nothing for one in results)
        device = context.seen() if plain else None
        try:
            written = db.write(conclude)
        except (leases.FencedOut, DBConnectionError):
            raise
        except Exception as error:
            # What a step or a driver has come up with can not be written;
            # it could not be at another try of the same.
            LOG.exception(
                "The end of step %s of operation %s was not taken.",
                step,
                operation.id,
            )
            # It may be what a driver has recorded; its intents are written.
            context.ledger.written()
            results[:] = [
                errors.TransientError(
                    errors.INTERNAL,
                    "What came of the step could not be written "
                    f"({type(error).__name__}).",
                )
            ]
            written = db.write(conclude)
        metrics.ended(written.operation)
        self._hook(f"{step}: written")
        return written

    def _do_step(
        self, context: StepContext
    ) -> Outcome | errors.ServicevmError:
        operation = context.operation
        self._hook(f"{operation.step}: begin")
        began = time.perf_counter()
        result: Outcome | errors.ServicevmError
        try:
            result = self._call(context)
        except errors.ServicevmError as error:
            result = error
        except (leases.FencedOut, DBConnectionError):
            # Of a database that is away nothing can be written either: the
            # operation is dropped here and taken up where it was.
            raise
        except Exception as error:
            # A defect in a step or a driver, or the database for a moment:
            # it must not take the conductor down, and is not forgotten.
            LOG.exception(
                "Step %s of operation %s failed.", operation.step, operation.id
            )
            # Of the database it would show statements with their values.
            why = (
                ""
                if isinstance(error, DBError | SQLAlchemyError)
                else f": {error}"
            )
            result = errors.TransientError(
                errors.INTERNAL, f"{type(error).__name__}{why}"
            )
        # What the database holds is no label: it may be of a newer release.
        labels = _key(operation)
        if labels in self._steps:
            metrics.STEPS.labels(*labels, type(result).__name__).observe(
                time.perf_counter() - began
            )
        self._hook(f"{operation.step}: end")
        return result

    def _call(self, context: StepContext) -> Outcome:
        operation = context.operation
        key = _key(operation)
        if key not in self._steps:
            raise errors.PermanentError(
                errors.INTERNAL,
                f"This release does not know the step {operation.step}.",
            )
        return self._steps[key](context)


def _key(operation: models.Operation) -> tuple[str, str, str]:
    """Of its step, in `Steps`."""
    return operation.resource_type, operation.action, operation.step
