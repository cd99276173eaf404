"""Time from the API calls for a device and a load balancer to the first 200.

Both calls are made at once, the network is ``user``; the answer comes from
a server on the loopback through haproxy in the virtual machine. Cold.
Seconds.
"""

import argparse
import http.client
import http.server
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import raw_machine
from benchmarks.standalone import PATIENCE, Api, standalone


class _Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def backend() -> Iterator[int]:
    """A server on the loopback; yields its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def config(port: int) -> dict[str, Any]:
    """A load balancer with one member."""
    member = {"name": "m", "address": "127.0.0.1", "port": port}
    return {
        "listeners": [
            {
                "name": "web",
                "protocol": "http",
                "port": 80,
                "default_pool": "servers",
            }
        ],
        "pools": [
            {
                "name": "servers",
                "algorithm": "round_robin",
                "members": [member],
            }
        ],
    }


def answers(port: int) -> bool:
    """Whether the load balancer's port gives an HTTP 200 now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def measure(api: Api, template_id: str, port: int) -> float:
    """Seconds of one; nothing is left afterwards."""
    began = time.perf_counter()
    device_id = api.make_device(template_id)
    asked = {
        "name": "web",
        "device_id": device_id,
        "service_type": "loadbalancer",
        "config": config(port),
    }
    made = api.ok("POST", "/services", {"service": asked})["service"]
    service = api.wait(
        f"/services/{made['id']}", "service", lambda found: found["endpoints"]
    )
    published = service["endpoints"][0]["port"]
    while not answers(published):
        if time.perf_counter() - began > PATIENCE:
            raise RuntimeError("no answer through the virtual machine")
        time.sleep(0.005)
    took = time.perf_counter() - began
    api.delete_device(device_id)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    image = raw_machine.image_dir()
    with (
        tempfile.TemporaryDirectory(prefix="svm-bench-") as state,
        backend() as port,
        standalone(Path(state), image) as api,
    ):
        template_id = api.make_template()
        measure(api, template_id, port)  # fills caches, probes KVM
        times = [measure(api, template_id, port) for _ in range(runs)]
    print(f"first_byte {statistics.median(times):.3f} s")


if __name__ == "__main__":
    main()
