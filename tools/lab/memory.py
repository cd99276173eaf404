"""How much memory a process and its children have."""

import contextlib
from pathlib import Path

__all__ = ["memory"]


def memory(pid: int) -> float:
    """MiB of the process and its descendants; what they share is divided
    among who shares it (PSS)."""
    total = 0.0
    waiting = [pid]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        # One may end while it is looked at.
        with contextlib.suppress(OSError):
            for line in (process / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) / 1024
            for task in (process / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return total
