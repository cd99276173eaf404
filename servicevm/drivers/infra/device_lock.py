"""Being alone with a device, among all processes of this machine.

A lock file a device, which also says who holds it and the highest fence that
was seen: who was overtaken by another conductor is told so. QEMU does not
inherit it. The file lies beside the device's folder and goes with it.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from servicevm.errors import UNAVAILABLE, TransientError

__all__ = ["DeviceLocks", "Held"]

#: Seconds that another process may keep a device: one that works needs
#: less, one that stands still may keep it for ever.
PATIENCE = 10.0
#: Seconds that another thread may: more than all waits of one call.
THREAD_PATIENCE = 90.0
#: Seconds between two looks; flock(2) has no deadline of its own.
LOOK = 0.01


class Held:
    """The lock file of a device, locked.

    Text: the holder's pid and the highest fence, of a fixed length so that
    one write replaces all of it.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle
        self._fence = _parse(os.pread(handle, 64, 0))[1]
        self._write()

    def compare(self, call: str, fence: int) -> None:
        """Keep the fence, if none was higher.

        :param fence: 0 for who has none: nothing is compared
        :raises TransientError: for who was overtaken by another conductor
        """
        if 0 < fence < self._fence:
            raise TransientError(
                UNAVAILABLE,
                f"qemu: {call} by a conductor that was overtaken.",
            )
        if fence > self._fence:
            self._fence = fence
            self._write()

    def release(self, *, keep: bool) -> None:
        """:param keep: the file, because there is something of the device"""
        try:
            if not keep:
                # Who waits for it sees that it has no name any more.
                self._path.unlink(missing_ok=True)
        finally:
            os.close(self._handle)

    def _write(self) -> None:
        text = f"{os.getpid():20d} {self._fence:20d}\n"
        os.pwrite(self._handle, text.encode(), 0)


class _Entry:
    """What the threads of this process share about a device."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users = 0
        self.depth = 0
        self.held: Held | None = None


class DeviceLocks:
    """The locks of all devices of a folder. Thread-safe.

    :param devices: the folder of the devices' folders
    """

    def __init__(self, devices: Path) -> None:
        self._devices = devices
        self._guard = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    @contextlib.contextmanager
    def held(self, device_id: str) -> Iterator[Held]:
        """Be alone with a device; the same thread may ask again.

        :raises TransientError: where another keeps it for too long
        """
        with self._guard:
            entry = self._entries.setdefault(device_id, _Entry())
            entry.users += 1
        try:
            if not entry.lock.acquire(timeout=THREAD_PATIENCE):
                raise _kept(os.getpid(), THREAD_PATIENCE)
            try:
                if entry.held is None:
                    entry.held = self._take(device_id)
                entry.depth += 1
                try:
                    yield entry.held
                finally:
                    entry.depth -= 1
                    if not entry.depth:
                        held, entry.held = entry.held, None
                        there = (self._devices / device_id).exists()
                        held.release(keep=there)
            finally:
                entry.lock.release()
        finally:
            with self._guard:
                entry.users -= 1
                if not entry.users:
                    del self._entries[device_id]

    def _take(self, device_id: str) -> Held:
        path = self._devices / f"{device_id}.lock"
        self._devices.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + PATIENCE
        while True:
            handle = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                if _locked(handle) and _named(path, handle):
                    return Held(path, handle)
                if time.monotonic() >= deadline:
                    raise _kept(_parse(os.pread(handle, 64, 0))[0], PATIENCE)
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
            time.sleep(LOOK)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _named(path: Path, handle: int) -> bool:
    """Whether it is still the file: its last holder may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _parse(text: bytes) -> tuple[int, int]:
    """The pid and the fence; 0 where it says nothing."""
    try:
        pid, fence = map(int, text.split())
    except ValueError:
        return 0, 0
    return pid, fence


def _kept(pid: int, patience: float) -> TransientError:
    who = f"process {pid}" if pid else "another process"
    return TransientError(
        UNAVAILABLE,
        f"qemu: {who} of this service keeps the device for longer than "
        f"{patience:g} s.",
    )
