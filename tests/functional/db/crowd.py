"""Several threads that do something at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(count: int, function: Callable[[int], T]) -> list[T]:
    """Call `function` with 0, 1, ... in as many threads.

    :raises Exception: the first that one of them raised
    """
    start = threading.Barrier(count, timeout=30)

    def run(number: int) -> T:
        start.wait()
        return function(number)

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(run, number) for number in range(count)]
        return [future.result(timeout=90) for future in futures]
