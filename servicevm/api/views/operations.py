"""Operations as the API shows them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import models


def brief(row: models.Operation) -> dict[str, Any]:
    """An operation without its steps."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "device_id": row.device_id,
        "action": row.action,
        "initiator": row.initiator,
        "user_id": row.user_id,
        "request_id": row.request_id,
        "state": row.state,
        "step": row.step,
        "attempts": row.attempts,
        "error_code": row.error_code,
        "error_text": row.error_text,
        "cancel_requested": row.cancel_requested,
        "deadline": clock.isoformat(row.deadline),
        "created_at": clock.isoformat(row.created_at),
        "started_at": clock.isoformat(row.started_at),
        "finished_at": clock.isoformat(row.finished_at),
        "updated_at": clock.isoformat(row.updated_at),
    }


def full(session: orm.Session, row: models.Operation) -> dict[str, Any]:
    """An operation with its timeline."""
    steps = session.scalars(
        sa.select(models.OperationStep)
        .where(models.OperationStep.operation_id == row.id)
        .order_by(models.OperationStep.position)
    )
    return brief(row) | {
        "steps": [
            {
                "name": step.name,
                "state": step.state,
                "attempts": step.attempts,
                "message": step.message,
                "started_at": clock.isoformat(step.started_at),
                "finished_at": clock.isoformat(step.finished_at),
            }
            for step in steps
        ]
    }
