"""Frames over TLS over a stream, with a relay at the other end."""

from __future__ import annotations

import select
import ssl
import time
from typing import List

from servicevm_agent.requests import METHODS
from servicevm_agent.streams import Stream, StreamLost
from servicevm_agent.wake import Wake
from servicevm_agent.wire import (
    AGENT,
    Event,
    SecureChannel,
    Session,
    WireError,
)

#: Seconds for the TLS handshake.
_HANDSHAKE = 20.0
_ENDED = select.POLLHUP | select.POLLERR | select.POLLNVAL


class SessionLost(Exception):
    """The session is over; connect again.

    :param again: at once, because all is well
    :param elsewhere: to the next relay of the list
    """

    def __init__(
        self, reason: str, *, again: bool = False, elsewhere: bool = False
    ) -> None:
        super().__init__(reason)
        self.again = again
        self.elsewhere = elsewhere


class Peer:
    """Frames over TLS over a stream, with the relay at the other end.

    :param deployment_id: whose relay it has to be
    :param relay_group: the relay group that it has to be of; empty: any
    """

    def __init__(
        self,
        stream: Stream,
        context: ssl.SSLContext,
        deployment_id: str,
        relay_group: str,
        wake: Wake,
    ) -> None:
        self._stream = stream
        self._channel = SecureChannel(context, server_side=False)
        self._wake = wake
        self._early = b""  # came in one piece with the handshake's end
        self.session = Session(METHODS, rate=AGENT.rate, burst=AGENT.burst)
        self._handshake()
        self._check_relay(deployment_id, relay_group)

    def exchange(self, until: float) -> List[Event]:
        """Send what waits, then return what has come; wait for it until
        `until` (monotonic) or until woken.

        :raises SessionLost: the session is over
        """
        if self._channel.closed:
            # It came in one piece with what was returned before; over a
            # serial port nothing more will come that could wake us.
            raise SessionLost("the relay said goodbye")
        try:
            self._channel.send(self.session.outgoing())
            said, self._early = self._early, b""
            said = said or self._carry(until)
            return self.session.receive(said, time.monotonic())
        except (StreamLost, WireError, ssl.SSLError) as error:
            raise SessionLost(str(error)) from None

    def close(self) -> None:
        """Say goodbye, if that goes at once."""
        self._channel.close()
        try:
            self._stream.send(self._channel.outgoing())
        except StreamLost:
            pass
        self._stream.close()

    def _handshake(self) -> None:
        deadline = time.monotonic() + _HANDSHAKE
        try:
            while not self._channel.ready:
                if time.monotonic() >= deadline:
                    raise SessionLost("no TLS handshake in time")
                self._early += self._carry(deadline)
                if self._wake.stopping:
                    raise SessionLost("stopping")
        except (StreamLost, ssl.SSLError) as error:
            raise SessionLost(f"TLS handshake: {error}") from None

    def _check_relay(self, deployment_id: str, group: str) -> None:
        """:raises SessionLost: another relay than one that we want"""
        uris = self._channel.peer_uris()
        names = _below(f"spiffe://{deployment_id}/relay/", uris)
        if len(names) != 1 or not names[0] or "/" in names[0]:
            raise SessionLost("who answers is no relay of this deployment")
        # Those of a release that knew no groups are of this one.
        found = _below(f"spiffe://{deployment_id}/relay-group/", uris)
        found = found or ["default"]
        if group and found != [group]:
            raise SessionLost(
                f"the relay {names[0]} is of the relay group "
                f"{', '.join(found)}, not {group}"
            )

    def _carry(self, until: float) -> bytes:
        """Move bytes both ways; return what the relay says."""
        stream = self._stream
        stream.send(self._channel.outgoing())
        poll = select.poll()
        poll.register(
            stream.fileno(),
            select.POLLIN | (select.POLLOUT if stream.unsent else 0),
        )
        poll.register(self._wake.fileno(), select.POLLIN)
        timeout = max(0.0, until - time.monotonic())
        ready = dict(poll.poll(int(timeout * 1000) + 1))
        if self._wake.fileno() in ready:
            self._wake.clear()
        stream.flush()
        said = self._channel.receive(stream.receive())
        stream.send(self._channel.outgoing())
        if self._channel.closed and not said:
            raise StreamLost("the relay said goodbye")
        if not said and ready.get(stream.fileno(), 0) & _ENDED:
            raise StreamLost("the host is away")
        return said


def _below(prefix: str, uris: List[str]) -> List[str]:
    """What URIs have behind a prefix."""
    return [uri[len(prefix) :] for uri in uris if uri.startswith(prefix)]
