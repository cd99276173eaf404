import argparse
import io

import pytest

from servicevmclient.osc import _wait
from servicevmclient.v1 import Progress


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    _wait.add(parser)
    parser.add_argument("name")
    return parser


@pytest.mark.parametrize(
    ("line", "wait"),
    [
        ("lb", None),
        ("--wait lb", 600.0),
        ("lb --wait", 600.0),
        ("--wait 5 lb", 5.0),
        ("--wait=0.5 lb", 0.5),
        ("lb --wait 5", 5.0),
        ("--wait -- lb", 600.0),
    ],
)
def test_the_seconds_may_be_left_out_before_a_name(
    line: str, wait: float | None
) -> None:
    parsed = _parser().parse_args(line.split())
    assert (parsed.wait, parsed.name) == (wait, "lb")


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf"])
def test_seconds_are_a_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentError):
        _parser().parse_args([f"--wait={text}", "lb"])


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


PROGRESS = [
    Progress("device", "lb", "RUNNING", "boot", 1, 0.0),
    Progress("device", "lb", "RUNNING", "boot", 1, 0.2),
    Progress("device", "lb", "WAITING", "wait_agent", 2, 1.0, "no answer"),
]


def test_in_a_pipe_there_is_a_line_for_each_change() -> None:
    stream = io.StringIO()
    reporter = _wait.Reporter(stream)
    for progress in PROGRESS:
        reporter(progress)
    reporter.close()
    assert stream.getvalue().splitlines() == [
        "device lb: RUNNING, step boot, 0.0 s",
        "device lb: WAITING, step wait_agent (attempt 2), 1.0 s, no answer",
    ]


def test_on_a_terminal_the_line_changes_in_place_and_goes() -> None:
    stream = Screen()
    reporter = _wait.Reporter(stream)
    for progress in PROGRESS:
        reporter(progress)
    reporter.close()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().count("\r") == 4
    assert stream.getvalue().endswith("\r\x1b[K")


def test_on_a_narrow_terminal_the_line_does_not_wrap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Screen()
    _wait.Reporter(stream)(PROGRESS[2])
    assert stream.getvalue() == "\rdevice lb: WAITING,\x1b[K"
