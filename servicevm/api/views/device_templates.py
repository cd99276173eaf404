"""Device templates as the API shows them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import listing, models


def render(
    session: orm.Session, rows: Sequence[models.DeviceTemplate]
) -> list[dict[str, Any]]:
    """The rows with their present revisions; two more queries in all."""
    ids = [row.id for row in rows]
    tags = listing.tags_of(session, ids)
    specs = {
        template_id: spec
        for template_id, spec in session.execute(
            sa.select(
                models.DeviceTemplate.id, models.DeviceTemplateRevision.spec
            )
            .join(
                models.DeviceTemplateRevision,
                sa.and_(
                    models.DeviceTemplateRevision.template_id
                    == models.DeviceTemplate.id,
                    models.DeviceTemplateRevision.revision
                    == models.DeviceTemplate.revision,
                ),
            )
            .where(models.DeviceTemplate.id.in_(ids))
        )
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
