"""The threads that carry agents' messages to the conductor."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Call = Callable[[], Any]
#: Told on the loop: (result, None) or (None, what was raised).
Done = Callable[[Any, BaseException | None], None]


class Crew:
    """Runs blocking calls in a few threads, tells of their end on the loop.

    Used from the loop's thread only. What waits is bounded by those who
    submit: one call of every lane, one flush of heartbeats.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int) -> None:
        self._loop = loop
        self._executor = ThreadPoolExecutor(
            threads, thread_name_prefix="relay-call"
        )
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def run(self, call: Call, done: Done) -> None:
        """Have `call` done; then `done` is called on the loop."""
        self._under_way += 1
        self._idle.clear()
        future = self._executor.submit(call)
        future.add_done_callback(lambda ended: self._hand_over(ended, done))

    async def stop(self, timeout: float) -> bool:
        """Wait for what is under way, then let the threads go.

        :returns: False if something was still under way after `timeout`
        """
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            self._executor.shutdown(wait=False, cancel_futures=True)
            return False
        self._executor.shutdown(wait=False)
        return True

    def _hand_over(self, future: Future[Any], done: Done) -> None:
        if future.cancelled() or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._ended, future, done)

    def _ended(self, future: Future[Any], done: Done) -> None:
        error = future.exception()
        try:
            done(None if error else future.result(), error)
        finally:
            # After `done`, which may have submitted the next one.
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()
