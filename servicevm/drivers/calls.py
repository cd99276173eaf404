"""A call of a service's device, in whichever process makes it."""

from typing import Any

from servicevm.db import whereabouts
from servicevm.drivers import Drivers
from servicevm.rpc.base import Json

__all__ = ["make"]


def make(
    drivers: Drivers,
    host: Json,
    service_id: str,
    action: str,
    arguments: Json,
) -> dict[str, Any]:
    """Do a declared action or query on the service's device.

    Users wait for this: all that is needed of the database is in `host`.

    :param host: as `servicevm.rpc.base.ConductorApi.call_service` says
    :raises PermanentError: the device's refusal
    :raises TransientError: AGENT_NOT_CONNECTED, AGENT_TIMEOUT,
        RELAY_UNREACHABLE
    """
    device_id = str(host["device_id"])
    mgmt = drivers.mgmt(str(host["mgmt_driver"]))
    with whereabouts.known(device_id, host["relay"]):
        return dict(mgmt.call(device_id, service_id, action, arguments))
