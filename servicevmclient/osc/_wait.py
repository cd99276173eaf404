"""``--wait [seconds]``: the option, and progress on standard error."""

import argparse
import shutil
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from servicevmclient.v1._waiter import Progress

#: seconds of a --wait without a number
DEFAULT = 600.0


def add(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    add_seconds(
        parser,
        "--wait",
        DEFAULT,
        f"Wait until it is done (default: at most {DEFAULT:.0f} s)",
    )


def seconds(text: str) -> float:
    """From 0 on."""
    if not _number(text) or float(text) in (float("inf"),):
        raise argparse.ArgumentTypeError(
            f"expected seconds but found {text!r}"
        )
    return float(text)


def add_seconds(
    parser: argparse.ArgumentParser,
    flag: str,
    default: float,
    text: str,
    read: Callable[[str], float] = seconds,
) -> None:
    """Add an option that may be given without its seconds.

    :param read: makes them of what is given
    """
    parser.add_argument(
        flag,
        nargs="?",
        type=read,
        const=default,
        metavar="SECONDS",
        help=text,
    )
    parse = parser.parse_known_args

    def parse_known_args(args: Any = None, namespace: Any = None) -> Any:
        if args is not None:
            args = separated(args, flag, default)
        return parse(args, namespace)

    # argparse would take the name in `--wait NAME` for the seconds.
    setattr(parser, "parse_known_args", parse_known_args)  # noqa: B010


def separated(
    args: Sequence[str], flag: str = "--wait", default: float = DEFAULT
) -> list[str]:
    """Give a flag that no number follows its default number."""
    found = list(args)
    for index, arg in enumerate(found):
        if arg == "--":
            break
        following = found[index + 1 : index + 2]
        if arg == flag and not (following and _number(following[0])):
            found[index] = f"{flag}={default:g}"
    return found


def _number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


class Reporter:
    """Shows progress: in place on a terminal, else a line per change.

    :param stream: standard error
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._last: tuple[Any, ...] | None = None
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        line = describe(progress)
        if self._terminal:
            # A line that wraps could not be taken back.
            line = line[: shutil.get_terminal_size().columns - 1]
            # \x1b[K: erase what a longer line before left over.
            self._stream.write(f"\r{line}\x1b[K")
            self._shown = True
        else:
            state = (progress.name, progress.state, progress.step)
            if state == self._last:
                return
            self._last = state
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """Take the line away; call it before anything else is written."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False


def describe(progress: Progress) -> str:
    """``device lb-1: RUNNING, step boot, 3.2 s``."""
    words = [f"{progress.noun} {progress.name}: {progress.state}"]
    if progress.step:
        tries = (
            f" (attempt {progress.attempts})" if progress.attempts > 1 else ""
        )
        words.append(f"step {progress.step}{tries}")
    words.append(f"{progress.elapsed:.1f} s")
    if progress.trouble:
        words.append(progress.trouble)
    return ", ".join(words)
