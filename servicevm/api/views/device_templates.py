"""Device templates as the API shows them."""

from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.db import models

_TEMPLATE = models.DeviceTemplate.__table__
_REVISION = models.DeviceTemplateRevision.__table__.c

#: What belongs to a template and is in another table: its present revision.
PARTS = {
    "spec": sa.select(_REVISION.spec)
    .where(
        _REVISION.template_id == _TEMPLATE.c.id,
        _REVISION.revision == _TEMPLATE.c.revision,
    )
    .correlate(_TEMPLATE)
    .scalar_subquery()
}


def render(row: Any) -> dict[str, Any]:
    """A template that was read with `PARTS`."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "revision": row.revision,
        **row.spec,
        "tags": sorted(row.tags or ()),
        "properties": row.properties,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
    }
