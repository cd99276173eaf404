"""How many operations are held, by how long those before took."""

import pytest

from servicevm.conductor.pace import MEMORY, MOST, Pace


def test_who_knows_nothing_yet_holds_what_it_works_on() -> None:
    assert Pace(8).room == 8


@pytest.mark.parametrize(
    ("seconds", "room"),
    [
        pytest.param(0.0, 8 + MOST * 8, id="no-time-at-all"),
        pytest.param(0.05, 8 + MOST * 8, id="soon-done"),
        pytest.param(0.25, 8 + 8, id="as-long-as-they-may-wait"),
        pytest.param(1.0, 8 + 2, id="longer"),
        pytest.param(5.0, 8, id="much-longer"),
    ],
)
def test_the_longer_they_take_the_fewer_wait(
    seconds: float, room: int
) -> None:
    pace = Pace(8)
    pace.took(seconds)
    assert pace.room == room


def test_one_that_takes_long_is_felt_and_forgotten() -> None:
    pace = Pace(8)
    pace.took(0.01)
    pace.took(60.0)
    assert pace.room == 8
    for _ in range(MEMORY * MEMORY):
        pace.took(0.01)
    assert pace.room == 8 + MOST * 8
