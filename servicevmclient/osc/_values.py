"""Values as they are written on a command line. Pure."""

import argparse
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_INTEGER = r"[+-]?(0|[1-9][0-9]*)"
_SPANS = {"m": "minutes", "h": "hours", "d": "days"}


def key_value(text: str) -> tuple[str, str]:
    """``key=value``, both strings."""
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(
            f"expected key=value but found {text!r}"
        )
    return key, value


def key_typed(text: str) -> tuple[str, Any]:
    """``key=value`` where 192 is a number, true and false are booleans."""
    key, value = key_value(text)
    return key, typed(value)


def healing(text: str) -> tuple[str, Any]:
    """As `key_typed`; ``ladder`` has words with commas, or none."""
    key, value = key_value(text)
    if key == "ladder":
        return key, [word for word in value.split(",") if word]
    return key, typed(value)


def typed(text: str) -> Any:
    """An integer or boolean if it is written like one, else the text."""
    if re.fullmatch(_INTEGER, text):
        return int(text)
    return {"true": True, "false": False}.get(text, text)


def pairs(
    *keys: str, required: tuple[str, ...] = ()
) -> Callable[[str], Mapping[str, str]]:
    """A parser of ``a=1,b=2`` with these keys."""

    def parse(text: str) -> Mapping[str, str]:
        found = dict(key_value(part) for part in text.split(","))
        for key in found:
            if key not in keys:
                raise argparse.ArgumentTypeError(
                    f"{key!r} in {text!r} is none of {', '.join(keys)}"
                )
        for key in required:
            if not found.get(key):
                raise argparse.ArgumentTypeError(f"{text!r} needs {key}=...")
        return found

    return parse


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"expected a number from 1 on but found {text!r}"
        )
    return int(text)


def index(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected a number from 0 on but found {text!r}"
        )
    return int(text)


def limit(text: str) -> int:
    """A whole number from 0 on, or -1: unlimited."""
    if text != "-1" and not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected a number from 0 on, or -1, but found {text!r}"
        )
    return int(text)


def sort_key(text: str) -> str:
    """``key``, ``key:asc`` or ``key:desc``."""
    if not re.fullmatch(r"[a-z_]+(:(asc|desc))?", text):
        raise argparse.ArgumentTypeError(
            f"expected key[:asc|:desc] but found {text!r}"
        )
    return text


def later(text: str) -> str:
    """A time, ISO 8601 in UTC: ``2h`` from now, or as it is written.

    A time that does not say its zone is UTC.
    """
    span = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    try:
        if span:
            number, unit = span.groups()
            at = datetime.now(UTC) + timedelta(**{_SPANS[unit]: int(number)})
        else:
            at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            "expected a time from now like 30m, 2h or 7d, or one like "
            f"2026-12-01T08:00Z, but found {text!r}"
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
