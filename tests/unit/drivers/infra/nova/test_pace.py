import pytest

from servicevm.drivers.infra.nova.pace import Pace
from servicevm.errors import TransientError


class Time:
    """A clock that stands still but for who sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))


@pytest.fixture
def time():
    return Time()


def test_no_rate_is_no_wait(time) -> None:
    pace = Pace(0, time.clock, time.sleep)
    for _ in range(100):
        pace.wait()
    assert not time.slept


def test_a_second_holds_as_many_as_the_rate(time) -> None:
    pace = Pace(4, time.clock, time.sleep)
    for _ in range(6):
        pace.wait()
    assert time.slept == [0.25, 0.5]
    time.now = 10.0
    for _ in range(4):
        pace.wait()
    assert time.slept == [0.25, 0.5]


def test_a_slow_rate_is_one_at_a_time(time) -> None:
    pace = Pace(0.5, time.clock, time.sleep)
    for _ in range(3):
        pace.wait()
    assert time.slept == [2.0, 4.0]


def test_nobody_waits_for_ever(time) -> None:
    pace = Pace(0.1, time.clock, time.sleep)
    for _ in range(3):
        pace.wait()
    with pytest.raises(TransientError, match="build_rate"):
        pace.wait()
    assert time.slept == [10.0, 20.0]


def test_conductors_share_the_rate(time) -> None:
    pace = Pace(4, time.clock, time.sleep)
    pace.share(2)
    for _ in range(4):
        pace.wait()
    assert time.slept == [0.5, 1.0]
    pace = Pace(0, time.clock, time.sleep)
    pace.share(2)
    pace.wait()
    assert time.slept == [0.5, 1.0]
