"""Calls against a real peer, in memory, with lost and late answers."""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from servicevm.errors import (
    AGENT_BUSY,
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    ServicevmError,
    TransientError,
)
from servicevm.relay import limits as bounds
from servicevm.relay.calls import Calls
from servicevm_agent import wire


def _outcome(answer: Future[Any]) -> Any:
    error = answer.exception(0)
    if isinstance(error, ServicevmError):
        return error.reason.code
    return answer.result(0)


async def _scenario(seed: int) -> list[tuple[str, Any]]:
    """Twelve calls; the agent answers some, twice, late or never."""
    dice = random.Random(seed)  # noqa: S311
    loop = asyncio.get_running_loop()
    relay = wire.Session({})
    agent = wire.Session({"ping": lambda params: None}, rate=1e6, burst=1e6)
    calls = Calls(loop, relay, lambda: None)
    answers = []
    for n in range(12):
        answer: Future[Any] = Future()
        calls.start("ping", {"n": n}, 0.05 if n % 4 == 0 else 60.0, answer)
        answers.append(answer)
    requests = [
        event
        for event in agent.receive(relay.outgoing(), 0.0)
        if isinstance(event, wire.Request)
    ]
    dice.shuffle(requests)
    fates = []
    late = []
    for request in requests:
        n = request.params["n"]
        fate = dice.choice(["answer", "lose", "refuse"])
        if n % 4 == 0:
            fate = "late"
        fates.append((n, fate))
        if fate == "answer":
            agent.reply(request.id, {"n": n})
        elif fate == "refuse":
            agent.refuse(request.id, -32000, "no", "No.")
        elif fate == "late":
            late.append(request)
        frames = agent.outgoing()
        # The stream may be cut anywhere.
        while frames:
            size = dice.randint(1, len(frames))
            for event in relay.receive(frames[:size], 0.0):
                assert isinstance(event, (wire.Response, wire.Failure))
                calls.answered(event)
            frames = frames[size:]
    for request in late:
        n = request.params["n"]
        with pytest.raises(TransientError):
            await asyncio.wait_for(asyncio.wrap_future(answers[n]), 10)
        agent.reply(request.id, {"n": n})
        # An answer that comes after its time is no event at all.
        assert relay.receive(agent.outgoing(), 0.0) == []
    calls.fail(TransientError(AGENT_NOT_CONNECTED))
    return [(fate, _outcome(answers[n])) for n, fate in sorted(fates)]


@pytest.mark.parametrize("seed", range(20))
def test_every_call_ends_exactly_once(seed: int) -> None:
    ended = asyncio.run(_scenario(seed))
    assert len(ended) == 12
    for n, (fate, outcome) in enumerate(ended):
        expected = {
            "answer": {"n": n},
            "refuse": "agent_error",
            "late": AGENT_TIMEOUT.code,
            "lose": AGENT_NOT_CONNECTED.code,
        }[fate]
        assert outcome == expected


class _Leap(selectors.DefaultSelector):
    """Waits by setting the clock forward."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """A loop on which a second takes no time."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def _run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main())


class _Line:
    """Calls, and an agent that answers at once, or not at all.

    :param limit: what the agent takes
    :param known: whether it has said so
    """

    def __init__(self, limit: wire.Allowance, *, known: bool) -> None:
        self.loop = asyncio.get_running_loop()
        self.answers = True
        self.asked: list[wire.Request] = []
        self.agent = wire.Session(
            {"ping": lambda params: None}, rate=limit.rate, burst=limit.burst
        )
        self.relay = wire.Session({})
        self.relay.keep_pace(limit if known else wire.OLD_AGENT)
        self.calls = Calls(self.loop, self.relay, self.flush)

    def flush(self) -> None:
        sent = self.relay.outgoing()
        # `rate_limited` would come out here.
        for event in self.agent.receive(sent, self.loop.time()):
            assert isinstance(event, wire.Request)
            self.asked.append(event)
        if self.answers and self.asked:
            self.loop.call_soon(self.answer)

    def answer(self) -> None:
        for request in self.asked:
            self.agent.reply(request.id, {"n": request.params["n"]})
        self.asked.clear()
        said = self.agent.outgoing()
        for event in self.relay.receive(said, self.loop.time()):
            assert isinstance(event, (wire.Response, wire.Failure))
            self.calls.answered(event)

    def call(self, n: int, timeout: float = 10.0) -> Future[Any]:
        answer: Future[Any] = Future()
        self.calls.start("ping", {"n": n}, timeout, answer)
        return answer


@pytest.mark.parametrize(
    ("limit", "known", "least"),
    [
        pytest.param(wire.AGENT, True, 2.0, id="now"),
        pytest.param(wire.OLD_AGENT, False, 35.0, id="old"),
    ],
)
def test_two_thousand_calls_as_fast_as_can_be_all_reach_the_agent(
    limit: wire.Allowance, known: bool, least: float
) -> None:
    async def main() -> float:
        line = _Line(limit, known=known)
        left = iter(range(2000))

        async def caller() -> None:
            for n in left:
                answer = asyncio.wrap_future(line.call(n))
                assert await answer == {"n": n}

        async with asyncio.TaskGroup() as callers:
            for _ in range(bounds.CALLS_HELD):
                callers.create_task(caller())
        return line.loop.time()

    assert least < _run(main) < least * 1.5


def test_what_is_beyond_the_queue_is_busy_and_the_rest_has_its_turn() -> None:
    async def main() -> tuple[list[Any], int]:
        line = _Line(wire.AGENT, known=True)
        line.answers = False
        most = bounds.CALLS_HELD
        answers = [line.call(n) for n in range(most + 5)]
        busy = [_outcome(answer) for answer in answers[most:]]
        line.answers = True
        line.answer()
        waiting = [asyncio.wrap_future(answer) for answer in answers[:most]]
        return busy, len(await asyncio.gather(*waiting))

    assert _run(main) == ([AGENT_BUSY.code] * 5, 32)


def test_who_waits_too_long_for_its_turn_is_told_so_and_never_sent() -> None:
    async def main() -> tuple[list[Any], float, int]:
        line = _Line(wire.AGENT, known=True)
        line.answers = False
        for n in range(bounds.CALLS_IN_FLIGHT):
            line.call(n, 1000)
        # The second one is the first to be given up.
        late = [line.call(98, 100), line.call(99, 0.5)]
        codes = []
        for answer in reversed(late):
            with pytest.raises(TransientError) as caught:
                await asyncio.wrap_future(answer)
            codes.append(caught.value.reason)
        at = line.loop.time()
        line.answer()
        return codes, at, len(line.asked)

    codes, at, asked = _run(main)
    assert codes == [AGENT_BUSY, AGENT_BUSY]
    assert at == pytest.approx(bounds.CALL_WAITS)
    assert asked == 0


def test_calls_that_wait_end_with_the_session() -> None:
    async def main() -> set[str]:
        line = _Line(wire.AGENT, known=True)
        line.answers = False
        answers = [line.call(n) for n in range(20)]
        line.calls.fail(TransientError(AGENT_NOT_CONNECTED))
        return {_outcome(answer) for answer in answers}

    assert _run(main) == {AGENT_NOT_CONNECTED.code}
