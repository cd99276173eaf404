"""One process of the cluster: started, killed, paused, found again."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MARK", "ClusterError", "Member", "await_end", "marked"]

#: Environment variable of every process of a cluster: its folder.
MARK = "SERVICEVM_CLUSTER"

#: Seconds.
START_TIMEOUT = 120.0
#: A conductor gives its steps 35.
STOP_TIMEOUT = 45.0
LOOK = 0.05


class ClusterError(Exception):
    """The cluster cannot do that; the text says why and what to do."""


@dataclass
class Member:
    """A process in a group of its own; its children belong to it.

    :param role: ``api``, ``conductor``, ``relay``, ``haproxy``
    :param index: 1, 2, ...; 0 where there is only one
    :param folder: of the cluster; has ``run/NAME.pid`` and ``log/NAME.log``
    :param answers: whether it does its work by now
    :param line: which is in its log as soon as it works
    :param port: where it listens, for people
    """

    role: str
    index: int
    folder: Path
    command: Sequence[str]
    answers: Callable[[], bool] = lambda: True
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    line: str = ""
    _heard: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return f"{self.role}{self.index or ''}"

    @property
    def log(self) -> Path:
        return self.folder / "log" / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Of the living process, whoever started it; None for none."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        try:
            told, began = self._pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        # Another process may have got the number meanwhile.
        return int(told) if _began(int(told)) == int(began) else None

    @property
    def paused(self) -> bool:
        pid = self.pid
        if pid is None:
            return False
        return _stat(pid)[0] == "T"

    def begin(self) -> None:
        """Start the process, without waiting for it to do its work."""
        if self.pid is not None:
            return
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._pid_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.log, "ab", opener=_private) as log:
            self._heard = log.tell()
            self._process = subprocess.Popen(
                list(self.command),
                cwd=self.folder,
                env={
                    **os.environ,
                    **self.environment,
                    MARK: str(self.folder),
                    "SERVICEVM_MEMBER": self.name,
                    "PYTHONUNBUFFERED": "1",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        pid = self._process.pid
        self._pid_file.write_text(f"{pid} {_began(pid)}")

    def await_answer(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until it does its work.

        :raises ClusterError: with the end of its log
        """
        deadline = time.monotonic() + timeout
        while True:
            answers = self._said() and self.answers()
            # Asked afterwards: another may answer in its place.
            if self.pid is None:
                raise ClusterError(f"{self.name} ended:\n{self.words()}")
            if answers:
                return
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"{self.name} does not answer after {timeout:.0f} s:\n"
                    f"{self.words()}"
                )
            time.sleep(LOOK)

    def start(self) -> None:
        """`begin` and `await_answer`."""
        self.begin()
        self.await_answer()

    def stop(self, timeout: float = STOP_TIMEOUT) -> None:
        """End it in order; what takes longer is killed."""
        pid = self.pid
        if pid is None:
            return
        # One that stands still would not hear of its end.
        self._signal(pid, signal.SIGCONT)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if not await_end(pid, timeout):
            self._signal(pid, signal.SIGKILL)
            await_end(pid, timeout)
        self._ended()

    def kill(self) -> None:
        """SIGKILL to it and its children, as a power cut would."""
        pid = self.pid
        if pid is None:
            return
        self._signal(pid, signal.SIGKILL)
        if not await_end(pid, STOP_TIMEOUT):
            raise ClusterError(f"{self.name} (pid {pid}) does not end.")
        self._ended()

    def pause(self) -> None:
        """SIGSTOP to it and its children."""
        pid = self.pid
        if pid is not None:
            self._signal(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        pid = self.pid
        if pid is not None:
            self._signal(pid, signal.SIGCONT)

    def restart(self) -> None:
        """`stop` and `start`."""
        self.stop()
        self.start()

    def words(self, size: int = 3000) -> str:
        """The end of its log."""
        try:
            return self.log.read_bytes()[-size:].decode(errors="replace")
        except FileNotFoundError:
            return "(it has said nothing)"

    def _said(self) -> bool:
        if not self.line:
            return True
        with open(self.log, "rb") as log:
            log.seek(self._heard)
            return self.line.encode() in log.read()

    @property
    def _pid_file(self) -> Path:
        return self.folder / "run" / f"{self.name}.pid"

    @staticmethod
    def _signal(pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)

    def _ended(self) -> None:
        if self._process is not None:
            self._process.wait(STOP_TIMEOUT)
            self._process = None
        self._pid_file.unlink(missing_ok=True)


def await_end(pid: int, timeout: float) -> bool:
    """Wait for the end of any process; whether it came in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
    finally:
        os.close(handle)


def marked(folder: Path) -> list[int]:
    """Every process that carries the cluster's mark, but this one.

    Virtual machines have no environment; they name their folder.
    """
    mark = f"{MARK}={folder}".encode()
    machine = f"-pidfile\0{folder}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if (
                mark in (entry / "environ").read_bytes().split(b"\0")
                or machine in (entry / "cmdline").read_bytes()
            ):
                found.append(int(entry.name))
    return found


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat, from the state on."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()


def _began(pid: int) -> int:
    """When it began, in ticks since the boot; 0 for no living process."""
    try:
        fields = _stat(pid)
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
