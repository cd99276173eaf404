"""How long a request for a device takes to be accepted, at 20 a second.

As a cloud serves it (benchmarks/api_server.py). The requests are sent when
they are due, not when the one before was answered: what waits is counted.

Run: python -m benchmarks.create_accept
"""

import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.api_server import ApiServer, served

#: Requests, how many are due in a second, and how many first ones do not
#: count: connections, and the statements of the two processes.
REQUESTS = 400
RATE = 20
WARM = 40
#: Connections.
CLIENTS = 8

_TEMPLATE = {
    "name": "bench",
    "infra_driver": "noop",
    "mgmt_driver": "noop",
    "interfaces": [{"role": "ingress", "network": "bench"}],
    "service_types": ["loadbalancer"],
    "slots": 4,
}


def _measure(server: ApiServer, template_id: str) -> list[float]:
    """Seconds from when each request was due until it was accepted."""
    local = threading.local()
    waiting = threading.Event()
    began = time.monotonic() + 0.5

    def create(number: int) -> float:
        due = began + number / RATE
        waiting.wait(max(due - time.monotonic(), 0))
        if not hasattr(local, "connection"):
            local.connection = server.connect()
        device = {"name": f"d{number}", "template_id": template_id}
        local.connection.post("/v1/devices", {"device": device})
        return time.monotonic() - due

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(create, range(WARM + REQUESTS)))[WARM:]


def main() -> int:
    with served() as server:
        made = server.connect().post(
            "/v1/device-templates", {"device_template": _TEMPLATE}
        )
        taken = _measure(server, made["device_template"]["id"])
    points = statistics.quantiles(taken, n=100)
    print(f"create_accept_p50 {points[49] * 1000:.1f} ms")
    print(f"create_accept_p99 {points[98] * 1000:.1f} ms", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
