"""A log of bounded size: the end of what a guest wrote to its console."""

import os
from pathlib import Path


class BoundedLog:
    """Keeps the last bytes that were written, at most `limit`.

    :param path: the file, mode 0600
    :param limit: bytes; half of it is dropped at a time
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit

    def append(self, data: bytes) -> None:
        data = data[-self._limit :]
        if not data:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with os.fdopen(os.open(self._path, flags, 0o600), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size + len(data) <= self._limit:
                file.write(data)
                return
            keep = max(0, self._limit // 2 - len(data))
            file.seek(max(0, size - keep))
            tail = file.read() if keep else b""
        new = self._path.with_name(f".{self._path.name}.new")
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        ) as file:
            file.write(tail + data)
        new.replace(self._path)

    def tail(self, most: int) -> str:
        """The last `most` bytes as text; undecodable ones are replaced."""
        if most <= 0:
            return ""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - most))
                return file.read(most).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
