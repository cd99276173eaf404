"""How many strangers may be at the door."""

from collections import Counter
from ipaddress import IPv6Address, IPv6Network

#: Serial lines end at the local QEMU processes; they share one count.
SERIAL = "serial"


class Admission:
    """Counts connections that are not authenticated yet.

    :param most: of all that come over the network
    :param most_per_peer: of one network address; of IPv6, of one /64, which
        is the least that a host has for itself

    Serial lines have a door of their own, as wide as `most`: only local
    processes of ours reach that socket, and strangers on the network must
    not keep them out.
    """

    def __init__(self, most: int, most_per_peer: int) -> None:
        self._most = most
        self._most_per_peer = most_per_peer
        self._peers: Counter[str] = Counter()
        self._total = 0

    def __len__(self) -> int:
        return self._total

    def enter(self, peer: str) -> bool:
        """Let one in, or not; one that got in must `leave`."""
        peer = _door(peer)
        if peer == SERIAL:
            if self._peers[SERIAL] >= self._most:
                return False
        elif (
            self._total - self._peers[SERIAL] >= self._most
            or self._peers[peer] >= self._most_per_peer
        ):
            return False
        self._peers[peer] += 1
        self._total += 1
        return True

    def leave(self, peer: str) -> None:
        """It was authenticated, or it went away."""
        peer = _door(peer)
        self._total -= 1
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]


def _door(peer: str) -> str:
    """Who shares a count with `peer`, ``tcp:<address>`` or `SERIAL`."""
    kind, _, address = peer.partition(":")
    if ":" not in address:
        return peer
    plain = IPv6Address(address.partition("%")[0])
    if plain.ipv4_mapped is not None:
        return f"{kind}:{plain.ipv4_mapped}"
    return f"{kind}:{IPv6Network((plain, 64), strict=False)}"
