"""The device that a service is on: how it is spoken to, by which relay."""

from typing import Any

import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models, whereabouts

__all__ = ["find", "query", "told"]

_SERVICE = models.Service.__table__
_DEVICE = models.Device.__table__
_REVISION = models.DeviceTemplateRevision.__table__


def query(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """What `told` takes of one service, with these columns of the service.

    Users wait for it: no more is read, and all at once.
    """
    return (
        sa.select(
            *columns,
            _SERVICE.c.device_id,
            _REVISION.c.spec,
            whereabouts.relay(_SERVICE.c.device_id).label("relay"),
        )
        .select_from(_SERVICE)
        .join(_DEVICE, _DEVICE.c.id == _SERVICE.c.device_id)
        .join(
            _REVISION,
            (_REVISION.c.template_id == _DEVICE.c.template_id)
            & (_REVISION.c.revision == _DEVICE.c.template_revision),
        )
        .where(_SERVICE.c.id == sa.bindparam("service"))
    )


def find(asked: sa.Select[Any], service_id: str) -> sa.Row[Any] | None:
    """The row of a `query`; None if there is no such service."""
    parameters = {"service": service_id, "now": db.lately()}
    with db.reader() as session:
        return session.execute(asked, parameters).one_or_none()


def told(row: Any) -> dict[str, Any]:
    """What `servicevm.rpc.base.ConductorApi.call_service` is told of it."""
    return {
        "device_id": row.device_id,
        "mgmt_driver": row.spec["mgmt_driver"],
        "relay": row.relay,
    }
