"""A clock that is moved by who sleeps."""

from collections.abc import Callable


class Clock:
    """Seconds that pass only while somebody sleeps.

    :param then: called after each sleep
    """

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.now = 1000.0
        self._then = then

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        assert seconds > 0
        self.now += seconds
        self._then()
