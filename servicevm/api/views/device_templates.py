"""Device templates as the API shows them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import listing, models

_TEMPLATE = models.DeviceTemplate.__table__.c
_REVISION = models.DeviceTemplateRevision.__table__.c
_SPECS = (
    sa.select(_TEMPLATE.id, _REVISION.spec)
    .join_from(
        models.DeviceTemplate.__table__,
        models.DeviceTemplateRevision.__table__,
        sa.and_(
            _REVISION.template_id == _TEMPLATE.id,
            _REVISION.revision == _TEMPLATE.revision,
        ),
    )
    .where(listing.any_id(_TEMPLATE.id))
)


def render(
    session: orm.Session, rows: Sequence[models.DeviceTemplate]
) -> list[dict[str, Any]]:
    """The rows with their present revisions; two more queries in all."""
    ids = [row.id for row in rows]
    tags = listing.tags_of(session, ids)
    specs = {
        template_id: spec
        for template_id, spec in session.execute(_SPECS, {listing.IDS: ids})
    }
    return [
        {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "project_id": row.project_id,
            "revision": row.revision,
            **specs[row.id],
            "tags": tags[row.id],
            "properties": row.properties,
            "created_at": clock.isoformat(row.created_at),
            "updated_at": clock.isoformat(row.updated_at),
        }
        for row in rows
    ]
