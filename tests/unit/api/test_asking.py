"""Requests that wait for silent devices leave room for the others."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from servicevm.api import asking
from servicevm.api.asking import Asking
from servicevm.errors import AGENT_BUSY, TransientError

THREADS = 8


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)


@pytest.fixture
def silent() -> Iterator[threading.Event]:
    """Set when the devices answer at last."""
    answer = threading.Event()
    yield answer
    answer.set()


def wait(
    ask: Asking,
    pool: ThreadPoolExecutor,
    project: str,
    answer: threading.Event,
) -> None:
    """Let a request about a silent device of the project wait."""
    there = threading.Event()

    def run() -> None:
        with ask(project):
            there.set()
            answer.wait(30)

    pool.submit(run)
    assert there.wait(30)


def test_a_project_may_wait_with_a_quarter_of_the_threads(
    silent: threading.Event,
) -> None:
    ask = Asking(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(2):
            wait(ask, pool, "red", silent)
        with pytest.raises(TransientError) as refused, ask("red"):
            pass
        assert refused.value.reason is AGENT_BUSY
        with ask("blue"):
            pass
        silent.set()


def test_all_may_wait_with_half_of_the_threads(
    silent: threading.Event,
) -> None:
    ask = Asking(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        for project in ("red", "red", "blue", "green"):
            wait(ask, pool, project, silent)
        with pytest.raises(TransientError), ask("white"):
            pass
        silent.set()


def test_who_comes_while_another_is_answered_gets_a_turn(
    silent: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 30.0)
    ask = Asking(1)
    done = threading.Event()

    def second() -> None:
        with ask("red"):
            done.set()

    with ThreadPoolExecutor(2) as pool:
        wait(ask, pool, "red", silent)
        pool.submit(second)
        assert not done.wait(0.05)
        silent.set()
        assert done.wait(30)


def test_a_failed_request_gives_its_place_back() -> None:
    ask = Asking(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), ask("red"):
            raise ZeroDivisionError
