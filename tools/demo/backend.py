"""A real HTTP server for the demo: says its name and what it was told.

usage: backend.py NAME ADDRESS PORT
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body in two small writes would wait for an ACK each.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        body = json.dumps(
            {
                "backend": self.server.name,  # type: ignore[attr-defined]
                "peer": self.client_address[0],
                "forwarded_for": self.headers.get("X-Forwarded-For"),
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionResetError:
            """haproxy ends its health checks with a reset."""

    def log_message(self, *args: object) -> None:
        """Every request is counted by the demo's client."""


def main() -> None:
    name, address, port = sys.argv[1:]
    server = ThreadingHTTPServer((address, int(port)), Handler)
    server.name = name  # type: ignore[attr-defined]
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
