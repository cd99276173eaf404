"""How many strangers may be at the door."""

from collections import Counter

#: Serial lines end at the local QEMU processes; they share one count.
SERIAL = "serial"


class Admission:
    """Counts connections that are not authenticated yet.

    :param most: of all of them at once
    :param most_per_peer: of one network address; serial lines are exempt,
        since only local processes of our own reach that socket
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
        if self._total >= self._most:
            return False
        if peer != SERIAL and self._peers[peer] >= self._most_per_peer:
            return False
        self._peers[peer] += 1
        self._total += 1
        return True

    def leave(self, peer: str) -> None:
        """It was authenticated, or it went away."""
        self._total -= 1
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]
