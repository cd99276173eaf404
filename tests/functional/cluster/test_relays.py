"""A real agent, over TCP, between two relays."""

import time
from collections.abc import Callable, Iterator

import pytest

from servicevmclient.exceptions import ClientError, ServerError
from servicevmclient.v1.client import Client
from servicevmclient.v1.device import Device
from tests.functional.agent.backends import Backend, free_port, get
from tests.functional.cluster.agent import TEMPLATE, DeviceAgent
from tests.functional.cluster.conftest import Eventually, Shell
from tools.cluster.cluster import Cluster

#: Seconds within which a user is told that a device cannot be reached.
PATIENCE = 60


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend("b1")
    yield made
    made.close()


@pytest.fixture
def device(
    cluster: Cluster, sdk: Callable[[str], Client], member: Client
) -> Iterator[Device]:
    """With an agent in it that runs, and nothing else."""
    admin = sdk("admin")
    template = admin.find_device_template("agent", ignore_missing=True)
    if template is None:
        template = admin.create_device_template(name="agent", **TEMPLATE)
    made = member.create_device(name="real", template_id=template.id)
    agent = DeviceAgent(cluster.state_dir, made.id)
    try:
        yield member.wait_for_device(made, timeout=60)
        member.delete_device(made.id)
        member.wait_for_device_gone(made.id, timeout=60)
    finally:
        agent.close()


def config(port: int, backend: Backend, algorithm: str) -> dict[str, object]:
    return {
        "listeners": [
            {
                "name": "web",
                "protocol": "http",
                "port": port,
                "default_pool": "p",
            }
        ],
        "pools": [
            {
                "name": "p",
                "algorithm": algorithm,
                "members": [
                    {
                        "name": "b1",
                        "address": "127.0.0.1",
                        "port": backend.port,
                    }
                ],
            }
        ],
    }


def test_an_agent_is_served_by_whichever_relay_there_is(
    cluster: Cluster,
    sdk: Callable[[str], Client],
    member: Client,
    shell: Shell,
    device: Device,
    backend: Backend,
    eventually: Eventually,
) -> None:
    admin = sdk("admin")

    def busy() -> str | None:
        """The relay that says that it holds the session."""
        for one in admin.relays():
            if one.alive and one.sessions and not one.draining:
                return str(one.name)
        return None

    port = free_port()
    service = member.create_service(
        name="web",
        device_id=device.id,
        service_type="loadbalancer",
        config=config(port, backend, "round_robin"),
    )
    member.wait_for_service(service, timeout=60)
    assert get(port) == (200, "b1")
    assert member.get_service_stats(service.id)["listeners"]

    first = eventually(busy)
    killed = cluster.member("relay", int(first[-1]))
    killed.kill()
    # Traffic needs no relay; changes find the other one.
    assert get(port) == (200, "b1")
    member.update_service(
        service.id, config=config(port, backend, "least_connections")
    )
    changed = member.wait_for_service(service.id, timeout=60)
    assert changed.observed_generation == 2
    killed.start()

    second = eventually(lambda: busy() not in (None, first) and busy())
    shell.ok(f"servicevm relay set --drain {second}", "admin")
    eventually(lambda: busy() == first)
    member.update_service(
        service.id, config=config(port, backend, "round_robin")
    )
    assert (
        member.wait_for_service(service.id, timeout=60).observed_generation
        == 3
    )
    shell.ok(f"servicevm relay set --no-drain {second}", "admin")
    assert get(port) == (200, "b1")


def test_a_call_without_the_broker_says_so_in_time_and_works_with_it_again(
    cluster: Cluster,
    member: Client,
    device: Device,
    backend: Backend,
    eventually: Eventually,
) -> None:
    port = free_port()
    service = member.create_service(
        name="web",
        device_id=device.id,
        service_type="loadbalancer",
        config=config(port, backend, "round_robin"),
    )
    member.wait_for_service(service, timeout=60)
    cluster.broker.kill()
    began = time.monotonic()
    with pytest.raises(ServerError) as refused:
        member.get_service_stats(service.id)
    # Of the device it says nothing: it may be well.
    assert refused.value.code == "relay_unreachable"
    assert time.monotonic() - began < PATIENCE
    assert get(port) == (200, "b1")
    cluster.broker.start()

    def answers() -> bool:
        try:
            return bool(member.get_service_stats(service.id)["listeners"])
        except ClientError:
            return False

    eventually(answers)
