"""Wakes the thread that waits for bytes."""

from __future__ import annotations

import os


class Wake:
    """A descriptor that becomes readable when something is to be done."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        #: The process is asked to end.
        self.stopping = False

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._read

    def __call__(self) -> None:
        """Wake it; from any thread or a signal handler."""
        try:
            os.write(self._write, b"\0")
        except BlockingIOError:
            pass  # it has enough reasons to wake up

    def stop(self) -> None:
        """Ask the process to end."""
        self.stopping = True
        self()

    def clear(self) -> None:
        """Take note."""
        try:
            while len(os.read(self._read, 4096)) == 4096:
                pass
        except BlockingIOError:
            pass
