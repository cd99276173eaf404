"""Events as they are written, each of them once.

The service lists events in the order of their numbers, but a number is given
before its event can be read: one with a lower number may come into sight a
moment after one with a higher. So each `DEEP` seconds all that is younger
than `OVERLAP` is read again, and what was told already is known by its id.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from servicevmclient import exceptions
from servicevmclient.v1 import _moments
from servicevmclient.v1._waiter import Clock
from servicevmclient.v1.event import Event

#: an event comes into sight at most so long after one that is newer
OVERLAP = timedelta(seconds=60)
#: seconds between two looks at all of that
DEEP = 10.0
#: seconds between two looks: quick while something happens, then calm
FIRST_INTERVAL = 0.5
LAST_INTERVAL = 3.0
#: and while nobody answers
LONGEST_INTERVAL = 30.0
_GROWTH = 1.5
#: newest events that are taken for told when one begins without a marker
_BEFORE = 100

#: failures of a look that the next one may not have
_PASSING = (exceptions.ConnectionFailed, exceptions.ServerError)


class Reader(Protocol):
    """What gives events, as `Verbs.each`."""

    def each(
        self,
        kind: type[Event],
        /,
        *,
        max_items: int | None = None,
        **query: Any,
    ) -> Iterator[Event]: ...


class Told:
    """Which events were told, of those after a marker. Pure.

    :param marker: id of an event: what comes after it is to be told
    """

    def __init__(self, marker: str | None = None) -> None:
        #: what comes after this event has to be read again
        self.marker = marker
        #: id of the last that was listed, told then or before
        self.newest = marker
        self._times: dict[str, datetime] = {}

    def fresh(self, event: Event) -> bool:
        """Whether it was not told yet; from now on it was."""
        # Not only of a fresh one: one that came into sight late has newer
        # ones after it, of which some may be forgotten by the next look.
        self.newest = event.id
        if event.id in self._times:
            return False
        self._times[event.id] = _moments.parse(event.at)
        return True

    def forget(self, order: Sequence[str]) -> None:
        """Move the marker to the newest that nothing can appear before.

        :param order: ids of all after the marker, as they are listed now
        """
        # What is not listed any more was purged for its age.
        times = {one: self._times[one] for one in order}
        last = max(times.values(), default=None)
        if last is None:
            return
        while times:
            oldest = next(iter(times))
            if times[oldest] >= last - OVERLAP:
                break
            self.marker = oldest
            del times[oldest]
        self._times = times

    def lose(self) -> None:
        """The marker was purged, and all before it: begin at the start."""
        self.marker = self.newest = None


class Follower:
    """One follow.

    :param query: filters of the list of events
    :param timeout: seconds until it ends; None: it does not
    :param callback: told in a sentence when nobody answers, and with None
        when somebody does again
    """

    def __init__(
        self,
        reader: Reader,
        query: dict[str, Any],
        *,
        timeout: float | None = None,
        callback: Callable[[str | None], None] | None = None,
        clock: Clock = time,
    ) -> None:
        self._reader = reader
        self._query = query
        self._callback = callback
        self._clock = clock
        self._ends = None if timeout is None else clock.monotonic() + timeout
        self._told = Told()

    def after(self, marker: str) -> Iterator[Event]:
        """Yield what came after an event, then what comes."""
        self._told = Told(marker)
        # One that is not there is the caller's mistake, not a purge.
        yield from self._look(deep=True)
        yield from self._go_on()

    def newest(self, last: int) -> Iterator[Event]:
        """Yield so many that there are, the oldest first, then what comes."""
        most = max(last + 1, _BEFORE)
        found = [
            *self._reader.each(
                Event,
                max_items=most,
                limit=most,
                sort="at:desc",
                **self._query,
            )
        ][::-1]
        if len(found) == most:
            self._told = Told(found[0].id)
            found = found[1:]
        for event in found:
            self._told.fresh(event)
        yield from found[max(0, len(found) - last) :]
        yield from self._go_on()

    def _go_on(self) -> Iterator[Event]:
        pause, deep_at = FIRST_INTERVAL, self._clock.monotonic()
        while self._slept(pause):
            deep = self._clock.monotonic() >= deep_at
            count = 0
            try:
                for event in self._look(deep=deep):
                    count += 1
                    yield event
            except _PASSING as error:
                self._note(error.detail)
                pause = min(pause * _GROWTH, LONGEST_INTERVAL)
                continue
            except exceptions.BadRequest as error:
                if "marker" not in error.fields:
                    raise
                self._told.lose()
                continue
            self._note(None)
            if deep:
                deep_at = self._clock.monotonic() + DEEP
            pause = (
                FIRST_INTERVAL
                if count
                else min(pause * _GROWTH, LAST_INTERVAL)
            )

    def _look(self, *, deep: bool) -> Iterator[Event]:
        """Yield what is new; all that is listed again if `deep`."""
        marker = self._told.marker if deep else self._told.newest
        order = []
        for event in self._reader.each(
            Event, sort="at:asc", marker=marker, **self._query
        ):
            order.append(event.id)
            if self._told.fresh(event):
                yield event
        if deep:
            self._told.forget(order)

    def _slept(self, pause: float) -> bool:
        """Let time pass; False once it is all over."""
        if self._ends is not None:
            pause = min(pause, self._ends - self._clock.monotonic())
            if pause <= 0:
                return False
        self._clock.sleep(pause)
        return True

    def _note(self, trouble: str | None) -> None:
        if self._callback is not None:
            self._callback(trouble)
