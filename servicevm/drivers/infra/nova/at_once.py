"""Requests that need nothing of each other, sent at the same time.

A device takes a dozen of them before its server can be asked for, and each
of a loaded cloud takes a tenth of a second or more.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

__all__ = ["at_once", "begun"]

T = TypeVar("T")

#: Most at the same time, of one caller.
_MOST = 8


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What each call gives, in their order, once all of them have ended.

    :raises Exception: what the first one in their order raised
    """
    return [one.result() for one in begun(calls)]


def begun(calls: Sequence[Callable[[], T]]) -> list[Future[T]]:
    """The calls, ended, for who has to know what became of each."""
    if len(calls) == 1:
        return [_ended(calls[0])]
    with ThreadPoolExecutor(min(len(calls), _MOST) or 1) as pool:
        futures = [pool.submit(call) for call in calls]
        wait(futures)
    return futures


def _ended(call: Callable[[], T]) -> Future[T]:
    """One call needs no thread of its own."""
    future: Future[T] = Future()
    try:
        future.set_result(call())
    except Exception as error:
        future.set_exception(error)
    return future
