"""Free loopback ports, chosen once and kept over restarts; who listens."""

import contextlib
import json
import random
import socket
from pathlib import Path

from tools.cluster.configuration import write
from tools.cluster.member import ClusterError

__all__ = ["Ports", "listens", "serves"]

#: Where ports are looked for: below those of outgoing connections.
RANGE = range(20_000, 32_000)


class Ports:
    """:param path: file in which they are kept"""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, name: str) -> int:
        """The port of this name."""
        ports: dict[str, int] = {}
        if self._path.exists():
            ports = json.loads(self._path.read_text())
        if name not in ports:
            ports[name] = _free(set(ports.values()))
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write(self._path, json.dumps(ports))
        return ports[name]


def _free(taken: set[int]) -> int:
    # None that the kernel gives to whoever connects to somewhere: between
    # this look and the listener's start it would be taken now and then.
    for port in random.sample(RANGE, len(RANGE)):
        if port in taken:
            continue
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port
    raise ClusterError(f"No port from {RANGE[0]} to {RANGE[-1]} is free.")


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts connections on a port of this machine."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def serves(path: Path) -> bool:
    """Whether somebody accepts connections on a unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
