"""How an error is told: what, why, where, what next, request id."""

import textwrap

from servicevmclient.exceptions import ClientError
from servicevmclient.osc._cells import printable

_INDENT = " " * 9


def lines(error: ClientError, width: int | None = None) -> list[str]:
    """The error in lines for standard error.

    :param width: columns of the terminal, if it is one
    """
    found = [f"Error: {error.title}"]
    if error.detail != error.title:
        found.append(_row("why", error.detail))
    found += [
        _row("field", f"{path}: {sentence}")
        for path, sentence in error.fields.items()
        # The service's own detail says the first of them already.
        if f"{path}: {sentence}" not in error.detail
    ]
    if error.hint:
        found.append(_row("next", error.hint))
    known = [error.code]
    if error.request_id:
        known.append(f"request {error.request_id}")
    found.append(_row("code", ", ".join(known)))
    if width is None:
        return found
    return [
        part
        for row in found
        for line in row.split("\n")
        for part in _broken(line, width)
    ]


def _broken(line: str, width: int) -> list[str]:
    """A line that fits; ids and paths in it stay whole."""
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _row(label: str, text: str) -> str:
    text = printable(text)
    # Lines of a text (haproxy's own words, for example) stay together.
    return f"  {label + ':':<7}" + text.strip().replace("\n", f"\n{_INDENT}")
