"""How many requests may wait for devices at once.

A device that is silent keeps a request for seconds. Without a bound, a few
requests about such devices would keep all threads of the process, and with
them every project's requests.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

from servicevm.errors import AGENT_BUSY, TransientError

#: Seconds that a request waits for its turn.
PATIENCE = 0.5


class Asking:
    """:param threads: of the process; half of them may wait, and a quarter
    for the devices of one project
    """

    def __init__(self, threads: int) -> None:
        self._all = max(1, threads // 2)
        self._each = max(1, threads // 4)
        self._waiting: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def __call__(self, project_id: str) -> Iterator[None]:
        """Wait for a device of this project in here.

        :raises TransientError: AGENT_BUSY, where too many do already
        """
        until = time.monotonic() + PATIENCE
        with self._changed:
            while not self._free(project_id):
                if not self._changed.wait(until - time.monotonic()):
                    raise TransientError(
                        AGENT_BUSY,
                        "Too many requests wait for answers of devices "
                        "already; nothing was done.",
                    )
            self._waiting[project_id] += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting[project_id] -= 1
                # Only those that wait are kept.
                self._waiting += Counter()
                self._changed.notify_all()

    def _free(self, project_id: str) -> bool:
        return (
            self._waiting.total() < self._all
            and self._waiting[project_id] < self._each
        )
