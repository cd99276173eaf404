"""Services as the API shows them."""

from typing import Any

from servicevm import clock
from servicevm.api.views import devices, names
from servicevm.db import models

#: What belongs to a service and is in other tables.
PARTS = {
    "device_name": names.name(
        models.Device, models.Service.__table__, "device_id"
    ),
}


def render(row: Any) -> dict[str, Any]:
    """A service that was read with `PARTS` and its tags."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "device_id": row.device_id,
        "device_name": row.device_name,
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
