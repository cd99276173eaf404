"""What the demo may not leave behind."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from servicevm.drivers.infra.tap import tap_name

#: Tables that are history or none of the demo's doing.
KEPT = frozenset(
    {
        "alembic_version",
        "events",
        "operations",
        "operation_steps",
        "idempotency_keys",
        "processes",
        "quota_holds",
        "sqlite_sequence",
        "usage_counters",
        "usage_spans",
        "usage_traffic",
    }
)


def processes(word: str) -> list[str]:
    """Command lines of processes that name `word`, but for this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:  # it ended while we looked
            continue
        if word.encode() in line:
            found.append(f"process {entry.name}: {line.decode().strip()}")
    return found


def rows(database: Path) -> list[str]:
    """Rows of resources that should be gone."""
    left = []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        for (table,) in tables:
            if table in KEPT:
                continue
            (count,) = connection.execute(
                f'SELECT count(*) FROM "{table}"'  # noqa: S608 - own names
            ).fetchone()
            if count:
                left.append(f"{count} row(s) in table {table}")
    return left


def network(tag: str) -> list[str]:
    """Interfaces and namespaces whose name starts with `tag`."""
    left = [f"interface {name}" for name in _interfaces(tag)]
    folder = Path("/run/netns")
    if folder.is_dir():
        left += [
            f"namespace {entry.name}"
            for entry in folder.iterdir()
            if entry.name.startswith(tag)
        ]
    return left


def taps(devices: Iterable[str]) -> list[str]:
    """Taps of these devices; other services may have some of their own."""
    return [
        f"tap {name}"
        for device in devices
        for name in _interfaces(tap_name(device, 0).removesuffix("0"))
    ]


def _interfaces(start: str) -> list[str]:
    folder = Path("/sys/class/net")
    return [one.name for one in folder.iterdir() if one.name.startswith(start)]


def files(state_dir: Path) -> list[str]:
    """Files of devices, and sockets."""
    left = [f"file {path}" for path in (state_dir / "devices").rglob("*")]
    left += [
        f"socket {path}" for path in state_dir.rglob("*") if path.is_socket()
    ]
    return left
