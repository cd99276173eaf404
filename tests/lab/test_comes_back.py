"""What is done to a server, a device survives: it comes back by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from servicevmclient.v1.client import Client
from tests.lab.real_devices import (
    FLAVOR,
    PATIENCE,
    document,
    eventually,
    made_device,
    made_template,
    server_of,
)
from tools.lab import image
from tools.lab.lab import Lab

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def client(demo: Any) -> Client:
    return Client(demo.session)


@pytest.fixture(scope="module")
def device(lab: Lab, admin: Any, demo: Any, client: Client) -> Iterator[Any]:
    """One for all of this file: a guest takes long to boot."""
    image.ensure(lab)
    with (
        made_template(admin, "comes-back") as template,
        made_device(demo, template, "comes-back") as made,
    ):
        yield client.wait_for_device(made, timeout=PATIENCE)


@pytest.fixture
def larger(admin: Any) -> Iterator[Any]:
    """A flavor with more memory than the device's."""
    old = admin.compute.find_flavor(FLAVOR, ignore_missing=False)
    made = admin.compute.create_flavor(
        name="servicevm.larger",
        vcpus=old.vcpus,
        ram=old.ram + 64,
        disk=old.disk,
    )
    yield made
    admin.compute.delete_flavor(made)


def now(client: Client, device: Any) -> Any:
    return client.get_device(device.id)


def online_again(client: Client, before: Any) -> Any:
    """The device, once the agent of another boot of it is connected."""

    def back() -> Any:
        found = now(client, before)
        return (
            found.operating_status == "ONLINE"
            and found.agent["connected"]
            and found.agent["boot_id"] != before.agent["boot_id"]
            and found
        )

    return eventually(back, "an agent of another boot")


def test_a_hard_reset_keeps_the_agents_certificate(
    client: Client, device: Any
) -> None:
    before = now(client, device)
    client.reboot_device(device.id, hard=True)
    client.wait_for_device(device.id, timeout=PATIENCE)
    after = online_again(client, before)
    assert after.agent["certificate"] == before.agent["certificate"]


def test_a_server_that_an_operator_resizes_brings_its_agent_back(
    admin: Any, client: Client, device: Any, larger: Any
) -> None:
    before = now(client, device)
    server = server_of(admin, device.id)
    admin.compute.resize_server(server, larger.id)
    admin.compute.wait_for_server(
        server, status="VERIFY_RESIZE", wait=PATIENCE
    )
    after = online_again(client, before)
    admin.compute.confirm_server_resize(server)
    eventually(
        lambda: server_of(admin, device.id).status == "ACTIVE",
        "a resize that is confirmed",
    )
    assert server_of(admin, device.id).flavor["ram"] == larger.ram
    assert after.provisioning_status == "ACTIVE"
    assert after.agent["certificate"] == before.agent["certificate"]


def test_a_rebuilt_server_enrols_again_with_a_fresh_token(
    admin: Any, client: Client, device: Any
) -> None:
    before = now(client, device)
    server, told = server_of(admin, device.id), document(admin, device.id)
    client.rebuild_device(device.id)
    client.wait_for_device(device.id, timeout=PATIENCE)
    after = online_again(client, before)
    assert server_of(admin, device.id).id == server.id
    assert document(admin, device.id)["token"] != told["token"]
    fresh, old = after.agent["certificate"], before.agent["certificate"]
    assert fresh["serial"] != old["serial"]
    assert [one["address"] for one in after.interfaces] == [
        one["address"] for one in before.interfaces
    ]
