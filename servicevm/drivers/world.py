"""The world of the noop drivers: small files that processes share.

Nobody ever waits for another: a process that stands still in the middle of
a change keeps nothing that others need. A device is a folder, in which
every change is a file of its own: who makes the next number has made the
change, and who finds the number taken looks and decides again.

::

    <id>/7.json         the record; the highest number counts
    <id>/new-...        a record that has no number yet
    failures/<id>/...   injected failures, one file each
    journal/<id>.jsonl  calls, where they are to be noted
"""

import contextlib
import errno
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from servicevm.errors import UNAVAILABLE, TransientError

__all__ = ["Decide", "World"]

#: Records of a device that are kept. As long as the one is there that a
#: change replaces, its successor's number was given to nobody else before.
KEPT = 16
#: Changes that may get in the way of one, each of them another's success.
TRIES = 1000

_ID = re.compile(r"[0-9a-f-]{36}")

Decide = Callable[[dict[str, Any] | None], Mapping[str, Any] | None]
"""``decide(kept)``: what is to be kept of a device, given what is. Called
once more whenever another's change came first."""


class World:
    """:param folder: made with mode 0700 when the first device is"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ids(self) -> set[str]:
        """Devices of which there is anything, if only a leftover."""
        return _ids(self._folder)

    def read(self, device_id: str) -> dict[str, Any] | None:
        """What is kept of a device; None for nothing."""
        with self._opened(device_id) as handle:
            _, text = _newest(handle)
        found: dict[str, Any] | None = json.loads(text)
        return found

    def change(self, device_id: str, decide: Decide) -> None:
        """Keep of a device what `decide` says: all of it or none.

        A change that others have changed `KEPT` times before its maker
        went on is made again: `decide` has to be idempotent.

        :raises TransientError: where others change it all the time
        """
        for _ in range(TRIES):
            if self._try(device_id, decide):
                return
        raise TransientError(
            UNAVAILABLE, "noop: others change the device all the time."
        )

    def note(self, device_id: str, line: Mapping[str, Any]) -> None:
        """Add a line to the device's journal, which outlives it."""
        path = self._folder / "journal" / f"{_id(device_id)}.jsonl"
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
        folder = self._failures(device_id)
        if not times or (folder / f"{verb}.{times}").exists():
            return None
        for count in range(1, times + 1):
            _mkdir(folder)
            try:
                (folder / f"{verb}.{count}").touch(0o600, exist_ok=False)
            except FileExistsError:
                continue
            except FileNotFoundError:
                return None  # the device has just been deleted
            return count
        return None

    def failing(self) -> set[str]:
        """Ids of devices of which failures are counted."""
        return _ids(self._folder / "failures")

    def forget_failures(self, device_id: str) -> None:
        """Begin to count anew."""
        folder = self._failures(device_id)
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return
        for name in names:
            (folder / name).unlink(missing_ok=True)
        _rmdir(folder)

    def _failures(self, device_id: str) -> Path:
        return self._folder / "failures" / _id(device_id)

    def _path(self, device_id: str) -> Path:
        return self._folder / _id(device_id)

    # -- one change ---------------------------------------------------------

    def _try(self, device_id: str, decide: Decide) -> bool:
        """Change a device, unless another comes first.

        The folder is opened once: where it is removed and made anew
        meanwhile, nothing of what is done here reaches the new one.
        """
        with self._opened(device_id) as handle:
            names, text = _newest(handle)
            kept = decide(json.loads(text))
            after = json.dumps(kept)
            if handle is not None:
                if kept is None and text == "null":
                    return self._clear(device_id, handle, _highest(names))
                if after == text:
                    return True
                if not self._put(handle, names, after):
                    return False
                if kept is not None:
                    return True
                return self._clear(device_id, handle, _highest(names) + 1)
        if kept is None:
            return True
        # A create that stands still before this line, and goes on once the
        # device was deleted, makes it for nobody: the janitor finds it.
        _mkdir(self._path(device_id))
        with self._opened(device_id) as handle:
            if handle is None:
                return False
            names = os.listdir(handle)
            return not _highest(names) and self._put(handle, names, after)

    @contextlib.contextmanager
    def _opened(self, device_id: str) -> Iterator[int | None]:
        """A descriptor of the device's folder; None where there is none."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            handle = os.open(self._path(device_id), flags)
        except FileNotFoundError:
            yield None
            return
        try:
            yield handle
        finally:
            os.close(handle)

    def _put(self, handle: int, names: Iterable[str], text: str) -> bool:
        """Write the record that follows the highest of `names`.

        :returns: False where another came first, or the folder is gone
        """
        base = _highest(names)
        new = f"new-{uuid.uuid4().hex}"
        try:
            _write(handle, new, text)
            self._link(handle, new, _file(base + 1))
        except (FileExistsError, FileNotFoundError):
            return False
        finally:
            _unlink(handle, new)
        there = os.listdir(handle)
        if base:
            late = _file(base) not in there
        else:
            late = _highest(there) > KEPT
        if late:
            # We stood still: that number had been given and taken away.
            _unlink(handle, _file(base + 1))
            return False
        # What has no number yet lost to us, or its writer was killed.
        _sweep(handle, [one for one in names if not _number(one)])
        _sweep(handle, [one for one in names if _number(one) <= base - KEPT])
        return True

    def _link(self, handle: int, new: str, name: str) -> None:
        os.link(new, name, src_dir_fd=handle, dst_dir_fd=handle)

    def _clear(self, device_id: str, handle: int, highest: int) -> bool:
        """Remove the folder of a device of which nothing is kept.

        :param highest: number of the record that says so
        :returns: False where another has put a record there
        """
        names = os.listdir(handle)
        if _highest(names) > highest:
            return True  # made anew
        # The highest goes last: what is there before it does not count.
        _sweep(handle, names)
        return _rmdir(self._path(device_id))


def _ids(folder: Path) -> set[str]:
    """Names in a folder that are ids; none where it is not there."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return set()
    return {name for name in names if _ID.fullmatch(name)}


def _newest(handle: int | None) -> tuple[list[str], str]:
    """The files of a device's folder, and the record in JSON."""
    for _ in range(TRIES):
        names = [] if handle is None else os.listdir(handle)
        highest = _highest(names)
        if not highest:
            return names, "null"
        # Or newer ones came before we opened it.
        with contextlib.suppress(FileNotFoundError):
            return names, _read(handle, _file(highest))
    raise TransientError(
        UNAVAILABLE, "noop: others change the device all the time."
    )


def _number(name: str) -> int:
    """Number of a record; 0 for other files."""
    stem, _, suffix = name.partition(".")
    return int(stem) if suffix == "json" else 0


def _highest(names: Iterable[str]) -> int:
    return max(map(_number, names), default=0)


def _file(number: int) -> str:
    return f"{number}.json"


def _read(handle: int | None, name: str) -> str:
    flags = os.O_RDONLY | os.O_CLOEXEC
    with open(os.open(name, flags, dir_fd=handle)) as file:
        return file.read()


def _write(handle: int, name: str, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(name, flags, 0o600, dir_fd=handle), "w") as file:
        file.write(text)


def _sweep(handle: int, names: Iterable[str]) -> None:
    """Remove files; records oldest first, on which `KEPT` relies."""
    for name in sorted(names, key=_number):
        _unlink(handle, name)


def _unlink(handle: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=handle)


def _mkdir(folder: Path) -> None:
    """Make a folder, unless it is there; it may be gone already."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not pathlib's `exist_ok`: that fails where another removes it.
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)


def _rmdir(folder: Path) -> bool:
    """Remove a folder; False where another has put a file there."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return False
    return True


def _id(device_id: str) -> str:
    """The id, which names a file.

    :raises ValueError: for anything else
    """
    if not _ID.fullmatch(device_id):
        raise ValueError(f"not an id: {device_id!r}")
    return device_id
