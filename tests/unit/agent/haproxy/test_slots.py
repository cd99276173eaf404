"""Which server line serves which member."""

from hypothesis import given
from hypothesis import strategies as st

from servicevm_agent.services.haproxy.slots import SPARE, assign, grow

NAMES = st.lists(st.sampled_from("abcdefghijkl"), unique=True)


@given(NAMES, NAMES)
def test_who_stays_keeps_its_slot(before: list[str], after: list[str]) -> None:
    slots = grow([], before)
    later = assign(slots, after)
    assert len(later) == len(slots)
    for slot, name in enumerate(slots):
        if name in after:
            assert later[slot] == name
    taken = [name for name in later if name is not None]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(after)
    assert len(taken) == min(len(slots), len(after))


@given(NAMES, NAMES)
def test_growing_has_room_for_all_and_spare(
    before: list[str], after: list[str]
) -> None:
    slots = grow(grow([], before), after)
    assert {name for name in slots if name is not None} == set(after)
    assert slots[-SPARE:] == [None] * SPARE
