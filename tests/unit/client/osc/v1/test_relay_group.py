"""Commands of relay groups."""

import pytest

from servicevmclient.exit_codes import ExitCode
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

PROJECT = "0123456789abcdef0123456789abcdef"


def test_a_group_is_created_listed_and_shown(terminal: Terminal) -> None:
    made = terminal(f"relay group create --project {PROJECT} blue -f json")
    assert made.code == 0, made.err
    assert made.json()["project_id"] == PROJECT
    assert terminal("relay group create edge").code == 0
    rows = terminal("relay group list -f json").json()
    assert rows == [
        {"Name": "blue", "Project ID": PROJECT, "Relays": 0, "Devices": 0},
        {"Name": "edge", "Project ID": None, "Relays": 0, "Devices": 0},
    ]
    shown = terminal("relay group show blue -f json").json()
    assert shown["name"] == "blue"
    assert terminal("relay group create blue").code == ExitCode.CONFLICT


def test_set_and_unset_bind_and_unbind(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    row = fake.store.add("relay_groups", {"name": "blue"})
    line = f"relay group set --project {PROJECT} --description Hall blue"
    assert terminal(line).code == 0
    assert (row["project_id"], row["description"]) == (PROJECT, "Hall")
    assert terminal("relay group unset --project blue").code == 0
    assert (row["project_id"], row["description"]) == (None, "Hall")


@pytest.mark.parametrize("verb", ["set", "unset"])
def test_a_change_of_nothing_is_refused(
    terminal: Terminal, fake: FakeServicevm, verb: str
) -> None:
    fake.store.add("relay_groups", {"name": "blue"})
    assert terminal(f"relay group {verb} blue").code == ExitCode.USAGE
    assert not any(method == "PATCH" for method, _ in fake.requests)


def test_several_are_deleted_and_what_is_not_there_is_told(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    for name in ("a", "b"):
        fake.store.add("relay_groups", {"name": name})
    result = terminal("relay group delete a nothing b")
    assert result.code == ExitCode.NOT_FOUND
    assert "relay group a: deleted" in result.err
    assert "1 of 3 failed" in result.err
    assert fake.store.rows["relay_groups"] == {}


def test_relays_and_devices_say_their_group(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add(
        "relays", {"name": "r1", "group": "blue", "group_project_id": PROJECT}
    )
    (row,) = terminal("relay list --long -f json").json()
    assert row["Group Project ID"] == PROJECT
    for name, group in (("lb1", "blue"), ("lb2", None)):
        fake.store.add("devices", {"name": name, "relay_group": group})
    (row,) = terminal("device list --long --relay-group blue -f json").json()
    assert (row["Name"], row["Relay Group"]) == ("lb1", "blue")
