"""Networks, devices, services and members: as data that can be drawn.

Everything in it is for people, and translated: the script that draws it
knows no state.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from servicevm_dashboard import condition, links, members, words
from servicevm_dashboard.api.servicevm import Device, Service

#: Most members of a service that are drawn; the table has all.
MEMBERS = 8

Json = dict[str, Any]


def graph(
    dashboard: str, devices: Iterable[Device], services: Iterable[Service]
) -> Json:
    """What is drawn.

    :param services: of these devices
    :returns: ``networks``, ``devices`` (each with its ``interfaces``),
        ``services`` and ``members``, which name their device and service
    """
    services = list(services)
    drawn = [_device(dashboard, one) for one in devices]
    networks = {
        interface["network"]
        for device in drawn
        for interface in device["interfaces"]
    }
    return {
        "networks": [
            {"id": f"network-{name}", "name": name}
            for name in sorted(networks)
        ],
        "devices": drawn,
        "services": [_service(dashboard, one) for one in services],
        "members": [
            _member(service, number, member)
            for service in services
            for number, member in enumerate(members.listed(service)[:MEMBERS])
        ],
    }


def state(datum: Any) -> Mapping[str, str]:
    """Of a device or service, in words: the graver one gives the tone."""
    status, health = condition.provisioning(datum), condition.health(datum)
    return {
        "status": str(words.of(words.PROVISIONING, status)),
        "health": str(words.of(words.OPERATING, health)),
        "tone": condition.tone(datum),
    }


def _device(dashboard: str, device: Device) -> Json:
    return {
        "id": device.id,
        "name": device.name or device.id,
        "href": links.link(dashboard, "devices", "detail", device.id),
        **state(device),
        "interfaces": [
            {
                "network": one["network"],
                "role": str(words.of(words.ROLE, one["role"])),
                "address": one["address"] or "",
            }
            for one in device.interfaces
        ],
    }


def _service(dashboard: str, service: Service) -> Json:
    return {
        "id": service.id,
        "device": service.device_id,
        "name": service.name or service.id,
        "href": links.link(dashboard, "services", "detail", service.id),
        "type": str(words.of(words.SERVICE_TYPE, service.service_type)),
        **state(service),
        "more": max(len(service.members) - MEMBERS, 0),
    }


def _member(service: Service, number: int, member: Mapping[str, Any]) -> Json:
    value = member["operating_status"]
    return {
        "id": f"{service.id}-{number}",
        "service": service.id,
        "name": member["name"],
        "pool": member["pool"],
        "health": str(words.of(words.MEMBER, value)),
        "tone": words.tone(value),
    }
