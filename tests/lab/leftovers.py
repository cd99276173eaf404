"""What a lab that was stopped has left on this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from tools.lab.lab import Lab

__all__ = ["leftovers"]


def leftovers(lab: Lab) -> list[str]:
    """Processes, namespaces, interfaces and mounts; empty where none is."""
    found = [f"namespace {name}" for name in lab.namespaces.all()]
    found += [f"interface {name}" for name in lab.namespaces.interfaces()]
    for line in Path("/proc/mounts").read_text().splitlines():
        if str(lab.folder) in line:
            found.append(f"mount {line}")
    return [*found, *_processes(os.fsencode(lab.folder))]


def _processes(folder: bytes) -> Iterator[str]:
    """Of every process that names the folder, as it was told or started."""
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            try:
                text = (process / name).read_bytes()
            except OSError:
                # It has ended meanwhile.
                continue
            if folder in text:
                yield f"process {process.name} {text[:200]!r}"
                break
