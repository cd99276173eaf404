"""Events as the API shows them."""

from typing import Any

from servicevm import clock
from servicevm.db import models


def render(row: models.Event) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": clock.isoformat(row.at),
        "type": row.type,
        "severity": row.severity,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "device_id": row.device_id,
        "project_id": row.project_id,
        "operation_id": row.operation_id,
        "request_id": row.request_id,
        "code": row.code,
        "message": row.message,
    }
