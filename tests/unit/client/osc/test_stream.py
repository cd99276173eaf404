"""Rows that are written as they come."""

import argparse
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from servicevmclient.exceptions import InvalidInput
from servicevmclient.osc._cells import Moment, Words
from servicevmclient.osc._stream import Stream, check_until, seconds

NAMES = ("At", "Tags", "Code")
ROWS = (
    (Moment("2026-11-22T10:00:00.5Z"), Words(["a"]), None),
    (Moment("2026-11-22T10:00:01.5Z"), Words(["a", "b"]), "x\ny"),
    (Moment("2026-11-22T10:00:02.5Z"), Words([]), "z"),
)


@pytest.mark.parametrize(
    ("formatter", "text"),
    [
        (
            "table",
            "2026-11-22T10:00:00Z  a\n"
            "2026-11-22T10:00:01Z  a, b  x y\n"
            "2026-11-22T10:00:02Z        z\n",
        ),
        (
            "json",
            '{"At": "2026-11-22T10:00:00.5Z", "Tags": ["a"], "Code": null}\n'
            '{"At": "2026-11-22T10:00:01.5Z", "Tags": ["a", "b"], '
            '"Code": "x\\ny"}\n'
            '{"At": "2026-11-22T10:00:02.5Z", "Tags": [], "Code": "z"}\n',
        ),
        (
            "value",
            "2026-11-22T10:00:00.5Z ['a'] None\n"
            "2026-11-22T10:00:01.5Z ['a', 'b'] x y\n"
            "2026-11-22T10:00:02.5Z [] z\n",
        ),
    ],
)
def test_a_row_is_written_in_the_format_that_is_wanted(
    formatter: str, text: str
) -> None:
    out = io.StringIO()
    Stream(formatter).emit_list(NAMES, ROWS, out, argparse.Namespace())
    assert out.getvalue() == text


@pytest.mark.parametrize("formatter", ["table", "value"])
def test_words_of_a_guest_neither_break_a_line_nor_command_a_terminal(
    formatter: str,
) -> None:
    out = io.StringIO()
    rows = [("a\r\nb\u2028\x1b[2J\x9b31m\tc",)]
    Stream(formatter).emit_list(["Message"], rows, out, argparse.Namespace())
    assert out.getvalue() == "a b[2J31m c\n"


def test_a_row_is_written_before_the_next_is_there() -> None:
    out = io.StringIO()

    def rows() -> Iterator[tuple[str]]:
        yield ("a",)
        assert out.getvalue() == "a\n"
        yield ("b",)

    Stream("value").emit_list(["Name"], rows(), out, argparse.Namespace())


@pytest.mark.parametrize("formatter", ["csv", "yaml"])
def test_a_format_that_has_an_end_is_refused(formatter: str) -> None:
    with pytest.raises(InvalidInput):
        Stream(formatter)


def test_an_end_is_so_many_seconds_away_and_never_in_the_past() -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert 3590 < (seconds(soon) or 0) <= 3600
    assert seconds("2020-01-01T00:00:00Z") == 0
    assert seconds(None) is None


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({}, True),
        ({"until": "x", "follow": True}, True),
        ({"until": "x", "follow": False, "watch": 2.0}, True),
        ({"until": "x", "follow": False, "watch": None}, False),
        ({"until": None, "watch": None}, True),
    ],
)
def test_an_end_is_for_what_goes_on(
    given: dict[str, object], allowed: bool
) -> None:
    parsed = argparse.Namespace(**given)
    if allowed:
        check_until(parsed)
    else:
        with pytest.raises(InvalidInput):
            check_until(parsed)
