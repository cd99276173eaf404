"""Who keeps the pace is never hung up on, whatever the line does."""

import random
from typing import Any

import pytest

from servicevm_agent.wire import (
    AGENT,
    OLD_AGENT,
    OLD_RELAY,
    RELAY,
    Allowance,
    Pace,
    Request,
    Session,
    allowance,
)

SMALL = 100
METHODS = {"do": lambda params: None}


def _sent_until(pace: Pace, now: float) -> int:
    """How many short messages may be sent at once."""
    count = 0
    while pace.ready_at(now) <= now:
        pace.sent(SMALL, now)
        count += 1
    return count


def test_a_burst_then_the_rate() -> None:
    pace = Pace(Allowance(100, 200), SMALL)
    assert _sent_until(pace, 10) == 199  # the hello was one
    assert pace.ready_at(10) == pytest.approx(10 + 1 / 90)
    assert _sent_until(pace, 11) in (89, 90)
    assert _sent_until(pace, 100) == 200


def test_unanswered_messages_take_their_room() -> None:
    pace = Pace(Allowance(100, 200), SMALL)
    pace.ready_at(0)
    for n in range(16):
        pace.sent(SMALL, 0, n)
    assert _sent_until(pace, 100) == 184
    for n in range(16):
        pace.answered(n, 100)
    assert pace.ready_at(100) > 100
    assert _sent_until(pace, 200) == 200


def test_a_full_room_waits_for_an_answer() -> None:
    pace = Pace(Allowance(1, 32), 1 << 20)
    pace.sent(1 << 20, 0, 1)
    assert pace.ready_at(1e6) == float("inf")
    pace.answered(1, 1e6)
    assert pace.ready_at(1e6 + 1) < 1e6 + 60


def test_a_call_that_is_never_answered_does_not_fill_the_room_for_ever() -> (
    None
):
    ours = Session({})
    ours.keep_pace(Allowance(1000, 32))
    ours.call("do", {"x": "y" * 1_000_000}, now=0, timeout=10)
    ours.expire(10)
    assert ours.room(60)
    assert ours.ready_at(60) == float("inf")
    assert ours.ready_at(70) <= 71


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"rate": 7, "burst": 40}, Allowance(7, 40)),
        (AGENT._asdict(), AGENT),
        (None, OLD_AGENT),
        ({}, OLD_AGENT),
        ("fast", OLD_AGENT),
        ({"rate": True, "burst": 40}, OLD_AGENT),
        ({"rate": 7, "burst": 10}, OLD_AGENT),
        ({"rate": 0, "burst": 40}, OLD_AGENT),
        ({"rate": float("nan"), "burst": 40}, OLD_AGENT),
    ],
)
def test_what_a_peer_says_that_it_takes(
    said: Any, expected: Allowance
) -> None:
    assert allowance(said, OLD_AGENT) == expected


@pytest.mark.parametrize("limit", [AGENT, RELAY, OLD_AGENT, OLD_RELAY])
@pytest.mark.parametrize("seed", range(5))
def test_two_thousand_calls_over_a_line_that_stalls(
    limit: Allowance, seed: int
) -> None:
    """As fast as the pace allows; the line holds bytes back and lets them
    go at once; some messages are large."""
    dice = random.Random(seed)  # noqa: S311
    ours = Session({})
    ours.keep_pace(limit)
    theirs = Session(METHODS, rate=limit.rate, burst=limit.burst)
    now, made, answered = 0.0, 0, 0
    there, back = b"", b""
    while answered < 2000:
        size = 200_000 if dice.random() < 0.001 else 1
        while (
            made < 2000
            and ours.room(now)
            and ours.ready_at(now) <= now
            and dice.random() < 0.99
        ):
            ours.call("do", {"x": "y" * size}, now=now, timeout=1e9)
            made += 1
            size = 1
        there += ours.outgoing()
        if dice.random() < 0.8:
            for event in theirs.receive(there, now):
                assert isinstance(event, Request)
                theirs.reply(event.id, {})
            there = b""
            back += theirs.outgoing()
        if dice.random() < 0.8:
            answered += len(ours.receive(back, now))
            back = b""
        now += dice.choice([0.001, 0.001, 0.001, 0.2, 20.0])
        if dice.random() < 0.9:
            now = max(now, min(ours.ready_at(now), now + 1))
    assert made == 2000
