"""What servicevm adds to the time that Nova takes, on the lab.

A server made by hand of the same image, flavor and networks, to Nova's
ACTIVE (`nova_floor_active`) and to the first words of the agent in it on its
console (`nova_floor`: it finds no document and says so); and a device, to
ACTIVE with its agent online (`nova_device_create`). Each in turn, so that
both see the same load. Seconds; needs ``make lab`` and is run by
``make bench-lab``.
"""

import argparse
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from servicevmclient.v1.client import Client
from tools.lab.image import ensure as ensure_image
from tools.lab.lab import Lab

_FLAVOR = "servicevm.small"
_ZONE = "kvm"
_AGENT = "servicevm-agent"
_LOOK = 0.1
_TIMEOUT = 300.0


def await_truth(asked: Callable[[], Any], what: str) -> Any:
    """What the question gives once that is true.

    :raises TimeoutError: it is not, in time
    """
    deadline = time.monotonic() + _TIMEOUT
    while True:
        found = asked()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(_LOOK)


def by_hand(
    service: Any, image: Any, networks: list[Any]
) -> tuple[float, float]:
    """Make a server and take it away; seconds to ACTIVE, to the agent."""
    ports = [
        service.network.create_port(network_id=one.id, name="bench")
        for one in networks
    ]
    flavor = service.compute.find_flavor(_FLAVOR)
    began = time.perf_counter()
    server = service.compute.create_server(
        name=f"bench-{uuid.uuid4()}",
        image_id=image.id,
        flavor_id=flavor.id,
        availability_zone=_ZONE,
        networks=[{"port": one.id} for one in ports],
        config_drive=True,
    )
    try:
        await_truth(
            lambda: service.compute.get_server(server.id).status == "ACTIVE",
            "a server that is ACTIVE",
        )
        active = time.perf_counter() - began
        await_truth(
            lambda: (
                _AGENT
                in service.compute.get_server_console_output(server.id)[
                    "output"
                ]
            ),
            "the agent's first words",
        )
        return active, time.perf_counter() - began
    finally:
        service.compute.delete_server(server.id)
        service.compute.wait_for_delete(server, interval=1, wait=120)
        for port in ports:
            service.network.delete_port(port)


def by_us(client: Client, template: Any) -> float:
    """Make a device and take it away; seconds to ACTIVE."""
    began = time.perf_counter()
    made = client.create_device(name="bench", template_id=template.id)
    try:
        client.wait_for_device(made, timeout=_TIMEOUT, interval=_LOOK)
        return time.perf_counter() - began
    finally:
        client.delete_device(made.id)
        client.wait_for_device_gone(made.id, timeout=_TIMEOUT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    lab = Lab()
    ensure_image(lab)
    actives, floors, created = [], [], []
    with lab.cloud("lab-service") as service, lab.cloud("lab-admin") as admin:
        client = Client(admin.session)
        image = max(
            service.image.images(tag="servicevm", status="active"),
            key=lambda one: str(one.created_at),
        )
        networks = [
            admin.network.find_network(name, ignore_missing=False)
            for name in ("servicevm-mgmt", "demo-net")
        ]
        template = client.create_device_template(
            name="bench",
            infra_driver="nova",
            infra_options={"availability_zone": _ZONE, "flavor": _FLAVOR},
            mgmt_driver="agent",
            mgmt_options={"transport": "tcp"},
            interfaces=[
                {"role": "mgmt", "network": networks[0].id},
                {"role": "ingress", "network": networks[1].id},
            ],
        )
        try:
            by_us(client, template)  # fills caches, the compute host's too
            for _ in range(runs):
                active, floor = by_hand(service, image, networks)
                actives.append(active)
                floors.append(floor)
                created.append(by_us(client, template))
        finally:
            client.delete_device_template(template.id)
    for name, values in (
        ("nova_floor_active", actives),
        ("nova_floor", floors),
        ("nova_device_create", created),
    ):
        print(f"{name} {statistics.median(values):.2f} s")
        print(f"{name}_least {min(values):.2f} s")
    median = statistics.median(created) - statistics.median(floors)
    print(f"nova_overhead {median:.2f} s")
    print(f"nova_overhead_least {min(created) - min(floors):.2f} s")


if __name__ == "__main__":
    main()
