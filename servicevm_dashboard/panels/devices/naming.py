"""What a device is called where a name has to mean one of them."""

from typing import Any

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Device

__all__ = ["of_device"]


def of_device(request: Any, device: Any) -> str:
    """What the command line is told: the name, or the id of namesakes.

    :raises ServicevmError: namesakes could not be looked for
    """
    found = servicevm.call(
        request, Client.page, Device, limit=2, name=device.name
    )
    own = [one.id for one in found.items] == [device.id]
    return str(device.name if own else device.id)
