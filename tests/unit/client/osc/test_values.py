import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servicevmclient.osc import _values

INTERFACE = _values.pairs("role", "network", required=("role",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("192", 192),
        ("-1", -1),
        ("0", 0),
        ("007", "007"),
        ("1.5", "1.5"),
        ("true", True),
        ("True", "True"),
        ("", ""),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_values_are_what_they_look_like(text: str, value: Any) -> None:
    found = _values.typed(text)
    assert found == value
    assert type(found) is type(value)


def test_a_value_may_have_an_equals_sign() -> None:
    assert _values.key_value("a=b=c") == ("a", "b=c")


def test_pairs_are_parsed() -> None:
    assert INTERFACE("role=ingress,network=bridge:br0") == {
        "role": "ingress",
        "network": "bridge:br0",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T08:00Z", "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00", "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00+01:00", "2026-12-01T07:00:00Z"),
        ("2026-12-01", "2026-12-01T00:00:00Z"),
    ],
)
def test_a_time_is_told_in_utc(text: str, expected: str) -> None:
    assert _values.later(text) == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("7d", 604800)]
)
def test_a_span_begins_now(text: str, seconds: int) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = datetime.fromisoformat(_values.later(text))
    after = datetime.now(UTC)
    span = timedelta(seconds=seconds)
    assert before + span <= found <= after + span


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (_values.key_value, "novalue"),
        (_values.key_value, "=x"),
        (INTERFACE, "network=user"),
        (INTERFACE, "role=a,color=red"),
        (INTERFACE, "role="),
        (_values.positive, "0"),
        (_values.positive, "-1"),
        (_values.positive, "x"),
        (_values.later, "tomorrow"),
        (_values.later, "0h"),
        (_values.later, "9999999d"),
        (_values.sort_key, "name:up"),
        (_values.sort_key, "name desc"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_meant_is_refused(parse: Any, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse(text)
