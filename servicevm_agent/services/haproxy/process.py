"""The haproxy process: start, validate, reload, stop.

haproxy runs as master and worker. It outlives the agent: one that is
found running is adopted, so a restart of the agent disturbs nobody.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Callable, List, Optional

from servicevm_agent import tenant
from servicevm_agent.service import ConfigRefused
from servicevm_agent.services.haproxy.runtime import (
    HaproxyError,
    Processes,
    command,
    processes,
)

#: Seconds for validation, start and reload. A TCG guest takes 1 s for the
#: first under load.
DEADLINE = 30.0
_POLL = 0.02
_MAX_LOG = 256 * 1024
_MAX_MESSAGE = 2000


class Haproxy:
    """One master and its worker.

    :param folder: of the sockets, the log and the configuration file
    :param netns: file of the network namespace that it runs in. All of it:
        a worker without privileges could not enter one per connection,
        which is what haproxy's own ``namespace`` words do.
    """

    def __init__(
        self, binary: str, folder: str, netns: Optional[str] = None
    ) -> None:
        self._binary = binary
        self._netns = netns
        self.config = os.path.join(folder, "haproxy.cfg")
        self._candidate = os.path.join(folder, "candidate.cfg")
        self._master_socket = os.path.join(folder, "master.sock")
        self.stats_socket = os.path.join(folder, "stats.sock")
        self._log = os.path.join(folder, "haproxy.log")
        self._child: Optional[subprocess.Popen[bytes]] = None

    def running(self) -> Optional[Processes]:
        """Return the processes, or None if nobody answers."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None  # reaped
        try:
            return processes(self._master_socket)
        except HaproxyError:
            return None

    def swap(
        self, text: str, *, trusted: bool, farewell: Callable[[], object]
    ) -> None:
        """Serve the configuration `text`, without dropping a connection.

        :param trusted: spare the validation
        :param farewell: called when the old worker is about to be replaced
        :raises ConfigRefused: with haproxy's own message; the old file is
            in its place and the old worker serves
        """
        before = self.running()
        if before is None:
            self._first(text)
            return
        self._write(self._candidate, text)
        if not trusted:
            self._validate()
        with open(self.config, encoding="ascii") as file:
            last_good = file.read()
        os.replace(self._candidate, self.config)
        farewell()
        try:
            self._reload(before)
        except ConfigRefused:
            self.rewrite(last_good)
            raise

    def rewrite(self, text: str) -> None:
        """Replace the file only; what it says is in force already."""
        self._write(self._candidate, text)
        os.replace(self._candidate, self.config)

    def bound_log(self) -> None:
        """Empty the log if it has grown too long: haproxy writes a line
        each time that a member goes or comes, into the device's memory."""
        self._log_size()

    def stop(self) -> None:
        """End master and workers; their connections end with them."""
        found = self.running()
        pid = found.master if found else None
        if self._child is not None:
            pid = self._child.pid
        if pid is None:
            return
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while self._alive(pid):
            if time.monotonic() > deadline:
                for worker in found.workers if found else []:
                    _signal(worker, signal.SIGKILL)
                _signal(pid, signal.SIGKILL)
                deadline += 5
            time.sleep(_POLL)
        self._child = None

    def _first(self, text: str) -> None:
        # Nothing serves, so nothing can be broken: starting is validating.
        if self._child is not None:
            self.stop()  # it lives but does not answer
        self.rewrite(text)
        size = self._log_size()
        if self._netns:
            self._child = tenant.inside(self._netns, self._start)
        else:
            self._child = self._start()
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if self._child.poll() is not None:
                self._child = None
                os.unlink(self.config)
                raise ConfigRefused(self._complaint(size))
            found = self.running()
            if found and found.workers:
                return
            time.sleep(_POLL)
        self.stop()
        raise ConfigRefused("haproxy did not start in time")

    def _start(self) -> subprocess.Popen[bytes]:
        with open(self._log, "ab") as log:
            return subprocess.Popen(
                [
                    self._binary,
                    "-W",
                    "-S",
                    f"{self._master_socket},mode,600",
                    "-f",
                    self.config,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={},
                start_new_session=True,
            )

    def _validate(self) -> None:
        try:
            check = subprocess.run(
                [self._binary, "-c", "-f", self._candidate],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=DEADLINE,
                cwd="/",
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ConfigRefused("haproxy -c did not end in time") from None
        if check.returncode:
            os.unlink(self._candidate)
            raise ConfigRefused(_message(check.stderr))

    def _reload(self, before: Processes) -> None:
        size = self._log_size()
        try:
            command(self._master_socket, "reload")
        except HaproxyError:
            # It executes itself anew and may close before it answers; what
            # counts is what it says afterwards.
            pass
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            time.sleep(_POLL)
            now = self.running()
            if now is None:
                if self._gone(before.master):
                    raise ConfigRefused(self._complaint(size))
                continue
            if set(now.workers) - set(before.workers):
                return
            if now.failed > before.failed:
                raise ConfigRefused(self._complaint(size))
        raise ConfigRefused("haproxy did not reload in time")

    def _alive(self, pid: int) -> bool:
        if self._child is not None and self._child.pid == pid:
            return self._child.poll() is None
        return not self._gone(pid)

    @staticmethod
    def _gone(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    def _write(self, path: str, text: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)

    def _log_size(self) -> int:
        """Length of the log, which is emptied when it has grown too long;
        haproxy appends, so nothing breaks."""
        try:
            size = os.path.getsize(self._log)
            if size > _MAX_LOG:
                os.truncate(self._log, 0)
                return 0
        except FileNotFoundError:
            return 0
        return size

    def _complaint(self, since: int) -> str:
        with open(self._log, "rb") as log:
            log.seek(since)
            return _message(log.read(_MAX_LOG))


def _message(output: bytes) -> str:
    """haproxy's alerts, one a line, without its decoration."""
    alerts: List[str] = []
    for line in output.decode("utf-8", "replace").splitlines():
        if line.startswith("[ALERT]"):
            alerts.append(line.partition(" : ")[2].strip() or line)
    text = "\n".join(alerts) or output.decode("utf-8", "replace").strip()
    return f"haproxy: {text}"[:_MAX_MESSAGE]


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
