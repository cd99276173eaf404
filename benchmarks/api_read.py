"""How fast the API reads: a device, and pages of 100 and of 1,000.

As a cloud serves it (benchmarks/api_server.py): a token of a real Keystone
is checked at every request, MariaDB holds 1,000 devices of two interfaces
and two tags each. ``api_floor`` is the same way to an answer that needs no
token and no row. Latencies are of one client on a kept connection; the rate
is that of several.

Run: python -m benchmarks.api_read
"""

import multiprocessing
import statistics
import sys
import time
from multiprocessing.synchronize import Barrier

from benchmarks.api_rows import device_id, fill
from benchmarks.api_server import ApiServer, Connection, served

DEVICES = 1000
#: Clients that ask at once, each in a process of its own, and how often.
CLIENTS = 4
REQUESTS = 500


def _latency(name: str, server: ApiServer, path: str, count: int) -> None:
    connection = server.connect()
    # Both processes have to have seen the token, and the statements.
    for _ in range(10):
        server.connect().get(path)
        connection.get(path)
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        connection.get(path)
        taken.append((time.perf_counter() - began) * 1000)
    connection.close()
    print(f"{name} {statistics.median(taken):.2f} ms")
    print(f"{name}_least {min(taken):.2f} ms", flush=True)


def _ask(port: int, token: str, path: str, ready: Barrier) -> None:
    connection = Connection(port, token)
    connection.get(path)
    ready.wait(60)
    for _ in range(REQUESTS):
        connection.get(path)
    ready.wait(60)
    connection.close()


def _rate(server: ApiServer, path: str) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(CLIENTS + 1)
    arguments = (server.port, server.token, path, ready)
    clients = [
        context.Process(target=_ask, args=arguments) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    ready.wait(60)
    began, before = time.monotonic(), server.cpu()
    ready.wait(60)
    wall, used = time.monotonic() - began, server.cpu() - before
    for client in clients:
        client.join(60)
    total = CLIENTS * REQUESTS
    print(f"api_rate {total / wall:.0f} requests/s")
    print(f"api_get_cpu {used / total * 1000:.2f} ms", flush=True)


def main() -> int:
    with served() as server:
        fill(1, DEVICES, server.project_id)
        one = f"/v1/devices/{device_id(DEVICES // 2)}"
        _latency("api_floor", server, "/", 300)
        _latency("api_get", server, one, 300)
        _latency("api_list_100", server, "/v1/devices?limit=100", 60)
        _latency("api_list_1000", server, "/v1/devices?limit=1000", 20)
        _rate(server, one)
    return 0


if __name__ == "__main__":
    sys.exit(main())
