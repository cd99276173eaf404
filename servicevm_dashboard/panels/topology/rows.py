"""The picture as a table: a row for each service, and each idle device."""

from collections.abc import Iterable, Mapping
from typing import Any

from servicevm_dashboard import links, members, words
from servicevm_dashboard.api.servicevm import Device, Service


def rows(
    dashboard: str, devices: Iterable[Device], services: Iterable[Service]
) -> list[Mapping[str, Any]]:
    """``device`` and ``service`` (None where it hosts none) of each row."""
    hosted: dict[str, list[Service]] = {}
    for service in services:
        hosted.setdefault(service.device_id, []).append(service)
    found: list[Mapping[str, Any]] = []
    for device in devices:
        host = {
            "datum": device,
            "href": links.link(dashboard, "devices", "detail", device.id),
            "interfaces": device.interfaces,
        }
        for service in hosted.get(device.id, [None]):  # type: ignore[list-item]
            found.append(
                {
                    "device": host,
                    "service": service and _service(dashboard, service),
                }
            )
    return found


def _service(dashboard: str, service: Service) -> Mapping[str, Any]:
    return {
        "datum": service,
        "href": links.link(dashboard, "services", "detail", service.id),
        "type": words.of(words.SERVICE_TYPE, service.service_type),
        "members": members.listed(service),
    }
