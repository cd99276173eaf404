"""What a device's template says of it; remembered: pages look every 5 s."""

from typing import Any, TypedDict

from django.core.cache import cache

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError

__all__ = ["MadeOf", "made_of"]

#: Seconds.
_REMEMBERED = 300


class MadeOf(TypedDict):
    """Of a template; a driver is a name, a capability can be used or not."""

    infra_driver: str
    mgmt_driver: str
    capabilities: dict[str, bool]


def made_of(request: Any, device: Any) -> MadeOf | None:
    """What the device is made of.

    :returns: None where there is no template, or it could not be read: the
        rest of the page is still of use
    """
    if not device.template_id:
        return None
    # Revisions may differ in this.
    revision = f"{device.template_id}-{device.template_revision}"
    key = f"servicevm-made-of-{servicevm.endpoint(request)}-{revision}"
    known: MadeOf | None = cache.get(key)
    if known is None:
        try:
            template = servicevm.call(
                request, Client.get_device_template, device.template_id
            )
        except ServicevmError:
            return None
        known = {
            "infra_driver": template.infra_driver,
            "mgmt_driver": template.mgmt_driver,
            # A service that is older does not say.
            "capabilities": dict(template.capabilities or {}),
        }
        cache.set(key, known, _REMEMBERED)
    return known
