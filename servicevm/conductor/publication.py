"""Which ports and peers of a device are reachable: those of its services."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import orm

from servicevm.conductor.views import DeviceView
from servicevm.db import models
from servicevm.drivers.infra.base import (
    Endpoint,
    InfraDriver,
    Listener,
    Peer,
)
from servicevm.errors import TYPE_NOT_OFFERED, PermanentError
from servicevm.service_types.base import ServiceType
from servicevm.service_types.registry import service_types

__all__ = ["publish", "store", "wanted"]

Endpoints = Mapping[str, Sequence[Endpoint]]
"""Service id to where its listeners are reached."""


def publish(
    infra: InfraDriver, device: DeviceView, *, without: str | None = None
) -> Endpoints:
    """Make the listeners and peers of the device's services reachable.

    :param without: id of a service that is on its way out
    """
    services = [row for row in device.services if row.id != without]
    listeners, peers = wanted(services, service_types())
    found: dict[str, list[Endpoint]] = {row.id: [] for row in services}
    for endpoint in infra.publish(device.spec(), listeners, peers):
        service_id, _, name = endpoint.name.partition("/")
        if service_id in found:
            found[service_id].append(replace(endpoint, name=name))
    return found


def wanted(
    services: Sequence[models.Service], types: Mapping[str, ServiceType]
) -> tuple[list[Listener], list[Peer]]:
    """What the services of one device want.

    Names of listeners are ``<service id>/<name>``: two services may both
    call theirs "web".

    :raises PermanentError: TYPE_NOT_OFFERED, for a type not installed
    """
    listeners: list[Listener] = []
    peers: dict[Peer, None] = {}
    for service in services:
        declared = types.get(service.service_type)
        if declared is None:
            raise PermanentError(
                TYPE_NOT_OFFERED,
                f"The service type {service.service_type} of service "
                f"{service.id} is not installed.",
            )
        listeners += [
            replace(listener, name=f"{service.id}/{listener.name}")
            for listener in declared.listeners(service.config)
        ]
        peers.update(dict.fromkeys(declared.peers(service.config)))
    return listeners, list(peers)


def store(session: orm.Session, endpoints: Endpoints) -> None:
    """Show users where their services are reached."""
    for service_id, found in endpoints.items():
        service = session.get(models.Service, service_id)
        shown = [_shown(endpoint) for endpoint in found]
        if service is not None and service.endpoints != shown:
            service.endpoints = shown


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "protocol": endpoint.protocol,
        "address": endpoint.address,
        "port": endpoint.port,
    }
