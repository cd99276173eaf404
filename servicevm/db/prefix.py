"""Texts that begin with another one, as a range that an index has.

LIKE uses no index on SQLite, and has characters of its own everywhere. A
range needs none of its own, as every database has texts in the order of
their characters' numbers; see servicevm.db.collation.
"""

import sys
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

#: Where the numbers of characters have a gap.
_GAP = range(0xD800, 0xE000)


def matches(column: sa.Column[Any], prefix: str) -> Sequence[Any]:
    """Conditions that the column begins with the prefix."""
    end = after(prefix)
    return [column >= prefix, *([] if end is None else [column < end])]


def after(prefix: str) -> str | None:
    """The first text after all that begin so; None where there is none."""
    for length in range(len(prefix), 0, -1):
        following = ord(prefix[length - 1]) + 1
        if following in _GAP:
            following = _GAP.stop
        if following <= sys.maxunicode:
            return prefix[: length - 1] + chr(following)
    return None
