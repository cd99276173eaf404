"""What interfaces are to be, checked before anything is made; and became."""

import ipaddress
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec
from servicevm.drivers.infra.nova import template
from servicevm.drivers.infra.nova.at_once import at_once
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import asking
from servicevm.drivers.infra.nova.groups import Groups
from servicevm.drivers.infra.nova.networks import Network, Networks
from servicevm.drivers.infra.nova.rules import rules_of
from servicevm.errors import (
    NETWORK_MISSING,
    NETWORK_REFUSED,
    PermanentError,
    TransientError,
)

__all__ = ["Wanted", "Wishes", "is_management", "kind_of", "outcome"]

#: Role of the interface on the operator's management network.
MGMT = "mgmt"


@dataclass(frozen=True)
class Wanted:
    """An interface with all that was looked up for it.

    :param port: the user's own, where the interface is to be one
    """

    interface: InterfaceSpec
    network: Network
    port: Any = None


def kind_of(interface: InterfaceSpec) -> str:
    """Of the entry in the ledger."""
    return f"port:{interface.index}"


def is_management(interface: InterfaceSpec) -> bool:
    """Whether it is on the operator's management network.

    A user may call an interface that, too.
    """
    return interface.role == MGMT and interface.of_template


class Wishes:
    """Looks up what interfaces need. Thread-safe.

    :param cloud: as the service's project
    """

    def __init__(
        self, cloud: Cloud, networks: Networks, groups: Groups
    ) -> None:
        self._network = cloud.connection.network
        self._networks = networks
        self._groups = groups

    def check(
        self,
        spec: DeviceSpec,
        home: Cloud,
        interfaces: Iterable[InterfaceSpec],
        servers: Collection[str],
    ) -> list[Wanted]:
        """Look up what the interfaces need, before anything is made.

        :param home: as the project that the ports are to belong to
        :param servers: ids of the device's own; a port may be theirs
        :raises PermanentError: NETWORK_MISSING, NETWORK_REFUSED,
            TEMPLATE_INVALID
        """
        for name in spec.options.get("security_groups", ()):
            self._groups.named(home, name)
        rules_of((), spec.peers)

        def checked(one: InterfaceSpec) -> Callable[[], Wanted]:
            return lambda: self._check(spec, one, servers)

        return at_once([checked(one) for one in interfaces])

    def _check(
        self,
        spec: DeviceSpec,
        interface: InterfaceSpec,
        servers: Collection[str],
    ) -> Wanted:
        if interface.port is not None:
            return self._check_port(spec, interface, servers)
        network = self._networks.of(interface, spec.project_id)
        if is_management(interface) and network.port_security is False:
            raise PermanentError(
                NETWORK_REFUSED,
                f"The management network {network.name} has no port "
                "security: devices could reach each other on it.",
            )
        return Wanted(interface, network)

    def _check_port(
        self,
        spec: DeviceSpec,
        interface: InterfaceSpec,
        servers: Collection[str],
    ) -> Wanted:
        if spec.options.get("owner") != template.TENANT:
            raise PermanentError(
                NETWORK_REFUSED,
                f"The port {interface.port} cannot be used: the servers of "
                "this template belong to the service's project, and Nova "
                "plugs in ports of the server's own project only. Give the "
                "network instead, or use a template with owner: tenant.",
            )
        with asking("Neutron for a port"):
            port = next(self._network.ports(id=interface.port), None)
        if port is None or port.project_id != spec.project_id:
            raise PermanentError(
                NETWORK_REFUSED,
                f"The project {spec.project_id} has no port {interface.port}.",
            )
        if port.device_id and port.device_id not in servers:
            raise PermanentError(
                NETWORK_REFUSED,
                f"The port {interface.port} is in use by {port.device_id}.",
            )
        return Wanted(interface, self._networks.by_id(port.network_id), port)


def outcome(wanted: Wanted, port: Any) -> InterfaceSpec:
    """The interface as it turned out."""
    interface = wanted.interface
    fixed = list(port.fixed_ips or ())
    if not fixed:
        raise PermanentError(
            NETWORK_REFUSED, f"The port {port.id} has no address."
        )
    best = min(fixed, key=lambda one: _rank(interface, one))
    subnets = {one.id: one for one in wanted.network.subnets}
    subnet = subnets.get(best["subnet_id"])
    if subnet is None:
        raise TransientError(
            NETWORK_MISSING,
            f"The subnet {best['subnet_id']} of the port {port.id} is not "
            f"one of the network {wanted.network.id}.",
        )
    return replace(
        interface,
        network=port.network_id,
        mac=port.mac_address,
        address=best["ip_address"],
        prefix=subnet.prefix,
        gateway=subnet.gateway,
    )


def _rank(
    interface: InterfaceSpec, fixed: Mapping[str, str]
) -> tuple[bool, bool, int]:
    """The address asked for is best, then one of the subnet, then IPv4."""
    return (
        fixed["ip_address"] != interface.address,
        interface.subnet is not None
        and fixed["subnet_id"] != interface.subnet,
        ipaddress.ip_address(fixed["ip_address"]).version,
    )
