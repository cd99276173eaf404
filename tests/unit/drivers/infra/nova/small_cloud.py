"""As much of Keystone and Nova as logging in and listing servers takes.

For what recorded answers of one cloud cannot show: another region, other
kinds of endpoints, TLS, a cloud that is slow or overloaded.
"""

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from oslo_serialization import jsonutils

__all__ = ["SmallCloud"]

PROJECT = "9a0c5d3e1f7b4c66a1d2e3f405162738"

_VERSION = {
    "id": "v2.1",
    "status": "CURRENT",
    "version": "2.96",
    "min_version": "2.1",
}


@dataclass
class SmallCloud:
    """
    :param endpoints: of Nova: region and kind
    :param tls: None speaks HTTP
    """

    endpoints: Sequence[tuple[str, str]] = (("RegionOne", "internal"),)
    tls: ssl.SSLContext | None = None
    #: Method and path of what was asked, logging in left out.
    heard: list[tuple[str, str]] = field(default_factory=list)
    #: So many of the next requests for servers are answered with 503.
    overloaded: int = 0
    #: Requests for servers wait until it is set.
    awake: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def __post_init__(self) -> None:
        self.awake.set()

    @contextmanager
    def serving(self) -> Iterator[None]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet, or each waits for the last's ACK.
            wbufsize = -1

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = cloud.answer(self.command, self.path)
                data = jsonutils.dump_as_bytes(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("X-Subject-Token", "a-token")
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                """Who gave up, or trusts nobody, has gone."""

        server = Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            server.socket = self.tls.wrap_socket(
                server.socket,
                server_side=True,
                # Or one who does not shake hands is waited for.
                do_handshake_on_connect=False,
            )
        scheme = "http" if self.tls is None else "https"
        self.address = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            self.awake.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        """Status and body."""
        if path.startswith("/v3"):
            if method == "POST":
                return 201, {"token": self._token()}
            return 200, {"version": self._version("v3.14", "/v3/")}
        self.heard.append((method, path))
        if "/servers" not in path:
            return 200, {"version": self._version("v2.1", path)}
        self.awake.wait(30)
        if self.overloaded:
            self.overloaded -= 1
            return 503, {"error": {"code": 503, "message": "Too much to do."}}
        if method == "POST":
            return 202, {"server": {"id": "new"}}
        return (204, None) if method == "DELETE" else (200, {"servers": []})

    def _version(self, name: str, path: str) -> dict[str, Any]:
        links = [{"rel": "self", "href": f"{self.address}{path}"}]
        return {**_VERSION, "id": name, "links": links}

    def _token(self) -> dict[str, Any]:
        return {
            "methods": ["password"],
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "user": {
                "id": "u",
                "name": "servicevm",
                "domain": {"id": "default", "name": "Default"},
            },
            "project": {
                "id": PROJECT,
                "name": "service",
                "domain": {"id": "default", "name": "Default"},
            },
            "roles": [{"id": "r", "name": "member"}],
            "catalog": [
                {
                    "id": "nova",
                    "name": "nova",
                    "type": "compute",
                    "endpoints": [
                        {
                            "id": f"{region}-{kind}",
                            "region": region,
                            "region_id": region,
                            "interface": kind,
                            "url": f"{self.address}/{region}/{kind}/v2.1",
                        }
                        for region, kind in self.endpoints
                    ],
                }
            ],
        }
