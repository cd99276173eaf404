"""What the api asks of devices right now, without an operation."""

from typing import Any

from servicevm import errors
from servicevm.conductor import views
from servicevm.db import api as db
from servicevm.db import hosts
from servicevm.drivers import Drivers, calls
from servicevm.errors import PermanentError
from servicevm.rpc.base import Json

__all__ = ["call_service", "console_log"]

#: Most of a console's output that one answer holds, in bytes.
MAX_CONSOLE = 1 << 20

_ASKED = hosts.query()


def call_service(
    drivers: Drivers,
    host: Json | None,
    service_id: str,
    action: str,
    arguments: Json,
) -> dict[str, Any]:
    """As `servicevm.drivers.calls.make`.

    :param host: None of an api of an older release, which has not read it
    :raises PermanentError: NOT_FOUND, or the device's refusal
    :raises TransientError: AGENT_NOT_CONNECTED, AGENT_TIMEOUT,
        RELAY_UNREACHABLE
    """
    if host is None:
        host = _host(service_id)
    return calls.make(drivers, host, service_id, action, arguments)


def _host(service_id: str) -> Json:
    found = hosts.find(_ASKED, service_id)
    if found is None:
        raise PermanentError(
            errors.NOT_FOUND, f"There is no service {service_id}."
        )
    return hosts.told(found)


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
