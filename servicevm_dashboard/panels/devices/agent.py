"""Whether a device has an agent, or is to have one."""

from typing import Any

from servicevm_dashboard.panels.devices.made_of import made_of

__all__ = ["expected"]

#: Of the mgmt drivers, the one that brings an agent.
_DRIVER = "agent"


def expected(request: Any, device: Any) -> bool:
    """Whether there is an agent to tell of.

    A device has one once that has called; before, its template says whether
    it is waited for. Where that can not be read, nothing is promised.
    """
    if device.agent:
        return True
    found = made_of(request, device)
    return found is not None and found["mgmt_driver"] == _DRIVER
