"""Fixtures of who tests the driver ``nova`` without the rest of servicevm."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oslo_config import cfg

from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec, Peer
from servicevm.drivers.infra.nova.driver import NovaInfraDriver

__all__ = ["demo_net", "demo_project", "make_driver", "new_spec"]

OPTIONS = {
    "image": "blank",
    "flavor": "m1.nano",
    "memory_mib": 64,
    "availability_zone": "fake",
}


@pytest.fixture
def make_driver(
    nova_conf: cfg.ConfigOpts,
) -> Iterator[Callable[[], NovaInfraDriver]]:
    made: list[NovaInfraDriver] = []

    def make() -> NovaInfraDriver:
        made.append(NovaInfraDriver(nova_conf))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


@pytest.fixture(scope="session")
def demo_project(admin: Any) -> str:
    (found,) = admin.identity.projects(name="demo")
    return str(found.id)


@pytest.fixture(scope="session")
def demo_net(admin: Any, demo_project: str) -> str:
    (found,) = admin.network.networks(name="demo-net", project_id=demo_project)
    return str(found.id)


@pytest.fixture
def new_spec(demo_project: str, demo_net: str) -> Callable[..., DeviceSpec]:
    """A device on the management network and on a tenant's."""

    def make(**options: Any) -> DeviceSpec:
        device_id = str(uuid.uuid4())
        return DeviceSpec(
            device_id,
            f"lab-{device_id[:8]}",
            demo_project,
            {**OPTIONS, **options},
            [
                InterfaceSpec(
                    "mgmt", 0, "servicevm-mgmt", _mac(), of_template=True
                ),
                InterfaceSpec("ingress", 1, demo_net, _mac()),
            ],
            {"servicevm.json": b'{"token": "not a real one"}'},
            peers=[Peer("172.29.0.10", 9891, "mgmt")],
        )

    return make


def _mac() -> str:
    tail = uuid.uuid4().bytes[:3]
    return "52:54:00:" + ":".join(f"{byte:02x}" for byte in tail)
