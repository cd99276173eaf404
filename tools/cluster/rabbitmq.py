"""A RabbitMQ of one's own: in a folder, on loopback, gone when stopped.

::

    with RabbitMq(folder) as broker:
        ... broker.url ...

Everything of it is below the folder: data, log, cookie, the port numbers
and the generated password. Nothing of the system's own RabbitMQ is used or
seen but its program.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.cluster.member import MARK

#: Not the one in /usr/sbin, which insists on being the system's own.
_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
#: Seconds; a start takes five to ten on an idle machine.
_START = 90.0
_STOP = 30.0
_LOOK = 0.05

_CONF = """\
listeners.tcp.1 = 127.0.0.1:{port}
distribution.listener.interface = 127.0.0.1
distribution.listener.port_range.min = {distribution_port}
distribution.listener.port_range.max = {distribution_port}
default_user = {user}
default_pass = {password}
default_vhost = /
loopback_users.{user} = false
num_acceptors.tcp = 2
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 64MiB
raft.wal_max_size_bytes = 16777216
raft.segment_max_entries = 4096
log.file.level = warning
log.console = false
"""
#: Few threads, none of which turns while it waits: two cores are shared.
_ERLANG = (
    "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "
    "-kernel inet_dist_use_interface {127,0,0,1}"
)


class BrokerError(Exception):
    """It cannot start; the text says why and what to do."""


class RabbitMq:
    """:param folder: kept over restarts; made if it is not there"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._told: dict[str, Any] | None = None
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For oslo.messaging's ``transport_url``; holds the password."""
        told = self._facts()
        return (
            f"rabbit://{told['user']}:{told['password']}"
            f"@127.0.0.1:{told['port']}/"
        )

    @property
    def port(self) -> int:
        return int(self._facts()["port"])

    @property
    def pid(self) -> int | None:
        """Of the broker; None while it does not run."""
        return self._pid("broker")

    def start(self) -> None:
        """Start, from nothing or on what is there; wait until it answers.

        :raises BrokerError: with the end of its log
        """
        if not _PROGRAM.exists() or shutil.which("epmd") is None:
            raise BrokerError(
                "RabbitMQ is not installed: apt install rabbitmq-server"
            )
        if self._pid("broker") is not None:
            return
        if self._pid("epmd") is None:
            port = str(self._facts()["epmd_port"])
            self._spawn(
                "epmd", ["epmd", "-address", "127.0.0.1", "-port", port]
            )
        self._spawn("broker", [str(_PROGRAM)])
        deadline = time.monotonic() + _START
        while not self._answers():
            if self._pid("broker") is None:
                raise BrokerError(f"RabbitMQ ended: {self._log()}")
            if time.monotonic() >= deadline:
                self.kill()
                raise BrokerError(f"RabbitMQ does not answer: {self._log()}")
            time.sleep(_LOOK)

    def stop(self) -> None:
        """Stop it in order; what does not end in time is killed."""
        for name in ("broker", "epmd"):
            self._end(name, signal.SIGTERM)

    def restart(self) -> None:
        """Stop it in order and start it again, on the same port."""
        self._end("broker", signal.SIGTERM)
        self.start()

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._end("broker", signal.SIGKILL)

    # -- its processes ------------------------------------------------------

    def _spawn(self, name: str, command: list[str]) -> None:
        log = self._folder / f"{name}.out"
        with open(log, "ab") as output:
            child = subprocess.Popen(
                command,
                env=self.environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[name] = child
        (self._folder / f"{name}.pid").write_text(str(child.pid))

    def _pid(self, name: str) -> int | None:
        """A living process of ours, also one that an earlier one of us
        started."""
        child = self._children.get(name)
        if child is not None:
            return child.pid if child.poll() is None else None
        try:
            pid = int((self._folder / f"{name}.pid").read_text())
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except (OSError, ValueError):
            return None
        # Another process may have got the number meanwhile.
        ours = f"HOME={self._folder}".encode()
        return pid if ours in environment.split(b"\0") else None

    def _end(self, name: str, number: signal.Signals) -> None:
        pid = self._pid(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)  # or SIGTERM would wait
                os.kill(pid, number)
            if not self._gone(name, _STOP):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                if not self._gone(name, _STOP):
                    raise BrokerError(f"{name} (pid {pid}) does not end")
        self._children.pop(name, None)
        (self._folder / f"{name}.pid").unlink(missing_ok=True)

    def _gone(self, name: str, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._pid(name) is not None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)
        return True

    def _answers(self) -> bool:
        """Whether it greets who speaks AMQP, which it does when it is up."""
        try:
            with socket.create_connection(
                ("127.0.0.1", self.port), timeout=2
            ) as sock:
                sock.sendall(b"AMQP\0\0\x09\x01")
                # A method frame on channel 0: Connection.Start.
                return sock.recv(3) == b"\x01\0\0"
        except OSError:
            return False

    def _log(self) -> str:
        lines: list[str] = []
        for path in (self._folder / "broker.out", self._folder / "log"):
            files = sorted(path.glob("*.log")) if path.is_dir() else [path]
            for file in files:
                with contextlib.suppress(OSError):
                    text = file.read_text(errors="replace")
                    lines += text.splitlines()[-8:]
        return "\n".join(lines) or f"see {self._folder}"

    # -- its folder ---------------------------------------------------------

    def _facts(self) -> dict[str, Any]:
        """Ports, node name and password: chosen once, kept."""
        if self._told is None:
            path = self._folder / "facts.json"
            if not path.exists():
                self._prepare(path)
            self._told = json.loads(path.read_text())
        return self._told

    def _prepare(self, path: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        for name in ("data", "log"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        port, distribution_port, epmd_port = _free_ports(3)
        told = {
            "node": f"servicevm-{secrets.token_hex(4)}@localhost",
            "user": "servicevm",
            "password": secrets.token_hex(16),
            "port": port,
            "distribution_port": distribution_port,
            "epmd_port": epmd_port,
        }
        _write(self._folder / "rabbitmq.conf", _CONF.format(**told))
        _write(self._folder / "env.conf", "")
        _write(self._folder / "plugins", "[].\n")
        cookie = self._folder / ".erlang.cookie"
        _write(cookie, secrets.token_hex(20))
        cookie.chmod(0o400)
        _write(path, json.dumps(told))

    @property
    def environment(self) -> dict[str, str]:
        """Of the broker's programs, rabbitmqctl for one."""
        told = self._facts()
        folder = self._folder
        marked = {MARK: os.environ[MARK]} if MARK in os.environ else {}
        return {
            **marked,
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(told["epmd_port"]),
            # The start script then becomes the broker; else it stays in
            # between, and its pid is not the broker's.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_NODENAME": str(told["node"]),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_DIST_PORT": str(told["distribution_port"]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
        }


def _write(path: Path, text: str) -> None:
    """A file of mode 0600 from its first byte on."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    fresh.rename(path)


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on; all different."""
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            sock = stack.enter_context(socket.socket())
            sock.bind(("127.0.0.1", 0))
            found.append(int(sock.getsockname()[1]))
        return found
