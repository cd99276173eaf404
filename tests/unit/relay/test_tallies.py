import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm.relay import tallies
from servicevm.relay.schemas import cleaned_beat
from servicevm.relay.shapes import MAX_INT
from servicevm.relay.tallies import COUNTERS, Tallies, batches

D, S, T = "device", "service", "another"
UUID = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"


def said(*totals: int) -> dict[str, int]:
    """As the agent says it, with one that is not told on."""
    return dict(zip(COUNTERS, totals, strict=True)) | {"errors_total": 9}


def told(*totals: int) -> dict[str, int]:
    return dict(zip(COUNTERS.values(), totals, strict=True))


def test_the_highest_totals_of_each_boot_are_told_once() -> None:
    waiting = Tallies()
    waiting.add(D, "b1", {S: said(1, 2, 3)})
    waiting.add(D, "b1", {S: said(2, 1, 3), T: said(7, 7, 7)})
    waiting.add(D, "b2", {S: said(1, 1, 1)})
    assert waiting.take() == [
        {
            "device_id": D,
            "boot_id": "b1",
            "services": {S: told(2, 2, 3), T: told(7, 7, 7)},
        },
        {"device_id": D, "boot_id": "b2", "services": {S: told(1, 1, 1)}},
    ]
    assert waiting.take() == []


def test_what_was_not_delivered_does_not_hide_what_is_newer() -> None:
    waiting = Tallies()
    waiting.add(D, "b1", {S: said(1, 1, 1), T: said(4, 4, 4)})
    taken = waiting.take()
    waiting.add(D, "b1", {S: said(2, 2, 2)})
    waiting.give_back(taken)
    (tally,) = waiting.take()
    assert tally["services"] == {S: told(2, 2, 2), T: told(4, 4, 4)}


def test_a_service_that_counts_something_else_is_not_told() -> None:
    waiting = Tallies()
    waiting.add(D, "b1", {S: {"bytes_in": 5}})
    assert len(waiting) == 0


def test_a_device_that_invents_services_and_boots_is_bounded() -> None:
    waiting = Tallies()
    for number in range(100):
        waiting.add(D, "b", {f"s{number}": said(1, 1, 1)})
    (tally,) = waiting.take()
    assert list(tally["services"]) == [f"s{one}" for one in range(36, 100)]
    for number in range(9):
        waiting.add(D, f"b{number}", {S: said(1, 1, 1)})
    boots = [one["boot_id"] for one in waiting.take()]
    assert boots == ["b5", "b6", "b7", "b8"]


def test_parts_are_bounded_by_services_and_keep_a_boot_together() -> None:
    some = [
        {"device_id": D, "boot_id": f"b{number}", "services": dict.fromkeys(s)}
        for number, s in enumerate(("abc", "de", "f", "ghij", "k"))
    ]
    parts = batches(some, most=2, most_services=4)
    assert [[one["boot_id"] for one in part] for part in parts] == [
        ["b0"],
        ["b1", "b2"],
        ["b3"],
        ["b4"],
    ]
    assert batches([], most=2, most_services=4) == []


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_however_often_delivery_fails_the_last_totals_arrive(
    totals: list[int], chance: random.Random
) -> None:
    waiting = Tallies()
    arrived = 0
    taken: list[tallies.Tally] = []
    for total in [*sorted(totals), None]:
        if total is not None:
            waiting.add(D, "b", {S: said(total, total, total)})
        for tally in taken:
            arrived = max(arrived, tally["services"][S]["bytes_in"])
        taken = waiting.take()
        if total is not None and chance.random() < 0.5:
            waiting.give_back(taken)
            taken = []
    for tally in taken:
        arrived = max(arrived, tally["services"][S]["bytes_in"])
    assert arrived == max(totals)


def test_what_is_known_grows_without_another_look() -> None:
    waiting = Tallies()
    assert not waiting.grow(D, "b", {S: said(1, 2, 3)})
    waiting.add(D, "b", {S: said(1, 2, 3)})
    assert waiting.grow(D, "b", {S: said(1, 5, 9)})
    (tally,) = waiting.take()
    assert tally["services"] == {S: told(1, 5, 9)}


@pytest.mark.parametrize(
    "boot_id", ["another", 1, None, ["b"]], ids=lambda one: type(one).__name__
)
def test_nothing_grows_of_a_boot_that_is_not_known(boot_id: Any) -> None:
    waiting = Tallies()
    waiting.add(D, "b", {S: said(1, 2, 3)})
    assert not waiting.grow(D, boot_id, {S: said(2, 3, 4)})
    (tally,) = waiting.take()
    assert tally["services"] == {S: told(1, 2, 3)}


_TOTALS: st.SearchStrategy[Any] = st.one_of(
    st.integers(-1, 9),
    st.sampled_from([None, True, 7.0, "7", [], MAX_INT, MAX_INT + 1]),
)
_SAID = st.one_of(
    st.none(),
    st.lists(st.none()),
    st.dictionaries(st.sampled_from([*COUNTERS, "errors_total"]), _TOTALS),
    st.fixed_dictionaries(dict.fromkeys(COUNTERS, _TOTALS)),
)


@given(
    st.one_of(
        st.none(),
        st.lists(st.none()),
        st.dictionaries(st.sampled_from([UUID, OTHER]), _SAID),
    )
)
def test_the_short_way_takes_only_what_the_schema_does(counters: Any) -> None:
    params = {"services": {}, "boot_id": "b", "counters": counters}
    short, full = Tallies(), Tallies()
    for one in short, full:
        one.add(D, "b", {UUID: said(5, 5, 5)})
    if short.grow(D, "b", counters):
        checked = cleaned_beat(params)
        full.add(D, "b", checked["counters"])
        assert short.take() == full.take()
    else:
        # What was raised until then is sound.
        (tally,) = short.take()
        assert all(
            5 <= total <= MAX_INT and type(total) is int
            for total in tally["services"][UUID].values()
        )
