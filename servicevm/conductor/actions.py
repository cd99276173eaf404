"""What the api asks of devices right now, without an operation."""

from typing import Any

import sqlalchemy as sa

from servicevm import errors
from servicevm.conductor import views
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers import Drivers
from servicevm.errors import PermanentError
from servicevm.rpc.base import Json

__all__ = ["call_service", "console_log"]

#: Most of a console's output that one answer holds, in bytes.
MAX_CONSOLE = 1 << 20

#: The device that a service is on, and how it is spoken to. Users wait for
#: this: no more is read than that.
_HOST = (
    sa.select(
        models.Service.device_id,
        models.DeviceTemplateRevision.spec,
    )
    .join(models.Device, models.Device.id == models.Service.device_id)
    .join(
        models.DeviceTemplateRevision,
        (
            models.DeviceTemplateRevision.template_id
            == models.Device.template_id
        )
        & (
            models.DeviceTemplateRevision.revision
            == models.Device.template_revision
        ),
    )
    .where(models.Service.id == sa.bindparam("service"))
)


def call_service(
    drivers: Drivers, service_id: str, action: str, arguments: Json
) -> dict[str, Any]:
    """Do a declared action or query on the service's device.

    :raises PermanentError: NOT_FOUND, or the device's refusal
    :raises TransientError: AGENT_NOT_CONNECTED, AGENT_TIMEOUT
    """
    with db.reader() as session:
        found = session.execute(_HOST, {"service": service_id}).one_or_none()
    if found is None:
        raise PermanentError(
            errors.NOT_FOUND, f"There is no service {service_id}."
        )
    mgmt = drivers.mgmt(str(found.spec["mgmt_driver"]))
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
