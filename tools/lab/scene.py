"""Networks of the lab, and hosts in them that are no guests.

The management network has one: this machine, as whom relays listen. A
security group of its port lets agents in, at the relay's port, and nobody
else: whatever else the machine has stays out of guests' reach.
"""

import ipaddress
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.cluster.configuration import write
from tools.cluster.member import ClusterError
from tools.lab import networks
from tools.lab.host import Host, Plug
from tools.lab.namespaces import Namespaces
from tools.lab.networks import Network
from tools.lab.switch import Switch

__all__ = ["HOSTS", "RELAY_PORT", "Scene"]

#: In the tenant's network.
HOSTS = ("client", "backend1", "backend2")
RELAY_PORT = 9891
_RELAY = "servicevm-relay"


class Scene:
    """:param record: file in which it is kept what was chosen"""

    def __init__(
        self, record: Path, namespaces: Namespaces, switch: Switch
    ) -> None:
        self._record = record
        self._namespaces = namespaces
        self._switch = switch
        #: This machine's, in the management network.
        self._interface = f"{namespaces.prefix}-m0"

    @property
    def management(self) -> Network:
        """The management network; another lab here has another subnet."""
        if not self._record.exists():
            told = {"management": _free_subnet()}
            write(self._record, json.dumps(told))
        told = json.loads(self._record.read_text())
        return replace(networks.MANAGEMENT, cidr=told["management"])

    @property
    def relay_address(self) -> str:
        """Where relays listen, on this machine."""
        return self.management.address(2)

    def plug(self, admin: Any) -> Plug:
        """What makes hosts; `admin` is a connection."""
        return Plug(admin, self._switch, self._namespaces)

    def _refuse_another_lab(self) -> None:
        """One that began while this one was down may have its subnet.

        :raises ClusterError: one has
        """
        subnet = ipaddress.ip_network(self.management.cidr)
        for name, addresses in _addresses().items():
            if name != self._interface and any(
                address in subnet for address in addresses
            ):
                raise ClusterError(
                    f"The interface {name} of this machine is in {subnet}, "
                    "which is this lab's. Is it another lab's? Take either "
                    "of them down with its data, and start it again."
                )

    def ensure(self, admin: Any) -> list[Host]:
        """Make what is missing of networks, ports and hosts.

        :param admin: openstack.connection.Connection of an administrator
        """
        self._refuse_another_lab()
        management = networks.ensure(admin, self.management)
        group = networks.group(
            admin,
            _RELAY,
            management.project_id,
            RELAY_PORT,
            self.management.cidr,
        )
        plug = self.plug(admin)
        hosts = [
            plug.put(
                management,
                _RELAY,
                own=False,
                interface=self._interface,
                security_groups=[group],
                fixed_ips=[{"ip_address": self.relay_address}],
            )
        ]
        demo = networks.ensure(admin, networks.DEMO)
        for number, name in enumerate(HOSTS, 10):
            where = [{"ip_address": networks.DEMO.address(number)}]
            hosts.append(plug.put(demo, name, fixed_ips=where))
        for host in hosts:
            plug.await_active(host)
        return hosts


def _addresses() -> Mapping[str, Sequence[ipaddress.IPv4Address]]:
    """Of this machine, by interface."""
    shown = subprocess.run(
        ["ip", "-json", "-4", "address"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        link["ifname"]: [
            ipaddress.IPv4Address(address["local"])
            for address in link["addr_info"]
        ]
        for link in json.loads(shown.stdout)
        if link
    }


def _free_subnet() -> str:
    """The first that this machine is not in: .0, or beside another lab."""
    taken = [one for found in _addresses().values() for one in found]
    first = ipaddress.ip_network(networks.MANAGEMENT.cidr)
    for subnet in first.supernet(new_prefix=16).subnets(new_prefix=24):
        if not any(address in subnet for address in taken):
            return str(subnet)
    raise ClusterError("This machine is in every subnet of 172.29.0.0/16.")
