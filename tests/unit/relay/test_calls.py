"""Calls against a real peer, in memory, with lost and late answers."""

import asyncio
import random
from concurrent.futures import Future
from typing import Any

import pytest

from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    ServicevmError,
    TransientError,
)
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
    calls = Calls(loop, relay)
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
