"""Watches in a pseudo-terminal: drawn in place, and the terminal put back."""

import os
import signal
from pathlib import Path

import pytest

from servicevmclient.testing import FakeServicevm
from tests.functional.client.terminal import PseudoTerminal

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture
def environment(fake: FakeServicevm, tmp_path: Path) -> dict[str, str]:
    ours = ("OS_", "COLUMNS", "LINES", "NO_COLOR")
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(ours)},
        "HOME": str(tmp_path),
        "OS_ENDPOINT": fake.url,
        "TERM": "xterm",
    }


@pytest.mark.parametrize(
    ("variables", "mark"),
    [({}, "\x1b[1;33m* "), ({"NO_COLOR": "1"}, "\n* ")],
    ids=["colour", "no-colour"],
)
def test_a_list_is_drawn_in_place_and_changes_are_marked(
    variables: dict[str, str],
    mark: str,
    fake: FakeServicevm,
    environment: dict[str, str],
) -> None:
    device = fake.store.add("devices", {"name": "lb-1"})
    line = "device list --watch 0.2 -c Name -c Operating_Status".split()
    with PseudoTerminal(line, environment | variables, (80, 24)) as terminal:
        first = terminal.see("ONLINE")
        assert ENTER in first
        assert "every 0.2 s" in first
        device["operating_status"] = "DEAD"
        changed = terminal.see("DEAD")
        assert mark in changed
        assert ("\x1b[1;33m" in changed) is not bool(variables)
        terminal.process.send_signal(signal.SIGINT)
        code = terminal.end()
    assert code == 130
    # The terminal is as it was, and the last look stays on it.
    left = terminal.text.rpartition(LEAVE)[2]
    assert "| lb-1 | DEAD" in left
    assert "Traceback" not in left


def test_it_fits_a_terminal_that_becomes_narrow_and_low(
    fake: FakeServicevm, environment: dict[str, str]
) -> None:
    for number in range(20):
        fake.store.add("devices", {"name": f"lb-{number}"})
    line = "device list --watch 600".split()
    with PseudoTerminal(line, environment, (160, 40)) as terminal:
        assert "Template Name" in terminal.see("lb-19")
        terminal.resize(90, 12)
        drawn = terminal.see("lines more")
        assert "Template Name" not in drawn
        rows = [row for row in drawn.split("\n") if "lb-" in row]
        assert rows
        assert all(len(row.partition("\x1b")[0]) <= 90 for row in rows)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130


def test_a_show_ends_when_the_operation_does(
    fake: FakeServicevm, environment: dict[str, str]
) -> None:
    device = fake.store.add("devices", {"name": "lb-1"})
    operation = fake.store.begin("devices", device, "reboot")
    line = f"operation show --watch 0.1 {operation['id']}".split()
    with PseudoTerminal(line, environment, (100, 30)) as terminal:
        code = terminal.end()
    assert code == 0
    left = terminal.text.rpartition(LEAVE)[2]
    assert "| SUCCEEDED" in left


def test_a_service_that_is_away_is_said_above_what_was_last_seen(
    fake: FakeServicevm, environment: dict[str, str]
) -> None:
    fake.store.add("devices", {"name": "lb-1"})
    line = "device list --watch 0.2 -c Name".split()
    with PseudoTerminal(line, environment, (80, 24)) as terminal:
        terminal.see("lb-1")
        with fake.failing("GET /v1/devices", 503, detail="It is away."):
            assert "lb-1" in terminal.see("It is away.") + terminal.see("lb-1")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
