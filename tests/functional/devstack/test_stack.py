"""stack.sh, with the real client, to real servers.

The tests are in the order in which a node lives: stacked, used, stacked
again, unstacked, cleaned.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from keystoneauth1 import session as keystone_session

from servicevmclient.v1.client import Client
from tests.functional.devstack.node import USER, Node
from tools.cluster.keystone import Keystone

#: Seconds.
EVENTUALLY = 90.0
LOOK = 0.2


def eventually(ask: Callable[[], Any], node: Node) -> Any:
    """What is asked for, as soon as it is true."""
    deadline = time.monotonic() + EVENTUALLY
    while not (answer := ask()):
        assert time.monotonic() < deadline, node.logs()
        time.sleep(LOOK)
    return answer


@pytest.fixture
def client(node: Node, keystone: Keystone) -> Iterator[Client]:
    """The administrator, through the catalogue."""
    with requests.Session() as opened:
        made = keystone_session.Session(
            auth=keystone.admin.plugin(), session=opened, timeout=60
        )
        yield Client(made, region_name="RegionOne")


def accounts(keystone: Keystone) -> dict[str, Any]:
    """What Keystone knows of us."""
    ask = keystone.identity()
    users = ask("GET", f"/users?name={USER}")["users"]
    services = ask("GET", "/services?type=servicevm")["services"]
    endpoints = [
        (row["interface"], row["url"], row["region_id"], row["id"])
        for service in services
        for row in ask("GET", f"/endpoints?service_id={service['id']}")[
            "endpoints"
        ]
    ]
    roles = [
        (row["role"]["name"], row["scope"]["project"]["name"])
        for user in users
        for row in ask(
            "GET",
            f"/role_assignments?user.id={user['id']}&include_names",
        )["role_assignments"]
    ]
    return {
        "users": [(user["name"], user["id"]) for user in users],
        "roles": sorted(roles),
        "services": [(row["name"], row["id"]) for row in services],
        "endpoints": sorted(endpoints),
    }


def test_keystone_knows_user_roles_service_and_endpoints(
    node: Node, keystone: Keystone
) -> None:
    known = accounts(keystone)

    assert [name for name, _ in known["users"]] == [USER]
    assert known["roles"] == [("admin", "service"), ("service", "service")]
    assert [name for name, _ in known["services"]] == ["servicevm"]
    assert [row[:3] for row in known["endpoints"]] == [
        ("internal", node.url, "RegionOne"),
        ("public", node.url, "RegionOne"),
    ]


def test_what_was_written_is_a_configuration_that_every_program_takes(
    node: Node,
) -> None:
    assert "as this release needs" in node.run(
        "servicevm-manage", "db", "check"
    )
    checked = node.run("servicevm-status", "upgrade", "check")
    assert "Failure" not in checked
    assert "Warning" not in checked
    node.run("servicevm-policy-validator")


def test_every_process_works_and_says_so(node: Node, client: Client) -> None:
    for processes in (client.conductors, client.relays, client.apis):
        found = eventually(
            lambda processes=processes: [
                one for one in processes() if one.alive
            ],
            node,
        )
        assert len(found) == 1
    assert [one.name for one in client.relays()] == ["relay1"]
    assert node.vhosts().count("servicevm") == 1


def test_a_device_is_made_and_deleted(node: Node, client: Client) -> None:
    template = client.create_device_template(
        name="devstack",
        infra_driver="noop",
        mgmt_driver="noop",
        interfaces=[{"role": "ingress", "network": "any"}],
        service_types=["loadbalancer"],
    )
    device = client.create_device(name="one", template_id=template.id)
    device = client.wait_for_device(device, timeout=EVENTUALLY)
    assert device.provisioning_status == "ACTIVE"
    client.delete_device(device.id)
    client.wait_for_device_gone(device.id, timeout=EVENTUALLY)


def test_stacking_again_changes_nothing_but_the_database(
    node: Node, keystone: Keystone, client: Client
) -> None:
    known = accounts(keystone)
    written = files(node)
    # As where unstack.sh was not run: it would delete what is compared.
    node.set("SERVICEVM_UNSTACK_CLOUD", "False")
    node.phase("unstack")
    node.set("SERVICEVM_UNSTACK_CLOUD", "True")

    node.stack()

    assert accounts(keystone) == known
    assert files(node) == written
    # That of the test before.
    assert list(client.device_templates()) == []


def files(node: Node) -> dict[str, bytes]:
    """What the plugin has written, the CA and the relay's key as well."""
    return {
        str(path): path.read_bytes()
        for folder in (node.etc, node.data)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_unstack_and_clean_leave_nothing(
    node: Node, keystone: Keystone
) -> None:
    node.phase("unstack")

    known = accounts(keystone)
    assert not any(known.values())
    assert "servicevm" not in node.vhosts()
    assert not list((node.folder / "run").glob("*.pid"))
    with pytest.raises(requests.ConnectionError):
        requests.get(node.url, timeout=5)

    node.phase("clean")

    assert not node.etc.exists()
    assert list(node.data.iterdir()) == []
