"""What a tenant and a guest can reach: traffic, and nothing of ours."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from servicevmclient.v1.client import Client
from tools.lab import image
from tools.lab.host import Host
from tools.lab.lab import Lab
from tools.lab.people import PEOPLE
from tools.lab.scene import RELAY_PORT

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(900)]

#: Seconds until a connection that nobody answers has failed.
_PATIENCE = 3


@pytest.fixture(scope="module")
def template(lab: Lab, admin: Any) -> Iterator[Any]:
    image.ensure(lab)
    client = Client(admin.session)
    made = client.create_device_template(
        name="isolated",
        infra_driver="nova",
        infra_options={
            "availability_zone": "kvm",
            "flavor": "servicevm.small",
        },
        mgmt_driver="agent",
        mgmt_options={"transport": "tcp"},
        interfaces=[
            {"role": "mgmt", "network": "servicevm-mgmt"},
            {"role": "ingress"},
        ],
        service_types=["loadbalancer"],
    )
    yield made
    client.delete_device_template(made.id)


@pytest.fixture(scope="module")
def device(template: Any, demo: Any) -> Iterator[Any]:
    """A tenant's, whose agent is connected."""
    client = Client(demo.session)
    network = demo.network.find_network("demo-net", ignore_missing=False)
    made = client.create_device(
        name="isolated",
        template_id=template.id,
        interfaces=[{"role": "ingress", "network": network.id}],
    )
    try:
        yield client.wait_for_device(made, timeout=300)
    finally:
        client.delete_device(made.id)
        client.wait_for_device_gone(made.id, timeout=180)


def reaches(host: Host, address: str, port: int) -> bool:
    """Whether a TCP connection from the host is accepted."""
    script = (
        "import socket, sys; "
        f"socket.create_connection((sys.argv[1], int(sys.argv[2])), "
        f"{_PATIENCE})"
    )
    done = host.run(
        "python3", "-c", script, address, str(port), timeout=_PATIENCE + 20
    )
    return done.returncode == 0


def control_plane(lab: Lab) -> dict[str, int]:
    """Ports of everything of ours that listens for TCP."""
    return {name: port for name, _, port in lab.rows() if port}


def test_from_the_tenants_network_nothing_of_ours_is_reached(
    lab: Lab, admin: Any, device: Any
) -> None:
    network = admin.network.find_network("demo-net", ignore_missing=False)
    client = lab.host(network, "client")
    management = next(
        one for one in device.interfaces if one["role"] == "mgmt"
    )
    relay = lab.scene.relay_address
    assert not reaches(client, relay, RELAY_PORT)
    for name, port in control_plane(lab).items():
        for address in (relay, management["address"]):
            assert not reaches(client, address, port), name


@pytest.fixture
def probe(lab: Lab, admin: Any, device: Any) -> Iterator[Host]:
    """A host that stands where the device does: a port of the management
    network with the device's own security groups, and tools in it."""
    (port,) = admin.network.ports(
        tags=f"servicevm-device:{device.id}",
        mac_address=device.interfaces[0]["mac"],
    )
    network = admin.network.get_network(port.network_id)
    host = lab.host(
        network,
        "probe",
        security_groups=list(port.security_group_ids),
    )
    yield host
    lab.scene.plug(admin).remove(host)


def test_a_guest_reaches_the_relays_port_and_nothing_else(
    lab: Lab, probe: Host, device: Any
) -> None:
    relay = lab.scene.relay_address
    assert reaches(probe, relay, RELAY_PORT)
    for name, port in control_plane(lab).items():
        if port != RELAY_PORT:
            assert not reaches(probe, relay, port), name


def test_no_guest_reaches_another_on_the_management_network(
    probe: Host, device: Any
) -> None:
    address = device.interfaces[0]["address"]
    done = probe.run("ping", "-c", "2", "-W", "1", address)
    assert done.returncode != 0
    for port in (22, 80, RELAY_PORT):
        assert not reaches(probe, address, port)


def test_a_guest_holds_no_credential_of_the_control_plane(
    lab: Lab, admin: Any, device: Any
) -> None:
    (server,) = admin.compute.servers(
        all_projects=True, tags=f"servicevm-device:{device.id}"
    )
    data = admin.compute.get_server(server.id).user_data
    told = base64.b64decode(data).decode()
    document = json.loads(told)
    assert set(document) <= {
        "version",
        "device_id",
        "deployment_id",
        "token",
        "ca_bundle",
        "transport",
        "relay_group",
        "interfaces",
        "generation",
    }
    for secret in (
        urlsplit(lab.broker.url).password,
        lab.database.password,
        *(lab.keystone.login(one).auth["password"] for one in PEOPLE.users),
    ):
        assert secret
        assert secret not in told
