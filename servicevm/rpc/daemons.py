"""A bounded number of threads that nobody has to wait for."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

__all__ = ["Daemons", "Full"]


class Full(Exception):
    """As many calls wait as may."""


class Daemons:
    """Threads for calls that may hang where no deadline reaches.

    Unlike those of `concurrent.futures` they do not keep the process from
    ending. Made when needed; thread-safe.

    :param most: threads
    :param waiting: calls that may wait for one
    """

    def __init__(self, name: str, most: int, waiting: int) -> None:
        self._name = name
        self._most = most
        self._bound = waiting
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._threads = 0
        self._idle = 0

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """Have `call` done; cancel the future, and it may be spared.

        :raises Full: nothing happens
        """
        future: Future[Any] = Future()
        with self._changed:
            if len(self._waiting) >= self._bound + self._idle:
                raise Full
            self._waiting.append((call, future))
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(
                    target=self._work,
                    name=f"{self._name}-{self._threads}",
                    daemon=True,
                ).start()
        return future

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._waiting:
                    self._changed.wait()
                self._idle -= 1
                call, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
            del call, future
