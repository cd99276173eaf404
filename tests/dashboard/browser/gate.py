"""A proxy before the servicevm API: counts calls, and stands in the way.

::

    with Gate("http://127.0.0.1:9890") as gate:
        with gate.counting() as calls:
            page.goto(url)               # Horizon's catalogue names gate.url
        assert len(calls) <= 2
        with gate.slow(20):              # or down(), or answering(503)
            page.goto(url)

Faults hold for as long as their block lasts.
"""

import contextlib
import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Call", "Gate"]

#: Seconds that the API gets for an answer.
_TIMEOUT = 60
#: Headers of one connection, not of what is said on it.
_OWN = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Call:
    """A request that came and what was answered.

    :param path: with the query
    :param status: 0 where the API went away
    """

    method: str
    path: str
    status: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status} {self.seconds:.3f} s"


@dataclass
class _Fault:
    """What is to happen to calls whose ``METHOD /path`` begins so."""

    prefixes: tuple[str, ...]
    #: Set when it is over: who waits goes on.
    over: threading.Event
    seconds: float = 0
    status: int = 0
    body: bytes = b""
    kind: str = "application/json"

    def hits(self, method: str, path: str) -> bool:
        return not self.prefixes or f"{method} {path}".startswith(
            self.prefixes
        )


class Gate:
    """Listens on a free loopback port, which it keeps.

    :param target: ``http://host:port`` of the API
    """

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (address.hostname or "", address.port or 80)
        self._lock = threading.Lock()
        self._counts: list[list[Call]] = []
        self._faults: list[_Fault] = []
        self._open: set[socket.socket] = set()
        self._server: _Server | None = None
        self._port = 0

    def __enter__(self) -> "Gate":
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def url(self) -> str:
        """The API's address, as far as its users know."""
        return f"http://127.0.0.1:{self._port}"

    # -- for tests ----------------------------------------------------------

    @contextlib.contextmanager
    def counting(self) -> Iterator[list[Call]]:
        """The calls that are answered while the block lasts."""
        calls: list[Call] = []
        with self._lock:
            self._counts.append(calls)
        try:
            yield calls
        finally:
            with self._lock:
                self._counts = [c for c in self._counts if c is not calls]

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens; open connections are closed."""
        self._close()
        try:
            yield
        finally:
            self._listen()

    @contextlib.contextmanager
    def slow(self, seconds: float, *prefixes: str) -> Iterator[None]:
        """Wait this long before the API is asked.

        :param prefixes: of ``METHOD /path``, e.g. ``GET /v1/devices``; none
            for every call
        """
        over = threading.Event()
        with self._standing(_Fault(prefixes, over, seconds=seconds)):
            yield

    @contextlib.contextmanager
    def answering(
        self, status: int, *prefixes: str, body: Any = None
    ) -> Iterator[None]:
        """Answer in the API's place.

        :param body: text is sent as a page, as a proxy's would be; else as
            JSON
        """
        fault = _Fault(prefixes, threading.Event(), status=status)
        if isinstance(body, str):
            fault.body, fault.kind = body.encode(), "text/html"
        elif body is not None:
            fault.body = json.dumps(body).encode()
        with self._standing(fault):
            yield

    # -- for the handler ----------------------------------------------------

    def fault(self, method: str, path: str) -> _Fault | None:
        with self._lock:
            for one in reversed(self._faults):
                if one.hits(method, path):
                    return one
        return None

    def note(self, call: Call) -> None:
        with self._lock:
            for calls in self._counts:
                calls.append(call)

    def connect(self) -> HTTPConnection:
        return HTTPConnection(*self._target, timeout=_TIMEOUT)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    # -- how ----------------------------------------------------------------

    @contextlib.contextmanager
    def _standing(self, fault: _Fault) -> Iterator[None]:
        with self._lock:
            self._faults.append(fault)
        try:
            yield
        finally:
            with self._lock:
                self._faults = [f for f in self._faults if f is not fault]
            fault.over.set()

    def _listen(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="gate",
            daemon=True,
        ).start()

    def _close(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64
    #: Their sockets are shut down, which ends them.
    block_on_close = False

    def __init__(self, address: tuple[str, int], gate: Gate) -> None:
        self.gate = gate
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, and one to the API for it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _TIMEOUT
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._gate = self.server.gate
        self._upstream = self._gate.connect()
        self._gate.opened(self.connection)

    def finish(self) -> None:
        self._gate.closed(self.connection)
        self._upstream.close()
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        # Whoever asked may go away at any time; so may we.
        with contextlib.suppress(OSError):
            super().handle()

    def _pass(self) -> None:
        began = time.monotonic()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        answer = None
        try:
            answer = self._answer(body)
        except (OSError, HTTPException):
            self.close_connection = True
        # Before it is answered: who has the answer finds it counted.
        self._gate.note(
            Call(
                self.command,
                self.path,
                answer[0] if answer else 0,
                time.monotonic() - began,
            )
        )
        if answer:
            self._reply(*answer)

    def _answer(self, body: bytes | None) -> tuple[int, Any, bytes]:
        """Status, headers and body: the API's or those of a fault."""
        fault = self._gate.fault(self.command, self.path)
        if fault is not None and fault.seconds:
            fault.over.wait(fault.seconds)
        if fault is not None and fault.status:
            return fault.status, [("Content-Type", fault.kind)], fault.body
        # Also Host, so that links lead here again.
        self._upstream.request(
            self.command, self.path, body=body, headers=dict(self.headers)
        )
        answer = self._upstream.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def _reply(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

    def log_message(self, *args: object) -> None:
        """Calls are counted, not told."""
