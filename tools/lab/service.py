"""What the lab's OpenStack services have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tools.cluster.configuration import Options, render, write
from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb
from tools.cluster.member import Member
from tools.cluster.ports import Ports
from tools.cluster.rabbitmq import RabbitMq

__all__ = ["REGION", "Options", "Service", "Wiring"]

REGION = "RegionOne"

_GUNICORN = """\
wsgi_app = "{application}"
bind = "127.0.0.1:{port}"
workers = 1
worker_class = "gthread"
threads = {threads}
# In memory: a worker touches a file there at every request.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
# As long as nova's own requests to others.
timeout = 120
# Nova asks Neutron for the ports of a hundred servers in one line: 8 KiB.
limit_request_line = 0
graceful_timeout = 5
keepalive = 30
"""


@dataclass(frozen=True)
class Wiring:
    """Where the services find each other.

    :param folder: of the lab
    :param bin: programs of the services
    """

    folder: Path
    bin: Path
    keystone: Keystone
    database: MariaDb
    broker: RabbitMq
    ports: Ports

    def url(self, name: str) -> str:
        """Of an API."""
        return f"http://127.0.0.1:{self.ports.of(name)}"

    def auth(self, user: str) -> dict[str, str]:
        """Options of a section by which `user` is logged in."""
        return {
            "auth_type": "password",
            "auth_url": self.keystone.auth_url,
            "region_name": REGION,
            **self.keystone.login(user).auth,
        }

    def authtoken(self, user: str) -> dict[str, Any]:
        """``[keystone_authtoken]``."""
        return {
            **self.auth(user),
            "www_authenticate_uri": self.keystone.auth_url,
            "interface": "internal",
            "service_token_roles": "service",
            "service_token_roles_required": True,
        }


class Service(ABC):
    """One project of OpenStack: its files, its database, its processes."""

    #: Of its user, its API's process, its files.
    name: str
    #: In the catalogue.
    kind: str
    #: The WSGI application.
    application: str
    #: After the address, in the catalogue.
    path = ""
    threads = 8
    databases: Sequence[str]

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        #: What is kept of it.
        self.folder = wiring.folder / self.name

    @property
    def etc(self) -> Path:
        return self.wiring.folder / "etc"

    @property
    def endpoint(self) -> str:
        return self.wiring.url(self.name) + self.path

    @property
    def database_file(self) -> str:
        """All that its migrations read; is there before Keystone is."""
        return f"{self.name}-database.conf"

    def database_options(self) -> Options:
        """By which it finds its databases."""
        connection = self.wiring.database.url(self.databases[0])
        return {"database": {"connection": connection}}

    @abstractmethod
    def files(self) -> Mapping[str, Options]:
        """Its files in ``etc``: name to groups of options."""

    @abstractmethod
    def migrations(self) -> Sequence[Sequence[str]]:
        """Commands that bring its databases up to date, in their order."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """By which its API finds its files."""

    def daemons(self) -> Iterator[Member]:
        """Its other processes, in the order in which they start."""
        yield from ()

    def prepare_database(self) -> None:
        """Write the file that its migrations read; needs no server yet."""
        text = render(self.database_options())
        write(self.etc / self.database_file, text)

    def prepare(self) -> None:
        """Write its files (anew); make its folder."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for name, options in self.files().items():
            write(self.etc / name, render(options))
        write(
            self.etc / f"{self.name}-gunicorn.py",
            _GUNICORN.format(
                application=self.application,
                port=self.wiring.ports.of(self.name),
                threads=self.threads,
            ),
        )

    def api(self) -> Member:
        """The process of its API."""
        where = self.wiring.url(self.name)
        return self.member(
            self.name,
            # Options are only in its file: some of the applications read
            # the command line as their own.
            [str(self.wiring.bin / "gunicorn")],
            answers=lambda: _answers(where),
            port=self.wiring.ports.of(self.name),
            environment={
                "GUNICORN_CMD_ARGS": "--config "
                f"{self.etc}/{self.name}-gunicorn.py",
                **self.environment(),
            },
        )

    def member(self, name: str, argv: Sequence[str], **more: Any) -> Member:
        """A process of it."""
        told = {
            # Its own environment has what it needs; warnings are not ours.
            "PYTHONWARNINGS": "ignore",
            # Or each process compiles a hundred packages anew.
            "PYTHONDONTWRITEBYTECODE": "",
            "TMPDIR": str(self.wiring.folder / "tmp"),
            **more.pop("environment", {}),
        }
        return Member(
            name, 0, self.wiring.folder, argv, environment=told, **more
        )

    def program(self, name: str, *files: str) -> list[str]:
        """The command of a program that reads these files of ours."""
        return [
            str(self.wiring.bin / name),
            *(f"--config-file={self.etc / file}" for file in files),
        ]

    def lock_path(self) -> dict[str, str]:
        return {"lock_path": str(self.folder / "lock")}


def _answers(url: str) -> bool:
    try:
        answer = requests.get(url, timeout=5)
    except requests.RequestException:
        return False
    # Without a token it may say 401 or offer a choice of versions: 300.
    return answer.status_code < 500
