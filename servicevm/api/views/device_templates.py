"""Device templates as the API shows them."""

import dataclasses
from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.api.runtime import Runtime
from servicevm.db import models
from servicevm.drivers.infra.base import InfraDriver

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
    # Without it nothing can be made of the template here, but it can be
    # looked at.
    infra = runtime.installed(row.spec["infra_driver"])
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "revision": row.revision,
        # Revisions of earlier releases say nothing of it.
        "healing": {},
        **row.spec,
        "footprint": _footprint(infra, row),
        "capabilities": dataclasses.asdict(infra.capabilities)
        if infra
        else {},
        "tags": sorted(row.tags or ()),
        "properties": row.properties,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
    }


def _footprint(infra: InfraDriver | None, row: Any) -> dict[str, int | None]:
    """What a device that was made of it now would take."""
    if infra is None:
        return {"vcpus": None, "ram_mib": None}
    takes = infra.footprint(row.spec["infra_options"])
    return {"vcpus": takes.vcpus, "ram_mib": takes.ram_mib}
