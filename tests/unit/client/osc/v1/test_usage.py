"""Commands of usage."""

import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

PROJECT = "0123456789abcdef0123456789abcdef"
PERIOD = "--start 2026-10-01 --end 2026-11-01"


@pytest.fixture(autouse=True)
def used(fake: FakeServicevm) -> None:
    fake.usage.projects["fake"] = {"device_hours": 1.5, "bytes_out": 7}
    fake.usage.projects[PROJECT] = {"device_hours": 2.25}
    fake.usage.resources.append(
        {
            "resource_type": "device",
            "resource_id": "d1",
            "resource_name": "lb-1",
            "device_id": "d1",
            "project_id": "fake",
            "template_id": "t1",
            "service_type": None,
            "started_at": "2026-10-01T00:00:00.000000Z",
            "ended_at": None,
            "hours": 1.5,
            "vcpu_hours": 3.0,
            "ram_mib_hours": 768.0,
            "slot_hours": 0.0,
            "connections": 0,
            "bytes_in": 0,
            "bytes_out": 0,
        }
    )


def test_list_has_the_own_project_or_all(terminal: Terminal) -> None:
    (row,) = terminal("usage list -f json").json()
    assert row == {
        "Project ID": "fake",
        "Device Hours": 1.5,
        "vCPU Hours": 0.0,
        "RAM MiB Hours": 0.0,
        "Slot Hours": 0.0,
        "Bytes In": 0,
        "Bytes Out": 7,
    }
    rows = terminal("usage list --all-projects -f json").json()
    assert [one["Device Hours"] for one in rows] == [2.25, 1.5]
    (other,) = terminal(f"usage list --project {PROJECT} -f json").json()
    assert other["Project ID"] == PROJECT


def test_long_has_the_period_that_was_asked_for(terminal: Terminal) -> None:
    (row,) = terminal(f"usage list --long {PERIOD} -f json").json()
    assert (row["Start"], row["End"]) == ("2026-10-01", "2026-11-01")
    assert row["Connections"] == 0


def test_show_is_of_the_own_project_unless_another_is_named(
    terminal: Terminal,
) -> None:
    shown = terminal(f"usage show {PERIOD} -f json").json()
    assert (shown["project_id"], shown["device_hours"]) == ("fake", 1.5)
    assert shown["start"] == "2026-10-01"
    other = terminal(f"usage show {PROJECT} -f value -c device_hours")
    assert other.out == "2.25\n"


def test_resources_are_listed_with_what_each_took(terminal: Terminal) -> None:
    (row,) = terminal("usage resource list --long -f json").json()
    assert row["Resource Name"] == "lb-1"
    assert row["Ended At"] is None
    assert (row["Hours"], row["vCPU Hours"]) == (1.5, 3.0)


def test_usage_has_no_order_to_choose(terminal: Terminal) -> None:
    assert terminal("usage list --sort device_hours").code == 2
