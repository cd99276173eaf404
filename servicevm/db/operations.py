"""Writing operations: what the api asks for, the conductor carries out."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy import orm

from servicevm import clock, errors, plans
from servicevm.db import api, last_names, models
from servicevm.states import TERMINAL, Initiator, OperationState

_LIVE = sorted(state for state in OperationState if state not in TERMINAL)


def enqueue(
    session: orm.Session,
    *,
    resource_type: str,
    resource_id: str,
    device_id: str,
    action: str,
    project_id: str,
    timeout: float,
    arguments: Mapping[str, Any] | None = None,
    initiator: str = Initiator.USER,
    user_id: str = "",
    request_id: str = "",
    idempotency_key: str | None = None,
) -> models.Operation:
    """Add an operation, to be claimed once those before it have ended.

    The caller writes its id into the resource's ``operation_id`` in the
    same transaction.

    :param timeout: seconds until the operation's deadline, counted from now
    :param arguments: of the action, e.g. ``{"hard": true}``, and the
        ``generation`` that it is to reach
    """
    now = api.now(session)
    operation = models.Operation(
        id=uuidutils.generate_uuid(),
        project_id=project_id,
        resource_type=str(resource_type),
        resource_id=resource_id,
        resource_name=last_names.find(session, resource_type, resource_id),
        device_id=device_id,
        action=str(action),
        initiator=str(initiator),
        user_id=user_id,
        request_id=request_id,
        idempotency_key=idempotency_key,
        arguments=dict(arguments or {}),
        state=OperationState.PENDING,
        step=plans.first_step(resource_type, action),
        step_data={},
        plan_version=plans.PLAN_VERSION,
        fence=0,
        attempts=0,
        run_after=now,
        deadline=now + int(timeout * clock.SECOND),
        cancel_requested=False,
        error_text="",
        created_at=now,
        updated_at=now,
    )
    session.add(operation)
    session.flush()
    return operation


def supersede(
    session: orm.Session, device_id: str, *, resource_id: str | None = None
) -> None:
    """End what is under way on a device and its services.

    The caller holds the device. Call before `enqueue` of the operation that
    takes over. Operations that no conductor has begun are SUPERSEDED at
    once; of the others it is asked for (``cancel_requested`` with
    ``cancel_code`` superseded), and their conductor ends them before their
    next step.

    :param resource_id: only the operations of this one resource
    """
    now = api.now(session)
    scope = [models.Operation.device_id == device_id]
    if resource_id is not None:
        scope.append(models.Operation.resource_id == resource_id)
    session.execute(
        sa.update(models.Operation)
        .where(*scope, models.Operation.state == OperationState.PENDING)
        .values(
            state=OperationState.SUPERSEDED,
            error_code=errors.SUPERSEDED.code,
            error_text=errors.SUPERSEDED.title,
            finished_at=now,
            updated_at=now,
        )
    )
    session.execute(
        sa.update(models.Operation)
        .where(*scope, models.Operation.state.in_(_LIVE))
        .values(
            cancel_requested=True,
            cancel_code=errors.SUPERSEDED.code,
            # One that waits is looked at now, not when its wait is over.
            run_after=now,
            updated_at=now,
        )
    )


def live(
    session: orm.Session, resource_id: str, action: str | None = None
) -> models.Operation | None:
    """The newest operation of a resource that has not ended, if any."""
    query = (
        sa.select(models.Operation)
        .where(
            models.Operation.resource_id == resource_id,
            models.Operation.state.in_(_LIVE),
        )
        .order_by(models.Operation.seq.desc())
        .limit(1)
    )
    if action is not None:
        query = query.where(models.Operation.action == str(action))
    return session.scalars(query).first()


def newest(session: orm.Session, resource_id: str) -> models.Operation | None:
    """The operation of a resource that was asked for last, if any."""
    return session.scalars(
        sa.select(models.Operation)
        .where(models.Operation.resource_id == resource_id)
        .order_by(models.Operation.seq.desc())
        .limit(1)
    ).first()


def cancel(session: orm.Session, operation: models.Operation) -> None:
    """Ask an operation to end; the next conductor that looks ends it.

    The caller has checked that it is live.
    """
    now = api.now(session)
    operation.cancel_requested = True
    operation.cancel_code = errors.CANCELLED.code
    operation.run_after = now
    operation.updated_at = now


def retry(
    session: orm.Session, operation: models.Operation, *, timeout: float
) -> None:
    """Begin an operation that failed or was cancelled once more.

    From its first step: steps are idempotent, and what a later step
    remembered (a deadline of its own, say) is of the failed attempt.
    The caller has checked that it may be retried.

    :param timeout: seconds until the new deadline, counted from now
    """
    now = api.now(session)
    operation.state = OperationState.PENDING
    operation.step = plans.first_step(
        operation.resource_type, operation.action
    )
    operation.step_data = {}
    operation.plan_version = plans.PLAN_VERSION
    operation.owner = None
    operation.lease_until = None
    # The fence stays: whoever held the operation before must not write.
    operation.attempts = 0
    operation.run_after = now
    operation.deadline = now + int(timeout * clock.SECOND)
    operation.cancel_requested = False
    operation.cancel_code = None
    operation.error_code = None
    operation.error_text = ""
    operation.finished_at = None
    operation.updated_at = now
