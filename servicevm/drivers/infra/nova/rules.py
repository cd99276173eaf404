"""Rules of security groups. Pure."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from servicevm.drivers.infra.base import Listener, Peer
from servicevm.errors import TEMPLATE_INVALID, PermanentError

__all__ = ["Rule", "rules_of"]

_EVERY = ("IPv4", "IPv6")

#: How Neutron says that a rule is about every address.
_ANYWHERE = (None, "", "0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Rule:
    """A rule about one port.

    :param direction: ``ingress`` or ``egress``
    :param ethertype: ``IPv4`` or ``IPv6``
    :param protocol: ``tcp`` or ``udp``
    :param remote: e.g. ``192.0.2.7/32``; None is anywhere
    """

    direction: str
    ethertype: str
    protocol: str
    port: int
    remote: str | None = None

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Rule | None":
        """A rule of Neutron's; None if it is not one that we make."""
        port = found.get("port_range_min")
        if (
            port is None
            or port != found.get("port_range_max")
            or found.get("protocol") not in ("tcp", "udp")
            or found.get("remote_group_id")
            or found.get("remote_address_group_id")
        ):
            return None
        remote = found.get("remote_ip_prefix")
        return cls(
            str(found.get("direction")),
            str(found.get("ethertype")),
            str(found["protocol"]),
            int(port),
            None if remote in _ANYWHERE else str(remote),
        )

    def written(self, group_id: str) -> dict[str, Any]:
        """As Neutron is asked to make it."""
        written: dict[str, Any] = {
            "security_group_id": group_id,
            "direction": self.direction,
            "ethertype": self.ethertype,
            "protocol": self.protocol,
            "port_range_min": self.port,
            "port_range_max": self.port,
        }
        if self.remote is not None:
            written["remote_ip_prefix"] = self.remote
        return written


def rules_of(
    listeners: Iterable[Listener], peers: Iterable[Peer]
) -> set[Rule]:
    """What lets these listeners and peers through, and nothing else.

    :raises PermanentError: TEMPLATE_INVALID, for a peer by name
    """
    found = {
        Rule("ingress", version, _transport(one.protocol), one.port)
        for one in listeners
        for version in _EVERY
    }
    for peer in peers:
        try:
            address = ipaddress.ip_address(peer.address)
        except ValueError:
            raise PermanentError(
                TEMPLATE_INVALID,
                f"{peer.address} is a name: on a cloud, what a device has to "
                "reach is named by its address, which is all that its "
                "security group can let through.",
            ) from None
        found.add(
            Rule(
                "egress",
                f"IPv{address.version}",
                "tcp",
                peer.port,
                f"{address}/{address.max_prefixlen}",
            )
        )
    return found


def _transport(protocol: str) -> str:
    """What carries the listener's protocol, e.g. that of HTTP."""
    return "udp" if protocol.lower() == "udp" else "tcp"
