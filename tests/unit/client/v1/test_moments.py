from datetime import UTC, datetime

import pytest

from servicevmclient.v1 import _moments

NOW = datetime(2026, 11, 22, 18, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"),
        (0.9, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172799, "47 h"),
        (172800, "2 days"),
    ],
)
def test_a_span_is_in_whole_units(seconds: float, words: str) -> None:
    assert _moments.span(seconds) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-22T18:20:12.5Z", "in 12 s"),
        ("2026-11-22T18:10:00Z", "10 min ago"),
        ("2026-11-22T18:20:00.5", "now"),
        ("2026-11-22T20:20:00+02:00", "now"),
    ],
)
def test_a_time_is_so_far_away(text: str, words: str) -> None:
    assert _moments.away(text, NOW) == words


def test_a_time_is_told_in_utc_and_how_far_away_it_is() -> None:
    found = _moments.told("2026-11-22T20:22:00.5+02:00", NOW)
    assert found == "2026-11-22T18:22:00Z (in 2 min)"


def test_a_time_can_be_told_alone() -> None:
    text = "2026-11-22T20:22:00.5+02:00"
    assert _moments.told(text, None) == "2026-11-22T18:22:00Z"
    assert _moments.away(text, None) == "at 2026-11-22T18:22:00Z"
