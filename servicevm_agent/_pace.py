"""How fast a peer may be talked to, and keeping to that."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional

#: A message counts once more for each of so many bytes: parsing a large one
#: keeps others waiting.
_COUNTED_BYTES = 64 * 1024
#: The part of the peer's rate that is used: clocks differ, and a guest's
#: stands while the guest is paused.
_USED = 0.9
#: Between these a peer's word is taken. The burst has to hold one frame of
#: the largest size.
_RATES = (1, 1_000_000)
_BURSTS = (32, 1_000_000)


class Allowance(NamedTuple):
    """Messages that one side takes of the other; beyond it hangs up.

    :param rate: messages a second in the long run
    :param burst: messages at once after a silence
    """

    rate: float
    burst: float


#: What an agent takes: 500 short questions a second are a quarter of one
#: processor of a small guest, which leaves the rest to its services even if
#: a relay goes mad. Twice that at once: all services of a device are told
#: anew after an outage, each with a few messages.
AGENT = Allowance(500, 1000)
#: What a relay takes of each agent: ten thousand share it. In one go a device
#: may tell of all that its services went through while it was away.
RELAY = Allowance(50, 400)
#: The same of those that do not say: they are older.
OLD_AGENT = Allowance(50, 200)
OLD_RELAY = Allowance(20, 100)


def allowance(said: Any, otherwise: Allowance) -> Allowance:
    """Read what a peer says that it takes: ``{"rate": .., "burst": ..}``.

    :param otherwise: what holds if it says nothing that can be used
    """
    if not isinstance(said, dict):
        return otherwise
    rate: Any = said.get("rate")
    burst: Any = said.get("burst")
    # bool is an int in Python, not in JSON.
    if type(rate) not in (int, float) or type(burst) not in (int, float):
        return otherwise
    if not (
        _RATES[0] <= rate <= _RATES[1] and _BURSTS[0] <= burst <= _BURSTS[1]
    ):
        return otherwise
    return Allowance(rate, burst)


def weight(size: int) -> int:
    """What a message of `size` bytes counts."""
    return 1 + size // _COUNTED_BYTES


class Pace:
    """What the peer's bucket holds at least, seen from here.

    A message that the peer has not answered may be on its way still, and
    empty the bucket only when it has long been full again: until its answer
    it takes its room in the bucket. So what a stalled line delivers at once
    breaks no limit either. In the beginning a large message, the hello, has
    just been taken.

    :param limit: the peer's
    :param max_frame: bytes of the largest message
    """

    __slots__ = (
        "_at",
        "_burst",
        "_largest",
        "_rate",
        "_room",
        "_tokens",
        "_unanswered",
    )

    def __init__(self, limit: Allowance, max_frame: int) -> None:
        self._rate = limit.rate * _USED
        self._largest = min(float(weight(max_frame)), limit.burst)
        self._room = float(limit.burst)
        self._tokens = self._room - self._largest
        self._at: Optional[float] = None
        self._unanswered: Dict[int, int] = {}  # id -> weight

    def ready_at(self, now: float) -> float:
        """When the next message, whatever its size, may be sent.

        :returns: a time, `now` if at once; infinity if not before an answer
        """
        self._refill(now)
        if self._tokens >= self._largest:
            return now
        if self._room < self._largest:
            return float("inf")
        return now + (self._largest - self._tokens) / self._rate

    def sent(self, size: int, now: float, id: Optional[int] = None) -> None:
        """A message of `size` bytes went out.

        :param id: the call's, if it will be answered
        """
        self._refill(now)
        self._tokens -= weight(size)
        if id is not None:
            self._unanswered[id] = weight(size)
            self._room -= weight(size)

    def answered(self, id: int, now: float) -> None:
        """The peer has read the call, or never will."""
        self._refill(now)
        self._room += self._unanswered.pop(id, 0)

    def _refill(self, now: float) -> None:
        if self._at is not None and now > self._at:
            gained = (now - self._at) * self._rate
            self._tokens = min(self._room, self._tokens + gained)
        self._at = now
