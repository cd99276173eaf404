"""Free loopback ports, chosen once and kept over restarts; who listens."""

import json
import socket
from pathlib import Path

from tools.cluster.configuration import write

__all__ = ["Ports", "listens", "serves"]


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
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        if port not in taken:
            return port


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
