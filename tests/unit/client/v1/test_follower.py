"""Follows of events, with a clock that is moved and a list that grows."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servicevmclient import exceptions
from servicevmclient.v1._follower import Follower
from servicevmclient.v1.event import Event
from tests.unit.client.v1.clock import Clock


class Service:
    """A list of events by their numbers, and what it is asked."""

    def __init__(self) -> None:
        self.rows: dict[int, Event] = {}
        self.asked: list[dict[str, Any]] = []
        self.faults: list[exceptions.ClientError] = []

    def write(self, number: int, seconds: float) -> None:
        """An event comes into sight."""
        at = f"2026-11-22T10:{int(seconds) // 60:02}:{seconds % 60:09.6f}Z"
        self.rows[number] = Event({"id": f"e{number}", "at": at})

    def each(
        self,
        kind: type[Event],
        /,
        *,
        max_items: int | None = None,
        **query: Any,
    ) -> Iterator[Event]:
        self.asked.append(query)
        if self.faults:
            raise self.faults.pop(0)
        numbers = sorted(self.rows, reverse=query["sort"] == "at:desc")
        marker = query.get("marker")
        if marker is not None:
            if int(marker[1:]) not in self.rows:
                raise exceptions.BadRequest("x", fields={"marker": "gone"})
            numbers = [one for one in numbers if one > int(marker[1:])]
        for number in numbers[:max_items]:
            yield self.rows[number]


def _scripted(*happens: Callable[[], None]) -> Clock:
    """A clock after each of whose sleeps the next thing happens."""
    script = [*happens]

    def then() -> None:
        if script:
            script.pop(0)()

    return Clock(then)


def _ids(events: Iterator[Event]) -> list[str]:
    return [event.id for event in events]


def test_the_last_come_first_and_then_what_is_written() -> None:
    service = Service()
    for number in (1, 2, 3):
        service.write(number, number)
    clock = _scripted(
        lambda: service.write(4, 4),
        lambda: None,
        lambda: service.write(5, 5),
    )
    follower = Follower(service, {"device_id": "d"}, timeout=20, clock=clock)
    assert _ids(follower.newest(2)) == ["e2", "e3", "e4", "e5"]
    assert clock.now == 1020
    assert all(query["device_id"] == "d" for query in service.asked)


def test_it_begins_after_a_marker() -> None:
    service = Service()
    for number in range(1, 200):
        service.write(number, number)
    follower = Follower(service, {}, timeout=5, clock=Clock())
    found = _ids(follower.after("e3"))
    assert found == [f"e{number}" for number in range(4, 200)]


def test_a_marker_that_is_not_there_is_an_error() -> None:
    follower = Follower(Service(), {}, clock=Clock())
    with pytest.raises(exceptions.BadRequest):
        next(follower.after("e3"))


def test_what_comes_into_sight_late_is_told_too() -> None:
    service = Service()
    service.write(1, 1)
    clock = _scripted(
        lambda: service.write(3, 3),
        lambda: service.write(4, 4),
        lambda: service.write(2, 2),
    )
    follower = Follower(service, {}, timeout=30, clock=clock)
    assert _ids(follower.newest(1)) == ["e1", "e3", "e4", "e2"]


def test_the_marker_follows_so_that_little_is_read_again() -> None:
    service = Service()
    numbers = itertools.count(1)

    def write() -> None:
        number = next(numbers)
        service.write(number, number * 30)

    write()
    follower = Follower(service, {}, timeout=30, clock=Clock(write))
    found = _ids(follower.newest(1))
    assert found == [f"e{number}" for number in range(1, len(found) + 1)]
    assert len(found) > 50
    markers = [query.get("marker") for query in service.asked if query]
    assert int(str(markers[-1])[1:]) > len(found) - 10


def test_it_goes_on_when_the_marker_was_purged() -> None:
    service = Service()
    service.write(1, 1)

    def purge() -> None:
        service.rows.clear()
        service.write(9, 3000)

    follower = Follower(service, {}, timeout=30, clock=_scripted(purge))
    assert _ids(follower.newest(1)) == ["e1", "e9"]


def test_it_goes_on_over_a_restart_of_the_service_and_says_so() -> None:
    service = Service()
    service.write(1, 1)
    notes: list[str | None] = []

    def fail() -> None:
        service.write(2, 2)
        service.faults += [
            exceptions.ConnectionFailed("nobody"),
            exceptions.ServerError("proxy"),
        ]

    follower = Follower(
        service,
        {},
        timeout=10,
        callback=notes.append,
        clock=_scripted(fail),
    )
    assert _ids(follower.newest(1)) == ["e1", "e2"]
    assert notes[:3] == ["nobody", "proxy", None]


def test_a_refusal_ends_it() -> None:
    service = Service()
    clock = _scripted(
        lambda: service.faults.append(exceptions.Forbidden("no"))
    )
    with pytest.raises(exceptions.Forbidden):
        _ids(Follower(service, {}, clock=clock).newest(1))


@given(
    # Which of the next five numbers is written, at each of some looks.
    plan=st.lists(st.lists(st.integers(0, 4), max_size=5), max_size=12)
)
@example([[1] * 4, [1] * 5, [0] * 4])
def test_none_is_lost_or_told_twice_in_whatever_order_they_appear(
    plan: list[list[int]],
) -> None:
    service = Service()
    hidden = [*range(1, 1 + sum(map(len, plan)))]
    looks = iter(plan)

    def appear() -> None:
        for index in next(looks, ()):
            # Transactions are short: none stays out of sight for longer
            # than `OVERLAP`, ten numbers here.
            near = [one for one in hidden if one <= hidden[0] + 10]
            number = near[min(index, len(near) - 1)]
            hidden.remove(number)
            service.write(number, number * 6)

    appear()
    follower = Follower(service, {}, timeout=60, clock=Clock(appear))
    found = _ids(follower.newest(100))
    assert sorted(found) == sorted(one.id for one in service.rows.values())
    assert not hidden
