from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


def test_list_filters_by_device_and_severity(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    device = fake.store.add("devices", {"name": "lb-1"})
    for severity in ("INFO", "ERROR"):
        fake.store.add(
            "events",
            {
                "at": "2026-11-22T10:00:00.123456Z",
                "type": "device.operating_status",
                "severity": severity,
                "resource_type": "device",
                "resource_id": device["id"],
                "device_id": device["id"],
                "message": "It is ONLINE.",
            },
        )
    line = "event list --device lb-1 --severity error -f json"
    assert terminal(line).json() == [
        {
            "At": "2026-11-22T10:00:00.123456Z",
            "Severity": "ERROR",
            "Type": "device.operating_status",
            "Resource Name": "lb-1",
            "Message": "It is ONLINE.",
        }
    ]
    assert "2026-11-22T10:00:00Z" in terminal("event list").out


def test_the_long_list_has_who_asked_and_the_facts(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add(
        "events",
        {
            "at": "2026-11-22T10:00:00.123456Z",
            "type": "device_template.create",
            "severity": "INFO",
            "resource_type": "device_template",
            "resource_id": "t1",
            "message": "u1 asked to create device template t (revision 1).",
            "user_id": "u1",
            "facts": {"revision": 1},
        },
    )
    line = "event list --long"
    (shown,) = terminal(f"{line} -f json").json()
    assert shown["User ID"] == "u1"
    assert shown["Facts"] == {"revision": 1}
    assert "revision=1" in terminal(line).out
