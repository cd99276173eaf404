"""Ports of a device's interfaces: made by us, or the user's own."""

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from oslo_log import log

from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec, Record
from servicevm.drivers.infra.nova import template
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import answer_of, asking
from servicevm.drivers.infra.nova.groups import Groups
from servicevm.drivers.infra.nova.marks import Marks, port_name
from servicevm.drivers.infra.nova.networks import Network, Networks
from servicevm.drivers.infra.nova.rules import rules_of
from servicevm.drivers.infra.nova.tags import tag
from servicevm.errors import (
    ADDRESS_TAKEN,
    NETWORK_MISSING,
    NETWORK_REFUSED,
    PermanentError,
    TransientError,
)

__all__ = ["MGMT", "Ports", "Wanted", "is_management", "kind_of"]

LOG = log.getLogger(__name__)

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


class Ports:
    """Makes, finds and deletes ports. Thread-safe.

    :param cloud: as the service's project; ports are in any
    """

    def __init__(
        self,
        cloud: Cloud,
        marks: Marks,
        networks: Networks,
        groups: Groups,
    ) -> None:
        self._network = cloud.connection.network
        self._marks = marks
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
        return [self._check(spec, one, servers) for one in interfaces]

    def find(self, project_id: str | None, device_id: str) -> dict[str, Any]:
        """Our ports of the device by name; of the same name, the oldest.

        :param project_id: None looks in all projects
        """
        more = {} if project_id is None else {"project_id": project_id}
        with asking("Neutron for the device's ports"):
            found = list(
                self._network.ports(
                    description=self._marks.description(device_id), **more
                )
            )
        found.sort(key=lambda one: (str(one.created_at), one.id))
        ports: dict[str, Any] = {}
        for port in found:
            kept = ports.setdefault(port.name, port)
            if kept is not port and not port.device_id:
                # Two conductors made it at the same time.
                self.delete(port.id)
        return ports

    def ensure(
        self,
        spec: DeviceSpec,
        home: Cloud,
        wanted: Sequence[Wanted],
        record: Record,
    ) -> list[InterfaceSpec]:
        """Make the ports that are missing; how the interfaces turned out."""
        found = self.find(home.project_id, spec.id)
        return [
            _outcome(
                one,
                one.port
                or self._ensure(
                    spec,
                    home,
                    one,
                    found.get(port_name(spec.id, one.interface.index)),
                    record,
                ),
            )
            for one in wanted
        ]

    def delete(self, port_id: str) -> None:
        with asking("Neutron to delete a port"):
            self._network.delete_port(port_id, ignore_missing=True)

    def everywhere(self) -> list[tuple[str, str]]:
        """Devices of this deployment that have ports, with the projects."""
        with asking("Neutron for ports"):
            found = list(
                self._network.ports(
                    tags=self._marks.deployment_tag,
                    fields=["id", "project_id", "tags"],
                )
            )
        return self._marks.devices_of(found)

    def delete_all(self, project_id: str, device_id: str) -> None:
        """Delete our ports of the device; never a user's own."""
        for port in self.find(project_id, device_id).values():
            self.delete(port.id)

    def add_group(self, port: Any, group_id: str) -> None:
        """Have the port in this security group, too."""
        present = list(port.security_group_ids or ())
        if port.is_port_security_enabled is False or group_id in present:
            return
        with asking("Neutron to set a port's security groups"):
            self._network.update_port(
                port, security_group_ids=[*present, group_id]
            )

    def get(self, port_id: str) -> Any:
        """The port as it is now; None if it is gone."""
        with asking("Neutron for a port"):
            found = list(self._network.ports(id=port_id))
        return found[0] if found else None

    # -- parts --------------------------------------------------------------

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
        port = self.get(str(interface.port))
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

    def _ensure(
        self,
        spec: DeviceSpec,
        home: Cloud,
        wanted: Wanted,
        port: Any,
        record: Record,
    ) -> Any:
        kind = kind_of(wanted.interface)
        if port is not None and port.network_id != wanted.network.id:
            self.delete(port.id)
            port = None
        record(kind, None)
        if port is None:
            port = self._make(spec, home, wanted)
        else:
            self._correct_groups(spec, home, wanted, port)
        record(kind, port.id)
        tag(self._network, port, self._marks.tags(spec.id))
        return port

    def _make(self, spec: DeviceSpec, home: Cloud, wanted: Wanted) -> Any:
        interface = wanted.interface
        values: dict[str, Any] = {
            "name": port_name(spec.id, interface.index),
            "description": self._marks.description(spec.id),
            "project_id": home.project_id,
            "network_id": wanted.network.id,
        }
        place = {}
        if interface.subnet is not None:
            place["subnet_id"] = interface.subnet
        if interface.address is not None:
            place["ip_address"] = interface.address
        if place:
            values["fixed_ips"] = [place]
        if interface.mac:
            values["mac_address"] = interface.mac
        while True:
            values["security_group_ids"] = self._group_ids(spec, home, wanted)
            try:
                with asking(f"Neutron to make a port on {wanted.network.id}"):
                    return self._network.create_port(**values)
            except (PermanentError, TransientError) as error:
                answer = answer_of(_cause(error))
                if answer.kind == "MacAddressInUse":
                    # By ours, if another conductor was faster.
                    mine = self.find(home.project_id, spec.id).get(
                        values["name"]
                    )
                    if mine is not None:
                        return mine
                if not self._relax(spec, home, wanted, values, error):
                    raise

    def _relax(
        self,
        spec: DeviceSpec,
        home: Cloud,
        wanted: Wanted,
        values: dict[str, Any],
        error: PermanentError | TransientError,
    ) -> bool:
        """Ask for less, where that was not what somebody wished for.

        Each thing once, so this ends.
        """
        answer, interface = answer_of(_cause(error)), wanted.interface
        if answer.kind == "SecurityGroupNotFound":
            # Another conductor has deleted the shared group as unused.
            self._groups.forget_shared(home, spec.peers)
            now = self._group_ids(spec, home, wanted)
            return bool(now != values["security_group_ids"])
        if "mac_address" in values and (
            answer.kind == "MacAddressInUse" or answer.status == 403
        ):
            del values["mac_address"]
            return True
        if (
            error.reason is ADDRESS_TAKEN
            and "ip_address" in (values.get("fixed_ips") or [{}])[0]
            and interface.prefix is not None
        ):
            # It is what the interface had before its port was deleted, and
            # somebody else has it now.
            LOG.warning(
                "The address %s of device %s is taken; it gets another.",
                interface.address,
                spec.id,
            )
            del values["fixed_ips"]
            if interface.subnet is not None:
                values["fixed_ips"] = [{"subnet_id": interface.subnet}]
            return True
        return False

    def _group_ids(
        self, spec: DeviceSpec, home: Cloud, wanted: Wanted
    ) -> list[str]:
        """Security groups of a new port.

        One of a tenant's network gets the device's own group when there is
        something to let through.
        """
        if is_management(wanted.interface):
            return [self._groups.shared(home, spec.peers)]
        if wanted.network.port_security is False:
            return []
        return [
            self._groups.named(home, name)
            for name in spec.options.get("security_groups", ())
        ]

    def _correct_groups(
        self, spec: DeviceSpec, home: Cloud, wanted: Wanted, port: Any
    ) -> None:
        """Let a management port reach the relays that there are now."""
        if not is_management(wanted.interface):
            return
        groups = [self._groups.shared(home, spec.peers)]
        if list(port.security_group_ids or ()) != groups:
            with asking("Neutron to set a port's security groups"):
                self._network.update_port(port, security_group_ids=groups)


def _cause(error: Exception) -> Exception:
    """What the cloud said, of one of our errors."""
    cause = error.__cause__
    return cause if isinstance(cause, Exception) else error


def _outcome(wanted: Wanted, port: Any) -> InterfaceSpec:
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
