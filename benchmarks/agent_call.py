"""A call from the API to an agent and back, and the bus's own floor.

``rpc_floor`` is an empty call of oslo.messaging over RabbitMQ from one
process to another, with the options that we recommend and none of our code
around it. ``agent_call`` goes from the API's application (in this process)
over the bus to a conductor, from there over the bus to a relay and over TLS
to the agent, each a process of its own, and back. What is asked is an
action of a service that the agent does not have: its shortest answer.
Milliseconds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from oslo_config import cfg

from benchmarks.relay_server import SPAWN
from servicevm import conf as servicevm_conf
from servicevm.db import api as db
from servicevm.db import models
from servicevm.rpc import oslo
from tests.functional.rpc.house import House
from tools.cluster.rabbitmq import RabbitMq

_TOPIC = "floor"
_SERVICE = "00000000-0000-4000-8000-000000000003"


class _Nothing:
    def nothing(self, told: Any) -> None:
        pass


def _target(**more: str) -> Any:
    return oslo.oslo_messaging.Target(
        exchange=oslo.EXCHANGE, topic=_TOPIC, **more
    )


def _serve_floor(url: str, pipe: Connection) -> None:
    conf = servicevm_conf.register(cfg.CONF)
    conf([], project="servicevm", default_config_files=[])
    bus = oslo.transport(conf, url)
    server = oslo.oslo_messaging.get_rpc_server(
        bus, _target(server="floor"), [_Nothing()]
    )
    server.start()
    pipe.send("ready")
    pipe.recv()


def _times(call: Callable[[], Any], count: int) -> list[float]:
    """Seconds of each call, after some that warm up."""
    for _ in range(20):
        call()
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
    print(f"{name}_least {min(spent) * 1e3:.2f} ms")


def floor(house: House, count: int) -> list[float]:
    """Seconds of empty calls."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(
        target=_serve_floor, args=(house.broker.url, theirs)
    )
    process.start()
    assert ours.recv() == "ready"
    client = oslo.oslo_messaging.get_rpc_client(
        oslo.transport(house.conf), _target()
    )
    try:
        return _times(lambda: client.call({}, "nothing"), count)
    finally:
        process.kill()
        process.join()


def agent_call(house: House, count: int) -> list[float]:
    """Seconds of calls through the API."""
    for name in ("conductor1", "relay1"):
        house.start(name)
    device = house.device("d1", "relay1")
    with db.writer() as session:
        session.add(
            models.Service(
                id=_SERVICE,
                seq=1,
                project_id="default",
                name="none",
                provisioning_status="ACTIVE",
                operating_status="ONLINE",
                properties={},
                created_at=1,
                updated_at=1,
                device_id=device,
                service_type="loadbalancer",
                slots=1,
                config={},
                digest="sha256:0",
                observed_generation=1,
                endpoints=[],
                members=[],
            )
        )

    def call() -> None:
        answer = house.api.simulate_get(f"/v1/services/{_SERVICE}/stats")
        assert "agent_error" in answer.text, answer.text

    return _times(call, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="svm-") as name:
        folder = Path(name)
        with RabbitMq(folder / "rabbitmq") as broker:
            house = House(folder, broker)
            try:
                empty = floor(house, asked.calls)
                _show("rpc_floor", empty)
                whole = agent_call(house, asked.calls)
                _show("agent_call", whole)
                goal = 2 * statistics.median(empty) + 0.005
                print(f"agent_call_goal {goal * 1e3:.2f} ms")
            finally:
                house.close()


if __name__ == "__main__":
    main()
