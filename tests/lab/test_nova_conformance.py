"""The infra drivers' suite against real Nova, Neutron and Glance.

On the zone of the fake compute: Nova, its scheduler and conductor, Neutron
and OVN are real, and no guest runs.
"""

import uuid

import pytest

from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec, Peer
from servicevm.drivers.infra.conformance import InfraDriverConformance
from servicevm.drivers.infra.nova.driver import NovaInfraDriver

OPTIONS = {
    "image": "blank",
    "flavor": "m1.nano",
    "memory_mib": 64,
    "availability_zone": "fake",
}


@pytest.fixture
def make_driver(nova_conf):
    made = []

    def make():
        made.append(NovaInfraDriver(nova_conf))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


@pytest.fixture(scope="session")
def demo_project(admin):
    (found,) = admin.identity.projects(name="demo")
    return found.id


@pytest.fixture(scope="session")
def demo_net(admin, demo_project):
    (found,) = admin.network.networks(name="demo-net", project_id=demo_project)
    return found.id


@pytest.fixture
def new_spec(demo_project, demo_net):
    """A device on the management network and on a tenant's."""

    def make(**options) -> DeviceSpec:
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


class TestNova(InfraDriverConformance):
    running_within = 120.0
    gone_within = 120.0
    # Nova answers when an interface is plugged in, not before; and a lab
    # may share its machine.
    call_within = 60.0

    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self, new_spec):
        return new_spec


class TestNovaInTheTenantsProject(InfraDriverConformance):
    running_within = 120.0
    gone_within = 120.0
    # Nova answers when an interface is plugged in, not before; and a lab
    # may share its machine.
    call_within = 60.0

    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self, new_spec):
        return lambda: new_spec(owner="tenant")
