"""A terminal's screen on which looks are drawn in place.

It is the terminal's other screen, as editors use it: whatever was written
before comes back, and the last look stays below it.
"""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from servicevmclient.osc._watch import Look

#: Seconds until a change of the terminal's size is seen.
_TICK = 0.2
#: Its other screen, without a cursor; and lines that are too long for it do
#: not go on in the next one, which would scroll what is drawn.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_HOME = "\x1b[H"
#: Erase to the end of the line; of the screen.
_REST_OF_LINE = "\x1b[K"
_REST = "\x1b[J"
_BOLD, _PLAIN = "\x1b[1;33m", "\x1b[0m"
#: Columns left of what is shown, for the marks.
_MARGIN = 2

Size = tuple[int, int]


class Screen:
    """Draws looks.

    :param render: a look as text, in so many columns
    :param every: seconds between two looks, for people
    """

    def __init__(
        self,
        stdout: TextIO,
        render: Callable[[Look, int], str],
        every: float,
    ) -> None:
        self._stdout = stdout
        self._render = render
        self._every = every
        self._look: Look | None = None
        self._before: frozenset[tuple[str, ...]] | None = None
        self._head = ""
        self._size: Size = (0, 0)

    def show(self, look: Look) -> None:
        """Draw it, with a mark at each line that was not there before."""
        if self._look is None:
            self._stdout.write(_ENTER)
        else:
            self._before = keys(self._lines(self._look))
        self._look = look
        self._head = f"{datetime.now(UTC):%H:%M:%SZ}, every {self._every:g} s"
        self._draw()

    def rest(self, seconds: float) -> None:
        """Let time pass; draw again if the terminal has another size."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, _TICK))
            if shutil.get_terminal_size() != self._size:
                self._draw()

    def trouble(self, sentence: str) -> None:
        """Say that what is shown is old."""
        self._head = f"{self._head.partition('; ')[0]}; {sentence}"
        self._draw()

    def close(self) -> None:
        """Give the terminal back; leave the last look on it."""
        if self._look is None:
            return
        self._stdout.write(_LEAVE)
        columns = shutil.get_terminal_size().columns
        text = self._render(self._look, columns) if self._look.rows else ""
        self._stdout.write(f"{text}\n" if text else "")
        self._stdout.flush()
        self._look = None

    def _draw(self) -> None:
        self._size = columns, height = shutil.get_terminal_size()
        colour = not os.environ.get("NO_COLOR")
        lines = [self._head[:columns]]
        if self._look is not None:
            lines += marked(
                self._lines(self._look), self._before, colour=colour
            )
        if not self._look or not self._look.rows:
            lines.append("Nothing is there.")
        fitting = cut(lines, height)
        self._stdout.write(
            _HOME
            + "\n".join(f"{line}{_REST_OF_LINE}" for line in fitting)
            + _REST
        )
        self._stdout.flush()

    def _lines(self, look: Look) -> list[str]:
        columns = shutil.get_terminal_size().columns
        if not look.rows:
            return []
        return self._render(look, max(1, columns - _MARGIN)).splitlines()


def keys(lines: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """What lines of tables say, however wide the columns are. Pure."""
    return frozenset(map(_key, lines))


def marked(
    lines: Sequence[str],
    before: frozenset[tuple[str, ...]] | None,
    *,
    colour: bool,
) -> list[str]:
    """The lines with a margin, in which those that are new have a star.

    :param before: `keys` of the lines before; None for the first ones
    """
    found = []
    for line in lines:
        new = (
            before is not None
            and not line.startswith("+")
            and _key(line) not in before
        )
        text = f"{'*' if new else ' '} {line}"
        found.append(f"{_BOLD}{text}{_PLAIN}" if new and colour else text)
    return found


def cut(lines: Sequence[str], height: int) -> list[str]:
    """As many as there is room for; the last says how many there are more."""
    if len(lines) <= height:
        return [*lines]
    kept = max(0, height - 1)
    return [*lines[:kept], f"  and {len(lines) - kept} lines more"][:height]


def _key(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split("|"))
