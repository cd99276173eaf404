import threading

import pytest

from servicevm.drivers.infra.nova.recent import Recent


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_asked_for_once_until_it_is_old() -> None:
    clock, asked = Clock(), []
    recent = Recent(5.0, clock)

    def ask() -> int:
        asked.append(clock.now)
        return len(asked)

    assert [recent.get("a", ask) for _ in range(3)] == [1, 1, 1]
    assert recent.get("b", ask) == 2
    clock.now = 5.0
    assert recent.get("a", ask) == 3
    recent.forget("a")
    assert recent.get("a", ask) == 4


def test_what_fails_is_asked_again() -> None:
    recent = Recent(5.0)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 // 0)
    assert recent.get("a", lambda: 7) == 7


def test_threads_wait_for_the_one_that_asks() -> None:
    recent, asked, found = Recent(60.0), [], []
    begun, go_on = threading.Event(), threading.Event()

    def ask() -> str:
        asked.append(1)
        begun.set()
        assert go_on.wait(10)
        return "answer"

    threads = [
        threading.Thread(target=lambda: found.append(recent.get("a", ask)))
        for _ in range(5)
    ]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert found == ["answer"] * 5
    assert len(asked) == 1


def test_it_does_not_grow_for_ever() -> None:
    clock = Clock()
    recent = Recent(5.0, clock)
    for number in range(3000):
        recent.get(number, lambda: 0)
    assert len(recent.clear()) <= 1000
