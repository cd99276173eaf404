"""Events as the API shows them."""

from typing import Any

from servicevm import clock
from servicevm.api.views import names
from servicevm.db import models
from servicevm.states import ResourceType

#: What is in other tables.
PARTS = {
    "present_name": names.of_resource(models.Event.__table__, *ResourceType)
}


def render(row: Any) -> dict[str, Any]:
    """An event that was read with `PARTS`."""
    return {
        "id": row.id,
        "at": clock.isoformat(row.at),
        "type": row.type,
        "severity": row.severity,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        **names.shown(row),
        "device_id": row.device_id,
        "project_id": row.project_id,
        "operation_id": row.operation_id,
        "request_id": row.request_id,
        "code": row.code,
        "user_id": row.user_id,
        "facts": row.facts or {},
        "message": row.message,
    }
