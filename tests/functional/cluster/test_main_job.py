"""What operators and users do, on many processes with real tokens."""

from collections.abc import Callable

import pytest
import requests

from servicevmclient.exceptions import BadRequest, Forbidden, NotFound
from servicevmclient.v1.client import Client
from tests.functional.cluster.conftest import Eventually, Shell
from tools.cluster.cluster import Cluster

CONFIG = {
    "listeners": [
        {"name": "web", "protocol": "http", "port": 80, "default_pool": "p"}
    ],
    "pools": [
        {
            "name": "p",
            "algorithm": "round_robin",
            "members": [{"name": "m", "address": "192.0.2.1", "port": 80}],
        }
    ],
}


def test_a_member_makes_lists_and_deletes_through_openstack(
    shell: Shell, template: str
) -> None:
    shell.ok("openstack servicevm device create --template lb --wait 60 os1")
    shell.ok(
        "servicevm service create --device os1 "
        "--type loadbalancer --config examples/web.yaml --wait 60 web"
    )
    rows = shell.json("servicevm device list")
    assert ("os1", "ACTIVE") in {
        (row["Name"], row["Provisioning Status"]) for row in rows
    }
    assert shell.json("servicevm service show web")["observed_generation"] == 1
    # An answer that a conductor has to be asked for.
    shell.ok("servicevm service stats show web")
    shell.ok("servicevm device delete --wait 60 os1")
    assert shell.json("servicevm service list") == []


def test_one_project_sees_and_changes_nothing_of_another(
    sdk: Callable[[str], Client], template: str, shell: Shell
) -> None:
    mine, other = sdk("member"), sdk("demo")
    device = mine.create_device(name="secret", template_id=template)
    assert "secret" not in [one.name for one in other.devices()]
    assert other.find_device("secret", ignore_missing=True) is None
    for attempt in (
        lambda: other.get_device(device.id),
        lambda: other.reboot_device(device.id),
        lambda: other.update_device(device.id, name="mine"),
        lambda: other.delete_device(device.id),
        lambda: other.get_operation(device.operation_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(BadRequest, match="There is no device"):
        other.create_service(
            name="s",
            device_id=device.id,
            service_type="loadbalancer",
            config=CONFIG,
        )
    assert mine.wait_for_device(device.id).name == "secret"
    mine.delete_device(device.id)
    mine.wait_for_device_gone(device.id)


def test_every_process_is_listed(
    shell: Shell, cluster: Cluster, eventually: Eventually
) -> None:
    for role in ("conductor", "relay", "api"):
        wanted = {one.name for one in cluster.of(role)}

        def alive(role: str = role) -> set[str]:
            rows = shell.json(f"servicevm {role} list", "admin")
            return {row["Name"] for row in rows if row["Alive"]}

        eventually(lambda alive=alive, wanted=wanted: alive() == wanted)


def test_only_who_looks_after_the_cloud_lists_processes(
    sdk: Callable[[str], Client],
) -> None:
    with pytest.raises(Forbidden):
        list(sdk("member").conductors())


MADE = (
    "servicevm_conductor_operation_seconds_count"
    '{action="create",resource="device",state="SUCCEEDED"}'
)


def test_every_conductor_and_relay_tells_its_numbers(
    member: Client, template: str, cluster: Cluster
) -> None:
    def created() -> float:
        """Devices that all conductors together have made."""
        return sum(
            float(line.rpartition(" ")[2])
            for one in cluster.of("conductor")
            for line in told(one.name)
            if line.startswith(MADE)
        )

    def told(name: str) -> list[str]:
        answer = requests.get(cluster.metrics(name), timeout=10)
        return answer.text.splitlines()

    before = created()
    device = member.create_device(name="counted", template_id=template)
    member.wait_for_device(device, timeout=60)
    member.delete_device(device.id)
    member.wait_for_device_gone(device.id, timeout=60)
    assert created() == before + 1
    for one in cluster.of("relay"):
        names = [line.partition(" ")[0] for line in told(one.name)]
        assert "servicevm_relay_sessions" in names
