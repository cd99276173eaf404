"""Whether a device's silence may be blamed on the device.

A conductor, the database, the broker or a relay that was away is our outage.
Devices are heard of again within seconds of its end, but not at once, so
each change on our own side begins a time of grace.
"""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import models, processes
from servicevm.states import ProcessRole

__all__ = ["Channel"]

#: Microseconds between two looks after which this process was away itself:
#: stopped, or waiting for the database.
GAP = 60 * clock.SECOND


class _Relay(NamedTuple):
    """A relay as it was seen last.

    :param since: it is alive, or gone, in microseconds
    """

    group: str
    alive: bool
    since: int


class Channel:
    """What one conductor has seen of the way to agents. For one thread.

    :param grace: microseconds
    """

    def __init__(self, grace: int) -> None:
        self._grace = grace
        self._since: int | None = None
        self._looked = 0
        self._relays: dict[str, _Relay] = {}

    def lost(self) -> None:
        """The database was away: nothing that was seen counts any more."""
        self._since = None

    def look(self, session: orm.Session, now: int) -> None:
        """Take note of which relays are alive; `now` in microseconds."""
        if self._since is None or not 0 <= now - self._looked < GAP:
            self._since = now
        self._looked = now
        seen = {
            row.name: _Relay(row.group, processes.is_alive(row, now), now)
            for row in session.execute(_RELAYS)
        }
        for name, old in self._relays.items():
            if name not in seen:  # its row was dropped
                if not old.alive and now - old.since > processes.FORGET:
                    continue
                seen[name] = old._replace(alive=False, since=now)
            new = seen[name]
            if new.alive == old.alive:
                seen[name] = new._replace(since=old.since)
        self._relays = seen

    def settled(self, now: int) -> bool:
        """Whether this conductor has watched for long enough."""
        return self._since is not None and now - self._since >= self._grace

    def clear(self, relay: str | None, group: str | None, now: int) -> bool:
        """Whether a device that is silent could be heard of.

        :param relay: that had its last session; None if nobody had
        :param group: relay group that it uses; None where it dials none
        """
        if not self.settled(now):
            return False
        if relay is None:
            return True
        last = self._relays.get(relay)
        if last is None:
            return self._another(group, now)
        if now - last.since < self._grace:
            return False
        return last.alive or self._another(last.group, now)

    def _another(self, group: str | None, now: int) -> bool:
        """Whether there was a relay to come to, for long enough."""
        return any(
            one.alive
            and (group is None or one.group == group)
            and now - one.since >= self._grace
            for one in self._relays.values()
        )


_PROCESS = models.table(models.Process).c
_RELAYS = sa.select(
    _PROCESS.name, _PROCESS.relay_group.label("group"), _PROCESS.last_seen
).where(_PROCESS.role == str(ProcessRole.RELAY))
