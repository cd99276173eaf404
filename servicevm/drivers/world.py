"""The world of the noop drivers: small files that processes share.

One JSON file a device. Who holds a device is alone with it among all
threads of all processes that use the folder.
"""

import contextlib
import fcntl
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from servicevm.errors import UNAVAILABLE, TransientError

__all__ = ["World"]

#: Lock files: a device has one of them, they are never removed.
LOCKS = 64
#: Seconds that another process may keep a device, and between two looks.
PATIENCE = 5.0
LOOK = 0.002


class World:
    """:param folder: made with mode 0700 when the first device is"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks = folder.with_name(f"{folder.name}-locks")

    @contextlib.contextmanager
    def held(self, device_id: str) -> Iterator[None]:
        """Be alone with a device. Not to be nested.

        :raises TransientError: where another, one that stands still
            perhaps, keeps it for longer than `PATIENCE`
        """
        number = zlib.crc32(device_id.encode()) % LOCKS
        self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._locks / f"{number:02}"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise TransientError(
                            UNAVAILABLE, "noop: another holds the device."
                        ) from None
                    time.sleep(LOOK)
            yield
        finally:
            os.close(handle)

    def ids(self) -> set[str]:
        """The devices that there are."""
        return {path.stem for path in self._folder.glob("*.json")}

    def read(self, device_id: str) -> dict[str, Any] | None:
        """What is kept of a device; None for nothing."""
        return self._load(self._path(device_id))

    def write(self, device_id: str, content: Mapping[str, Any]) -> None:
        """Keep `content` of a device, all of it or what was there before."""
        self._store(self._path(device_id), content)

    def remove(self, device_id: str) -> None:
        """Keep nothing of a device."""
        path = self._path(device_id)
        # Of one who was killed while writing.
        path.with_suffix(".new").unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def note(self, device_id: str, line: Mapping[str, Any]) -> None:
        """Add a line to the device's journal, which outlives it."""
        path = self._folder / "journal" / f"{device_id}.jsonl"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = json.dumps({"at": time.time(), **line}).encode() + b"\n"
        handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        try:
            os.write(handle, data)
        finally:
            os.close(handle)

    def failed(self, device_id: str, verb: str, times: int) -> int | None:
        """Count an injected failure.

        :returns: the how manieth of `times` it is; None when all were
        """
        path = self._failures(device_id)
        counts = self._load(path) or {}
        if counts.get(verb, 0) >= times:
            return None
        counts[verb] = counts.get(verb, 0) + 1
        self._store(path, counts)
        return int(counts[verb])

    def forget_failures(self, device_id: str) -> None:
        """Begin to count anew."""
        self._failures(device_id).unlink(missing_ok=True)

    def _failures(self, device_id: str) -> Path:
        return self._folder / "failures" / f"{device_id}.json"

    def _path(self, device_id: str) -> Path:
        return self._folder / f"{device_id}.json"

    @staticmethod
    def _load(path: Path) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        return found

    @staticmethod
    def _store(path: Path, content: Mapping[str, Any]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            json.dump(content, file)
        new.replace(path)
