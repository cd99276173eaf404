"""The least that is an agent: wire.py on a blocking socket."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from servicevm_agent import wire
from tests.functional.relay.conductor import PATIENCE

Address = tuple[str, int] | Path
METHODS = dict.fromkeys(
    ("apply", "remove", "action", "status", "ping", "move"),
    lambda params: None,
)

_NO_LIMIT = wire.Allowance(1e6, 1e6)


class Gone(Exception):
    """The relay closed the connection."""


class Refused(Exception):
    """The relay refused a request; the text is the reason's code."""


def dial(address: Address) -> socket.socket:
    if isinstance(address, Path):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        try:
            sock.connect(str(address))
        except OSError:
            sock.close()
            raise
        return sock
    sock = socket.create_connection(address, PATIENCE)
    # Or the hello waits for the acknowledgement of the handshake's end.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Agent:
    """Dials, secures the line, speaks.

    On a unix socket it synchronises the line first, as over virtio-serial.

    :param sock: a line that is open already
    :param limit: what it takes of the relay
    """

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext,
        *,
        sock: socket.socket | None = None,
        limit: wire.Allowance = _NO_LIMIT,
    ) -> None:
        self._limit = limit
        self.sock = dial(address) if sock is None else sock
        self._context = context
        self._events: list[wire.Event] = []
        self._link = None
        if isinstance(address, Path):
            self._link = wire.SerialLink(agent=True)
        self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sock.close()

    def restart(self) -> None:
        """Begin a session (again), as a fresh process would."""
        self.channel: wire.SecureChannel | None = None
        self.wire = wire.Session(METHODS, **self._limit._asdict())
        self._events = []
        if self._link is None:
            self._secure()
            return
        self._link.start(os.urandom(16), 0.0)
        self._flush()
        self._until(lambda: self.channel is not None)

    def _secure(self) -> None:
        self.channel = wire.SecureChannel(self._context, server_side=False)
        self._flush()
        self._until(lambda: self.channel is not None and self.channel.ready)

    # -- talking ------------------------------------------------------------

    def request(self, method: str, params: dict[str, Any]) -> Any:
        call_id = self.wire.call(method, params, now=0.0, timeout=1e9)
        self.flush()

        def answer() -> Any:
            return next(
                (
                    event
                    for event in self._events
                    if isinstance(event, (wire.Response, wire.Failure))
                    and event.id == call_id
                ),
                None,
            )

        event = self._until(answer)
        self._events.remove(event)
        if isinstance(event, wire.Failure):
            raise Refused(event.reason)
        return event.result

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self.wire.notify(method, params)
        self.flush()

    def hello(self, **changes: Any) -> Any:
        return self.request(
            "hello",
            {
                "proto": 1,
                "agent_version": "1.0",
                "boot_id": "boot-1",
                "ready": True,
                "services": {},
                **changes,
            },
        )

    def asked(self) -> wire.Request:
        """The next thing the relay asks of us."""

        def found() -> wire.Request | None:
            return next(
                (e for e in self._events if isinstance(e, wire.Request)), None
            )

        request = self._until(found)
        self._events.remove(request)
        assert isinstance(request, wire.Request)
        return request

    def echo(self, stop: threading.Event) -> None:
        """Answer pings until the relay closes or `stop` is set."""
        self.sock.settimeout(0.05)
        try:
            while not stop.is_set():
                try:
                    request = self.asked()
                except TimeoutError:
                    continue
                self.wire.reply(request.id, request.params)
                self.flush()
        except (Gone, OSError):
            return

    def closed(self) -> None:
        """Wait until the relay ends the session."""
        try:
            self._until(lambda: False)
        except Gone:
            return

    # -- bytes --------------------------------------------------------------

    def flush(self) -> None:
        if self.channel is not None:
            self.channel.send(self.wire.outgoing())
        self._flush()

    def say(self, plain: bytes) -> None:
        """Send any bytes through TLS."""
        assert self.channel is not None
        self.channel.send(plain)
        self._flush()

    def _flush(self) -> None:
        data = b"" if self.channel is None else self.channel.outgoing()
        if self._link is not None:
            self._link.send(data)
            data = self._link.outgoing()
        if data:
            self.sock.sendall(data)

    def _until(self, condition: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while True:
            found = condition()
            if found:
                return found
            assert time.monotonic() < until, "the relay never answered"
            self._receive()

    def _receive(self) -> None:
        if self.channel is not None and self.channel.closed:
            raise Gone
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            raise Gone from None
        if not data:
            raise Gone
        if self._link is None:
            self._received(data)
            return
        for event in self._link.receive(data):
            if isinstance(event, wire.LinkReset):
                raise Gone
            if isinstance(event, wire.LinkUp):
                self._secure()
            elif isinstance(event, bytes):
                self._received(event)

    def _received(self, data: bytes) -> None:
        if self.channel is None:
            return
        try:
            plain = self.channel.receive(data)
        except ssl.SSLError as error:
            raise Gone from error
        self._flush()
        if plain:
            self._events += self.wire.receive(plain, time.monotonic())
