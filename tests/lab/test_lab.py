"""What ``make lab`` promises of the OpenStack it starts."""

import contextlib
import dataclasses
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1.session import Session

from tests.lab import boot_sector, dhcp
from tests.lab.leftovers import leftovers
from tools.lab.host import Host
from tools.lab.lab import Lab
from tools.lab.memory import memory
from tools.lab.scene import RELAY_PORT

#: Seconds until a server is ACTIVE, on a busy machine.
ACTIVE = 240


@pytest.fixture
def service(lab: Lab) -> Iterator[Any]:
    """The cloud in the name of servicevm."""
    with lab.cloud("lab-service") as connection:
        yield connection


@pytest.fixture
def blank(service: Any) -> str:
    return str(next(service.image.images(name="blank")).id)


@pytest.fixture
def guest_image(service: Any) -> Iterator[str]:
    """An image that boots, in the service's project."""
    made = service.image.create_image(
        name="boot-sector",
        disk_format="raw",
        container_format="bare",
        data=boot_sector.disk(),
        allow_duplicates=True,
    )
    yield made.id
    service.image.delete_image(made.id)


@pytest.fixture
def boot(service: Any) -> Iterator[Callable[..., Any]]:
    """Makes servers on the management network; takes them away again."""
    made = []

    def one(zone: str, image: str) -> Any:
        network = next(service.network.networks(name="servicevm-mgmt"))
        (flavor,) = (
            one for one in service.compute.flavors() if one.name == "m1.nano"
        )
        began = time.monotonic()
        server = service.compute.create_server(
            name=f"test-{zone}",
            image_id=image,
            flavor_id=flavor.id,
            networks=[{"uuid": network.id}],
            availability_zone=zone,
            config_drive=True,
        )
        made.append(server)
        server = service.compute.wait_for_server(
            server, wait=ACTIVE, interval=0.2
        )
        seconds = time.monotonic() - began
        print(f"\nACTIVE in {zone}: {seconds:.1f} s")
        return server

    yield one
    for server in made:
        service.compute.delete_server(server)
    for server in made:
        service.compute.wait_for_delete(server, wait=ACTIVE)


@pytest.mark.parametrize("zone", ["kvm", "fake"])
def test_a_server_becomes_active_and_its_port_too(
    service: Any, blank: str, boot: Callable[..., Any], zone: str
) -> None:
    server = boot(zone, blank)
    assert server.status == "ACTIVE"
    assert server.availability_zone == zone
    (port,) = service.network.ports(device_id=server.id)
    # Nova waits for that of a real guest only.
    await_value(lambda: service.network.get_port(port.id).status, "ACTIVE")


@pytest.mark.vm
def test_a_guest_really_boots_its_image(
    service: Any, guest_image: str, boot: Callable[..., Any]
) -> None:
    server = boot("kvm", guest_image)
    began = time.monotonic()
    words = boot_sector.WORDS.decode().strip()
    text = ""
    while words not in text:
        assert time.monotonic() < began + 60, text
        time.sleep(0.2)
        # Nova has no console before the guest has written a byte.
        found = service.compute.get_server_console_output(server.id)
        text = found["output"] or ""
    print(f"\nthe guest spoke {time.monotonic() - began:.1f} s later")


def test_dhcp_offers_a_port_its_own_address(lab: Lab) -> None:
    with lab.cloud("lab-admin") as admin:
        network = next(admin.network.networks(name="demo-net"))
        host = lab.host(network, "client")
    done = host.run(
        *[sys.executable, str(Path(dhcp.__file__))], host.interface, host.mac
    )
    assert done.returncode == 0, done.stderr
    offer = json.loads(done.stdout)
    assert offer["address"] == host.address == "10.77.0.10"
    assert offer["mask"] == "255.255.255.0"
    assert offer["router"] == "10.77.0.1"
    assert offer["mtu"] == network.mtu


def test_dhcp_on_the_management_network_names_no_way_out(lab: Lab) -> None:
    with management_host(lab) as host:
        done = host.run(
            *[sys.executable, str(Path(dhcp.__file__))],
            *[host.interface, host.mac],
        )
        assert done.returncode == 0, done.stderr
        offer = json.loads(done.stdout)
        assert offer["address"] == host.address
        assert "router" not in offer


@contextlib.contextmanager
def management_host(lab: Lab) -> Iterator[Host]:
    """A host in a guest's place in the management network."""
    with lab.cloud("lab-admin") as admin:
        network = next(admin.network.networks(name="servicevm-mgmt"))
    host = lab.host(network, f"guest-{uuid.uuid4().hex[:6]}")
    yield host
    lab.remove_host(host)


def machine(lab: Lab) -> Host:
    """This machine, as guests see it."""
    return Host("machine", None, "", lab.scene.relay_address, "", "")


CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 4).close()
except OSError as error:
    sys.exit(type(error).__name__)
"""


def reaches(host: Host, address: str, port: int) -> bool:
    done = host.run(sys.executable, "-c", CONNECT, address, str(port))
    return bool(done.returncode == 0)


@pytest.fixture
def server(lab: Lab) -> Iterator[Callable[[Host], int]]:
    """Lets a host listen; returns its port."""
    started = []

    def listen(host: Host) -> int:
        read, write = os.pipe()
        process = host.start(
            sys.executable,
            "-c",
            "import os, socket, sys\n"
            f"s = socket.create_server(({host.address!r}, 0))\n"
            f"os.write({write}, str(s.getsockname()[1]).encode())\n"
            f"os.close({write})\n"
            "while True: s.accept()[0].close()\n",
            pass_fds=[write],
        )
        os.close(write)
        with os.fdopen(read) as told:
            port = int(told.read())
        started.append(process)
        return port

    yield listen
    for process in started:
        process.kill()
        process.wait()


def test_hosts_of_a_network_reach_each_other_as_their_groups_let_them(
    lab: Lab, server: Callable[[Host], int]
) -> None:
    with lab.cloud("lab-admin") as admin:
        network = next(admin.network.networks(name="demo-net"))
        client, backend = (
            lab.host(network, name) for name in ("client", "backend1")
        )
        port = server(backend)
        assert reaches(client, backend.address, port)
        group = admin.network.create_security_group(
            name=f"closed-{uuid.uuid4()}", project_id=network.project_id
        )
        before = admin.network.get_port(backend.port).security_group_ids
        try:
            admin.network.update_port(backend.port, security_groups=[group.id])
            await_value(lambda: reaches(client, backend.address, port), False)
        finally:
            admin.network.update_port(backend.port, security_groups=before)
            admin.network.delete_security_group(group.id)
        await_value(lambda: reaches(client, backend.address, port), True)


def await_value(look: Callable[[], object], wanted: object) -> None:
    deadline = time.monotonic() + 60
    while look() != wanted:
        assert time.monotonic() < deadline, f"it is never {wanted}"
        time.sleep(0.1)


def test_a_guest_reaches_the_relay_and_nothing_else_of_this_machine(
    lab: Lab, server: Callable[[Host], int]
) -> None:
    with management_host(lab) as guest:
        relay = machine(lab)
        assert reaches(guest, relay.address, RELAY_PORT)
        # Something that listens everywhere would be this one's equal.
        port = server(relay)
        assert reaches(relay, relay.address, port)
        assert not reaches(guest, relay.address, port)


def test_a_tenants_host_reaches_nothing_of_the_control_plane(
    lab: Lab,
) -> None:
    with lab.cloud("lab-admin") as admin:
        network = next(admin.network.networks(name="demo-net"))
    client = lab.host(network, "client")
    relay = machine(lab)
    assert reaches(relay, relay.address, RELAY_PORT)
    assert not reaches(client, relay.address, RELAY_PORT)
    for _, _, port in lab.rows():
        # As its own loopback address, where the machine has them.
        assert port is None or not reaches(client, "127.0.0.1", port)


def test_servicevm_acts_in_a_tenants_project_as_its_members_do(
    lab: Lab,
) -> None:
    who = lab.keystone.login("servicevm")
    there = dataclasses.replace(who, auth={**who.auth, "project_name": "demo"})
    session = Session(auth=there.plugin())
    roles = set(there.plugin().get_access(session).role_names)
    session.session.close()
    assert {"member", "service"} <= roles
    assert "admin" not in roles


def test_servicevm_runs_in_it_with_two_conductors_and_a_relay(
    lab: Lab,
) -> None:
    with lab.cloud("lab-admin") as admin:
        token = {"X-Auth-Token": admin.auth_token}
        endpoint = admin.endpoint_for("servicevm")
        for kind, count in (("conductors", 2), ("relays", 1)):
            answer = admin.session.get(
                f"{endpoint}/v1/{kind}?alive=true", headers=token
            ).json()
            assert len(answer[kind]) == count, answer


def test_it_fits_in_a_small_machine(lab: Lab) -> None:
    taken = {name: memory(pid) for name, pid, _ in lab.rows() if pid}
    total = sum(taken.values())
    print(f"\nmemory: {total:.0f} MiB")
    assert total < 2.4 * 1024, taken


@pytest.mark.lab_down
def test_down_leaves_nothing(lab: Lab, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--lab-keep"):
        pytest.skip("the lab is to stay, --lab-keep")
    pids = [pid for _, pid, _ in lab.rows() if pid]
    assert len(pids) > 20
    began = time.monotonic()
    lab.stop()
    print(f"\nstopped in {time.monotonic() - began:.1f} s")
    assert leftovers(lab) == []
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
