"""Little HTTP servers, and a client that asks them through a port."""

import http.server
import socket
import threading
from collections import Counter
from http.client import HTTPConnection
from typing import Any


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """haproxy ends its checks with a reset: that is not news."""


class Backend:
    """Answers its name; 503 to ``/health`` while `healthy` is False."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.healthy = True
        self.seen: list[dict[str, str]] = []
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # headers and body in one packet

            def do_GET(self) -> None:
                checked = self.path == "/health"
                if not checked:
                    backend.seen.append(
                        {k.lower(): v for k, v in self.headers.items()}
                    )
                code = 503 if checked and not backend.healthy else 200
                body = backend.name.encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,)
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """One request on a connection of its own: status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def shares(port: int, requests: int) -> Counter[str]:
    """How many of the requests each backend answered."""
    return Counter(get(port)[1] for _ in range(requests))
