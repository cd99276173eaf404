"""Environments of software that is not ours, apart from the project's own."""

import fcntl
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.command import run

__all__ = ["ROOT", "Venv"]

ROOT = Path(__file__).resolve().parents[2]
#: Seconds for pip.
_TIMEOUT = 900


@dataclass(frozen=True)
class Venv:
    """A virtual environment that is made once and kept.

    :param folder: of it; made anew where what is wanted has changed
    :param wanted: what pip installs
    :param constraints: file with the version of everything else
    """

    folder: Path
    wanted: Sequence[str]
    constraints: Path | None = None

    @property
    def bin(self) -> Path:
        """The folder of its programs."""
        return self.folder / "bin"

    @property
    def digest(self) -> str:
        """Of what is in it; another digest may be another release."""
        told = [sys.version, *self.wanted]
        if self.constraints is not None:
            told.append(self.constraints.read_text())
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def ensure(self) -> Path:
        """Make the environment if it is not there.

        :returns: `bin`
        :raises CommandError: with pip's own words
        """
        # It may be reached by links; one place has one lock and one stamp.
        folder = self.folder.resolve()
        stamp = folder / ".wanted"
        # A virtual environment cannot be moved.
        wanted = f"{folder} {self.digest}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.with_suffix(".lock"), "w") as lock:
            # Two test runs may want it at once.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists() or stamp.read_text() != wanted:
                self._make()
                stamp.write_text(wanted)
        return self.bin

    def _make(self) -> None:
        folder = self.folder.resolve()
        log = folder.with_suffix(".log")
        run([sys.executable, "-m", "venv", "--clear", str(folder)], log=log)
        bound = []
        if self.constraints is not None:
            bound = ["--constraint", str(self.constraints)]
        pip = [str(folder / "bin" / "python"), "-m", "pip", "-q"]
        run(
            [
                *[*pip, "install", "--disable-pip-version-check"],
                *[*bound, *self.wanted],
            ],
            log=log,
            timeout=_TIMEOUT,
        )
