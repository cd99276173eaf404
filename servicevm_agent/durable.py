"""Files that are whole after a power cut."""

from __future__ import annotations

import os


def write(path: str, data: bytes) -> None:
    """Replace the file by `data`, mode 0600: the old or the new, never half.

    :raises OSError: the disk is full or gone; the old file is still there
    """
    scratch = path + ".new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(scratch, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except OSError:
        os.unlink(scratch)
        raise
    sync_folder(os.path.dirname(path))


def remove(path: str) -> None:
    """Remove the file, if it is there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    sync_folder(os.path.dirname(path))


def sync_folder(folder: str) -> None:
    """Make what was renamed or removed in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
