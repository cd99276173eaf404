"""Lines for the console: bounded, one event each, never a secret."""

from __future__ import annotations

import sys
from typing import Optional

_MAX_LINE = 500


def log(message: str, request_id: Optional[str] = None) -> None:
    """Write one line to the console.

    :param request_id: of the request that it is about
    """
    if request_id:
        message = f"[{request_id}] {message}"
    line = " ".join(message.split())[:_MAX_LINE]
    print(f"servicevm-agent: {line}", file=sys.stderr, flush=True)
