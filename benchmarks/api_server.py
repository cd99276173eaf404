"""The API as a cloud serves it: two processes, MariaDB, a real Keystone."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.api_rows import configure, temporary_folder
from servicevm.db import api as db
from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb

#: Processes, and threads of each.
WORKERS = 2
THREADS = 4
#: Seconds to start or to stop, and of one request.
PATIENCE = 60

_CONF = """\
[DEFAULT]
state_dir = {folder}
[api]
auth_strategy = keystone
max_limit = 1000
[database]
connection = {database}
[quota]
devices = -1
services = -1
vcpus = -1
ram = -1
slots = -1
[keystone_authtoken]
{authtoken}
"""
_GUNICORN = """\
bind = "fd://{listener}"
workers = {workers}
worker_class = "gthread"
threads = {threads}
keepalive = 60
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
"""


@dataclass(frozen=True)
class ApiServer:
    """:param project_id: of the user whose token it is
    :param pids: of the processes that answer
    """

    port: int
    token: str
    project_id: str
    pids: tuple[int, ...]

    def connect(self) -> "Connection":
        return Connection(self.port, self.token)

    def cpu(self) -> float:
        """Seconds of processor time that the processes have used."""
        return sum(map(cpu, self.pids))


class Connection:
    """One connection that is kept, as thin as there can be."""

    def __init__(self, port: int, token: str) -> None:
        self._http = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=PATIENCE
        )
        self._headers = {
            "X-Auth-Token": token,
            "Content-Type": "application/json",
        }

    def get(self, path: str) -> bytes:
        return self._send("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return json.loads(self._send("POST", path, json.dumps(body)))

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, path: str, body: str | None) -> bytes:
        self._http.request(method, path, body, self._headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {content[:500]!r}")
        return content


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    text = Path(f"/proc/{pid}/stat").read_text()
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def served() -> Iterator[ApiServer]:
    """Start all of it; the database is empty, and this process uses it."""
    with (
        temporary_folder() as folder,
        MariaDb(folder / "mariadb") as mariadb,
        Keystone(folder / "keystone") as keystone,
        socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
    ):
        mariadb.create("bench")
        database = mariadb.url("bench")
        db.sync(configure(folder / "state", database))
        settings = folder / "servicevm.conf"
        settings.touch(0o600)
        settings.write_text(
            _CONF.format(
                folder=folder / "state",
                database=database,
                authtoken="\n".join(
                    f"{name} = {value}"
                    for name, value in keystone.authtoken().items()
                ),
            )
        )
        login = keystone.login("red-admin")
        with gunicorn(folder, settings, listener) as process:
            port = listener.getsockname()[1]
            await_workers(port, process, folder / "api.log")
            yield ApiServer(
                port,
                login.token(),
                project_id(keystone, "red"),
                children(process.pid),
            )
        db.dispose()


@contextlib.contextmanager
def gunicorn(
    folder: Path, settings: Path, listener: socket.socket
) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve the API with a configuration; its log is in the folder."""
    options = folder / "gunicorn.conf.py"
    options.write_text(
        _GUNICORN.format(
            listener=listener.fileno(), workers=WORKERS, threads=THREADS
        )
    )
    program = str(Path(sys.executable).with_name("gunicorn"))
    with (
        open(folder / "api.log", "wb") as log,
        subprocess.Popen(
            [program, f"--config={options}", "servicevm.wsgi.api:application"],
            env={**os.environ, "OS_SERVICEVM_CONFIG_FILE": str(settings)},
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def await_workers(
    port: int, process: "subprocess.Popen[bytes]", log: Path
) -> None:
    """Wait until all of them answer.

    :raises RuntimeError: they do not; with the log
    """
    until = time.monotonic() + PATIENCE
    waiting = threading.Event()
    while len(children(process.pid)) < WORKERS or not _healthy(port):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(log.read_text())
        waiting.wait(0.1)


def _healthy(port: int) -> bool:
    connection = Connection(port, "")
    try:
        connection.get("/healthcheck")
    except (OSError, RuntimeError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def children(pid: int) -> tuple[int, ...]:
    """The workers of a server."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return tuple(map(int, text.split()))


def project_id(keystone: Keystone, name: str) -> str:
    """Of one of the projects that our Keystone has."""
    found = keystone.identity().find("projects", name)
    if found is None:
        raise RuntimeError(f"Keystone has no project {name}")
    return str(found["id"])
