"""Answers that are good for some seconds.

Two hundred devices that are made at once ask the same: which image, which
flavor, which network. One thread asks the cloud, the others wait for it.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

V = TypeVar("V")

#: Most answers that are kept of one kind.
_MOST = 1000


class Recent(Generic[V]):
    """Answers by key. Thread-safe; what fails is not kept.

    :param seconds: that an answer is good for
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Hashable, tuple[float, V]] = {}
        self._asking: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, ask: Callable[[], V]) -> V:
        """The answer, asked for where it is not known."""
        with self._lock:
            known = self._fresh(key)
            if known is not None:
                return known[1]
            one_at_a_time = self._asking.setdefault(key, threading.Lock())
        with one_at_a_time:
            with self._lock:
                known = self._fresh(key)
            if known is not None:
                return known[1]
            at = self._clock()
            try:
                answer = ask()
            finally:
                with self._lock:
                    self._asking.pop(key, None)
            with self._lock:
                if len(self._known) >= _MOST:
                    self._drop_old(at)
                self._known[key] = (at, answer)
            return answer

    def forget(self, key: Hashable) -> None:
        """It turned out to be wrong."""
        with self._lock:
            self._known.pop(key, None)

    def clear(self) -> list[V]:
        """Forget everything; what it was."""
        with self._lock:
            values = [value for _, value in self._known.values()]
            self._known.clear()
            return values

    def _fresh(self, key: Hashable) -> tuple[float, V] | None:
        known = self._known.get(key)
        if known is None or known[0] + self._seconds <= self._clock():
            return None
        return known

    def _drop_old(self, now: float) -> None:
        for key, (at, _) in list(self._known.items()):
            if at + self._seconds <= now:
                del self._known[key]
        if len(self._known) >= _MOST:
            self._known.clear()
