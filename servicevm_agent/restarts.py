"""The restarts that were asked for, so that none is done twice.

Whoever gets no answer in time asks again, and each restart interrupts those
who use the service.
"""

from __future__ import annotations

from collections import deque
from typing import Deque, List, Optional

from servicevm_agent.journal import MAX_SERVICES


class Restart:
    """One restart, from when it is asked for.

    :param operation_id: of the operation that it is part of; empty of a
        control plane that does not tell
    :param key: of who asked for it
    """

    def __init__(self, service_id: str, operation_id: str, key: object):
        self.service_id = service_id
        self.operation_id = operation_id
        #: Of all who wait for its answer.
        self.keys: List[object] = [key]
        self.done = False


class Restarts:
    """Those that wait, and the last ones that were done."""

    def __init__(self, waiting: int) -> None:
        """:param waiting: the most that wait at a time"""
        self._known: Deque[Restart] = deque(maxlen=waiting + MAX_SERVICES)

    def find(self, service_id: str, operation_id: str) -> Optional[Restart]:
        """Return the one of this operation, if it is known."""
        for one in self._known:
            if operation_id and (one.service_id, one.operation_id) == (
                service_id,
                operation_id,
            ):
                return one
        return None

    def add(self, restart: Restart) -> None:
        """Know it; the oldest one may be forgotten for it."""
        self._known.append(restart)

    def failed(self, restart: Restart) -> None:
        """Forget it: it may be tried again."""
        if restart in self._known:
            self._known.remove(restart)
