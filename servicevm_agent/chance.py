"""Random numbers for pauses; the module `random` takes long to load."""

from __future__ import annotations

import os

_BITS = 53


def uniform(low: float, high: float) -> float:
    """Return a number from `low` to `high`, from the kernel's generator."""
    drawn = int.from_bytes(os.urandom(8), "big") >> (64 - _BITS)
    return low + (high - low) * drawn / (1 << _BITS)
