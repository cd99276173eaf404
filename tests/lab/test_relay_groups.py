"""A relay group of a project's own: "a conductor per tenant"."""

import configparser
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from servicevmclient.v1.client import Client
from tests.lab import boot_sector
from tests.lab.real_devices import (
    PATIENCE,
    document,
    eventually,
    made_device,
    made_template,
)
from tools.cluster.fleet import BIN
from tools.cluster.member import Member
from tools.cluster.ports import listens
from tools.lab import image
from tools.lab.host import Host
from tools.lab.lab import Lab
from tools.lab.scene import RELAY_PORT

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(1200)]

#: Of the second relay, on this machine's address in the management network.
PORT = RELAY_PORT + 1
GROUP = "demos-own"
RELAY = "relay2"


@pytest.fixture(scope="module")
def client(admin: Any) -> Client:
    return Client(admin.session)


@pytest.fixture(scope="module")
def let_in(lab: Lab, admin: Any) -> Iterator[None]:
    """Agents reach the second relay's port, too, where theirs let them."""
    group = admin.network.find_security_group(
        "servicevm-relay", ignore_missing=False
    )
    rule = admin.network.create_security_group_rule(
        security_group_id=group.id,
        project_id=group.project_id,
        direction="ingress",
        ether_type="IPv4",
        protocol="tcp",
        port_range_min=PORT,
        port_range_max=PORT,
        remote_ip_prefix=lab.scene.management.cidr,
    )
    yield
    admin.network.delete_security_group_rule(rule)


@pytest.fixture(scope="module")
def relay(
    lab: Lab, client: Client, demo: Any, let_in: None
) -> Iterator[Member]:
    """A second relay, of a group that serves the project demo alone."""
    with contextlib.ExitStack() as stack:
        client.create_relay_group(
            GROUP, project_id=demo.session.get_project_id()
        )
        stack.callback(client.delete_relay_group, GROUP)
        state = lab.folder / "relay" / RELAY
        state.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, state)
        path = configured(lab, state)
        stack.callback(path.unlink)
        subprocess.run(
            [
                *[str(BIN / "servicevm-manage"), "--config-file"],
                *[str(lab.folder / "conf" / "manage.conf")],
                *["pki", "relay-certificate", RELAY, "--group", GROUP],
                *["--output", str(state)],
            ],
            check=True,
        )
        member = Member(
            "relay",
            2,
            lab.folder,
            [str(BIN / "servicevm-relay"), "--config-file", str(path)],
            answers=lambda: listens(PORT, lab.scene.relay_address),
        )
        stack.callback(member.stop)
        member.start()
        eventually(lambda: RELAY in sessions(client), "a second relay")
        yield member


def configured(lab: Lab, state: Path) -> Path:
    """The second relay's file: the first one's, but for what is its own."""
    conf = configparser.RawConfigParser()
    conf.read(lab.folder / "conf" / "relay1.conf")
    conf["DEFAULT"]["state_dir"] = str(state)
    conf["relay"].update(
        name=RELAY, group=GROUP, bind_port=str(PORT), serial_socket=""
    )
    path = lab.folder / "conf" / f"{RELAY}.conf"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        conf.write(file)
    return path


def sessions(client: Client) -> dict[str, int]:
    """Open sessions by relay."""
    return {one.name: one.sessions for one in client.relays() if one.alive}


def reaches(host: Host, address: str, port: int) -> bool:
    script = (
        "import socket, sys; "
        "socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    )
    done = host.run(sys.executable, "-c", script, address, str(port))
    return done.returncode == 0


@pytest.fixture
def host(lab: Lab, admin: Any) -> Iterator[Callable[..., Host]]:
    """Makes hosts in a guest's place in the management network."""
    made = []

    def one(name: str, **port: Any) -> Host:
        network = next(admin.network.networks(name="servicevm-mgmt"))
        made.append(lab.host(network, name, **port))
        return made[-1]

    yield one
    for each in made:
        lab.remove_host(each)


def groups_of(admin: Any, device_id: str) -> list[str]:
    """Security groups of the device's port in the management network."""
    (port,) = admin.network.ports(tags=f"servicevm-device:{device_id}")
    return list(port.security_group_ids)


def test_a_projects_devices_are_with_its_own_relay_and_reach_no_other(
    lab: Lab,
    admin: Any,
    demo: Any,
    client: Client,
    relay: Member,
    host: Callable[..., Host],
) -> None:
    image.ensure(lab)
    with (
        made_template(admin, "grouped") as template,
        made_device(demo, template, "grouped") as made,
    ):
        found = client.wait_for_device(made, timeout=PATIENCE)
        assert found.relay_group == GROUP
        eventually(
            lambda: sessions(client) == {"relay1": 0, RELAY: 1},
            "a session at the project's own relay alone",
        )
        told = document(admin, made.id)["transport"]
        address = lab.scene.relay_address
        assert told["relays"] == [f"{address}:{PORT}"]
        inside = host("inside", security_groups=groups_of(admin, made.id))
        assert reaches(inside, address, PORT)
        assert not reaches(inside, address, RELAY_PORT)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Runs agents in hosts; the last one of a call replaces the earlier."""
    running: list[subprocess.Popen[bytes]] = []

    def end() -> None:
        while running:
            process = running.pop()
            process.terminate()
            process.wait(30)

    def start(where: Host, told: dict[str, Any]) -> None:
        end()
        path = tmp_path / "servicevm.json"
        path.write_text(json.dumps(told))
        options = {
            "state": tmp_path / "state",
            "run": tmp_path / "run",
            "bootstrap": path,
            "netns": "",
            "bind-address": where.address,
            "haproxy-user": "",
            "haproxy-group": "",
            "haproxy-chroot": "",
        }
        running.append(
            where.start(
                *[sys.executable, "-m", "servicevm_agent"],
                *[f"--{name}={value}" for name, value in options.items()],
            )
        )

    yield start
    end()


def test_a_projects_own_relay_refuses_another_projects_agent(
    lab: Lab,
    admin: Any,
    other: Any,
    client: Client,
    relay: Member,
    upload: Callable[..., Any],
    host: Callable[..., Host],
    agent: Callable[..., None],
) -> None:
    # The guest itself says nothing: who speaks for it here is no agent of
    # ours, with all that the device was given.
    silent = upload("silent", "raw", boot_sector.disk())
    stranger = host("stranger")
    with (
        made_template(
            admin,
            "stranger",
            {"image": silent.id},
            health={"first_contact_timeout": 1800},
        ) as template,
        made_device(other, template, "stranger") as made,
    ):
        eventually(lambda: client.get_device(made.id).launched_at, "a server")
        told = document(admin, made.id)
        address = lab.scene.relay_address
        assert told["transport"]["relays"] == [f"{address}:{RELAY_PORT}"]
        agent(stranger, credulous(told, f"{address}:{PORT}"))
        eventually(
            lambda: client.get_device(made.id).status_code == "relay_refused",
            "a refusal",
        )
        # The same token and key are good for the relay that it was told.
        agent(stranger, told)
        found = client.wait_for_device(made, timeout=PATIENCE)
        assert found.relay_group == "default"
        eventually(
            lambda: sessions(client) == {"relay1": 1, RELAY: 0},
            "a session at the relay for everybody",
        )
        # And the certificate that it has now is not good for the other.
        agent(stranger, credulous(told, f"{address}:{PORT}"))
        eventually(
            lambda: "certificate_refused" in relay.words(), "another refusal"
        )
        assert sessions(client)[RELAY] == 0


def credulous(told: dict[str, Any], relay: str) -> dict[str, Any]:
    """The document of an agent that knows no groups, and another relay."""
    transport = {**told["transport"], "relays": [relay]}
    del transport["relay_group"]
    return {**told, "transport": transport}
