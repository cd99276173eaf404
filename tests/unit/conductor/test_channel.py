"""Silence is a device's fault only where our own side was there."""

from typing import Any

import pytest

from servicevm import clock
from servicevm.conductor.channel import GAP, Channel
from servicevm.db import api as db
from servicevm.db import processes

from .lab import Lab

GRACE = 120


class Watch:
    """A conductor that looks, and relays that report."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.conductor = lab.conductor()
        self.channel = Channel(GRACE * clock.SECOND)
        self.alive = {"r1": "default"}

    def report(self) -> None:
        for name, group in self.alive.items():
            told: dict[str, Any] = {
                "name": name,
                "host": "h",
                "group": group,
                "version": "1",
                "address": "",
                "sessions": 0,
                "started_at": 17,
            }
            self.conductor.relay_report(told)

    def look(self) -> None:
        with db.reader() as session:
            self.channel.look(session, self.lab.now)

    def pass_time(self, seconds: int, step: int = 10) -> None:
        for _ in range(0, seconds, step):
            self.lab.advance(step)
            self.report()
            self.look()

    def clear(self, relay: str | None = "r1", group: str = "default") -> bool:
        return self.channel.clear(relay, group, self.lab.now)


@pytest.fixture
def watch(lab: Lab) -> Watch:
    made = Watch(lab)
    made.report()
    made.look()
    return made


def test_a_conductor_that_begins_blames_nobody(watch: Watch) -> None:
    watch.pass_time(GRACE - 10)
    assert not watch.clear()
    assert not watch.channel.settled(watch.lab.now)
    watch.pass_time(10)
    assert watch.clear()
    assert watch.clear(relay=None)


def test_while_the_only_relay_is_away_nobody_is_blamed(watch: Watch) -> None:
    watch.pass_time(GRACE)
    watch.alive.clear()
    watch.pass_time(600)
    assert not watch.clear()
    # What does not come over a relay is another matter.
    assert watch.clear(relay=None)


def test_a_relay_that_is_back_has_a_time_of_grace(watch: Watch) -> None:
    watch.pass_time(GRACE)
    watch.alive.clear()
    watch.pass_time(60)
    watch.alive["r1"] = "default"
    watch.pass_time(GRACE)
    assert not watch.clear()
    watch.pass_time(10)
    assert watch.clear()


def test_who_could_have_moved_to_another_relay_is_to_blame(
    watch: Watch,
) -> None:
    watch.alive["r2"] = "default"
    watch.pass_time(GRACE + 20)
    del watch.alive["r1"]
    watch.pass_time(GRACE)
    assert not watch.clear()
    watch.pass_time(40)
    assert watch.clear()


def test_a_relay_of_another_group_is_none_to_move_to(watch: Watch) -> None:
    watch.alive["r2"] = "elsewhere"
    watch.pass_time(GRACE)
    del watch.alive["r1"]
    watch.pass_time(600)
    assert not watch.clear()
    assert watch.clear(relay="r2", group="elsewhere")


def test_a_relay_that_nobody_knows_any_more_is_no_excuse_for_ever(
    watch: Watch,
) -> None:
    watch.alive["r2"] = "default"
    watch.pass_time(GRACE)
    del watch.alive["r1"]
    watch.pass_time(processes.FORGET // clock.SECOND + 100, step=30)
    db.write(processes.forget)
    watch.pass_time(processes.FORGET // clock.SECOND + 200, step=30)
    assert watch.clear(relay="r1")


def test_a_database_that_was_away_begins_the_grace_anew(
    watch: Watch,
) -> None:
    watch.pass_time(GRACE)
    watch.channel.lost()
    assert not watch.clear(relay=None)
    watch.pass_time(GRACE)
    assert not watch.clear(relay=None)
    watch.pass_time(10)
    assert watch.clear(relay=None)


def test_a_conductor_that_was_stopped_begins_anew(watch: Watch) -> None:
    watch.pass_time(GRACE)
    watch.lab.advance(GAP // clock.SECOND)
    watch.report()
    watch.look()
    assert not watch.clear()
