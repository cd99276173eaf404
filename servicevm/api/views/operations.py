"""Operations as the API shows them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.api.views import names
from servicevm.db import models
from servicevm.states import ResourceType

#: What is in other tables.
PARTS = {
    "present_name": names.of_resource(
        models.Operation.__table__, ResourceType.DEVICE, ResourceType.SERVICE
    )
}


def brief(row: Any) -> dict[str, Any]:
    """An operation without its steps, that was read with `PARTS`."""
    return _brief(row, **names.shown(row))


def begun(
    row: models.Operation, resource: models.Device | models.Service
) -> dict[str, Any]:
    """An operation on the resource, without its steps."""
    return _brief(row, resource.name, resource_gone=False)


def _brief(
    row: Any, resource_name: str | None, resource_gone: bool
) -> dict[str, Any]:
    return {
        "id": row.id,
        "project_id": row.project_id,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "resource_name": resource_name,
        "resource_gone": resource_gone,
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


def full(session: orm.Session, row: Any) -> dict[str, Any]:
    """An operation that was read with `PARTS`, with its timeline."""
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
