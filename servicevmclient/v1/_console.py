"""What a device writes on its console, as it writes it."""

import time
from collections.abc import Callable, Iterator

from servicevmclient import exceptions
from servicevmclient.v1._waiter import Clock

#: seconds between two looks: quick while something is written, then calm
FIRST_INTERVAL = 0.5
LAST_INTERVAL = 3.0
#: and while nobody answers
LONGEST_INTERVAL = 30.0
_GROWTH = 1.5
#: letters that two looks have in common, at least, if one follows the other
_PROBE = 64
#: what the service puts for bytes that are no letter
_PART = "\ufffd"

_PASSING = (exceptions.ConnectionFailed, exceptions.ServerError)


def added(before: str, after: str) -> str:
    """What was written between two looks at the end of a log. Pure.

    A look may begin and end amidst the bytes of a letter. What stands for
    such a part is not compared: the next look has the whole letter, or none.

    Where the two have too little in common all of it is new: the machine
    was made anew, or wrote more than what is shown.
    """
    before, after = before.strip(_PART), after.strip(_PART)
    if after.startswith(before):
        return after[len(before) :]
    # The log's beginning fell off: find where what is left of it begins.
    start = before.find(after[:_PROBE])
    while 0 <= start <= len(before) - _PROBE:
        if after.startswith(before[start:]):
            return after[len(before) - start :]
        start = before.find(after[:_PROBE], start + 1)
    return after


def follow(
    read: Callable[[], str],
    *,
    timeout: float | None = None,
    clock: Clock = time,
) -> Iterator[str]:
    """Yield the end of the log, then what is added to it.

    :param read: gives the end of the log
    :param timeout: seconds until it ends; None: it does not
    """
    ends = None if timeout is None else clock.monotonic() + timeout
    seen = read().strip(_PART)
    if seen:
        yield seen
    pause = FIRST_INTERVAL
    while True:
        left = pause if ends is None else ends - clock.monotonic()
        if left <= 0:
            return
        clock.sleep(min(pause, left))
        try:
            found = read()
        except _PASSING:
            pause = min(pause * _GROWTH, LONGEST_INTERVAL)
            continue
        text = added(seen, found)
        seen = found or seen
        if text:
            yield text
        pause = FIRST_INTERVAL if text else min(pause * _GROWTH, LAST_INTERVAL)
