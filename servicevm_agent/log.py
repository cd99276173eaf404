"""Lines for the console: bounded, one event each, never a secret."""

from __future__ import annotations

import sys

_MAX_LINE = 500


def log(message: str) -> None:
    """Write one line to the console."""
    line = " ".join(message.split())[:_MAX_LINE]
    print(f"servicevm-agent: {line}", file=sys.stderr, flush=True)
