"""Two hundred devices at once, on a compute service without guests."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servicevmclient.v1.client import Client
from servicevmclient.v1.device import Device
from tools.lab.lab import Lab

pytestmark = [pytest.mark.root, pytest.mark.timeout(3600)]

DEVICES = 200
#: Seconds for all of them to be there, and to be gone.
WITHIN = 1500.0
_LOOK = 2.0
_LISTS = re.compile(r'"GET /v2\.1/servers/detail\?')


@pytest.fixture
def template(admin: Any, demo: Any, demo_net: str) -> Iterator[Any]:
    """A template; afterwards it and the tenant's devices are gone."""
    client = Client(admin.session)
    made = client.create_device_template(
        name="scale",
        infra_driver="nova",
        infra_options={
            "availability_zone": "fake",
            "image": "blank",
            "flavor": "m1.nano",
            "memory_mib": 64,
        },
        mgmt_driver="noop",
        interfaces=[
            {"role": "mgmt", "network": "servicevm-mgmt"},
            {"role": "ingress", "network": demo_net},
        ],
        health={"first_contact_timeout": 1800},
    )
    yield made
    remove_all(Client(demo.session))
    client.delete_device_template(made.id)


@pytest.fixture
def unlimited(admin: Any, demo: Any) -> Iterator[None]:
    client = Client(admin.session)
    project = demo.session.get_project_id()
    client.update_quota(project, devices=-1, vcpus=-1, ram=-1, slots=-1)
    yield
    client.delete_quota(project)


def lists(lab: Lab) -> int:
    """Lists of servers that Nova was asked for so far."""
    text = "".join(
        path.read_text(errors="replace")
        for path in Path(lab.folder / "log").glob("nova*.log")
    )
    return len(_LISTS.findall(text))


def settle(client: Client, count: int) -> list[Device]:
    """Wait until as many devices are in a state that stays."""
    deadline = time.monotonic() + WITHIN
    while True:
        found = list(client.devices())
        busy = [
            one
            for one in found
            if one.provisioning_status.startswith("PENDING_")
        ]
        if len(found) == count and not busy:
            return found
        assert time.monotonic() < deadline, f"{len(busy)} are busy still"
        time.sleep(_LOOK)


def remove_all(client: Client) -> None:
    for one in list(client.devices()):
        client.delete_device(one.id)
    settle(client, 0)


def test_two_hundred_devices_come_and_go(
    lab: Lab, admin: Any, demo: Any, template: Any, unlimited: None
) -> None:
    client = Client(demo.session)
    before, began = lists(lab), time.monotonic()
    for number in range(DEVICES):
        client.create_device(name=f"scale-{number}", template_id=template.id)
    found = settle(client, DEVICES)
    took = time.monotonic() - began
    asked = lists(lab) - before
    print(f"{DEVICES} devices ACTIVE in {took:.0f} s, {asked} lists of Nova's")
    failed = [one for one in found if one.provisioning_status != "ACTIVE"]
    assert [one.status_reason for one in failed] == []
    # Of both conductors together; the first list of each is at once.
    assert 0 < asked <= took + 2
    remove_all(client)
    for kind in (
        admin.compute.servers(all_projects=True, tags="servicevm"),
        admin.network.ports(tags="servicevm"),
        admin.network.security_groups(tags="servicevm"),
    ):
        assert list(kind) == []
