"""How an error is told: what, why, where, what next, request id."""

from servicevmclient.exceptions import ClientError
from servicevmclient.osc._cells import printable


def lines(error: ClientError) -> list[str]:
    """The error in lines for standard error."""
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
    return found


def _row(label: str, text: str) -> str:
    text = printable(text)
    # Lines of a text (haproxy's own words, for example) stay together.
    return f"  {label + ':':<7}" + text.strip().replace("\n", "\n         ")
