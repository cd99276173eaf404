"""A database server of one's own: started in a folder, from nothing.

What there is to know (port, password, process) is in the folder, so that
another process can stop what this one has started::

    with MariaDb(Path("/tmp/somewhere")) as server:
        server.create("servicevm")
        server.url("servicevm")
"""

import contextlib
import os
import pwd
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

__all__ = ["USER", "DatabaseServer", "ServerError"]

#: Who may do everything in the database.
USER = "servicevm"
#: Seconds.
START_TIMEOUT = 60.0
STOP_TIMEOUT = 60.0
#: Seconds between two looks whether a server answers.
LOOK = 0.05


class ServerError(Exception):
    """The server cannot be started or stopped; says what to do."""


class DatabaseServer(ABC):
    """A server that listens on a loopback port and nowhere else.

    Run by root it becomes the user that the distribution has for it, which
    has to be able to reach the folder.

    :param folder: made if it is missing; data, port and password stay there
    :param durable: whether a commit outlives a power cut. A killed server
        loses none either way.
    """

    #: For messages: what it is called, and the package that has it.
    name: str
    package: str
    #: Whom root becomes.
    account: str
    #: Ends it in order, without waiting for its clients.
    stop_signal: signal.Signals

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Chosen when it is first asked for, and kept."""
        path = self.folder / "port"
        if not path.exists():
            with socket.create_server(("127.0.0.1", 0)) as listening:
                self._keep(path, str(listening.getsockname()[1]))
        return int(path.read_text())

    @property
    def password(self) -> str:
        """Made when it is first asked for, and kept."""
        path = self.folder / "password"
        if not path.exists():
            self._keep(path, secrets.token_hex(16))
        return path.read_text()

    @property
    def pid(self) -> int | None:
        """The server's process; None where it does not run."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            found = int((self.folder / "pid").read_text())
            command = Path(f"/proc/{found}/cmdline").read_bytes()
            if os.fsencode(self.data) in command:
                return found
        return None

    @abstractmethod
    def url(self, database: str) -> str:
        """For ``[database] connection``. Holds the password."""

    @abstractmethod
    def create(self, database: str) -> None:
        """Make an empty database, as an operator would."""

    @abstractmethod
    def drop(self, database: str) -> None:
        """Delete a database with all that is in it."""

    @abstractmethod
    def _prepare(self) -> None:
        """Fill the empty `data`."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The server, in the foreground."""

    @abstractmethod
    def _ask(self) -> None:
        """Raise OSError (or what the driver has for it) where the server
        does not answer."""

    #: What `_ask` raises while the server is not there yet.
    unready: tuple[type[Exception], ...] = (OSError,)

    def start(self) -> None:
        """Start it, and wait until it answers.

        :raises ServerError: if its program is missing or it does not come up
        """
        if self.pid is not None:
            return
        self._make_folder()
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            self.own(self.data)
            try:
                self._prepare()
            except BaseException:
                shutil.rmtree(self.data)
                raise
        with open(self.log, "ab", opener=_private) as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._keep(self.folder / "pid", str(self._process.pid))
        self._wait_until_it_answers(self._process)

    def stop(self) -> None:
        """End it in order; does nothing where it does not run.

        :raises ServerError: if it does not end
        """
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            # One that is stopped would not hear of its end.
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, self.stop_signal)
        self._wait_until_gone(pid)

    def kill(self) -> None:
        """End it and its processes at once, as a crash would."""
        pid = self.pid
        if pid is None:
            return
        processes = [pid, *_children(pid)]
        for one in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        for one in processes:
            self._wait_until_gone(one)

    def restart(self) -> None:
        """Stop it and start it again, on the same port."""
        self.stop()
        self.start()

    def own(self, path: Path) -> None:
        """Give a path to whom the server runs as."""
        if os.geteuid() == 0:
            shutil.chown(path, self.account, self.account)

    def program(self, name: str) -> str:
        """Where a program is.

        :raises ServerError: if it is not installed
        """
        found = shutil.which(name, path=self.search_path())
        if found is None:
            raise ServerError(
                f"{self.name} needs the program {name}; install it: "
                f"apt-get install {self.package}"
            )
        return found

    def search_path(self) -> str:
        return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

    def run(self, command: Sequence[str]) -> None:
        """Run a program to its end.

        :raises ServerError: with the end of its output
        """
        done = subprocess.run(
            command,
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=START_TIMEOUT,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(
                f"{command[0]} failed: {done.stdout[-2000:].strip()}"
            )

    def _keep(self, path: Path, text: str) -> None:
        self._make_folder()
        with open(path, "w", opener=_private) as file:
            file.write(text)
        self.own(path)

    def _make_folder(self) -> None:
        if self.folder.exists():
            return
        self.folder.mkdir(mode=0o700, parents=True)
        if os.geteuid() != 0:
            return
        try:
            pwd.getpwnam(self.account)
        except KeyError:
            self.folder.rmdir()
            raise ServerError(
                f"{self.name} needs the user {self.account}, whom its package "
                f"makes: apt-get install {self.package}"
            ) from None
        self.own(self.folder)
        for parent in self.folder.parents:
            if not parent.stat().st_mode & 0o001:
                self.folder.rmdir()
                raise ServerError(
                    f"{self.name} runs as the user {self.account}, who cannot "
                    f"pass {parent}; choose a folder below another, e.g. /tmp"
                )

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                self._ask()
            except self.unready as error:
                failure = error
            else:
                return
            if process.poll() is not None:
                why = f"it ended with {process.returncode}"
            elif time.monotonic() > deadline:
                why = f"no answer within {START_TIMEOUT:.0f} s ({failure})"
                self.kill()
            else:
                time.sleep(LOOK)
                continue
            tail = self.log.read_bytes()[-2000:].decode(errors="replace")
            raise ServerError(f"{self.name} does not start: {why}\n{tail}")

    def _wait_until_gone(self, pid: int) -> None:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            if not poll.poll(STOP_TIMEOUT * 1000):
                raise ServerError(
                    f"{self.name} (process {pid}) does not end; see {self.log}"
                )
        finally:
            os.close(handle)
        if self._process is not None and self._process.pid == pid:
            self._process.wait()
            self._process = None


def checked(database: str) -> str:
    """A name that needs no quotes in any SQL.

    :raises ValueError: if it does
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", database):
        raise ValueError(f"{database!r} is no name for a database")
    return database


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
