"""A command in a pseudo-terminal of its own."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

#: A shell that runs us in the background has ^C ignored.
_RUN = (
    "import signal, sys; from servicevmclient import shell; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
    "sys.exit(shell.main())"
)
#: seconds until what is awaited has to be there
_PATIENCE = 60.0


class PseudoTerminal:
    """Runs `servicevm` where it sees a terminal.

    :param line: what is typed after its name
    :param size: columns and lines
    """

    def __init__(
        self,
        line: Sequence[str],
        environment: Mapping[str, str],
        size: tuple[int, int],
    ) -> None:
        self._line = line
        self._environment = environment
        self._size = size
        #: all that was written so far
        self.text = ""

    def __enter__(self) -> "PseudoTerminal":
        self._ours, theirs = pty.openpty()
        self.resize(*self._size)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RUN, *self._line],
            env=self._environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def resize(self, columns: int, lines: int) -> None:
        """Give it another size."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)

    def see(self, words: str) -> str:
        """What was written from here on until the words are there."""
        begun, ends = len(self.text), time.monotonic() + _PATIENCE
        while words not in self.text[begun:]:
            if not self._read(ends):
                raise AssertionError(f"No {words!r} in {self.text!r}.")
        return self.text[begun:]

    def end(self) -> int:
        """Read on until it ends; its exit code."""
        ends = time.monotonic() + _PATIENCE
        while self._read(ends):
            pass
        return self.process.wait(_PATIENCE)

    def _read(self, ends: float) -> bool:
        """Read some; False at the end, or when time is over."""
        left = max(0.0, ends - time.monotonic())
        if not select.select([self._ours], [], [], left)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # what Linux says once nobody has it open
            return False
        self.text += data.decode()
        return bool(data)
