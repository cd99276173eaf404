"""Device templates as the API shows them."""

from typing import Any

import sqlalchemy as sa
from oslo_log import log

from servicevm import clock
from servicevm.api.runtime import Runtime
from servicevm.db import models
from servicevm.errors import PermanentError

LOG = log.getLogger(__name__)

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


def render(runtime: Runtime, row: Any) -> dict[str, Any]:
    """A template that was read with `PARTS`."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "revision": row.revision,
        **row.spec,
        "footprint": _footprint(runtime, row),
        "tags": sorted(row.tags or ()),
        "properties": row.properties,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
    }


def _footprint(runtime: Runtime, row: Any) -> dict[str, int | None]:
    """What a device that was made of it now would take."""
    try:
        infra = runtime.infra_driver(row.spec["infra_driver"])
        takes = infra.footprint(row.spec["infra_options"])
    except PermanentError as error:
        # Nothing can be made of it here, but it can be looked at.
        LOG.warning(
            "What devices of the template %s take is not known: %s",
            row.id,
            error.detail,
        )
        return {"vcpus": None, "ram_mib": None}
    return {"vcpus": takes.vcpus, "ram_mib": takes.ram_mib}
