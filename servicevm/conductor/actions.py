"""What the api asks of devices right now, without an operation."""

from typing import Any

import sqlalchemy as sa

from servicevm import errors
from servicevm.conductor import views, whereabouts
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers import Drivers
from servicevm.errors import PermanentError
from servicevm.rpc.base import Json

__all__ = ["call_service", "console_log"]

#: Most of a console's output that one answer holds, in bytes.
MAX_CONSOLE = 1 << 20

_SERVICE = models.Service.__table__
_DEVICE = models.Device.__table__
_REVISION = models.DeviceTemplateRevision.__table__

#: The device that a service is on, how it is spoken to, and by which relay.
#: Users wait for this: no more is read than that, and all at once.
_HOST = (
    sa.select(
        _SERVICE.c.device_id,
        _REVISION.c.spec,
        whereabouts.relay(_SERVICE.c.device_id).label("relay"),
    )
    .join(_DEVICE, _DEVICE.c.id == _SERVICE.c.device_id)
    .join(
        _REVISION,
        (_REVISION.c.template_id == _DEVICE.c.template_id)
        & (_REVISION.c.revision == _DEVICE.c.template_revision),
    )
    .where(_SERVICE.c.id == sa.bindparam("service"))
)


def call_service(
    drivers: Drivers, service_id: str, action: str, arguments: Json
) -> dict[str, Any]:
    """Do a declared action or query on the service's device.

    :raises PermanentError: NOT_FOUND, or the device's refusal
    :raises TransientError: AGENT_NOT_CONNECTED, AGENT_TIMEOUT
    """
    now = db.lately()
    with db.reader() as session:
        found = session.execute(
            _HOST, {"service": service_id, "now": now}
        ).one_or_none()
    if found is None:
        raise PermanentError(
            errors.NOT_FOUND, f"There is no service {service_id}."
        )
    mgmt = drivers.mgmt(str(found.spec["mgmt_driver"]))
    with whereabouts.known(found.device_id, found.relay):
        return dict(mgmt.call(found.device_id, service_id, action, arguments))


def console_log(drivers: Drivers, device_id: str, max_bytes: int) -> str:
    """End of the device's console output.

    :raises PermanentError: NOT_FOUND; UNAVAILABLE, if its driver has none
    """
    with db.reader() as session:
        device = views.load_device(session, device_id)
    if device is None:
        raise PermanentError(
            errors.NOT_FOUND, f"There is no device {device_id}."
        )
    infra = drivers.infra(device.infra_driver)
    return infra.console_log(device.spec(), min(max_bytes, MAX_CONSOLE))
