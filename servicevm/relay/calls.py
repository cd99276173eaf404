"""Calls to one agent that wait for their answers."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from servicevm.errors import (
    AGENT_BUSY,
    AGENT_ERROR,
    AGENT_TIMEOUT,
    PermanentError,
    ServicevmError,
    TransientError,
)
from servicevm.relay import limits as bounds
from servicevm.relay.metrics import CALLS
from servicevm.relay.schemas import RESULTS
from servicevm.relay.shapes import Text
from servicevm_agent import wire

_WORDS = Text(4096)
#: The agent's reason for a request that it can take later.
_BUSY = "busy"


class _Waiting(NamedTuple):
    """A call that is not on the wire yet; times are the loop's."""

    method: str
    params: dict[str, Any]
    until: float
    deadline: float
    answer: Future[Any]


class Calls:
    """Matches answers to futures; every call has its deadline.

    No agent is asked faster than it takes: it would hang up. What is too
    much for now waits for its turn, a little and in a short queue.

    Used from the loop's thread only; the futures belong to other threads.

    :param flush: sends what is on the wire
    """

    __slots__ = ("_flush", "_loop", "_pending", "_turn", "_waiting", "_wire")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        session: wire.Session,
        flush: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._wire = session
        self._flush = flush
        # None until needed: most sessions are idle.
        self._pending: (
            dict[int, tuple[str, Future[Any], asyncio.TimerHandle]] | None
        ) = None
        self._waiting: deque[_Waiting] | None = None
        self._turn: asyncio.TimerHandle | None = None

    def start(
        self,
        method: str,
        params: dict[str, Any],
        timeout: float,
        answer: Future[Any],
    ) -> None:
        """Put the call on the wire, or in the queue."""
        now = self._loop.time()
        if self._waiting is None:
            self._waiting = deque()
        held = len(self._waiting) + len(self._pending or ())
        if held >= bounds.CALLS_HELD:
            self.busy(answer, f"{held} calls wait for their answers")
            return
        until = now + min(timeout, bounds.CALL_WAITS)
        self._waiting.append(
            _Waiting(method, params, until, now + timeout, answer)
        )
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        """Send what has its turn, give up what waited too long."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        waiting = self._waiting or deque()
        for late in [one for one in waiting if one.until <= now]:
            waiting.remove(late)
            self.busy(late.answer, "the call's turn did not come")
        sent = False
        while (
            waiting
            and self._wire.room(now)
            and self._wire.ready_at(now) <= now
        ):
            self._send(waiting.popleft(), now)
            sent = True
        if waiting:
            at = min(one.until for one in waiting)
            if self._wire.room(now):
                at = min(at, self._wire.ready_at(now))
            self._turn = self._loop.call_at(at, self._turned, at)
        else:
            self._waiting = None
        if sent:
            self._flush()

    def _turned(self, at: float) -> None:
        self._turn = None
        # The loop may be early by its clock's resolution.
        self._go_on(max(at, self._loop.time()))

    def _send(self, call: _Waiting, now: float) -> None:
        method = call.method
        try:
            call_id = self._wire.call(
                method, call.params, now=now, timeout=call.deadline - now
            )
        except wire.WireError as error:
            _fail(
                call.answer,
                PermanentError(
                    AGENT_ERROR, f"{method} cannot be sent: {error}"
                ),
            )
            return
        timer = self._loop.call_at(call.deadline, self._expire, call.deadline)
        if self._pending is None:
            self._pending = {}
        self._pending[call_id] = method, call.answer, timer

    def busy(self, answer: Future[Any], why: str) -> None:
        """Refuse a call without asking the agent."""
        _fail(answer, TransientError(AGENT_BUSY, f"The agent is busy: {why}."))

    def answered(self, event: wire.Response | wire.Failure) -> None:
        """The agent answered."""
        method, answer, timer = self._take(event.id)
        timer.cancel()
        self._settle(method, answer, event)
        if self._waiting:
            self._go_on(self._loop.time())

    def _settle(
        self,
        method: str,
        answer: Future[Any],
        event: wire.Response | wire.Failure,
    ) -> None:
        if isinstance(event, wire.Failure):
            words = _WORDS.clean(event.message, "message")
            reason = _WORDS.clean(event.reason, "reason") or event.code
            if reason == _BUSY:
                self.busy(answer, words)
                return
            _fail(answer, PermanentError(AGENT_ERROR, f"{words} [{reason}]"))
            return
        try:
            result = RESULTS[method](event.result)
        except ValueError as error:
            _fail(
                answer,
                PermanentError(
                    AGENT_ERROR, f"The agent's answer to {method}: {error}"
                ),
            )
            return
        CALLS.labels("answered").inc()
        answer.set_result(result)

    def fail(self, error: ServicevmError) -> None:
        """Fail all of them."""
        pending, self._pending = self._pending, None
        waiting, self._waiting = self._waiting, None
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        for one in waiting or ():
            _fail(one.answer, error)
        for _, answer, timer in (pending or {}).values():
            timer.cancel()
            _fail(answer, error)

    def _expire(self, at: float) -> None:
        # The loop may be early by its clock's resolution.
        for expired in self._wire.expire(max(at, self._loop.time())):
            method, answer, timer = self._take(expired.id)
            timer.cancel()
            _fail(
                answer,
                TransientError(
                    AGENT_TIMEOUT, f"The agent did not answer {method}."
                ),
            )

    def _take(
        self, call_id: int
    ) -> tuple[str, Future[Any], asyncio.TimerHandle]:
        pending = self._pending or {}
        call = pending.pop(call_id)
        if not pending:
            self._pending = None
        return call


def _fail(answer: Future[Any], error: ServicevmError) -> None:
    CALLS.labels(error.reason.code).inc()
    answer.set_exception(error)
