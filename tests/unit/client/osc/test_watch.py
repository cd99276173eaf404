"""Watches: when they end, what changed, and what is drawn of it."""

import io
import json
from typing import Any

import pytest

from servicevmclient import exceptions
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _screen, _table, _watch
from servicevmclient.osc._watch import Look
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

WELL = {"provisioning_status": "ACTIVE", "operating_status": "ONLINE"}
LOST = {"provisioning_status": "ACTIVE", "operating_status": "DEAD"}
FAILED = {"provisioning_status": "ERROR", "operating_status": "UNKNOWN"}


def _look(**values: Any) -> Look:
    return Look([*values], [[*values.values()]], [""])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"state": "RUNNING"}, None),
        ({"state": "SUCCEEDED"}, ExitCode.OK),
        ({"state": "FAILED"}, ExitCode.RESOURCE_FAILED),
        ({"name": "small"}, None),
        (WELL, ExitCode.OK),
        (WELL | {"provisioning_status": "PENDING_UPDATE"}, None),
        (WELL | {"healing": {"gave_up": True}}, ExitCode.OK),
        (
            LOST
            | {
                "provisioning_status": "PENDING_UPDATE",
                "healing": {"gave_up": True},
            },
            None,
        ),
        (LOST, None),
        (LOST | {"healing": {"gave_up": False}}, None),
        (LOST | {"healing": {"gave_up": True}}, ExitCode.RESOURCE_FAILED),
        (FAILED, ExitCode.RESOURCE_FAILED),
        (FAILED | {"healing": {"next_action": "rebuild"}}, None),
    ],
)
def test_it_ends_when_nothing_changes_by_itself_any_more(
    values: dict[str, Any], code: ExitCode | None
) -> None:
    assert _watch.settled(_look(**values)) is code


def test_what_came_changed_and_went_is_told_apart() -> None:
    before = {"1": {"ID": "1"}, "2": {"ID": "2"}, "3": {"ID": "3"}}
    after = {"2": {"ID": "2", "x": 1}, "3": {"ID": "3"}, "4": {"ID": "4"}}
    assert _watch.changes(before, after) == [
        ("CHANGED", {"ID": "2", "x": 1}),
        ("ADDED", {"ID": "4"}),
        ("GONE", {"ID": "1"}),
    ]


class View:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def show(self, look: Look) -> None:
        self.told.append(look)

    def rest(self, seconds: float) -> None:
        self.told.append(seconds)

    def trouble(self, sentence: str) -> None:
        self.told.append(sentence)

    def close(self) -> None:
        self.told.append("closed")


def test_it_waits_longer_while_nobody_answers_and_ends_when_it_is_gone() -> (
    None
):
    first, second = _look(n=1), _look(n=2)
    answers: list[Look | Exception] = [
        exceptions.ConnectionFailed("away"),
        exceptions.ServerError("proxy"),
        second,
        exceptions.NotFound(),
    ]

    def take() -> Look:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    view = View()
    code = _watch.watch(
        view,
        take,
        first,
        interval=2,
        timeout=None,
        choose=lambda look: look,
        ended=lambda look: None,
    )
    assert code is ExitCode.OK
    assert view.told == [
        first,
        2,
        "away",
        4,
        "proxy",
        8,
        second,
        2,
        Look(["n"], [], []),
        "closed",
    ]


def test_a_refusal_gives_the_terminal_back() -> None:
    def take() -> Look:
        raise exceptions.Forbidden("no")

    view = View()
    with pytest.raises(exceptions.Forbidden):
        _watch.watch(
            view,
            take,
            _look(n=1),
            interval=1,
            timeout=None,
            choose=lambda look: look,
            ended=lambda look: None,
        )
    assert view.told[-1] == "closed"


def test_lines_that_are_new_have_a_star() -> None:
    before = _screen.keys(["+--+", "| a | ONLINE |", "| b | DEAD   |"])
    lines = ["+---+", "| a  | ONLINE |", "| b  | ONLINE |"]
    assert _screen.marked(lines, before, colour=False) == [
        "  +---+",
        "  | a  | ONLINE |",
        "* | b  | ONLINE |",
    ]
    (line,) = _screen.marked(["| c |"], before, colour=True)
    assert line == "\x1b[1;33m* | c |\x1b[0m"
    assert _screen.marked(["| c |"], None, colour=True) == ["  | c |"]


@pytest.mark.parametrize(
    ("height", "shown"),
    [
        (4, ["a", "b", "c"]),
        (3, ["a", "b", "c"]),
        (2, ["a", "  and 2 lines more"]),
        (0, []),
    ],
)
def test_what_has_no_room_is_counted(height: int, shown: list[str]) -> None:
    assert _screen.cut(["a", "b", "c"], height) == shown


def test_a_line_that_is_too_long_does_not_scroll_what_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    digest = "0123456789abcdef" * 6
    out = io.StringIO()

    def render(look: Look, width: int) -> str:
        return _table.fitted(look.names, look.rows, width)[0]

    screen = _screen.Screen(out, render, 2.0)
    screen.show(Look(["Field", "Value"], [["digest", digest]], [""]))
    drawn = out.getvalue()
    assert drawn.index("\x1b[?7l") < drawn.index(digest)
    assert "\x1b[?7h" not in drawn
    screen.close()
    left = out.getvalue().removeprefix(drawn)
    assert left.index("\x1b[?7h") < left.index(digest)


def test_a_show_that_settles_writes_an_object_for_each_change(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    template = fake.store.add("device_templates", {"name": "small"})
    assert template
    terminal("device create --template small lb-1")
    (device,) = fake.store.rows["devices"].values()
    result = terminal(
        f"operation show --watch 0.01 {device['operation_id']} -c state"
        " -f json"
    )
    assert result.code == 0, result.err
    assert result.out == '{"state": "RUNNING"}\n{"state": "SUCCEEDED"}\n'


def test_a_device_in_error_has_its_exit_code(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a", "provisioning_status": "ERROR"})
    result = terminal("device show --watch a -c name")
    assert result.code == ExitCode.RESOURCE_FAILED
    assert result.out == '{"name": "a"}\n'


def test_a_list_is_watched_until_it_is_told_to_end(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a"})
    result = terminal(
        "device list --watch 0.2 --until 2020-01-01 -c Name -c ID"
    )
    assert result.code == 0
    assert result.out.startswith('{"Change": "ADDED", ')
    assert result.out.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        "list --watch -f csv",
        "list --watch --sort-column Name",
        "list --until 2h",
        "show --until 2h a",
        "show --watch -f shell a",
        "list --watch 0",
        "show --watch 0.0 a",
    ],
)
def test_what_does_not_go_together_is_a_usage_error(
    options: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a"})
    assert terminal(f"device {options}").code == 2


@pytest.mark.parametrize(
    "noun", ["summary show", "status", "device explain a"]
)
def test_what_tells_of_many_things_is_watched_too(
    noun: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a"})
    result = terminal(f"{noun} --watch --until 2020-01-01")
    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == 1
    assert json.loads(result.out)


@pytest.mark.parametrize("line", ["explain", "show --long"])
def test_commands_call_a_device_alike_in_all_looks(
    line: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a", "operating_status": "DEAD"})
    with fake.failing("GET /v1/devices/", 404, "not_found", passing=3):
        result = terminal(f"device {line} a --watch 0.01")
    assert result.code == 0, result.err
    (told,) = map(json.loads, result.out.splitlines())
    commands = [one["command"] for one in told["advice"]]
    assert "servicevm device heal --wait a" in commands


@pytest.mark.parametrize("line", ["explain a", "show --long a"])
def test_what_only_gets_older_does_not_change(
    line: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    agent = {
        "connected": False,
        "last_seen": "2026-11-22T10:00:00Z",
        "certificate": None,
    }
    hold = {"scope": "device", "reason": "x", "expires_at": "2099-01-01"}
    more = {"relay_group": "default", "agent": agent, "hold": hold}
    fake.store.add("devices", {"name": "a"} | more)
    assert " ago)" in terminal("device explain a").out
    result = terminal(f"device {line} --watch --until 2020-01-01")
    assert result.code == 0, result.err
    assert json.loads(result.out)["advice"]
    assert " ago" not in result.out


def test_rows_are_told_apart_by_more_than_what_is_shown(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    for _ in range(2):
        fake.store.add("devices", {"name": "a"})
    result = terminal("device list --watch --until 2020-01-01 -c Name")
    assert result.out == '{"Change": "ADDED", "Name": "a"}\n' * 2
    result = terminal("driver list --watch --until 2020-01-01 -c Name")
    assert result.out == '{"Change": "ADDED", "Name": "noop"}\n' * 2


def test_a_row_that_shows_nothing_of_its_own_is_known_again() -> None:
    out = io.StringIO()
    lines = _watch.Lines(out, print, single=False)
    lines.show(Look(["Reason"], [["x"], ["y"]], ["1", "2"]))
    lines.show(Look(["Reason"], [["x"], ["z"]], ["1", "2"]))
    assert out.getvalue().splitlines()[2:] == [
        '{"Change": "CHANGED", "Reason": "z"}'
    ]
