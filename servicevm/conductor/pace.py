"""How many operations a conductor holds beyond those that it works on."""

import threading

__all__ = ["Pace"]

#: Seconds in which the workers are through with what is held for them: it
#: waits no longer for ours than another conductor would need to hear of it.
AHEAD = 0.25
#: Most that are held so, for each worker.
MOST = 2
#: Among how many operations one that took long makes itself felt.
MEMORY = 16


class Pace:
    """What the operations of late say about the next. Thread-safe.

    One claim for many costs little more than one for one. Where each is
    soon done, some wait in hand for the next free worker; where they take
    long, none does: another conductor may have a worker to spare.

    :param workers: how many operations are worked on at a time
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._mean: float | None = None

    def took(self, seconds: float) -> None:
        """Hear how long a worker was at an operation."""
        with self._lock:
            if self._mean is None:
                self._mean = seconds
            else:
                self._mean += (seconds - self._mean) / MEMORY

    @property
    def room(self) -> int:
        """How many operations to hold at most, those in work included."""
        with self._lock:
            if self._mean is None:
                return self._workers
            soon = self._workers * AHEAD / max(self._mean, 1e-6)
        return self._workers + min(int(soon), MOST * self._workers)
