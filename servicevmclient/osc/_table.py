"""Tables that fit a terminal and stay readable. Pure, but for `Fitting`.

cliff folds cells until a table fits, ids among them, which then can neither
be read nor copied. Here headers break at their spaces, then prose does, then
whole columns are left out, in an order that the columns declare.
"""

import argparse
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TextIO
from unicodedata import combining, east_asian_width

from cliff.columns import FormattableColumn

#: Prose is not made narrower than this while a column can be left out.
PROSE = 24


class _Column(NamedTuple):
    """One column: its header, its cells, whether they are numbers."""

    header: str
    cells: Sequence[str]
    right: bool

    def width(self) -> int:
        """Of the cells and the whole header."""
        return max(_widest(self.cells), _length(self.header))

    def narrow(self) -> int:
        """The same with the header broken at its spaces."""
        return max(_widest(self.cells), _widest(self.header.split()))

    def least(self) -> int:
        """The same with prose broken, if that is what the cells are."""
        prose = any(" " in cell for cell in self.cells)
        words = [word for cell in self.cells for word in cell.split()]
        floor = max(PROSE, _widest(words), _widest(self.header.split()))
        return min(self.narrow(), floor) if prose else self.narrow()


def fitted(
    headers: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int,
    give_way: Sequence[str] = (),
) -> tuple[str, list[str]]:
    """The table as text, and the headers of the columns left out.

    :param rows: values as cliff's formatters get them
    :param width: columns of the terminal
    :param give_way: headers that may be left out, the first one first
    """
    columns = [
        _Column(
            header,
            [_text(row[index]) for row in rows],
            bool(rows) and type(rows[0][index]) in (int, float),
        )
        for index, header in enumerate(headers)
    ]
    left_out: list[str] = []
    for header in give_way:
        if _total([column.least() for column in columns]) <= width:
            break
        if any(column.header == header for column in columns):
            columns = [one for one in columns if one.header != header]
            left_out.append(header)
    return _drawn(columns, _widths(columns, width)), left_out


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """The widest of: all whole; headers broken; prose broken."""
    whole = [column.width() for column in columns]
    if _total(whole) <= width:
        return whole
    found = [column.least() for column in columns]
    spare = width - _total(found)
    for index, column in enumerate(columns):
        more = max(0, min(spare, column.narrow() - found[index]))
        found[index] += more
        spare -= more
    for index, wanted in enumerate(whole):
        if wanted - found[index] <= spare:
            spare -= wanted - found[index]
            found[index] = wanted
    return found


def _drawn(columns: Sequence[_Column], widths: Sequence[int]) -> str:
    """The table as cliff draws it."""
    rule = "+".join(["", *("-" * (width + 2) for width in widths), ""])
    rows = zip(*(column.cells for column in columns), strict=True)
    lines = [rule]
    lines += _row([column.header for column in columns], columns, widths)
    lines.append(rule)
    body = [_row(row, columns, widths) for row in rows]
    if body:
        lines += [line for row in body for line in row] + [rule]
    return "\n".join(lines)


def _row(
    cells: Sequence[str], columns: Sequence[_Column], widths: Sequence[int]
) -> list[str]:
    """The lines of one row."""
    parts = [
        _broken(cell, width) for cell, width in zip(cells, widths, strict=True)
    ]
    height = max((len(part) for part in parts), default=0)
    lines = []
    for number in range(height):
        words = []
        for part, width, column in zip(parts, widths, columns, strict=True):
            word = part[number] if number < len(part) else ""
            space = " " * (width - _length(word))
            words.append(space + word if column.right else word + space)
        lines.append("| " + " | ".join(words) + " |")
    return lines


def _broken(cell: str, width: int) -> list[str]:
    lines = []
    for line in cell.splitlines() or [""]:
        lines += (
            [line]
            if _length(line) <= width
            else textwrap.wrap(line, width, break_on_hyphens=False)
        )
    return lines


def _text(value: Any) -> str:
    text = _said(value).replace("\r\n", "\n")
    return text.replace("\r", " ").replace("\t", " ")


def _said(value: Any) -> str:
    if isinstance(value, FormattableColumn):
        value = value.human_readable()
    return str(value)


def _length(text: str) -> int:
    """Columns that a text takes; two for each wide letter."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )


def _widest(texts: Iterable[str]) -> int:
    return max(
        (_length(line) for text in texts for line in text.splitlines()),
        default=0,
    )


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 3 * len(widths) + 1


class Fitting:
    """In place of cliff's table formatter, where a person looks.

    :param width: columns of the terminal
    :param give_way: see `fitted`
    :param note: told the headers that are left out
    """

    def __init__(
        self,
        width: int,
        give_way: Sequence[str],
        note: Callable[[Sequence[str]], None],
    ) -> None:
        self._width = width
        self._give_way = give_way
        self._note = note

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """What cliff asks of a formatter of lists."""
        rows = list(data)
        table, left_out = fitted(
            column_names, rows, self._width, self._give_way
        )
        if not rows and not parsed_args.print_empty:
            table, left_out = "", []
        stdout.write(f"{table}\n")
        stdout.flush()
        if left_out:
            self._note(left_out)


class Whole:
    """In place of cliff's table formatter, where nobody looks.

    Draws what cliff would, if that is ASCII on a line for each row; to
    import what cliff knows all other letters with takes 0.02 s (2026-11).

    :param cliffs: cliff's own, for the rest
    """

    def __init__(self, cliffs: Any) -> None:
        self._cliffs = cliffs

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """What cliff asks of a formatter of lists."""
        rows = list(data)
        said = [_said(value) for row in rows for value in row]
        if said and all(one.isascii() and one.isprintable() for one in said):
            table, _ = fitted(column_names, rows, sys.maxsize)
            stdout.write(f"{table}\n")
        else:
            self._cliffs.emit_list(column_names, rows, stdout, parsed_args)


def folded(parsed_args: argparse.Namespace, stdout: TextIO) -> bool:
    """Whether cliff would make a table narrower."""
    return bool(
        parsed_args.max_width > 0
        or parsed_args.fit_width
        or stdout.isatty()
        or sys.stdout.isatty()  # it is this one that cliff asks
    )


def chosen(parsed_args: argparse.Namespace) -> bool:
    """Whether the user said which columns or what width it shall be."""
    given: Mapping[str, Any] = vars(parsed_args)
    return any(
        given.get(name)
        for name in ("columns", "max_width", "fit_width", "long")
    )
