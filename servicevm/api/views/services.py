"""Services as the API shows them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import orm

from servicevm import clock
from servicevm.api.views import devices
from servicevm.db import listing, models


def render(
    session: orm.Session, rows: Sequence[models.Service]
) -> list[dict[str, Any]]:
    """The rows with their tags; one more query in all."""
    tags = listing.tags_of(session, [row.id for row in rows])
    return [
        {
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
            "tags": tags[row.id],
            "properties": row.properties,
            "created_at": clock.isoformat(row.created_at),
            "updated_at": clock.isoformat(row.updated_at),
        }
        for row in rows
    ]
