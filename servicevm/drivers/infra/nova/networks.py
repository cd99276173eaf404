"""Networks and subnets, and whose they are."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oslo_utils.uuidutils import is_uuid_like

from servicevm.drivers.infra.base import InterfaceSpec
from servicevm.drivers.infra.nova.at_once import at_once
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import asking
from servicevm.drivers.infra.nova.recent import Recent
from servicevm.errors import (
    NETWORK_MISSING,
    NETWORK_REFUSED,
    PermanentError,
)

__all__ = ["Network", "Networks", "Subnet"]

#: Seconds that an answer is good for.
_SECONDS = 10.0


@dataclass(frozen=True)
class Subnet:
    id: str
    cidr: str
    gateway: str | None

    @property
    def prefix(self) -> int:
        return ipaddress.ip_network(self.cidr).prefixlen


@dataclass(frozen=True)
class Network:
    """
    :param shared: with every project
    :param port_security: None where the cloud does not have that
    """

    id: str
    name: str
    project_id: str
    shared: bool
    port_security: bool | None
    subnets: Sequence[Subnet]


class Networks:
    """Looks networks up, with the rights of the service. Thread-safe.

    :param cloud: as the service's project
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: Recent[Network] = Recent(_SECONDS)
        self._shared: Recent[bool] = Recent(_SECONDS)

    def of(self, interface: InterfaceSpec, project_id: str) -> Network:
        """The network that the interface is to be on.

        :param project_id: of the device
        :raises PermanentError: NETWORK_MISSING; NETWORK_REFUSED, if the
            project may not use it
        """
        wanted = interface.network
        if interface.of_template:
            found = self._known.get(wanted, lambda: self._named(wanted))
        else:
            # Of two networks of the same name, one could be another's.
            found = self._known.get(
                ("id", wanted), lambda: self._by_id(wanted)
            )
            self._check_use(found, project_id)
        if interface.subnet is not None and interface.subnet not in (
            one.id for one in found.subnets
        ):
            raise PermanentError(
                NETWORK_MISSING,
                f"The network {found.id} has no subnet {interface.subnet}.",
            )
        if not found.subnets:
            raise PermanentError(
                NETWORK_REFUSED,
                f"The network {found.name} ({found.id}) has no subnet, so "
                "it has no addresses.",
            )
        return found

    def by_id(self, network_id: str) -> Network:
        """What is known of it, whoever's it is."""
        return self._known.get(
            ("id", network_id), lambda: self._by_id(network_id)
        )

    def _check_use(self, network: Network, project_id: str) -> None:
        if network.project_id == project_id or network.shared:
            return
        key = (network.id, project_id)
        if not self._shared.get(
            key, lambda: self._shared_with(network.id, project_id)
        ):
            # One's own next try must see what was just shared.
            self._shared.forget(key)
            self._known.forget(("id", network.id))
            raise PermanentError(
                NETWORK_REFUSED,
                f"The network {network.id} is neither of the project "
                f"{project_id} nor shared with it.",
            )

    def _shared_with(self, network_id: str, project_id: str) -> bool:
        network = self._cloud.connection.network
        with asking(f"Neutron with whom the network {network_id} is shared"):
            policies = list(
                network.rbac_policies(
                    object_type="network",
                    object_id=network_id,
                    action="access_as_shared",
                )
            )
        return any(
            one.object_id == network_id
            and one.target_project_id in (project_id, "*")
            for one in policies
        )

    def _named(self, wanted: str) -> Network:
        """A network that the operator names.

        By name, one of the service's own project, or else one that is
        shared with everybody: an administrator sees everybody's networks,
        and a tenant's may be called the same.
        """
        network = self._cloud.connection.network
        if is_uuid_like(wanted):
            known = self._with_id(wanted)
            if known is not None:
                return known
        with asking(f"Neutron for the network {wanted}"):
            named = list(network.networks(name=wanted))
        mine = self._cloud.project_id
        found = [one for one in named if one.project_id == mine]
        found = found or [one for one in named if one.is_shared]
        if len(found) > 1:
            raise PermanentError(
                NETWORK_MISSING,
                f"There are {len(found)} networks {wanted}: let the template "
                "name its id.",
            )
        if not found:
            raise PermanentError(
                NETWORK_MISSING, f"There is no network {wanted}."
            )
        return _whole(found[0], self._subnets(found[0].id))

    def _by_id(self, network_id: str) -> Network:
        found = self._with_id(network_id)
        if found is None:
            raise PermanentError(
                NETWORK_MISSING, f"There is no network {network_id}."
            )
        return found

    def _with_id(self, network_id: str) -> Network | None:
        network = self._cloud.connection.network

        def find() -> list[Any]:
            with asking(f"Neutron for the network {network_id}"):
                return list(network.networks(id=network_id))

        looked_up: list[Any] = at_once(
            [find, lambda: self._subnets(network_id)]
        )
        found, subnets = looked_up
        return _whole(found[0], subnets) if found else None

    def _subnets(self, network_id: str) -> list[Subnet]:
        network = self._cloud.connection.network
        with asking(f"Neutron for the subnets of {network_id}"):
            return [
                Subnet(one.id, str(one.cidr), one.gateway_ip or None)
                for one in network.subnets(network_id=network_id)
            ]


def _whole(found: Any, subnets: Sequence[Subnet]) -> Network:
    return Network(
        id=found.id,
        name=str(found.name or found.id),
        project_id=str(found.project_id),
        shared=bool(found.is_shared),
        port_security=found.is_port_security_enabled,
        subnets=subnets,
    )
