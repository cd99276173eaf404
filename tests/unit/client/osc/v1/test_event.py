import json

import pytest

from servicevmclient.exit_codes import ExitCode
from servicevmclient.testing import FakeServicevm
from servicevmclient.v1 import _follower
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


#: Long ago: only what is there is shown, however long that takes.
OVER = "--until 2020-01-01"


@pytest.fixture
def three(fake: FakeServicevm) -> list[str]:
    """Ids of three events."""
    return [
        str(
            fake.store.add(
                "events",
                {
                    "at": f"2026-11-22T10:00:0{number}.000000Z",
                    "type": "device.update",
                    "severity": "INFO",
                    "resource_type": "device",
                    "resource_id": "d1",
                    "resource_name": "lb-1",
                    "message": f"It is {number}.",
                },
            )["id"]
        )
        for number in range(3)
    ]


def test_follow_writes_an_object_a_line(
    terminal: Terminal, three: list[str]
) -> None:
    line = f"event list --follow --limit 2 {OVER} -f json"
    result = terminal(line)
    assert result.code == 0
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [one["Message"] for one in found] == ["It is 1.", "It is 2."]


def test_follow_begins_after_a_marker_and_takes_columns(
    terminal: Terminal, three: list[str]
) -> None:
    result = terminal(
        f"event list --follow --marker {three[0]} {OVER} -c At -c Message"
    )
    assert result.out.splitlines() == [
        "2026-11-22T10:00:01Z  It is 1.",
        "2026-11-22T10:00:02Z  It is 2.",
    ]


@pytest.mark.parametrize(
    "options",
    ["--follow -f yaml", "--follow --sort at:desc", "--until 2h"],
)
def test_what_does_not_go_together_is_a_usage_error(
    options: str, terminal: Terminal
) -> None:
    assert terminal(f"event list {options}").code == 2


def test_a_service_that_does_not_answer_is_said_once(
    terminal: Terminal,
    fake: FakeServicevm,
    three: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_follower, "FIRST_INTERVAL", 0.01)
    looks = "GET /v1/events?sort=at%3Aasc"
    with (
        fake.failing(looks, 403, "forbidden", passing=2),
        fake.failing(looks, 503, detail="Away."),
    ):
        result = terminal("event list --follow")
    assert result.code == ExitCode.AUTH
    assert result.err.count("No answer; trying again: Away.") == 1
