"""Hosts without a machine: a namespace that is a port of a network."""

import os
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from tools.cluster.member import ClusterError
from tools.lab.namespaces import Namespaces, command
from tools.lab.nova import KVM
from tools.lab.switch import Switch

__all__ = ["Host", "Plug"]

#: Seconds until OVN has bound a port and neutron has heard of it.
_TIMEOUT = 120
_LOOK = 0.1


@dataclass(frozen=True)
class Host:
    """One such host.

    :param namespace: as ``ip netns`` calls it; None is the machine itself
    :param interface: of it, in the namespace
    :param port: Neutron's id
    """

    name: str
    namespace: str | None
    interface: str
    address: str
    mac: str
    port: str

    @property
    def inside(self) -> list[str]:
        """What goes before a command that runs there."""
        if self.namespace is None:
            return []
        return ["ip", "netns", "exec", self.namespace]

    def run(
        self, *argv: str, timeout: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there, to its end."""
        return subprocess.run(
            [*self.inside, *argv],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *argv: str, **more: Any) -> "subprocess.Popen[bytes]":
        """Start a command there; who starts it ends it."""
        return subprocess.Popen([*self.inside, *argv], **more)


class Plug:
    """Makes hosts.

    :param admin: openstack.connection.Connection of an administrator, who
        alone may say on which chassis a port is
    """

    def __init__(
        self, admin: Any, switch: Switch, namespaces: Namespaces
    ) -> None:
        self._admin = admin
        self._switch = switch
        self._namespaces = namespaces

    def host(self, network: Any, name: str, **more: Any) -> Host:
        """The host of this name, made where it is missing; it works.

        See `put` for what may be said of it.

        :raises ClusterError: the port does not become active
        """
        host = self.put(network, name, **more)
        self.await_active(host)
        return host

    def put(
        self,
        network: Any,
        name: str,
        *,
        own: bool = True,
        interface: str | None = None,
        **port: Any,
    ) -> Host:
        """The host of this name, made where it is missing.

        It works after `await_active`: several may be made before.

        :param network: Neutron's; the port belongs to its project
        :param own: in a namespace of its own; else on the machine itself
        :param port: further fields of a new port
        :raises ClusterError: Open vSwitch does not make its interface
        """
        made = self._port(network, name, port)
        # Neutron's names of a guest's taps are made the same way.
        device = interface or f"host{made.id[:11]}"
        where = self._namespaces.make(name) if own else None
        host = Host(
            name,
            where,
            device,
            made.fixed_ips[0]["ip_address"],
            made.mac_address,
            made.id,
        )
        if not self._has(host):
            self._switch.unplug(device)
            self._switch.plug(device, made.id, made.mac_address)
            self._settle(host, network)
        return host

    def remove(self, host: Host) -> None:
        """Take it away: its namespace, its interface, its port."""
        self._switch.unplug(host.interface)
        if host.namespace is not None:
            self._namespaces.delete(host.name)
        self._admin.network.delete_port(host.port)

    def _port(self, network: Any, name: str, more: dict[str, Any]) -> Any:
        found = next(
            self._admin.network.ports(name=name, network_id=network.id), None
        )
        if found is not None:
            return found
        return self._admin.network.create_port(
            name=name,
            network_id=network.id,
            project_id=network.project_id,
            device_owner="lab:host",
            binding_host_id=KVM,
            **more,
        )

    def _has(self, host: Host) -> bool:
        shown = subprocess.run(
            [*host.inside, "ip", "address", "show", "dev", host.interface],
            capture_output=True,
            text=True,
            check=False,
        )
        return f" {host.address}/" in shown.stdout

    def _settle(self, host: Host, network: Any) -> None:
        """Move the interface out of the switch's namespace and set it up."""
        ours = self._namespaces.name("ovs")
        # The machine's own has no name, but this process.
        target = host.namespace or str(os.getpid())
        deadline = time.monotonic() + _TIMEOUT
        while not self._there(ours, host.interface):
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"Open vSwitch makes no {host.interface} for {host.name}."
                )
            time.sleep(_LOOK)
        link = ["link", "set", "dev", host.interface]
        command(["ip", "-n", ours, *link, "netns", target])
        subnet = next(
            self._admin.network.subnets(network_id=network.id, ip_version=4)
        )
        size = subnet.cidr.partition("/")[2]
        for argv in (
            [*link, "address", host.mac, "mtu", str(network.mtu), "up"],
            [
                *["address", "replace", f"{host.address}/{size}"],
                *["dev", host.interface],
            ],
        ):
            command([*host.inside, "ip", *argv])
        if host.namespace is not None and subnet.gateway_ip:
            command(
                [
                    *[*host.inside, "ip", "route", "replace", "default"],
                    *["via", subnet.gateway_ip],
                ]
            )

    @staticmethod
    def _there(namespace: str, interface: str) -> bool:
        shown = subprocess.run(
            ["ip", "-n", namespace, "link", "show", "dev", interface],
            capture_output=True,
            check=False,
        )
        return shown.returncode == 0

    def await_active(self, host: Host) -> None:
        """Wait until OVN has bound the host's port.

        :raises ClusterError: it does not in time
        """
        deadline = time.monotonic() + _TIMEOUT
        while True:
            port = self._admin.network.get_port(host.port)
            if port.status == "ACTIVE":
                return
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"Neutron's port of {host.name} stays {port.status}; see "
                    "the logs of neutron and ovn-controller."
                )
            time.sleep(_LOOK)
