"""A node on which the plugin is stacked for real.

Keystone, MariaDB and RabbitMQ are servers of the test's own; API, conductor
and relay are what the plugin starts. What DevStack itself would offer is in
``tests/devstack/stand_in/real.bash``.
"""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import yaml

from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb
from tools.cluster.rabbitmq import RabbitMq

__all__ = ["PHASES", "USER", "Node"]

STACK = Path(__file__).parents[2] / "devstack" / "stand_in" / "stack.sh"
BIN = Path(sys.executable).parent
PHASES = ("pre-install", "install", "post-config", "extra", "test-config")
#: One that the Keystone of the tests has not made already.
USER = "svm-devstack"
PASSWORD = "service-password"
#: Seconds of a phase; on a busy machine each command of the client takes 10.
TIMEOUT = 300


class Node:
    """:param folder: everything that the plugin makes is below
    :param settings: more lines of local.conf
    """

    def __init__(
        self,
        folder: Path,
        keystone: Keystone,
        database: MariaDb,
        broker: RabbitMq,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.etc = folder / "etc" / "servicevm"
        self.conf = self.etc / "servicevm.conf"
        self.data = folder / "opt" / "stack" / "data"
        self._broker = broker
        (folder / "bin").mkdir(parents=True)
        self.port, relay = free_ports(2)
        self._write_clouds(keystone)
        rabbit = broker.url.partition("://")[2].split("@")[0].split(":")
        told = {
            "HOST_IP": "127.0.0.1",
            "SERVICE_HOST": "127.0.0.1",
            "KEYSTONE_SERVICE_URI": keystone.auth_url.removesuffix("/v3"),
            "SERVICE_PASSWORD": PASSWORD,
            "MEMCACHE_SERVERS": "",
            "ENABLED_SERVICES": "key,mysql,rabbit,tempest",
            "RABBIT_HOST": "127.0.0.1",
            "RABBIT_PORT": str(broker.port),
            "RABBIT_USERID": rabbit[0],
            "RABBIT_PASSWORD": rabbit[1],
            "SERVICEVM_USER": USER,
            "SERVICEVM_API_HTTP": f"127.0.0.1:{self.port}",
            "SERVICEVM_RELAY_PORT": str(relay),
            "SERVICEVM_MGMT_NETWORK": "",
            "SERVICEVM_IMAGE_BUILD": "False",
            "SERVICEVM_RELAY_NAME": "relay1",
            **settings,
        }
        lines = [f"{key}={shlex.quote(value)}" for key, value in told.items()]
        (folder / "localrc").write_text("\n".join(lines) + "\n")
        self._environment = {
            **os.environ,
            "FOLDER": str(folder),
            "REAL_BIN": str(BIN),
            "STAND_IN": "real",
            "OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"),
            "DATABASE_PORT": str(database.port),
            "DATABASE_USER": "servicevm",
            "DATABASE_PASSWORD": database.password,
        }
        self._write_rabbitmqctl()

    @property
    def url(self) -> str:
        """Of the API."""
        return f"http://127.0.0.1:{self.port}"

    def phase(self, *words: str) -> str:
        """One phase of the plugin; what it says.

        :raises AssertionError: it fails
        """
        done = subprocess.run(
            ["bash", str(STACK), *words],
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{self.logs()}"
        return done.stdout

    def set(self, name: str, value: str) -> None:
        """A line more in local.conf."""
        with open(self.folder / "localrc", "a") as file:
            file.write(f"{name}={shlex.quote(value)}\n")

    def stack(self) -> None:
        """All of stack.sh."""
        for phase in PHASES:
            self.phase("stack", phase)

    def run(self, program: str, *arguments: str) -> str:
        """A program of the service with the configuration that was written.

        :raises AssertionError: it fails
        """
        done = subprocess.run(
            [str(BIN / program), f"--config-file={self.conf}", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def vhosts(self) -> list[str]:
        """RabbitMQ's."""
        listed = subprocess.run(
            [str(self.folder / "bin" / "rabbitmqctl"), "-q", "list_vhosts"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
        return listed.stdout.split()

    def logs(self) -> str:
        """The ends of the processes' logs."""
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted((self.folder / "run").glob("*.log"))
        )

    def _write_clouds(self, keystone: Keystone) -> None:
        """As DevStack writes them: the administrator, in two scopes."""
        project = keystone.cloud("admin")
        auth = {
            key: value
            for key, value in project["auth"].items()
            if not key.startswith("project_")
        }
        system = {**project, "auth": {**auth, "system_scope": "all"}}
        path = self.folder / "clouds.yaml"
        path.touch(0o600)
        path.write_text(
            yaml.safe_dump(
                {
                    "clouds": {
                        "devstack-admin": project,
                        "devstack-system-admin": system,
                    }
                }
            )
        )

    def _write_rabbitmqctl(self) -> None:
        path = self.folder / "bin" / "rabbitmqctl"
        told = [
            f"export {key}={shlex.quote(value)}"
            for key, value in self._broker.environment.items()
        ]
        path.touch(0o700)
        path.write_text(
            "\n".join(
                [
                    "#!/bin/sh",
                    *told,
                    'exec /usr/lib/rabbitmq/bin/rabbitmqctl "$@"',
                    "",
                ]
            )
        )


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on; all different."""
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in made]
    for one in made:
        one.close()
    return ports
