"""Time as the database stores it: integer microseconds since the epoch."""

import datetime
import functools
import time

SECOND = 1_000_000


def now_us() -> int:
    """Return the present as microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def isoformat(us: int | None) -> str | None:
    """Render microseconds as ISO 8601 UTC, ``2026-11-22T18:06:01.000042Z``."""
    if us is None:
        return None
    # Integer arithmetic: a float of this size loses microseconds.
    second, rest = divmod(us, SECOND)
    return f"{_second(second)}.{rest:06d}Z"


# A long list renders thousands, and the next page or poll the same ones.
@functools.lru_cache(maxsize=8192)
def _second(second: int) -> str:
    at = datetime.datetime.fromtimestamp(second, datetime.UTC)
    # isoformat is thrice as fast as strftime.
    return at.isoformat()[:19]


def parse_iso(text: str) -> int:
    """Parse an ISO 8601 time into microseconds.

    :raises ValueError: if the text is not ISO 8601; a time without an
        offset is taken as UTC.
    """
    at = datetime.datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    whole = at.replace(microsecond=0)
    return int(whole.timestamp()) * SECOND + at.microsecond
