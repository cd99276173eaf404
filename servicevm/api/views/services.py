"""Services as the API shows them."""

from typing import Any

from servicevm import clock
from servicevm.api.views import devices


def render(row: Any) -> dict[str, Any]:
    """A service that was read with its tags."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "device_id": row.device_id,
        "service_type": row.service_type,
        "managed_by": row.managed_by,
        "config": row.config,
        "digest": row.digest,
        **devices.status(row),
        "endpoints": row.endpoints,
        "members": row.members,
        "slots": row.slots,
        "tags": sorted(row.tags or ()),
        "properties": row.properties,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
    }
