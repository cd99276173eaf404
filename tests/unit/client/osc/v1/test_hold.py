"""Commands of holds."""

import pytest

from servicevmclient.exit_codes import ExitCode
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

PROJECT = "0123456789abcdef0123456789abcdef"


def _things(fake: FakeServicevm) -> dict[str, str]:
    """Ids of a device and of a template."""
    return {
        kind: str(fake.store.add(plural, {"name": kind})["id"])
        for kind, plural in (
            ("device", "devices"),
            ("template", "device_templates"),
        )
    }


@pytest.mark.parametrize(
    ("option", "scope", "name"),
    [
        ("--device device", "device", "device"),
        ("--template template", "template", "template"),
        (f"--project {PROJECT}", "project", None),
        ("--everything", "everything", None),
    ],
)
def test_a_hold_is_set_shown_and_taken_away_by_what_it_is_on(
    terminal: Terminal,
    fake: FakeServicevm,
    option: str,
    scope: str,
    name: str | None,
) -> None:
    ids = {"project": PROJECT, "everything": None, **_things(fake)}
    made = terminal(f"hold set {option} --reason 'Hands off' -f json")
    assert made.code == 0, made.err
    hold = made.json()
    assert (hold["scope"], hold["target"]) == (scope, ids[scope])
    assert (hold["target_name"], hold["expires_at"]) == (name, None)
    assert terminal(f"hold show {hold['id']} -f json").json() == hold
    result = terminal(f"hold unset {option}")
    assert result.code == 0, result.err
    assert "unset" in result.err
    assert not fake.store.rows["holds"]


def test_a_hold_is_taken_away_by_its_id(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    hold = terminal("hold set --everything --reason x -f json").json()
    result = terminal(f"hold unset {hold['id']}")
    assert result.code == 0, result.err
    assert f"hold {hold['id']}: unset" in result.err
    assert not fake.store.rows["holds"]


def test_holds_are_listed_and_filtered(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    _things(fake)
    terminal("hold set --device device --reason one")
    terminal("hold set --everything --reason two --expires 2999-01-01T00:00Z")
    rows = terminal("hold list -f json").json()
    assert [row["Reason"] for row in rows] == ["one", "two"]
    (row,) = terminal("hold list --scope Everything -f json").json()
    assert row == {
        "Scope": "everything",
        "Target Name": None,
        "Target": None,
        "Reason": "two",
        "Expires At": "2999-01-01T00:00:00Z",
    }


def test_a_hold_that_is_set_again_is_the_same_with_another_reason(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    terminal("hold set --everything --reason one")
    assert terminal("hold set --everything --reason two").code == 0
    (row,) = fake.store.rows["holds"].values()
    assert row["reason"] == "two"


def test_what_is_held_by_something_wider_is_told_where_to_look(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    _things(fake)
    terminal("hold set --everything --reason x")
    result = terminal("hold unset --device device")
    assert result.code == ExitCode.NOT_FOUND
    assert "There is no hold on device device." in result.err
    assert "device show" in result.err
    assert len(fake.store.rows["holds"]) == 1


@pytest.mark.parametrize(
    "line",
    [
        "hold set --reason x",
        "hold set --everything",
        "hold set --everything --device d --reason x",
        "hold set --everything --reason x --expires tomorrow",
        "hold unset",
        "hold unset some --everything",
    ],
)
def test_a_line_that_leaves_open_what_is_meant_is_refused(
    terminal: Terminal, fake: FakeServicevm, line: str
) -> None:
    assert terminal(line).code == ExitCode.USAGE
    assert not fake.requests


def test_a_device_shows_what_holds_it(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    held = {"scope": "template", "reason": "Canary", "expires_at": None}
    fake.store.add("devices", {"name": "d", "hold": held})
    out = terminal("device show d").out
    assert "Canary (template, until it is unset)" in " ".join(out.split())
    assert terminal("device show d -f json").json()["hold"] == held
