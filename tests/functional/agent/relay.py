"""A minimal relay on threads: the other end of the wire, for one agent."""

import os
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from servicevm_agent import wire
from tests.unit.agent.certificates import DEPLOYMENT, Authority

DEVICE = "0c5ad0f0-7ed5-4a83-9d36-3a1b0a4a6c01"
TOKEN = "t" * 43
METHODS = dict.fromkeys(
    ("enrol", "hello", "heartbeat", "result", "event", "renew"),
    lambda params: None,
)


class Relay:
    """Serves one connection at a time, over TCP or a serial line.

    :param lifetime: seconds for which certificates are good
    """

    def __init__(
        self,
        authority: Authority,
        context: ssl.SSLContext,
        *,
        master: int | None = None,
        lifetime: float = 7 * 86400,
    ) -> None:
        self.authority = authority
        self.lifetime = lifetime
        self.heartbeat_interval = 0.3
        self.acknowledge = True
        #: What it takes of the agent, though it does not say so.
        self.limit = wire.Allowance(1000, 1000)
        self.enrolments: list[str] = []
        self.refusals = 0
        self.renewals: list[str] = []
        self.hellos: queue.Queue[dict[str, Any]] = queue.Queue()
        self.beats: queue.Queue[dict[str, Any]] = queue.Queue()
        self.results: queue.Queue[dict[str, Any]] = queue.Queue()
        self.serials: list[bytes] = []
        self._context = context
        self._master = master
        self._asks: queue.Queue[tuple[str, Any, queue.Queue[Any]]] = (
            queue.Queue()
        )
        self._wake_read, self._wake_write = os.pipe()
        self._stop = self._drop = self._greeted = False
        if master is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port = self._listener.getsockname()[1]
            serve: Callable[[], None] = self._serve_tcp
        else:
            serve = self._serve_serial
        self._thread = threading.Thread(target=serve)
        self._thread.start()

    def ask(self, method: str, params: Any, timeout: float = 20) -> Any:
        """The result, or a `wire.Failure`."""
        answer: queue.Queue[Any] = queue.Queue()
        self._asks.put((method, params, answer))
        os.write(self._wake_write, b"\0")
        return answer.get(timeout=timeout)

    def drop(self) -> None:
        """End the session at once."""
        self._drop = True
        os.write(self._wake_write, b"\0")

    def close(self) -> None:
        self._stop = True
        os.write(self._wake_write, b"\0")
        self._thread.join()
        if self._master is None:
            self._listener.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _serve_tcp(self) -> None:
        while self._wait(self._listener.fileno()):
            peer, _ = self._listener.accept()
            with peer:
                peer.setblocking(False)
                self._converse(peer.fileno(), None)

    def _serve_serial(self) -> None:
        assert self._master is not None
        os.set_blocking(self._master, False)
        while not self._stop:
            self._converse(self._master, wire.SerialLink(agent=False))

    def _wait(self, descriptor: int) -> bool:
        while not self._stop:
            ready, _, _ = select.select([descriptor, self._wake_read], [], [])
            if self._wake_read in ready:
                os.read(self._wake_read, 100)
            if descriptor in ready:
                return True
        return False

    def _converse(self, port: int, link: wire.SerialLink | None) -> None:
        channel: wire.SecureChannel | None = None
        if link is None:
            channel = self._channel()
        session = self._session()
        waiting: dict[int, queue.Queue[Any]] = {}
        self._drop = self._greeted = False
        while not self._stop and not self._drop:
            if channel is not None:
                while self._greeted and not self._asks.empty():
                    method, params, answer = self._asks.get()
                    now = time.monotonic()
                    call_id = session.call(method, params, now=now, timeout=30)
                    waiting[call_id] = answer
                channel.send(session.outgoing())
                self._write(port, link, channel.outgoing())
            elif link is not None:
                self._write(port, link, b"")
            ready, _, _ = select.select([port, self._wake_read], [], [], 5)
            if self._wake_read in ready:
                os.read(self._wake_read, 100)
            if port not in ready:
                continue
            try:
                data = os.read(port, 65536)
                if not data:
                    return
                pieces = [data] if link is None else link.receive(data)
                for piece in pieces:
                    if isinstance(piece, wire.LinkUp):
                        self._greeted = False
                        channel = self._channel()
                        session = self._session()
                    elif isinstance(piece, bytes) and channel is not None:
                        said = channel.receive(piece)
                        for event in session.receive(said, time.monotonic()):
                            self._handle(event, session, channel, waiting)
                        if channel.closed and link is None:
                            return
            except (OSError, ssl.SSLError, wire.WireError):
                if channel is not None:
                    self._write(port, link, channel.outgoing())
                channel = None
                if link is None:
                    return

    def _session(self) -> wire.Session:
        return wire.Session(METHODS, **self.limit._asdict())

    def _channel(self) -> wire.SecureChannel:
        return wire.SecureChannel(self._context, server_side=True)

    def _write(
        self, port: int, link: wire.SerialLink | None, data: bytes
    ) -> None:
        if link is not None:
            link.send(data)
            data = link.outgoing()
        while data:
            try:
                data = data[os.write(port, data) :]
            except BlockingIOError:
                select.select([], [port], [], 5)
            except OSError:
                return

    def _handle(
        self,
        event: wire.Event,
        session: wire.Session,
        channel: wire.SecureChannel,
        waiting: dict[int, queue.Queue[Any]],
    ) -> None:
        if isinstance(event, wire.Response):
            waiting.pop(event.id).put(event.result)
        elif isinstance(event, wire.Failure):
            waiting.pop(event.id).put(event)
        elif isinstance(event, wire.Notification):
            self.beats.put(event.params)
        elif event.method in ("enrol", "renew"):
            self._certify(event, session, channel)
        elif event.method == "hello":
            certificate = channel.peer_certificate_der()
            assert certificate is not None
            self.serials.append(certificate)
            self._greeted = True
            self.hellos.put(event.params)
            session.reply(
                event.id,
                {
                    "epoch": 1,
                    "heartbeat_interval": self.heartbeat_interval,
                    "ca_bundle": self.authority.pem,
                },
            )
        elif event.method == "result":
            self.results.put(event.params)
            if self.acknowledge:
                session.reply(event.id, {})

    def _certify(
        self,
        event: wire.Request,
        session: wire.Session,
        channel: wire.SecureChannel,
    ) -> None:
        csr = event.params["csr"]
        if event.method == "enrol":
            self.enrolments.append(csr)
            assert channel.alpn() == wire.ALPN_ENROL
            if event.params["token"] != TOKEN or self.refusals:
                self.refusals -= 1
                session.refuse(event.id, -32000, "enrolment_refused", "No.")
                return
        else:
            self.renewals.append(csr)
            self.lifetime = 7 * 86400
        uri = f"spiffe://{DEPLOYMENT}/device/{DEVICE}"
        session.reply(
            event.id,
            {
                "device_id": DEVICE,
                "certificate": self.authority.sign_csr(
                    csr, uri, self.lifetime
                ),
                "ca_bundle": self.authority.pem,
            },
        )
