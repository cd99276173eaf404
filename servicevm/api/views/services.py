"""Services as the API shows them."""

from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.api.views import devices, healings, names
from servicevm.db import models
from servicevm.healing import Trouble
from servicevm.states import WELL, OperatingStatus, ProvisioningStatus

_SERVICE = models.Service.__table__
_DEVICE = models.Device.__table__.c
_REVISION = models.DeviceTemplateRevision.__table__.c
_HEALING = models.ServiceHealing.__table__

#: What belongs to a service and is in other tables.
PARTS = {
    "device_well": sa.select(
        sa.case(
            (
                (_DEVICE.provisioning_status == str(ProvisioningStatus.ACTIVE))
                & _DEVICE.operating_status.in_(WELL),
                1,
            ),
            else_=0,
        )
    )
    .where(_DEVICE.id == _SERVICE.c.device_id)
    .correlate(_SERVICE)
    .scalar_subquery(),
    "device_name": names.name(
        models.Device, models.Service.__table__, "device_id"
    ),
    "healing": healings.part(
        _SERVICE,
        _HEALING,
        _HEALING.c.service_id == _SERVICE.c.id,
        sa.select(_REVISION.spec)
        .where(
            _DEVICE.id == _SERVICE.c.device_id,
            _REVISION.template_id == _DEVICE.template_id,
            _REVISION.revision == _DEVICE.template_revision,
        )
        .correlate(_SERVICE)
        .scalar_subquery(),
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
        "healing": healings.render(
            row.healing,
            Trouble.SICK,
            lost=_is_sick(row),
        ),
        "tags": sorted(row.tags or ()),
        "properties": row.properties,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
    }


def _is_sick(row: Any) -> bool | None:
    """As the conductor sees it; None while it cannot tell."""
    if not row.device_well:
        return None
    return bool(row.operating_status == OperatingStatus.DEAD)
