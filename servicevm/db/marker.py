"""Where a page ended, as text: for the link to the next one.

It holds the values that the list is sorted by and not only an id, so that
the next page begins at the same place even where the last row of this one
is deleted or changed meanwhile. It is no secret and proves nothing: whoever
makes one up gets a page that begins somewhere else.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

Keys = Sequence[tuple[sa.Column[Any], bool]]

_MAX_LENGTH = 2048
_LARGEST = (1 << 63) - 1


def encode(keys: Keys, row: Any) -> str:
    """The marker of what comes after `row`.

    :param keys: what the list is sorted by, and whether descending
    """
    values = [getattr(row, str(column.key)) for column, _ in keys]
    text = json.dumps([_names(keys), values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(keys: Keys, text: str) -> SimpleNamespace | None:
    """The values of the row that a marker was made of.

    :returns: None if it is none, or one of a list in another order
    """
    if len(text) > _MAX_LENGTH:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        found = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) != 2:
        return None
    names, values = found
    if names != _names(keys) or not isinstance(values, list):
        return None
    if len(values) != len(keys) or not all(
        _fits(column, value)
        for (column, _), value in zip(keys, values, strict=True)
    ):
        return None
    return SimpleNamespace(
        **{
            str(column.key): value
            for (column, _), value in zip(keys, values, strict=True)
        }
    )


def _names(keys: Keys) -> list[str]:
    return [
        f"{column.key}:{'desc' if down else 'asc'}" for column, down in keys
    ]


def _fits(column: sa.Column[Any], value: object) -> bool:
    """Whether a database can be asked for it."""
    if column.type.python_type is int:
        return type(value) is int and abs(value) <= _LARGEST
    return (
        isinstance(value, str)
        and "\0" not in value
        and value.encode(errors="replace").decode() == value
    )
