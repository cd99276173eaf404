"""The network ``user``: QEMU's user-mode network, closed but for what is
asked.

The guest reaches one address, `PROXY_ADDRESS`, on which a SOCKS4 server
(egress.py) connects to the peers that were published. From outside it is
reached through ports on the loopback that QEMU forwards.
"""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from servicevm.drivers.infra.base import Listener, Peer

NETWORK = "user"
ADDRESS = "10.0.2.15"
PREFIX = 24
PROXY_ADDRESS = "10.0.2.100"
PROXY_PORT = 1080
HOST_ADDRESS = "127.0.0.1"

#: QEMU's id of the netdev; a device has one such interface at most.
NETDEV = "user0"

_FORWARD = re.compile(
    r"^\s*(?P<protocol>TCP|UDP)\[HOST_FORWARD\]\s+\d+\s+"
    r"(?P<host>\S+)\s+(?P<host_port>\d+)\s+\S+\s+(?P<port>\d+)\s",
    re.MULTILINE,
)


def egress_proxy(network: str) -> Mapping[str, str] | None:
    """How the guest reaches out of a network, for its bootstrap document.

    :returns: ``{"socks4": "10.0.2.100:1080"}``, or None where it just can
    """
    if network != NETWORK:
        return None
    return {"socks4": f"{PROXY_ADDRESS}:{PROXY_PORT}"}


@dataclass(frozen=True, order=True)
class Forward:
    """One port of the loopback that QEMU forwards into the guest.

    :param protocol: ``tcp`` or ``udp``
    :param host_port: 0 where any free one will do
    """

    protocol: str
    port: int
    host_port: int

    @property
    def add(self) -> str:
        return (
            f"hostfwd_add {NETDEV} {self.protocol}:{HOST_ADDRESS}:"
            f"{self.host_port}-{ADDRESS}:{self.port}"
        )

    @property
    def remove(self) -> str:
        return (
            f"hostfwd_remove {NETDEV} {self.protocol}:{HOST_ADDRESS}:"
            f"{self.host_port}"
        )


def transport(protocol: str) -> str:
    """``udp`` for itself; every other protocol here is carried by TCP."""
    return "udp" if protocol == "udp" else "tcp"


def parse_forwards(info: str) -> list[Forward]:
    """The forwards in the answer to QEMU's ``info usernet``."""
    return [
        Forward(
            match["protocol"].lower(),
            int(match["port"]),
            int(match["host_port"]),
        )
        for match in _FORWARD.finditer(info)
    ]


def plan(
    present: Sequence[Forward],
    wanted: Iterable[Listener],
    kept: Mapping[tuple[str, int], int],
) -> tuple[list[Forward], list[Forward]]:
    """What to remove and what to add, so that exactly `wanted` is there.

    :param present: forwards that QEMU has
    :param kept: (protocol, port) to the host port it had before
    """
    needed = {(transport(one.protocol), one.port) for one in wanted}
    served: set[tuple[str, int]] = set()
    remove = []
    for forward in sorted(present):
        key = (forward.protocol, forward.port)
        if key in needed and key not in served:
            served.add(key)
        else:
            remove.append(forward)
    add = [
        Forward(protocol, port, kept.get((protocol, port), 0))
        for protocol, port in sorted(needed - served)
    ]
    return remove, add


def egress_document(peers: Iterable[Peer]) -> str:
    """Text of the file that egress.py reads."""
    pairs = sorted({(peer.address, peer.port) for peer in peers})
    return json.dumps({"allow": pairs}) + "\n"


def netdev(python: str, egress: str, allow: str) -> str:
    """QEMU's ``-netdev`` for this network.

    :param python: interpreter that runs `egress` with the file `allow`
    """
    command = shlex.join([python, "-I", "-S", "-E", egress, allow])
    options: dict[str, Any] = {
        "id": NETDEV,
        "restrict": "on",
        "ipv6": "off",
        "dhcpstart": ADDRESS,
        "guestfwd": f"tcp:{PROXY_ADDRESS}:{PROXY_PORT}-cmd:{command}",
    }
    return "user," + ",".join(
        f"{key}={str(value).replace(',', ',,')}"
        for key, value in options.items()
    )
