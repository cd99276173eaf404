"""Whether a device has an agent, or is to have one."""

from typing import Any

from django.core.cache import cache

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError

__all__ = ["expected"]

#: Of the mgmt drivers, the one that brings an agent.
_DRIVER = "agent"
#: Seconds that a template's driver is remembered: pages look every 5 s.
_REMEMBERED = 300


def expected(request: Any, device: Any) -> bool:
    """Whether there is an agent to tell of.

    A device has one once that has called; before, its template says whether
    it is waited for. Where that can not be read, nothing is promised.
    """
    if device.agent:
        return True
    if not device.template_id:
        return False
    # Revisions may differ in this.
    revision = f"{device.template_id}-{device.template_revision}"
    key = f"servicevm-mgmt-{servicevm.endpoint(request)}-{revision}"
    driver = cache.get(key)
    if driver is None:
        try:
            driver = servicevm.call(
                request, Client.get_device_template, device.template_id
            ).mgmt_driver
        except ServicevmError:
            return False
        cache.set(key, driver, _REMEMBERED)
    return bool(driver == _DRIVER)
