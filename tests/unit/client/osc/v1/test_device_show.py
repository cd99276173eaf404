from typing import Any

import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


@pytest.fixture
def device(fake: FakeServicevm) -> dict[str, Any]:
    """A device with a service, a failed operation and events."""
    store = fake.store
    row = store.add("devices", {"name": "lb-1"})
    store.add(
        "services",
        {
            "name": "web",
            "service_type": "loadbalancer",
            "device_id": row["id"],
            "operating_status": "DEAD",
            "status_reason": "It ended.",
        },
    )
    store.fail_step = "reboot"
    operation = store.begin("devices", row, "reboot")
    store.advance(operation)
    for minute in range(7):
        store.add(
            "events",
            {
                "at": f"2026-11-22T10:0{minute}:00.000000Z",
                "type": "device.update",
                "severity": "INFO",
                "resource_type": "device",
                "resource_id": row["id"],
                "device_id": row["id"],
                "message": f"It is minute {minute}.",
            },
        )
    return row


def test_it_is_one_request_and_the_fields_of_the_api(
    terminal: Terminal, fake: FakeServicevm, device: dict[str, Any]
) -> None:
    found = terminal("device show lb-1 -f json").json()
    assert found["id"] == device["id"]
    assert not {"services", "operation", "events", "advice"} & set(found)
    assert len(fake.requests) == 1


def test_long_adds_what_belongs_to_it(
    terminal: Terminal, fake: FakeServicevm, device: dict[str, Any]
) -> None:
    short = terminal("device show lb-1 -f json").json()
    fake.requests.clear()
    found = terminal("device show --long lb-1 -f json").json()
    assert len(fake.requests) == 4
    assert {key: found[key] for key in short} == short
    assert [one["name"] for one in found["services"]] == ["web"]
    assert found["operation"]["state"] == "FAILED"
    assert [step["name"] for step in found["operation"]["steps"]] == ["reboot"]
    messages = [one["message"] for one in found["events"]]
    assert messages == [f"It is minute {n}." for n in (6, 5, 4, 3, 2)]
    commands = [one["command"] for one in found["advice"]]
    assert f"servicevm operation retry {device['operation_id']}" in commands


def test_long_reads_like_a_description(
    terminal: Terminal, device: dict[str, Any]
) -> None:
    shown = terminal("device show --long lb-1").out
    assert "web (loadbalancer): ACTIVE, DEAD It ended." in shown
    assert "reboot FAILED, step reboot: It was told to fail." in shown
    assert "2026-11-22T10:06:00Z INFO It is minute 6." in shown
    assert "servicevm device delete --wait lb-1" in shown


def test_a_device_that_nothing_was_done_to_has_no_operation(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "new"})
    found = terminal("device show --long new -f json").json()
    assert found["operation"] is None
    assert found["services"] == found["events"] == []
    assert terminal("device show --long new -c operation").code == 0
