"""Times of the API, and how far they are away, for people. Pure."""

from datetime import UTC, datetime

#: seconds of a unit, and what it is called
_UNITS = ((86400, "days"), (3600, "h"), (60, "min"))


def parse(text: str) -> datetime:
    """A time of the API; one that names no zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def span(seconds: float) -> str:
    """``12 s``, ``5 min``, ``3 h`` or ``4 days``: whole units, rounded down.

    The next larger unit is used from two of it on.
    """
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def away(text: str, now: datetime | None) -> str:
    """``in 12 s``, ``5 min ago`` or ``now``.

    :param now: None: ``at 2026-11-22T18:20:01Z``
    """
    if now is None:
        return f"at {told(text, None)}"
    seconds = (parse(text) - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def told(text: str, now: datetime | None) -> str:
    """``2026-11-22T18:20:01Z (5 min ago)``.

    :param now: None: without how far away it is
    """
    moment = parse(text).astimezone(UTC)
    age = "" if now is None else f" ({away(text, now)})"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}{age}"
