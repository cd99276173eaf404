"""What is done about a lost device, and when: no clock, no database."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm import clock
from servicevm.drivers.infra.base import Capabilities
from servicevm.healing import (
    DEFAULTS,
    RUNGS,
    RUNGS_OF,
    Decision,
    Episode,
    Policy,
    Trouble,
    Verdict,
    decide,
    missing,
)
from servicevm.states import Action

SECOND = clock.SECOND
POLICY = Policy.of({}, Trouble.LOST)


def policy(trouble: Trouble = Trouble.LOST, **said: Any) -> Policy:
    return Policy.of({"healing": said}, trouble)


def test_a_template_that_says_nothing_has_the_defaults() -> None:
    assert DEFAULTS["ladder"] == [str(one) for one in RUNGS]
    assert POLICY.after == DEFAULTS["after"] * SECOND
    assert policy() == POLICY
    assert policy(after=5).after == 5 * SECOND
    assert policy(after=5).cooldown == POLICY.cooldown


def test_nothing_is_tried_before_its_time() -> None:
    began = Episode(began_at=100 * SECOND)
    due = began.began_at + POLICY.after
    early = decide(POLICY, began, lost=True, now=due - 1)
    assert early == Decision(Verdict.WAIT, Action.REBOOT, due)
    assert decide(POLICY, began, lost=True, now=due) == Decision(
        Verdict.TRY, Action.REBOOT
    )


def test_each_attempt_waits_twice_as_long_as_the_one_before() -> None:
    asked = policy(backoff=30, attempts=9)
    waits = [
        decide(
            asked,
            Episode(0, tries=tries, ended_at=1000 * SECOND),
            lost=True,
            now=1000 * SECOND,
        ).until
        for tries in (1, 2, 3)
    ]
    assert waits == [1030 * SECOND, 1060 * SECOND, 1120 * SECOND]
    assert asked.pause(60) == 3600 * SECOND


def test_what_came_back_and_stays_is_forgotten() -> None:
    episode = Episode(0, tries=1, ended_at=50 * SECOND)
    end = 50 * SECOND + POLICY.cooldown
    early = decide(POLICY, episode, lost=False, now=end - 1)
    assert early == Decision(Verdict.WAIT, until=end)
    closed = decide(POLICY, episode, lost=False, now=end)
    assert closed.verdict is Verdict.CLOSE


def test_what_came_back_by_itself_is_forgotten_at_once() -> None:
    closed = decide(POLICY, Episode(0), lost=False, now=1)
    assert closed.verdict is Verdict.CLOSE


def test_what_was_given_up_is_left_alone() -> None:
    episode = Episode(0, tries=4, ended_at=1, gave_up=True)
    decision = decide(POLICY, episode, lost=True, now=10**15)
    assert decision == Decision(Verdict.WAIT)


@pytest.mark.parametrize("trouble", Trouble)
def test_each_trouble_takes_its_own_rungs_in_the_ladders_order(
    trouble: Trouble,
) -> None:
    turned = policy(trouble, ladder=[*reversed(DEFAULTS["ladder"])])
    assert policy(trouble).ladder == RUNGS_OF[trouble]
    assert turned.ladder == tuple(reversed(RUNGS_OF[trouble]))


def test_what_a_driver_cannot_do_is_missing() -> None:
    able = Capabilities(reboot=True, rebuild=False)
    assert missing(able, restarts=True) == {Action.REBUILD}
    assert missing(able, restarts=False) == {Action.REBUILD, Action.RESTART}


def test_a_driver_that_cannot_rebuild_has_a_shorter_ladder() -> None:
    left = POLICY.without([Action.REBUILD])
    assert left.ladder == (Action.REBOOT,)
    assert left.rung(POLICY.attempts) is None


@pytest.mark.parametrize("ladder", [(), ("rebuild",), ("reboot", "rebuild")])
def test_a_ladder_has_an_end(ladder: tuple[str, ...]) -> None:
    asked = policy(ladder=list(ladder), attempts=3)
    tried, episode = [], Episode(0)
    for now in range(10**10, 10**12, 10**10):
        decision = decide(asked, episode, lost=True, now=now)
        if decision.verdict is Verdict.GIVE_UP:
            break
        assert decision.verdict is Verdict.TRY
        tried.append(str(decision.action))
        episode = episode._replace(tries=episode.tries + 1, ended_at=now)
    assert tried == [rung for rung in ladder for _ in range(3)]
    assert decision.verdict is Verdict.GIVE_UP


@given(
    ladder=st.lists(
        st.sampled_from(RUNGS_OF[Trouble.LOST]), unique=True, max_size=2
    ),
    after=st.integers(1, 1000),
    attempts=st.integers(1, 5),
    backoff=st.integers(1, 100),
    cooldown=st.integers(1, 1000),
    losses=st.lists(st.tuples(st.booleans(), st.integers(1, 500))),
)
def test_whatever_a_device_does_attempts_in_an_episode_are_bounded(
    ladder: list[Action],
    after: int,
    attempts: int,
    backoff: int,
    cooldown: int,
    losses: list[tuple[bool, int]],
) -> None:
    asked = policy(
        ladder=ladder,
        after=after,
        attempts=attempts,
        backoff=backoff,
        cooldown=cooldown,
    )
    now, episode, last = 0, Episode(0), None
    for lost, seconds in losses:
        now += seconds * SECOND
        decision = decide(asked, episode, lost=lost, now=now)
        if decision.verdict is Verdict.TRY:
            assert lost
            assert not episode.gave_up
            assert episode.tries < attempts * len(ladder)
            if last is not None:
                assert now - last >= backoff * SECOND
            last = now
            episode = episode._replace(tries=episode.tries + 1, ended_at=now)
        elif decision.verdict is Verdict.GIVE_UP:
            episode = episode._replace(gave_up=True)
        elif decision.verdict is Verdict.CLOSE:
            assert not lost
            episode, last = Episode(now), None
