"""The whole of it: servers behind, processes of ours, haproxy before.

::

    cluster = Cluster(folder, database="postgresql")
    cluster.start()
    cluster.member("conductor", 2).kill()
    cluster.stop()

What there is to know is in the folder, so that another process can stop
what this one has started.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, Self

import yaml

from tools.cluster.configuration import write
from tools.cluster.fleet import Fleet
from tools.cluster.installation import NAME, Installation, Say
from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb
from tools.cluster.member import ClusterError, Member, await_end, marked
from tools.cluster.ports import Ports
from tools.cluster.postgresql import PostgreSql
from tools.cluster.rabbitmq import RabbitMq

__all__ = ["CLOUDS", "DATABASES", "Cluster", "Through"]

DATABASES = {"mariadb": MariaDb, "postgresql": PostgreSql}
#: Entries of clouds.yaml and who they are; see keystone_people.
CLOUDS = {
    "admin": "admin",
    "member": "red-member",
    "reader": "red-reader",
    "demo": "blue-member",
}

Through = Callable[[str, str, int], int]
"""``through(member, target, port)``: the loopback port by which a member is
to reach ``database`` or ``broker``, which listens on `port`."""


class Backing(Protocol):
    """A server that is not ours."""

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...


class Cluster:
    """:param folder: all of it is below; made if it is missing
    :param database: ``mariadb`` or ``postgresql``
    :param devices: ``noop`` or ``qemu``
    :param options: of servicevm.conf, group to name to value, over ours
    :param through: for tests that stand in between
    """

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "mariadb",
        devices: str = "noop",
        options: Mapping[str, Mapping[str, Any]] | None = None,
        through: Through | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.kind = database
        self.devices = devices
        self._through = through or (lambda member, target, port: port)
        self.keystone = Keystone(self.folder / "keystone")
        self.broker = RabbitMq(self.folder / "rabbitmq")
        self.database = DATABASES[database](self.folder / database)
        self._ports = Ports(self.folder / "run" / "ports.json")
        self._fleet = Fleet(self.folder, self._ports, options or {})
        self._installation = Installation(self._fleet)
        self.members: list[Member] = self._installation.members

    @classmethod
    def found(cls, folder: Path) -> Self | None:
        """The cluster that was started in a folder, if one was."""
        try:
            facts = json.loads((folder / "cluster.json").read_text())
        except FileNotFoundError:
            return None
        return cls(folder, **facts)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    # -- what there is ------------------------------------------------------

    @property
    def backing(self) -> dict[str, Backing]:
        return {
            "keystone": self.keystone,
            "rabbitmq": self.broker,
            self.kind: self.database,
        }

    def member(self, role: str, index: int = 0) -> Member:
        """One of our processes; the first of a role has the index 1."""
        return self._installation.member(role, index)

    def of(self, role: str) -> list[Member]:
        return [one for one in self.members if one.role == role]

    def metrics(self, name: str) -> str:
        """Where a conductor or relay tells its numbers."""
        return f"http://{self._fleet.metrics(name)}/metrics"

    @property
    def endpoint(self) -> str:
        """haproxy's address."""
        return self._fleet.endpoint

    @property
    def clouds(self) -> Path:
        """clouds.yaml with `CLOUDS`."""
        return self.folder / "clouds.yaml"

    @property
    def state_dir(self) -> Path:
        """Of conductors and APIs: the CA, devices."""
        return self.folder / "state"

    @property
    def connection(self) -> str:
        """URL of the database; holds its password."""
        return self.database.url(NAME)

    @property
    def relays(self) -> list[str]:
        """``host:port`` at which agents dial."""
        return self._fleet.relays

    def rows(self) -> Iterator[tuple[str, int | None, int | None, str]]:
        """name, pid, port and ``up``, ``paused`` or ``down`` of each."""
        for name, server in self.backing.items():
            pid = server.pid
            yield name, pid, self._server_port(name), "up" if pid else "down"
        for one in self.members:
            state = "down"
            if one.pid is not None:
                state = "paused" if one.paused else "up"
            yield one.name, one.pid, one.port, state

    # -- up and down --------------------------------------------------------

    def start(self, say: Say = lambda line: None) -> None:
        """Start what does not run; wait until all of it works.

        Where that fails, all is stopped again; logs stay.

        :raises ClusterError: or one of the servers' own
        """
        self._prepare()
        try:
            self._start_servers(say)
            self._start_members(say)
        except BaseException:
            self.stop()
            raise

    def stop(self, say: Say = lambda line: None) -> None:
        """Stop everything, in order where that works; data stays."""
        self._installation.stop(say)
        for name, server in self.backing.items():
            if server.pid is not None:
                say(f"stopping {name}")
            server.stop()
        for pid in marked(self.folder):
            # Of a start that was killed; devices.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await_end(pid, 10)

    def remove(self) -> None:
        """Delete all that is kept of a cluster that was stopped."""
        shutil.rmtree(self.folder)

    def run(
        self, program: str, *arguments: str, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the service; see `Installation.run`."""
        return self._installation.run(program, *arguments, timeout=timeout)

    # -- how ----------------------------------------------------------------

    def _prepare(self) -> None:
        facts = {"database": self.kind, "devices": self.devices}
        path = self.folder / "cluster.json"
        if path.exists() and json.loads(path.read_text()) != facts:
            raise ClusterError(
                f"There is another cluster in {self.folder}: "
                f"{path.read_text().strip()} Take it down first."
            )
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        # The database's user must pass; what is inside is closed.
        self.folder.chmod(0o711)
        self._installation.prepare()
        write(path, json.dumps(facts) + "\n")

    def _start_servers(self, say: Say) -> None:
        def start(name: str, server: Backing) -> None:
            began = time.monotonic()
            if server.pid is None:
                server.start()
                say(f"{name} is up ({time.monotonic() - began:.1f} s)")

        with ThreadPoolExecutor(3) as pool:
            for each in [
                pool.submit(start, *item) for item in self.backing.items()
            ]:
                each.result()

    def _start_members(self, say: Say) -> None:
        self.keystone.register(self.endpoint)
        self._write_clouds()
        self._installation.settle(self, self.database.create)
        if self.devices == "qemu":
            say("making the guest image, where it is not there yet")
            self.run("servicevm-manage", "image", "build", timeout=600)
        self._installation.start(say)

    def _write_clouds(self) -> None:
        clouds = {
            name: self.keystone.cloud(user) for name, user in CLOUDS.items()
        }
        write(self.clouds, yaml.safe_dump({"clouds": clouds}))

    def _server_port(self, name: str) -> int | None:
        if not (self.folder / name).exists():
            return None
        if name == "keystone":
            return int(self.keystone.auth_url.split(":")[2].split("/")[0])
        return self.broker.port if name == "rabbitmq" else self.database.port

    # -- Wiring -------------------------------------------------------------

    def url_of(self, member: str, target: str) -> str:
        if target == "database":
            url, port = self.connection, self.database.port
        else:
            url, port = self.broker.url, self.broker.port
        return url.replace(
            f"127.0.0.1:{port}",
            f"127.0.0.1:{self._through(member, target, port)}",
        )

    def authtoken(self) -> Mapping[str, str]:
        return self.keystone.authtoken()
