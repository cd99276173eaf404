"""The ways from a device's interfaces to pages that change them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from servicevm_dashboard import links
from servicevm_dashboard.panels.devices import interfaces
from servicevm_dashboard.panels.devices.made_of import made_of
from servicevm_dashboard.permitted import permitted

__all__ = ["Way", "to_attach", "to_detach"]


class Way(NamedTuple):
    """Where it is done.

    :param url: of the page
    :param why: it is not possible now; empty if it is
    """

    url: str
    why: str


def to_attach(request: Any, dashboard: str, device: Any) -> Way | None:
    """None: one may not, or the dashboard has no such page.

    :param dashboard: as for `links.link`
    """
    url = links.link(dashboard, "devices", "attach", device.ref)
    if not url or not permitted(request, "device:attach_interface", device):
        return None
    return Way(url, interfaces.cannot_attach(device, made_of(request, device)))


def to_detach(
    request: Any, dashboard: str, device: Any, interface: Mapping[str, Any]
) -> Way | None:
    """The same, to take this one off."""
    url = links.link(
        dashboard, "devices", "detach", device.ref, str(interface["index"])
    )
    if not url or not permitted(request, "device:detach_interface", device):
        return None
    return Way(
        url,
        interfaces.cannot_detach(device, made_of(request, device), interface),
    )
