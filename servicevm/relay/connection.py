"""The transport shell: one socket, TLS on it, and who speaks through it."""

import asyncio
import socket
import ssl
import struct
from typing import Protocol, cast

from servicevm.relay import limits as bounds
from servicevm.relay.admission import SERIAL
from servicevm.relay.endings import ORDINARY, Ending
from servicevm.relay.enrolment import Enrolment
from servicevm.relay.identity import identify
from servicevm.relay.session import AgentSession
from servicevm.relay.switchboard import Switchboard
from servicevm.relay.token_bucket import TokenBucket
from servicevm_agent import wire

#: Bytes that pass the memory BIOs at once: see `bounds.READ_BUFFER`.
_SLICE = 32 * 1024
#: Seconds that the last bytes get to leave before the socket is cut off.
_LINGER = 5.0

#: Endings after which a serial line is hung up too; QEMU dials again after
#: a second. After the others the agent begins again on the same line.
_HANG_UP = frozenset(
    {
        Ending.CONNECTION_LOST,
        Ending.CROWDED,
        Ending.NO_MARKER,
        Ending.NOT_DRAINING,
        Ending.RELAY_STOPPING,
        Ending.RESTARTS_TOO_OFTEN,
    }
)


class Speaker(Protocol):
    """Who speaks through the connection once TLS is up."""

    def receive(self, data: bytes, now: float) -> None:
        """:raises WireError: close the connection"""

    def ended(self, ending: Ending, detail: str) -> None:
        """Called once; nothing can be sent any more."""

    def overdue(self, now: float) -> Ending | None:
        """Whether it must end now, and why."""


class Connection(asyncio.BufferedProtocol):
    """One accepted socket.

    A TCP connection carries one TLS connection. A serial line carries one
    after another: each begins where `wire.SerialLink` says so.
    """

    __slots__ = (
        "_admitted_as",
        "_blocked_since",
        "_board",
        "_channel",
        "_cut_off_at",
        "_deadline",
        "_link",
        "_restarts",
        "_skipped",
        "_speaker",
        "_transport",
        "peer",
    )

    def __init__(self, board: Switchboard, *, serial: bool) -> None:
        self._board = board
        self._link = wire.SerialLink(agent=False) if serial else None
        self._channel: wire.SecureChannel | None = None
        self._speaker: Speaker | None = None
        self._transport: asyncio.Transport | None = None
        self._admitted_as: str | None = None
        self._deadline = 0.0
        self._blocked_since: float | None = None
        self._cut_off_at: float | None = None
        self._restarts: TokenBucket | None = None
        self._skipped = 0
        #: Where it comes from, for people.
        self.peer = ""

    # -- asyncio ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=bounds.WRITE_HIGH_WATER)
        self.peer = _peer_of(transport, serial=self._link is not None)
        crowded = self._board.crowded()
        self._board.connections.add(self)
        if crowded:
            self.end(Ending.CROWDED, "too many connections")
        elif self._link is None:
            self._begin()
        else:
            self._flush()

    def get_buffer(self, sizehint: int) -> memoryview:
        # One for all: the selector loop reads into it and hands it over
        # before it reads again. `Protocol` would have it allocate 256 KiB
        # for every heartbeat.
        return self._board.buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = self._board.buffer[:nbytes]
        if self._link is None:
            self._received(data)
            return
        events = self._link.receive(bytes(data))
        ups = [n for n, e in enumerate(events) if isinstance(e, wire.LinkUp)]
        if ups:
            # What came before belongs to an agent that is gone; it sends
            # again what was not acknowledged.
            del events[: ups[-1] + 1]
            if self._channel is not None:
                self.end(Ending.AGENT_RESTARTED)
            self._skipped = 0
            self._begin()
        elif self._channel is None:
            # A guest that only makes noise must not keep the loop busy.
            self._skipped += nbytes
            if self._skipped > bounds.SKIPPED_AT_MOST:
                self.end(Ending.NO_MARKER)
                return
        self._flush()
        for event in events:
            if isinstance(event, bytes):
                self._received(event)

    def eof_received(self) -> None:
        """Half a connection is none: close our half as well."""

    def pause_writing(self) -> None:
        self._blocked_since = self._board.loop.time()

    def resume_writing(self) -> None:
        self._blocked_since = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._cut_off_at = 0.0  # nothing can be sent
        detail = "" if exc is None else str(exc)
        self.end(Ending.CONNECTION_LOST, detail)
        self._board.connections.discard(self)

    # -- for the speaker ----------------------------------------------------

    @property
    def blocked(self) -> bool:
        """The peer does not drain what was sent."""
        return self._blocked_since is not None

    def authenticated(self) -> None:
        """The peer is known: it is no stranger any more."""
        self._deadline = float("inf")
        self._leave_door()

    def send(self, data: bytes) -> None:
        """Send through TLS; nothing happens once it ended."""
        if self._channel is None:
            return
        for at in range(0, len(data), _SLICE):
            self._channel.send(data[at : at + _SLICE])
            self._flush()

    def end(self, ending: Ending, detail: str = "") -> None:
        """End the TLS connection, and the socket unless it is a line that
        goes on."""
        channel, self._channel = self._channel, None
        speaker, self._speaker = self._speaker, None
        self._leave_door()
        if channel is not None:
            self._board.endings.note(
                self._name(speaker), ending, detail, self._now()
            )
            # After a restart of the agent the line belongs to the next.
            if ending is not Ending.AGENT_RESTARTED:
                channel.close()
                self._write(channel.outgoing())
        elif ending not in ORDINARY and ending is not Ending.CONNECTION_LOST:
            self._board.endings.note(self.peer, ending, detail, self._now())
        if speaker is not None:
            speaker.ended(ending, detail)
        if self._link is None or ending in _HANG_UP:
            self._hang_up(at_once=ending is Ending.NOT_DRAINING)
        elif ending not in ORDINARY:
            # A fresh link says so to an agent that thinks all is well.
            self._link = wire.SerialLink(agent=False)
            self._flush()

    # -- for the relay ------------------------------------------------------

    def sweep(self, now: float) -> None:
        """End what is over its time."""
        if self._cut_off_at is not None:
            if now >= self._cut_off_at and self._transport is not None:
                self._transport.abort()
            return
        limits = self._board.limits
        if (
            self._blocked_since is not None
            and now - self._blocked_since >= limits.drain_timeout
        ):
            self.end(Ending.NOT_DRAINING)
        elif self._channel is not None:
            if now >= self._deadline:
                self.end(Ending.HANDSHAKE_TIMEOUT)
            elif self._speaker is not None:
                ending = self._speaker.overdue(now)
                if ending is not None:
                    self.end(ending)

    # -- inside -------------------------------------------------------------

    def _begin(self) -> None:
        """A stranger is at the door."""
        now = self._now()
        if self._link is None:
            name = self.peer.rpartition(":")[0]
        else:
            name = SERIAL
            if self._restarts is None:
                self._restarts = TokenBucket(
                    bounds.RESTARTS_PER_SECOND, bounds.RESTARTS_AT_ONCE
                )
            if not self._restarts.take(now):
                self.end(Ending.RESTARTS_TOO_OFTEN)
                return
        if not self._board.admission.enter(name):
            self.end(Ending.CROWDED, "too many before authentication")
            return
        self._admitted_as = name
        self._deadline = now + self._board.limits.handshake_timeout
        self._channel = wire.SecureChannel(
            self._board.context, server_side=True
        )

    def _received(self, data: bytes | memoryview) -> None:
        channel = self._channel
        if channel is None:
            return
        try:
            said = channel.receive(data)
        except ssl.SSLError as error:
            self.end(Ending.TLS_FAILED, error.reason or str(error))
            return
        self._flush()
        if not channel.ready:
            return
        speaker = self._speaker
        if speaker is None:
            self._welcome(channel)
            speaker = self._speaker
        if said and speaker is not None:
            try:
                speaker.receive(said, self._board.loop.time())
            except wire.WireError as error:
                if self._channel is channel:
                    self.end(Ending.PROTOCOL_ERROR, str(error))
                return
        if channel.closed and self._channel is channel:
            self.end(Ending.PEER_CLOSED)

    def _welcome(self, channel: wire.SecureChannel) -> None:
        """TLS is up: who is it?"""
        protocol = channel.alpn()
        if protocol == wire.ALPN_ENROL:
            self._speaker = Enrolment(self, self._board)
            return
        if protocol != wire.ALPN_SESSION:
            self.end(Ending.NO_PROTOCOL)
            return
        certificate = channel.peer_certificate_der()
        if certificate is None:
            self.end(Ending.NO_CERTIFICATE)
            return
        try:
            identity = identify(certificate, self._board.limits.deployment_id)
        except ValueError as error:
            self.end(Ending.IDENTITY_REFUSED, str(error))
            return
        self._speaker = AgentSession(self, self._board, identity)

    def _flush(self) -> None:
        data = b"" if self._channel is None else self._channel.outgoing()
        # Most heartbeats are answered with nothing.
        if data or self._link is not None:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(data)
            data = self._link.outgoing()
        if data and self._transport is not None and self._cut_off_at is None:
            self._transport.write(data)

    def _hang_up(self, *, at_once: bool) -> None:
        if self._transport is None or self._cut_off_at is not None:
            return
        self._cut_off_at = self._now() + _LINGER
        if at_once:
            self._transport.abort()
        else:
            self._transport.close()

    def _leave_door(self) -> None:
        if self._admitted_as is not None:
            self._board.admission.leave(self._admitted_as)
            self._admitted_as = None

    def _now(self) -> float:
        return self._board.loop.time()

    def _name(self, speaker: Speaker | None) -> str:
        if isinstance(speaker, AgentSession):
            return f"device {speaker.device_id} ({self.peer})"
        return self.peer


def _peer_of(transport: asyncio.Transport, *, serial: bool) -> str:
    """``tcp:<address>:<port>``, or ``serial:<pid of QEMU>``."""
    if not serial:
        address = transport.get_extra_info("peername") or ("gone", 0)
        return f"tcp:{address[0]}:{address[1]}"
    sock: socket.socket = transport.get_extra_info("socket")
    packed = sock.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return f"serial:{struct.unpack('3i', packed)[0]}"
