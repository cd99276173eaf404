"""A cloud on tape: real answers, recorded once, given again in every run.

A small HTTP server stands where the cloud's endpoints are. Recording, it
hands each request on and keeps what was said; playing, it answers as the
cloud did, and refuses what was not asked then: what the driver sends is part
of what is tested.

A driver looks as often as its clock says, so a ``GET`` may come more or
less often than it did. It gets the answer that came next, but none from
after a change that has not been asked for yet.
"""

import http.client
import json
import socket
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["Exchange", "Heard", "Tape"]

#: Stands on the tape where the server's own address was.
HOST = "http://cloud.invalid"
#: What is answered to who logs in; the real one is not kept.
TOKEN = "a-token-of-the-recording"

#: Headers of an answer that the SDK reads.
_KEPT = ("content-type", "openstack-api-version", "location")
_SENT = (
    "content-type",
    "openstack-api-version",
    "x-openstack-nova-api-version",
)
_LOGIN = "/v3/auth/tokens"
#: Of servers and flavors: addresses of themselves, what nobody is to have, and
#: where on its disk Nova was when a server failed.
_DROPPED = frozenset({"links", "adminPass", "details"})


@dataclass
class Exchange:
    """One request and its answer.

    :param path: with the query, beginning with the kind of service
    :param epoch: changes that were asked for before
    """

    method: str
    path: str
    sent: Any
    status: int
    headers: Mapping[str, str]
    said: Any
    epoch: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.path


@dataclass(frozen=True)
class Heard:
    """One request; of who logs in, without what was sent."""

    method: str
    path: str
    sent: Any


@dataclass
class Tape:
    """What was said, and facts that the test needs besides.

    :param services: kind of service to its real address, when recording
    """

    exchanges: list[Exchange] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    #: What was asked this time, in its order.
    heard: list["Heard"] = field(default_factory=list)
    #: What was asked and is not on the tape.
    unknown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._epoch = 0
        self._played: dict[tuple[str, str], int] = {}
        self._server: ThreadingHTTPServer | None = None
        self._lost: tuple[str, str] | None = None

    # -- files --------------------------------------------------------------

    @classmethod
    def read(cls, path: Path) -> "Tape":
        document = json.loads(path.read_text())
        exchanges = [Exchange(**one) for one in document["exchanges"]]
        return cls(exchanges, document["facts"])

    def write(self, path: Path) -> None:
        lines = [json.dumps(vars(one), sort_keys=True) for one in self._news()]
        facts = json.dumps(self.facts, sort_keys=True)
        text = ",\n".join(lines)
        path.write_text(f'{{"facts": {facts},\n"exchanges": [\n{text}\n]}}\n')

    def _news(self) -> list[Exchange]:
        """All but answers that were the same as the last time."""
        last: dict[tuple[str, str], Exchange] = {}
        kept = []
        for one in self.exchanges:
            before = last.get(one.key)
            same = before is not None and (before.status, before.said) == (
                one.status,
                one.said,
            )
            if one.method != "GET" or not same:
                kept.append(one)
            last[one.key] = one
        return kept

    # -- the server ---------------------------------------------------------

    def start(self) -> str:
        """Serve; the address."""
        tape = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet, or each waits for the last's ACK.
            wbufsize = -1

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                status, headers, data = tape.answer(
                    self.command, self.path, self.headers, body
                )
                if tape.loses(self.command, self.path):
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        ).start()
        return self.address

    @property
    def address(self) -> str:
        if self._server is None:
            raise RuntimeError("the tape is not being served")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(
        self, method: str, path: str, headers: Any, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        path = _sorted_query(path)
        sent = None if path.endswith(_LOGIN) else _parsed(body)
        self.heard.append(Heard(method, path, sent))
        if self.services:
            exchange = self._ask(method, path, headers, body)
        else:
            found = self._find(method, path, body)
            if found is None:
                what = f"{method} {path} {body.decode(errors='replace')}"
                self.unknown.append(what)
                message = {"error": {"message": f"Not on the tape: {what}"}}
                return 418, {}, json.dumps(message).encode()
            exchange = found
        data = b"" if exchange.said is None else _bytes(exchange.said)
        answered = dict(exchange.headers)
        if path.endswith(_LOGIN):
            answered["X-Subject-Token"] = TOKEN
        address = self.address.encode()
        return (
            exchange.status,
            {
                name: value.replace(HOST, self.address)
                for name, value in answered.items()
            },
            data.replace(HOST.encode(), address),
        )

    def lose(self, method: str, path: str) -> None:
        """Close the connection in place of the next answer to this."""
        self._lost = (method, path)

    def loses(self, method: str, path: str) -> bool:
        if self._lost != (method, path):
            return False
        self._lost = None
        return True

    def changed(self) -> None:
        """Somebody else has changed something at this point."""
        with self._lock:
            self._epoch += 1

    # -- playing ------------------------------------------------------------

    def _find(self, method: str, path: str, body: bytes) -> Exchange | None:
        key = method, path
        with self._lock:
            takes = [one for one in self.exchanges if one.key == key]
            if method != "GET" and not path.endswith(_LOGIN):
                sent = _parsed(body)
                takes = [one for one in takes if one.sent == sent]
                key = (*key, json.dumps(sent))  # type: ignore[assignment]
            at = self._played.get(key, 0)
            if not takes:
                return None
            if at < len(takes) and takes[at].epoch <= self._epoch:
                self._played[key] = at + 1
            else:
                # As the last time; before a change, as the first.
                at = max(at - 1, 0)
            if method != "GET" and not path.endswith(_LOGIN):
                self._epoch += 1
            return takes[at]

    # -- recording ----------------------------------------------------------

    #: The real token of whoever logged in; never written.
    _real: str = ""

    def _ask(
        self, method: str, path: str, headers: Any, body: bytes
    ) -> Exchange:
        kind, _, rest = path.lstrip("/").partition("/")
        url = urllib.parse.urlsplit(self.services[kind])
        connection = http.client.HTTPConnection(
            str(url.hostname), url.port, timeout=120
        )
        login = path.endswith(_LOGIN)
        sent = {
            name: value
            for name, value in headers.items()
            if name.lower() in _SENT
        }
        if "X-Auth-Token" in headers:
            sent["X-Auth-Token"] = self._real
        target = f"{url.path.rstrip('/')}/{rest}"
        with self._lock:
            epoch = self._epoch
            if method != "GET" and not login:
                self._epoch += 1
        try:
            connection.request(method, target, body or None, sent)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if login:
            self._real = response.headers.get("X-Subject-Token", "")
        for service, address in self.services.items():
            # A proxy's address in an answer would lead past the tape.
            data = data.replace(
                address.rstrip("/").encode(), f"{HOST}/{service}".encode()
            )
        said = _parsed(data)
        if "/servers" in path or "/flavors" in path:
            said = _trimmed(said)
        if login and isinstance(said, dict) and "token" in said:
            # Whenever it is played, it has not expired.
            said["token"]["expires_at"] = "2099-01-01T00:00:00.000000Z"
            said["token"]["catalog"] = [
                one
                for one in said["token"]["catalog"]
                if one["type"] in self.services
            ]
        exchange = Exchange(
            method,
            path,
            None if login else _parsed(body),
            response.status,
            {
                name: value
                for name, value in response.headers.items()
                if name.lower() in _KEPT
            },
            said,
            epoch,
        )
        with self._lock:
            self.exchanges.append(exchange)
        return exchange


def _sorted_query(path: str) -> str:
    path, _, query = path.partition("?")
    if not query:
        return path
    return f"{path}?{'&'.join(sorted(query.split('&')))}"


def _trimmed(said: Any) -> Any:
    """Servers and flavors without what is `_DROPPED`."""
    if isinstance(said, list):
        return [_trimmed(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {
        key: _trimmed(value)
        for key, value in said.items()
        if key not in _DROPPED
    }


def _parsed(data: bytes) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _bytes(said: Any) -> bytes:
    return (
        said.encode() if isinstance(said, str) else json.dumps(said).encode()
    )
