"""Sessions over a byte stream that never ends (virtio-serial).

Neither side of the port sees the other one go: after a restart of the
agent, the relay or QEMU, bytes of the old session may still be under way.
A marker of 24 bytes says where a session begins::

    b"\\x00svm-ch1" + 16 bytes of nonce

The agent sends one with a fresh nonce and again until the relay echoes it;
what comes before the echo is of the past. The relay sends the zero nonce
when it connects: whoever still thinks that a session is up begins again.
TLS records never begin with a zero byte and their content looks random, so
a marker cannot be met by accident (2**-64 a byte), and the stream is watched
for one all the time, also in the middle of a record that will never end.
"""

from __future__ import annotations

from typing import List, Optional, Union

PREFIX = b"\x00svm-ch1"
NONCE_SIZE = 16
MARKER_SIZE = len(PREFIX) + NONCE_SIZE
RESET = PREFIX + bytes(NONCE_SIZE)
#: Seconds between two attempts of the agent.
FIRST_RESEND, LAST_RESEND = 0.25, 2.0


class LinkUp:
    """Both sides are in step: begin a new `SecureChannel`, drop the old."""


class LinkReset:
    """Agent only: the relay is new. Drop the session, `start` again."""


LinkEvent = Union[LinkUp, LinkReset, bytes]


class SerialLink:
    """One side of the port.

    :param agent: True in the device, False in the relay
    """

    __slots__ = (
        "_agent",
        "_fresh",
        "_held",
        "_interval",
        "_nonce",
        "_outgoing",
        "_resend_at",
        "_tail",
        "up",
    )

    def __init__(self, *, agent: bool) -> None:
        self._agent = agent
        self._nonce = b""
        self._held = b""  # an incomplete marker
        self._tail = b""  # passed on already, may be the start of a prefix
        self._fresh = True  # no payload since the last marker
        self._outgoing = bytearray(b"" if agent else RESET)
        self._resend_at: Optional[float] = None
        self._interval = FIRST_RESEND
        #: Bytes pass through.
        self.up = False

    def start(self, nonce: bytes, now: float) -> None:
        """Agent: begin (again) with 16 fresh random bytes.

        Anything in `outgoing` that belongs to an older session is dropped.
        """
        if len(nonce) != NONCE_SIZE or not any(nonce):
            raise ValueError("a nonce is 16 bytes, not all zero")
        self._nonce = bytes(nonce)
        self._outgoing = bytearray(PREFIX + self._nonce)
        self._interval = FIRST_RESEND
        self._resend_at = now + self._interval
        self.up = False
        self._fresh = True

    def tick(self, now: float) -> None:
        """Agent: send the marker again if it is time."""
        if self._resend_at is not None and now >= self._resend_at:
            self._outgoing += PREFIX + self._nonce
            self._interval = min(LAST_RESEND, self._interval * 2)
            self._resend_at = now + self._interval

    def next_tick(self) -> Optional[float]:
        """When `tick` has something to do next."""
        return self._resend_at

    def receive(self, data: bytes) -> List[LinkEvent]:
        """Return, in order, payload and changes of the link.

        Payload may end in the middle of nonsense when the other side began
        again: a TLS error there is followed by `LinkUp` or `LinkReset`.
        """
        events: List[LinkEvent] = []
        stream = self._held + self._tail + data
        passed = len(self._tail)  # of the beginning, with nothing held
        self._held = self._tail = b""
        at = 0
        while True:
            found = stream.find(PREFIX, at)
            if found < 0:
                break
            self._payload(stream[max(at, passed) : found], events)
            if len(stream) - found < MARKER_SIZE:
                self._held = stream[found:]
                return events
            at = found + MARKER_SIZE
            self._marker(stream[found + len(PREFIX) : at], events)
        start = _partial_prefix(stream, at)
        self._payload(stream[max(at, passed) : start], events)
        if self._fresh and start >= passed:
            # Before the first payload it must be a marker: TLS does not
            # begin with a zero byte. Later nothing may be held back.
            self._held = stream[start:]
        else:
            self._payload(stream[max(start, passed) :], events)
            self._tail = stream[start:]
        return events

    def send(self, data: bytes) -> None:
        """Send payload (of the session that began with `LinkUp`)."""
        self._outgoing += data

    def outgoing(self) -> bytes:
        """Return, once, the bytes that wait to be sent."""
        data = bytes(self._outgoing)
        self._outgoing = bytearray()
        return data

    def _payload(self, data: bytes, events: List[LinkEvent]) -> None:
        if data and self.up:
            self._fresh = False
            events.append(data)

    def _marker(self, nonce: bytes, events: List[LinkEvent]) -> None:
        if self._agent:
            if nonce == self._nonce:
                if not self.up:
                    self.up = True
                    self._resend_at = None
                    events.append(LinkUp())
            elif nonce == RESET[len(PREFIX) :]:
                if self.up:
                    self.up = False
                    self._fresh = True
                    events.append(LinkReset())
                elif self._resend_at is not None:
                    # The relay has just come: do not let it wait.
                    self._outgoing += PREFIX + self._nonce
        elif any(nonce):
            again = self.up and self._fresh and nonce == self._nonce
            self._outgoing = (
                (self._outgoing if again else bytearray()) + PREFIX + nonce
            )
            self._nonce = nonce
            if not again:
                self.up = True
                self._fresh = True
                events.append(LinkUp())


def _partial_prefix(stream: bytes, at: int) -> int:
    """Where an incomplete prefix at the end of `stream` begins."""
    for start in range(max(at, len(stream) - len(PREFIX) + 1), len(stream)):
        if PREFIX.startswith(stream[start:]):
            return start
    return len(stream)
