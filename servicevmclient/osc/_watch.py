"""``--watch [seconds]`` of list and show: look again, show what changed.

On a terminal that is a screen (`servicevmclient.osc._screen`), else an object
a line for each change.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TextIO

from servicevmclient import exceptions
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _stream, _wait

#: seconds of a --watch without a number
DEFAULT = 2.0
#: most seconds between two looks while nobody answers
_LONGEST = 30.0
_PASSING = (exceptions.ConnectionFailed, exceptions.ServerError)
#: states that an operation does not leave, and whether that is well
_OPERATION: Mapping[str, ExitCode] = {
    "SUCCEEDED": ExitCode.OK,
    "FAILED": ExitCode.RESOURCE_FAILED,
    "CANCELLED": ExitCode.RESOURCE_FAILED,
    "SUPERSEDED": ExitCode.RESOURCE_FAILED,
}


class Look(NamedTuple):
    """What was seen: headers, and values as formatters get them.

    ``show`` has a single row.

    :param keys: what makes a row the same one in the next look
    """

    names: Sequence[str]
    rows: Sequence[Sequence[Any]]
    keys: Sequence[str]

    def objects(self) -> list[dict[str, Any]]:
        """The rows as programs read them."""
        return [
            dict(zip(self.names, map(_stream.machine, row), strict=True))
            for row in self.rows
        ]


class View(Protocol):
    """Where looks are shown."""

    def show(self, look: Look) -> None: ...

    def rest(self, seconds: float) -> None: ...

    def trouble(self, sentence: str) -> None: ...

    def close(self) -> None: ...


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    _wait.add_seconds(
        parser,
        "--watch",
        DEFAULT,
        "Look again and again, every so many seconds (default: "
        f"{DEFAULT:.0f}), and mark what changed; where stdout is no "
        "terminal: an object a line for each change",
        _interval,
    )
    _stream.add_until(parser)


def _interval(text: str) -> float:
    """Seconds, but not none: that would be as many requests as there can."""
    found = _wait.seconds(text)
    if found == 0:
        raise argparse.ArgumentTypeError(
            f"expected more than 0 seconds but found {text!r}"
        )
    return found


def watch(
    view: View,
    take: Callable[[], Look],
    first: Look,
    *,
    interval: float,
    timeout: float | None,
    choose: Callable[[Look], Look],
    ended: Callable[[Look], ExitCode | None],
    clock: Callable[[], float] = time.monotonic,
) -> ExitCode:
    """Show the first look, and others until there is nothing more to see.

    :param timeout: seconds until it ends anyway; None: it does not
    :param choose: what is shown of a look
    :param ended: the exit code, once a look is the last one
    """
    ends = None if timeout is None else clock() + timeout
    look, pause = first, interval
    try:
        view.show(choose(look))
        while (code := ended(look)) is None:
            left = pause if ends is None else min(pause, ends - clock())
            if left <= 0:
                return ExitCode.OK
            view.rest(left)
            try:
                look = take()
            except _PASSING as error:
                view.trouble(error.detail)
                pause = min(pause * 2, _LONGEST)
                continue
            except exceptions.NotFound:
                view.show(choose(look._replace(rows=[], keys=[])))
                return ExitCode.OK
            pause = interval
            view.show(choose(look))
        return code
    finally:
        view.close()


def settled(look: Look) -> ExitCode | None:
    """The exit code, once what is shown does not change by itself any more.

    An operation that ended; a device or service that is well, or in ERROR or
    given up by healing. Of other kinds there is no end.

    That healing gave it up stays said for a while after it came back.
    """
    (found,) = look.objects()
    if "provisioning_status" not in found:
        return _OPERATION.get(str(found.get("state")))
    state = found["provisioning_status"]
    if state.startswith("PENDING"):
        return None
    if (state, found["operating_status"]) == ("ACTIVE", "ONLINE"):
        return ExitCode.OK
    healing = found.get("healing") or {}
    if healing.get("gave_up"):
        return ExitCode.RESOURCE_FAILED
    waits = healing.get("next_action") is not None
    return ExitCode.RESOURCE_FAILED if state == "ERROR" and not waits else None


class Lines:
    """Changes as objects, one a line.

    :param single: a look is one thing, which is written as it is; else
        ``Change`` says whether a row was ``ADDED``, ``CHANGED`` or is
        ``GONE``
    :param note: told what keeps us from looking
    """

    def __init__(
        self, stdout: TextIO, note: Callable[[str], None], *, single: bool
    ) -> None:
        self._stdout = stdout
        self._note = note
        self._single = single
        self._seen: Mapping[str, Mapping[str, Any]] = {}
        self._troubled = False

    def show(self, look: Look) -> None:
        """Write what is not as it was."""
        rows = dict(zip(look.keys, look.objects(), strict=True))
        for change, row in changes(self._seen, rows):
            if not self._single:
                self._write({"Change": change, **row})
            elif change != "GONE":
                self._write(row)
        self._seen = rows
        self._troubled = False

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def trouble(self, sentence: str) -> None:
        """Say once that nobody answers."""
        if not self._troubled:
            self._note(f"No answer; trying again: {sentence}")
        self._troubled = True

    def close(self) -> None:
        """There is nothing to put back."""

    def _write(self, row: Mapping[str, Any]) -> None:
        self._stdout.write(json.dumps(row) + "\n")
        self._stdout.flush()


def changes(
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> list[tuple[str, Mapping[str, Any]]]:
    """What came, what is not as it was, and then what went. Pure."""
    found = [
        ("CHANGED" if key in before else "ADDED", row)
        for key, row in after.items()
        if before.get(key) != row
    ]
    return found + [
        ("GONE", row) for key, row in before.items() if key not in after
    ]


def screen_of(stdout: TextIO) -> bool:
    """Whether it can be written on anywhere."""
    return stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
