"""Commands of quotas."""

import pytest

from servicevmclient.exit_codes import ExitCode
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

PROJECT = "0123456789abcdef0123456789abcdef"


def test_show_has_usage_beside_the_limit(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "lb"})
    fake.quotas.change("fake", {"ram": -1})
    rows = terminal("quota show -f json").json()
    assert rows[0] == {"Quota": "devices", "Limit": 10, "In Use": 1}
    assert {"Quota": "ram", "Limit": -1, "In Use": 0} in rows
    assert "| ram      | unlimited |      0 |" in terminal("quota show").out
    other = terminal(f"quota show {PROJECT} -f json").json()
    assert other[0] == {"Quota": "devices", "Limit": 10, "In Use": 0}


def test_defaults_are_limits_alone(terminal: Terminal) -> None:
    rows = terminal("quota show --default -f json").json()
    assert rows[0] == {"Quota": "devices", "Limit": 10}
    result = terminal(f"quota show --default {PROJECT}")
    assert result.code == ExitCode.USAGE
    assert "not both" in result.err


def test_set_unset_and_delete_change_what_is_named(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    result = terminal(f"quota set --devices 3 --ram -1 {PROJECT}")
    assert result.code == 0
    assert result.out == ""
    assert result.err == f"quota of project {PROJECT}: devices 3, ram -1\n"
    assert fake.quotas.limits == {PROJECT: {"devices": 3, "ram": -1}}
    assert terminal(f"quota unset --ram {PROJECT}").code == 0
    assert fake.quotas.limits == {PROJECT: {"devices": 3}}
    assert terminal(f"quota delete {PROJECT} other").code == 0
    assert fake.quotas.limits == {}


def test_list_has_one_line_for_each_project(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "lb"})
    fake.quotas.change(PROJECT, {"ram": -1})
    rows = terminal("quota list -f json").json()
    assert [row["Project ID"] for row in rows] == [PROJECT, "fake"]
    assert rows[1]["Devices"] == {"limit": 10, "in_use": 1}
    assert " 0 of unlimited " in terminal("quota list").out


@pytest.mark.parametrize("verb", ["set", "unset"])
def test_a_change_of_nothing_is_refused(
    terminal: Terminal, verb: str, fake: FakeServicevm
) -> None:
    result = terminal(f"quota {verb} {PROJECT}")
    assert result.code == ExitCode.USAGE
    assert "--devices" in result.err
    assert not any(method == "PATCH" for method, _ in fake.requests)


@pytest.mark.parametrize("value", ["-2", "x", "1.5", ""])
def test_a_limit_is_a_number(terminal: Terminal, value: str) -> None:
    result = terminal(f"quota set --devices '{value}' {PROJECT}")
    assert result.code == ExitCode.USAGE
