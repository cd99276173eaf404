"""How long each part of a start takes, for who waits."""

import time
from collections.abc import Callable

from tools.cluster.installation import Say

__all__ = ["timed"]


def timed(say: Say, name: str, work: Callable[[], object]) -> None:
    """Do it, and say how many seconds it took."""
    began = time.monotonic()
    work()
    say(f"{name}: {time.monotonic() - began:.1f} s")
