import threading

import pytest

from servicevm.drivers.infra.nova.at_once import at_once, begun

#: Seconds; only a call that waits for another in vain takes them.
PATIENCE = 10


def test_calls_run_at_the_same_time_and_answer_in_their_order() -> None:
    met = threading.Barrier(3)

    def call(number: int) -> int:
        met.wait(PATIENCE)
        return number

    assert at_once([lambda: call(1), lambda: call(2), lambda: call(3)]) == [
        1,
        2,
        3,
    ]


def test_the_first_error_in_their_order_is_raised_after_all_ended() -> None:
    done = threading.Event()

    def late() -> None:
        done.wait(PATIENCE)
        raise ValueError("the first")

    def early() -> None:
        done.set()
        raise KeyError("the second")

    with pytest.raises(ValueError, match="the first"):
        at_once([late, early])


def test_what_became_of_each_is_known_beside_one_that_failed() -> None:
    def fail() -> int:
        raise ValueError

    failed, well = begun([fail, lambda: 1])
    assert isinstance(failed.exception(), ValueError)
    assert well.result() == 1


def test_a_single_call_needs_no_thread() -> None:
    assert at_once([threading.get_ident]) == [threading.get_ident()]


def test_nothing_to_do_gives_nothing() -> None:
    assert at_once([]) == []
