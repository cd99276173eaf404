"""One list of all servers for everybody who wants to look at one.

Two hundred devices that are being built are two hundred steps that look: a
request for each would be more than a Nova can bear. So all of them share one
list, at most one in an interval; who changed something is only told what a
list says that began after that.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from servicevm.drivers.infra.nova.states import Seen
from servicevm.errors import (
    CLOUD_UNAVAILABLE,
    ServicevmError,
    TransientError,
)

__all__ = ["Look", "Looks"]

#: Most seconds that one waits for a list that others asked for.
_PATIENCE = 120.0


@dataclass(frozen=True)
class Look:
    """What is known of a device.

    :param servers: the oldest first; those of an earlier list where not
        `fresh`
    :param fresh: no change by us came after the list began
    :param look_in: seconds until the next list may begin
    """

    servers: Sequence[Seen]
    fresh: bool
    look_in: float


class Looks:
    """Lists of one project's servers. Thread-safe.

    :param ask: lists the servers of this deployment
    :param interval: least seconds between the beginnings of two lists, of
        all conductors: each makes as many fewer as there are others
    """

    def __init__(
        self,
        ask: Callable[[], Sequence[Seen]],
        interval: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._interval = interval
        self._clock = clock
        self._changed = threading.Condition()
        #: Device to when we last changed something of it.
        self._since: dict[str, float] = {}
        self._servers: dict[str, list[Seen]] = {}
        #: When the newest list that came began, and the newest of all.
        self._listed = float("-inf")
        self._asked = float("-inf")
        self._pause = interval
        self._conductors = 1
        self._asking = False
        self._error: ServicevmError | None = None

    def share(self, conductors: int) -> None:
        """So many conductors list, this one too."""
        with self._changed:
            self._conductors = conductors
            self._pause = max(self._pause, self._own_interval())
            self._changed.notify_all()

    def touched(self, device_id: str) -> None:
        """We have just changed something of the device."""
        with self._changed:
            self._since[device_id] = self._clock()

    def look(self, device_id: str) -> Look:
        """What is known of the device; asks where that is allowed by now.

        :raises ServicevmError: the newest list failed
        """
        return self._look(
            device_id, lambda: self._since.get(device_id, float("-inf"))
        )

    def sure(self, device_id: str) -> Sequence[Seen]:
        """The device's servers, after waiting for a list that is new enough.

        At most about an interval and a list.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            found = self.look(device_id)
            if found.fresh:
                return found.servers
            self._wait(found.look_in, deadline)

    def devices(self) -> set[str]:
        """Ids of all devices that have a server, as sure as `sure`."""
        deadline = time.monotonic() + _PATIENCE
        with self._changed:
            # What is changed from here on is not waited for: there may
            # always be something.
            since = max(self._since.values(), default=float("-inf"))
        while True:
            found = self._look(None, lambda: since)
            if found.fresh:
                with self._changed:
                    return set(self._servers)
            self._wait(found.look_in, deadline)

    def _look(
        self, device_id: str | None, newest_change: Callable[[], float]
    ) -> Look:
        with self._changed:
            while True:
                now = self._clock()
                due = self._asked + self._pause - now
                since = newest_change()
                if self._listed >= since and self._listed + self._pause > now:
                    return self._found(device_id, True, due)
                if self._asking:
                    if self._asked < since:
                        return self._found(device_id, False, self._pause)
                    if not self._changed.wait(_PATIENCE):
                        raise TransientError(
                            CLOUD_UNAVAILABLE, "Nova lists no servers."
                        )
                    continue
                if due > 0:
                    if self._error is not None:
                        raise self._error
                    return self._found(device_id, False, due)
                self._asking, self._asked = True, now
                break
        self._list(now)
        return self._look(device_id, newest_change)

    def _list(self, began: float) -> None:
        servers: Sequence[Seen] = ()
        error: ServicevmError | None = None
        done = False
        try:
            servers = self._ask()
            done = True
        except ServicevmError as caught:
            error = caught
        finally:
            with self._changed:
                self._asking = False
                took = self._clock() - began
                # A long list is Nova's work, too.
                self._pause = max(self._own_interval(), 2 * took)
                self._error = error
                if done:
                    self._listed = began
                    self._keep(servers, began)
                self._changed.notify_all()

    def _own_interval(self) -> float:
        return self._interval * self._conductors

    def _keep(self, servers: Sequence[Seen], began: float) -> None:
        self._servers = {}
        for server in servers:
            self._servers.setdefault(server.device_id, []).append(server)
        for several in self._servers.values():
            several.sort(key=lambda one: one.age)
        self._since = {
            one: at for one, at in self._since.items() if at > began
        }

    def _found(self, device_id: str | None, fresh: bool, due: float) -> Look:
        servers = self._servers.get(device_id, []) if device_id else []
        return Look(tuple(servers), fresh, max(due, 0.0))

    def _wait(self, seconds: float, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise TransientError(
                CLOUD_UNAVAILABLE, "Nova's lists take too long."
            )
        with self._changed:
            self._changed.wait(min(seconds, self._pause) + 0.001)
