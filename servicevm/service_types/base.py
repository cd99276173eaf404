"""What a service type declares. Found by the entry point group
``servicevm.service_types``; adding one is one file and one line there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from servicevm.drivers.infra.base import Listener, Peer

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Occupied:
    """A port of the device that a configuration takes for its service.

    :param path: JSONPath of the field that says so:
        ``$.listeners[0].port``
    :param protocol: ``tcp`` or ``udp``; each has ports of its own
    """

    path: str
    port: int
    protocol: str = "tcp"


def nothing(config: Config) -> Sequence[Occupied]:
    """Of a service that shares all of its device with others."""
    return ()


@dataclass(frozen=True)
class ServiceType:
    """A global, named kind of service.

    :param config_schema: JSON Schema (2020-12) of a service's ``config``;
        every object in it has ``additionalProperties: false``
    :param actions: action name to the JSON Schema of its arguments
    :param slots: how many slots of a device a service takes
    :param check: sentences per field path for what the schema cannot say
        (two listeners on a port, an unknown pool); empty if all is well
    :param listeners: ports that the service wants reachable
    :param peers: addresses that the service wants to reach
    :param occupies: ports that no other service of the same device can have;
        the API refuses a config that takes one from another service, of
        whatever type
    """

    name: str
    version: int
    description: str
    config_schema: Mapping[str, Any]
    actions: Mapping[str, Mapping[str, Any]]
    slots: int
    check: Callable[[Config], Mapping[str, str]]
    listeners: Callable[[Config], Sequence[Listener]]
    peers: Callable[[Config], Sequence[Peer]]
    occupies: Callable[[Config], Sequence[Occupied]] = nothing
