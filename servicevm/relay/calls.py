"""Calls to one agent that wait for their answers."""

import asyncio
from concurrent.futures import Future
from typing import Any

from servicevm.errors import (
    AGENT_BUSY,
    AGENT_ERROR,
    AGENT_TIMEOUT,
    PermanentError,
    ServicevmError,
    TransientError,
)
from servicevm.relay.metrics import CALLS
from servicevm.relay.schemas import RESULTS
from servicevm.relay.shapes import Text
from servicevm_agent import wire

_WORDS = Text(4096)
#: The agent's reason for a request that it can take later.
_BUSY = "busy"


class Calls:
    """Matches answers to futures; every call has its deadline.

    Used from the loop's thread only; the futures belong to other threads.
    """

    __slots__ = ("_loop", "_pending", "_wire")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, session: wire.Session
    ) -> None:
        self._loop = loop
        self._wire = session
        # None until needed: most sessions are idle.
        self._pending: (
            dict[int, tuple[str, Future[Any], asyncio.TimerHandle]] | None
        ) = None

    def start(
        self,
        method: str,
        params: dict[str, Any],
        timeout: float,
        answer: Future[Any],
    ) -> None:
        """Put the call on the wire; flush afterwards."""
        now = self._loop.time()
        try:
            call_id = self._wire.call(method, params, now=now, timeout=timeout)
        except wire.WireError as error:
            if error.reason == "too_many_in_flight":
                self.busy(answer, "too many calls are under way")
            else:
                _fail(
                    answer,
                    PermanentError(
                        AGENT_ERROR, f"{method} cannot be sent: {error}"
                    ),
                )
            return
        timer = self._loop.call_at(now + timeout, self._expire, now + timeout)
        if self._pending is None:
            self._pending = {}
        self._pending[call_id] = method, answer, timer

    def busy(self, answer: Future[Any], why: str) -> None:
        """Refuse a call without asking the agent."""
        _fail(answer, TransientError(AGENT_BUSY, f"The agent is busy: {why}."))

    def answered(self, event: wire.Response | wire.Failure) -> None:
        """The agent answered."""
        method, answer, timer = self._take(event.id)
        timer.cancel()
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
