"""How many servers are made in a second."""

import threading
import time
from collections.abc import Callable

from servicevm.errors import CLOUD_UNAVAILABLE, TransientError

__all__ = ["Pace"]

#: Most seconds that a thread waits for its turn.
PATIENCE = 20.0


class Pace:
    """A token bucket that holds the tokens of one second.

    :param rate: turns per second of all conductors together; 0 is as many
        as one likes
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")
        self.share(1)

    def share(self, conductors: int) -> None:
        """So many conductors make servers, this one too."""
        rate = self._rate / conductors
        with self._lock:
            self._gap = 1 / rate if rate else 0.0
            # So many turns may come at once after a pause.
            self._burst = max(rate - 1, 0.0) * self._gap

    def wait(self) -> None:
        """Return when it is one's turn.

        :raises TransientError: that would take too long
        """
        if not self._gap:
            return
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - self._burst)
            if turn - now > PATIENCE:
                raise TransientError(
                    CLOUD_UNAVAILABLE,
                    "More servers wait to be made than [nova] build_rate "
                    f"lets begin within {PATIENCE:.0f} s.",
                )
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)
