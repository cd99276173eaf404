import asyncio
import functools
import threading
from typing import Any

from servicevm.relay.crew import Crew
from servicevm.relay.lane import Lane


def test_calls_of_a_lane_keep_their_order_and_others_overtake() -> None:
    """Whatever the threads do."""

    async def scenario() -> tuple[list[int], list[str]]:
        crew = Crew(asyncio.get_running_loop(), 4)
        slow, other = Lane(crew, 100), Lane(crew, 100)
        gate = threading.Event()
        order: list[int] = []
        ended: list[str] = []
        passed = asyncio.Event()

        def work(n: int) -> int:
            assert gate.wait(10)
            order.append(n)
            return n

        def other_done(result: Any, error: BaseException | None) -> None:
            ended.append("other")
            passed.set()

        for n in range(50):
            assert slow.submit(
                functools.partial(work, n), lambda *_: ended.append("slow")
            )
        other.submit(lambda: None, other_done)
        await asyncio.wait_for(passed.wait(), 10)
        gate.set()
        assert await crew.stop(10)
        return order, ended

    order, ended = asyncio.run(scenario())
    assert order == list(range(50))
    assert ended == ["other"] + ["slow"] * 50


def test_a_full_lane_says_so_except_for_the_last_word() -> None:
    async def scenario() -> list[bool]:
        crew = Crew(asyncio.get_running_loop(), 1)
        lane = Lane(crew, 1)
        gate = threading.Event()

        def done(result: Any, error: BaseException | None) -> None:
            assert error is None

        taken = [
            lane.submit(lambda: gate.wait(10), done),
            lane.submit(lambda: None, done),
            lane.submit(lambda: None, done),
            lane.submit(lambda: None, done, always=True),
        ]
        gate.set()
        assert await crew.stop(10)
        return taken

    assert asyncio.run(scenario()) == [True, True, False, True]


def test_what_a_call_raises_reaches_done_and_the_lane_goes_on() -> None:
    async def scenario() -> list[Any]:
        crew = Crew(asyncio.get_running_loop(), 2)
        lane = Lane(crew, 9)
        seen: list[Any] = []

        def fail() -> None:
            raise OSError("away")

        lane.submit(fail, lambda *told: seen.append(told))
        lane.submit(lambda: 7, lambda *told: seen.append(told))
        assert await crew.stop(10)
        return seen

    (_, error), second = asyncio.run(scenario())
    assert isinstance(error, OSError)
    assert second == (7, None)


def test_stop_does_not_wait_forever() -> None:
    async def scenario() -> bool:
        crew = Crew(asyncio.get_running_loop(), 1)
        crew.run(lambda: gate.wait(10), lambda *_: None)
        try:
            return await crew.stop(0.05)
        finally:
            gate.set()

    gate = threading.Event()
    assert asyncio.run(scenario()) is False
