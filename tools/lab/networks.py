"""Networks that are there before the first device: management, a tenant's.

Everything is looked for first, so that it may be run again at any time.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any

__all__ = ["DEMO", "MANAGEMENT", "Network", "ensure", "group"]


@dataclass(frozen=True)
class Network:
    """A network with one subnet, of IPv4.

    :param project: whose it is
    :param routed: whether the subnet has a gateway
    """

    name: str
    project: str
    cidr: str
    routed: bool = True

    def address(self, number: int) -> str:
        """The host's address of this number."""
        return str(ipaddress.ip_network(self.cidr)[number])


#: Where devices find relays, and nothing else: nothing is routed here.
MANAGEMENT = Network("servicevm-mgmt", "service", "172.29.0.0/24", False)
#: A tenant's.
DEMO = Network("demo-net", "demo", "10.77.0.0/24")


def ensure(admin: Any, wanted: Network) -> Any:
    """The network, made where it is missing.

    :param admin: openstack.connection.Connection of an administrator
    """
    project = next(admin.identity.projects(name=wanted.project)).id
    network = next(
        admin.network.networks(name=wanted.name, project_id=project), None
    )
    if network is None:
        network = admin.network.create_network(
            name=wanted.name, project_id=project
        )
    if not list(admin.network.subnets(network_id=network.id)):
        admin.network.create_subnet(
            name=wanted.name,
            network_id=network.id,
            project_id=project,
            ip_version=4,
            cidr=wanted.cidr,
            gateway_ip=wanted.address(1) if wanted.routed else None,
            # Below are those that are given by hand.
            allocation_pools=[
                {"start": wanted.address(32), "end": wanted.address(254)}
            ],
        )
    return network


def group(admin: Any, name: str, project: str, port: int, cidr: str) -> str:
    """The id of a security group that lets only one port of TCP in.

    Answers of what it is asked go out, and nothing else does.

    :param project: id of whose it is
    :param cidr: from where
    """
    network = admin.network
    found = next(
        network.security_groups(name=name, project_id=project), None
    ) or network.create_security_group(name=name, project_id=project)
    wanted = {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": port,
        "port_range_max": port,
        "remote_ip_prefix": cidr,
    }
    there = False
    for rule in list(network.security_group_rules(security_group_id=found.id)):
        told = {**rule.to_dict(), "ethertype": rule.ether_type}
        if all(told[name] == value for name, value in wanted.items()):
            there = True
        else:
            # Also the two of a new group, which let everything out.
            network.delete_security_group_rule(rule.id)
    if not there:
        network.create_security_group_rule(
            security_group_id=found.id, project_id=project, **wanted
        )
    return str(found.id)
