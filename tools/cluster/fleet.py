"""Our processes: what each is told, how it is started, how it shows that
it works."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import requests

from tools.cluster import haproxy
from tools.cluster.configuration import Options, render, write
from tools.cluster.member import Member
from tools.cluster.ports import Ports, listens

__all__ = ["BIN", "COUNTS", "IMAGE", "Fleet", "Wiring"]

BIN = Path(sys.executable).parent
#: The guest image, for qemu devices.
IMAGE = Path(__file__).resolve().parents[2] / ".cache" / "image"
#: Role to how many.
COUNTS = {"api": 2, "conductor": 3, "relay": 2}

_GUNICORN = """\
# Of one of the cluster's APIs.
wsgi_app = "servicevm.wsgi.api:application"
bind = "127.0.0.1:{port}"
workers = 1
worker_class = "gthread"
threads = {threads}
# In memory: a worker touches a file there at every request.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
timeout = 60
graceful_timeout = 20
keepalive = 30
"""


class Wiring(Protocol):
    """Where the processes find what they need."""

    def url_of(self, member: str, target: str) -> str:
        """Of the ``database`` or the ``broker``; holds a password."""

    def authtoken(self) -> Mapping[str, str]:
        """``[keystone_authtoken]``."""


@dataclass(frozen=True)
class Fleet:
    """:param folder: of the cluster
    :param options: over those that are written here
    :param counts: role to how many; more than one api has haproxy before it
    :param relay_at: name to host and port, of relays that listen elsewhere
        than on a free port of the loopback address
    :param of_role: role to further options
    """

    folder: Path
    ports: Ports
    options: Options
    counts: Mapping[str, int] = field(default_factory=lambda: COUNTS)
    relay_at: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    of_role: Mapping[str, Options] = field(default_factory=dict)

    def path(self, member: str) -> Path:
        """The member's servicevm.conf; all that it reads."""
        return self.folder / "conf" / f"{member}.conf"

    def metrics(self, name: str) -> str:
        """Where a conductor or relay tells its numbers: host:port."""
        return f"127.0.0.1:{self.ports.of(f'{name}-metrics')}"

    def names(self, role: str) -> list[str]:
        return [f"{role}{n + 1}" for n in range(self.counts[role])]

    def relay_dir(self, name: str) -> Path:
        """A relay's own state folder, with its key and certificate."""
        return self.folder / "relay" / name

    def serial_socket(self, name: str) -> Path:
        return self.relay_dir(name) / "relay.sock"

    @property
    def relays(self) -> list[str]:
        """``host:port`` at which agents dial."""
        return [
            "{}:{}".format(*self.where(name)) for name in self.names("relay")
        ]

    def where(self, relay: str) -> tuple[str, int]:
        """Host and port at which agents dial a relay."""
        if relay in self.relay_at:
            return self.relay_at[relay]
        return "127.0.0.1", self.ports.of(relay)

    @property
    def endpoint(self) -> str:
        """Of the API, for clients."""
        first = "haproxy" if self.counts["api"] > 1 else "api1"
        return f"http://127.0.0.1:{self.ports.of(first)}"

    def write(self, wiring: Wiring) -> None:
        """Write every file (anew)."""
        for name in self.names("relay"):
            self.relay_dir(name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for role in self.counts:
            for name in self.names(role):
                write(self.path(name), self.conf(role, name, wiring))
        write(self.path("manage"), self.conf("conductor", "manage", wiring))
        for name in self.names("api"):
            write(
                self.folder / "conf" / f"{name}-gunicorn.py",
                self.gunicorn(name),
            )
        write(self.folder / "conf" / "haproxy.cfg", self.haproxy())

    def gunicorn(self, name: str) -> str:
        """gunicorn's own file of an API."""
        return _GUNICORN.format(port=self.ports.of(name), threads=8)

    def haproxy(self) -> str:
        return haproxy.render(
            self.ports.of("haproxy"),
            {name: self.ports.of(name) for name in self.names("api")},
        )

    def members(self) -> Iterator[Member]:
        """Our processes and haproxy, in the order in which they start."""
        for index, name in enumerate(self.names("conductor"), 1):
            yield self._member(
                "conductor",
                index,
                self._servicevm(name),
                line=f"The conductor {name} works.",
            )
        for index, name in enumerate(self.names("relay"), 1):
            host, port = self.where(name)
            yield self._member(
                "relay",
                index,
                self._servicevm(name),
                answers=lambda host=host, port=port: listens(port, host),
                port=port,
            )
        for index, name in enumerate(self.names("api"), 1):
            port = self.ports.of(name)
            yield self._member(
                "api",
                index,
                # All that it is told is in its file: an argument would be
                # taken for one of servicevm's.
                [str(BIN / "gunicorn")],
                answers=lambda port=port: _healthy(port),
                port=port,
                environment={
                    "GUNICORN_CMD_ARGS": "--config "
                    f"{self.folder}/conf/{name}-gunicorn.py",
                    "OS_SERVICEVM_CONFIG_FILE": str(self.path(name)),
                },
            )
        if self.counts["api"] < 2:
            return
        port = self.ports.of("haproxy")
        yield self._member(
            "haproxy",
            0,
            ["haproxy", "-db", "-f", str(self.folder / "conf/haproxy.cfg")],
            answers=lambda: _healthy(port),
            port=port,
        )

    def _servicevm(self, name: str) -> list[str]:
        program = f"servicevm-{name.rstrip('0123456789')}"
        return [str(BIN / program), "--config-file", str(self.path(name))]

    def _member(
        self, role: str, index: int, command: list[str], **more: Any
    ) -> Member:
        return Member(role, index, self.folder, command, **more)

    def conf(self, role: str, name: str, wiring: Wiring) -> str:
        """servicevm.conf of a process; has secrets."""
        state = self.folder / "state"
        if role == "relay":
            # It shares nothing with those who hold the CA.
            state = self.relay_dir(name)
        told: dict[str, dict[str, Any]] = {
            "DEFAULT": {
                "state_dir": state,
                "deployment_id": "cluster",
                "rpc": "oslo",
                "transport_url": wiring.url_of(name, "broker"),
                "use_stderr": True,
                "debug": False,
            },
            role: {"name": name},
        }
        if name in self.names(role) and role in ("conductor", "relay"):
            told[role]["metrics"] = self.metrics(name)
        if role == "relay":
            host, port = self.where(name)
            if name in self.relay_at:
                told["relay"]["bind_host"] = host
            told["relay"] |= {
                "bind_port": port,
                "serial_socket": self.serial_socket(name),
            }
        else:
            told["database"] = {"connection": wiring.url_of(name, "database")}
            told["relay"] = {
                "addresses": ",".join(self.relays),
                # On this host: serial lines are no network.
                "serial_socket": self.serial_socket("relay1"),
            }
            told["qemu"] = {"image_dir": IMAGE}
        if role == "api":
            told["api"]["auth_strategy"] = "keystone"
            told["keystone_authtoken"] = dict(wiring.authtoken())
            told["oslo_middleware"] = {"enable_proxy_headers_parsing": True}
        return render(told, self.of_role.get(role, {}), self.options)


def _healthy(port: int) -> bool:
    try:
        answer = requests.get(
            f"http://127.0.0.1:{port}/healthcheck", timeout=2
        )
    except requests.RequestException:
        return False
    return answer.status_code == 200
