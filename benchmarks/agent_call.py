"""A call from the API to an agent and back, and the bus's own floor.

``rpc_floor`` is an empty call of oslo.messaging over RabbitMQ from one
process to another, set up as ours are and with none of our code around it.
``agent_call`` is a user's request: over HTTP to the API, which checks a token
of a real Keystone and reads a row of MariaDB, from there over the bus to a
relay and over TLS to the agent, each a process of its own, and back. What is
asked is a query of a service that the agent does not have: its shortest
answer. Milliseconds.

``_cpu`` is processor time of a process per call, less what it uses when
nothing is asked. That of a conductor, which a call does not pass, shows what
of it is noise.

Run: python -m benchmarks.agent_call
"""

import argparse
import contextlib
import http.client
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from oslo_config import cfg

from benchmarks import api_server
from benchmarks.api_rows import temporary_folder
from benchmarks.relay_server import SPAWN
from servicevm import conf as servicevm_conf
from servicevm.rpc import bus
from tests.functional.rpc.house import House
from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb
from tools.cluster.rabbitmq import RabbitMq

_TOPIC = "floor"
#: Seconds for which it is seen what processes use when nothing is asked.
_IDLE = 5.0
#: Calls that warm up; every worker of the API gets some.
_WARM = 20
#: Calls of one kind in turn.
_ROUND = 25


class _Nothing:
    def nothing(self, told: Any) -> None:
        pass


def _target(**more: str) -> Any:
    return bus.oslo_messaging.Target(
        exchange=bus.EXCHANGE, topic=_TOPIC, **more
    )


def _serve_floor(url: str, pipe: Connection) -> None:
    conf = servicevm_conf.register(cfg.CONF)
    conf([], project="servicevm", default_config_files=[])
    transport = bus.transport(conf, url)
    server = bus.oslo_messaging.get_rpc_server(
        transport, _target(server="floor"), [_Nothing()]
    )
    server.start()
    pipe.send("ready")
    pipe.recv()


def _times(call: Callable[[], Any], count: int) -> list[float]:
    """Seconds of each call."""
    spent = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        spent.append(time.perf_counter() - begun)
    return spent


def _show(name: str, spent: Sequence[float]) -> None:
    cuts = statistics.quantiles(spent, n=100)
    print(f"{name}_p50 {cuts[49] * 1e3:.2f} ms")
    print(f"{name}_p99 {cuts[98] * 1e3:.2f} ms")
    print(f"{name}_least {min(spent) * 1e3:.2f} ms", flush=True)


class _Caller:
    """Makes an empty call."""

    def __init__(self, house: House) -> None:
        self._transport = bus.transport(house.conf)
        self._client = bus.oslo_messaging.get_rpc_client(
            self._transport, _target()
        )

    def __call__(self) -> None:
        self._client.call({}, "nothing")

    def close(self) -> None:
        self._transport.cleanup()


@contextlib.contextmanager
def floor(house: House) -> Iterator[Callable[[], Any]]:
    """Make empty calls, to a process of its own."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(
        target=_serve_floor, args=(house.broker.url, theirs)
    )
    process.start()
    try:
        if not ours.poll(api_server.PATIENCE):
            raise RuntimeError("the floor's server does not start")
        ours.recv()
        with contextlib.closing(_Caller(house)) as client:
            yield client
    finally:
        process.kill()
        process.join()


@dataclass(frozen=True)
class Lane:
    """The way of a call.

    :param service: whose device is asked
    :param pids: of those that it passes, by name
    """

    port: int
    token: str
    service: str
    pids: Mapping[str, Sequence[int]]

    def cpu(self) -> dict[str, float]:
        """Seconds that each has used."""
        return {
            name: sum(map(api_server.cpu, pids))
            for name, pids in self.pids.items()
        }


@contextlib.contextmanager
def house() -> Iterator[tuple[House, Keystone]]:
    """The servers behind, and this process on them."""
    with (
        temporary_folder() as folder,
        RabbitMq(folder / "rabbitmq") as broker,
        MariaDb(folder / "mariadb") as mariadb,
        Keystone(folder / "keystone") as keystone,
    ):
        mariadb.create("bench")
        made = House(folder, broker, mariadb.url("bench"))
        try:
            yield made, keystone
        finally:
            made.close()


def settings(house: House, keystone: Keystone) -> Path:
    """Write the API's file."""
    path = house.config("api1", 0)
    with path.open("a") as file:
        file.write("[keystone_authtoken]\n")
        for name, value in keystone.authtoken().items():
            file.write(f"{name} = {value}\n")
    path.write_text(
        path.read_text().replace(
            "auth_strategy = none", "auth_strategy = keystone"
        )
    )
    return path


@contextlib.contextmanager
def lane(house: House, keystone: Keystone) -> Iterator[Lane]:
    """Start all of it."""
    for name in ("conductor1", "relay1"):
        house.start(name)
    device = house.device("d1", "relay1")
    project_id = api_server.project_id(keystone, "red")
    service = house.lost_service(device, project_id)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
        api_server.gunicorn(
            house.folder, settings(house, keystone), listener
        ) as api,
    ):
        port = listener.getsockname()[1]
        api_server.await_workers(port, api, house.folder / "api.log")
        processes = house.processes
        agent = next(name for name in processes if name.startswith("agent"))
        yield Lane(
            port,
            keystone.login("red-admin").token(),
            service,
            {
                "api": api_server.children(api.pid),
                "conductor": [processes["conductor1"].pid],
                "relay": [processes["relay1"].pid],
                "agent": [processes[agent].pid],
            },
        )


def caller(way: Lane) -> Callable[[], None]:
    """Make calls over a connection that is kept."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", way.port, timeout=api_server.PATIENCE
    )
    headers = {"X-Auth-Token": way.token}

    def call() -> None:
        connection.request(
            "GET", f"/v1/services/{way.service}/stats", "", headers
        )
        answer = connection.getresponse().read()
        if b"agent_error" not in answer:
            raise RuntimeError(answer.decode())

    return call


def idle(way: Lane) -> dict[str, float]:
    """Seconds that each uses in a second in which nothing is asked."""
    before, began = way.cpu(), time.monotonic()
    threading.Event().wait(_IDLE)
    passed = time.monotonic() - began
    return {
        name: (used - before[name]) / passed
        for name, used in way.cpu().items()
    }


def measure(
    way: Lane, empty: Callable[[], Any], count: int
) -> tuple[list[float], list[float]]:
    """Seconds of empty calls and of ours; prints what processes use.

    Both in turns: others use the machine too, now more and now less.
    """
    for _ in range(2 * api_server.WORKERS):
        _times(caller(way), _WARM)
    _times(empty, _WARM)
    call = caller(way)
    rest = idle(way)
    used = dict.fromkeys(way.pids, 0.0)
    floors: list[float] = []
    calls: list[float] = []
    while len(calls) < count:
        floors += _times(empty, _ROUND)
        before, began = way.cpu(), time.monotonic()
        calls += _times(call, _ROUND)
        passed = time.monotonic() - began
        for name, seconds in way.cpu().items():
            used[name] += seconds - before[name] - rest[name] * passed
    for name, seconds in used.items():
        print(f"agent_call_{name}_cpu {seconds / len(calls) * 1e3:.2f} ms")
    return floors, calls


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    asked = parser.parse_args()
    with (
        house() as (made, keystone),
        floor(made) as empty,
        lane(made, keystone) as way,
    ):
        floors, calls = measure(way, empty, asked.calls)
        _show("rpc_floor", floors)
        _show("agent_call", calls)
        goal = 2 * statistics.median(floors) + 0.005
        print(f"agent_call_goal {goal * 1e3:.2f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
