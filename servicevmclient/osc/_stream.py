"""Rows that are written as they come, in place of cliff's formatters.

A table, a CSV or a YAML file has a beginning and an end; what never ends is a
row a line.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from cliff.columns import FormattableColumn

from servicevmclient.exceptions import InvalidInput
from servicevmclient.osc import _values
from servicevmclient.osc._cells import printable

Row = Sequence[Any]


def add_until(parser: argparse.ArgumentParser) -> None:
    """Add the option that says when to end."""
    parser.add_argument(
        "--until",
        metavar="TIME",
        type=_values.later,
        help="End then: in 30m, 2h or 7d, or at 2026-12-01T08:00Z",
    )


def check_until(parsed_args: argparse.Namespace) -> None:
    """Refuse an end of what does not go on.

    :raises InvalidInput: there is neither --follow nor --watch
    """
    given = vars(parsed_args)
    goes_on = given.get("follow") or given.get("watch") is not None
    if given.get("until") is not None and not goes_on:
        raise InvalidInput("--until is for what goes on: --follow, --watch.")


def seconds(until: str | None) -> float | None:
    """Seconds from now; None if it is not to end."""
    if until is None:
        return None
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    return max(0.0, left.total_seconds())


class Stream:
    """A formatter that writes each row when there is one.

    :param formatter: ``json``: an object a line; ``value``: words a line;
        ``table``: columns a line
    :raises InvalidInput: it is another one
    """

    def __init__(self, formatter: str) -> None:
        write = _WRITERS.get(formatter)
        if write is None:
            raise InvalidInput(
                f"What does not end cannot be written as {formatter}.",
                hint=f"Use -f with one of: {', '.join(_WRITERS)}.",
            )
        self._write = write

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Row],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """What cliff asks of a formatter of lists."""
        widths = [0] * len(column_names)
        for row in data:
            stdout.write(self._write(column_names, row, widths) + "\n")
            stdout.flush()


def _object(names: Sequence[str], row: Row, widths: list[int]) -> str:
    values = [machine(value) for value in row]
    return json.dumps(dict(zip(names, values, strict=True)))


def _words(names: Sequence[str], row: Row, widths: list[int]) -> str:
    return " ".join(_on_a_line(str(machine(value))) for value in row)


def _columns(names: Sequence[str], row: Row, widths: list[int]) -> str:
    """Each column is as wide as the widest cell that there was so far."""
    cells = [_on_a_line(_human(value)) for value in row]
    widths[:] = map(max, widths, map(len, cells))
    padded = [
        f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _on_a_line(text: str) -> str:
    return " ".join(printable(text).split())


def machine(value: Any) -> Any:
    """A value as programs read it."""
    if isinstance(value, FormattableColumn):
        return value.machine_readable()
    return value


def _human(value: Any) -> str:
    if isinstance(value, FormattableColumn):
        return str(value.human_readable())
    return "" if value is None else str(value)


_WRITERS: Final[dict[str, Callable[[Sequence[str], Row, list[int]], str]]] = {
    "table": _columns,
    "json": _object,
    "value": _words,
}
