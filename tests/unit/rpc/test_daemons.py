import threading

import pytest

from servicevm.rpc.daemons import Daemons, Full

PATIENCE = 20.0


def test_calls_are_done_and_their_errors_come_back() -> None:
    daemons = Daemons("t", 2, 2)
    assert daemons.submit(lambda: 7).result(PATIENCE) == 7
    with pytest.raises(ZeroDivisionError):
        daemons.submit(lambda: 1 // 0).result(PATIENCE)


def test_no_more_are_under_way_than_there_are_threads() -> None:
    daemons, gate, begun = Daemons("t", 2, 8), threading.Event(), []

    def call() -> None:
        begun.append(threading.current_thread().name)
        gate.wait(PATIENCE)

    futures = [daemons.submit(call) for _ in range(6)]
    gate.set()
    for future in futures:
        future.result(PATIENCE)
    assert len(begun) == 6
    assert len(set(begun)) <= 2


def test_what_waits_is_bounded() -> None:
    daemons, gate = Daemons("t", 1, 2), threading.Event()
    started = threading.Event()

    def block() -> None:
        started.set()
        gate.wait(PATIENCE)

    first = daemons.submit(block)
    assert started.wait(PATIENCE)
    waiting = [daemons.submit(lambda: 1) for _ in range(2)]
    with pytest.raises(Full):
        daemons.submit(lambda: 1)
    gate.set()
    first.result(PATIENCE)
    assert [one.result(PATIENCE) for one in waiting] == [1, 1]


def test_a_cancelled_call_is_spared() -> None:
    daemons, gate, done = Daemons("t", 1, 2), threading.Event(), []
    started = threading.Event()

    def block() -> None:
        started.set()
        gate.wait(PATIENCE)

    daemons.submit(block)
    assert started.wait(PATIENCE)
    given_up = daemons.submit(lambda: done.append(1))
    assert given_up.cancel()
    gate.set()
    daemons.submit(lambda: None).result(PATIENCE)
    assert done == []


def test_its_threads_do_not_keep_the_process_from_ending() -> None:
    name = Daemons("t", 1, 1).submit(threading.current_thread)
    assert name.result(PATIENCE).daemon
