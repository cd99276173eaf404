"""Network namespaces of one lab, told apart from those of others."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.cluster.member import ClusterError

__all__ = ["Namespaces", "command"]

#: Seconds that ``ip`` and its like get.
_TIMEOUT = 30


class Namespaces:
    """:param folder: of the lab; its namespaces have names of their own"""

    def __init__(self, folder: Path) -> None:
        digest = hashlib.sha256(str(folder).encode()).hexdigest()
        #: Of everything that the machine has only one list of.
        self.prefix = f"lab{digest[:4]}"

    def name(self, short: str) -> str:
        """As ``ip netns list`` shows it."""
        return f"{self.prefix}-{short}"

    def inside(self, short: str) -> list[str]:
        """What goes before a command that runs in it."""
        return ["ip", "netns", "exec", self.name(short)]

    def make(self, short: str) -> str:
        """Make it where it is missing; returns its name."""
        name = self.name(short)
        if name not in self.all():
            command(["ip", "netns", "add", name])
            command(["ip", "-n", name, "link", "set", "lo", "up"])
        return name

    def delete(self, short: str) -> None:
        """Delete it, with every interface that is in it."""
        if self.name(short) in self.all():
            command(["ip", "netns", "delete", self.name(short)])

    def all(self) -> list[str]:
        """Names of those of this lab that there are."""
        names = [
            line.split()[0]
            for line in command(["ip", "netns", "list"]).splitlines()
            if line
        ]
        return [one for one in names if one.startswith(f"{self.prefix}-")]

    def interfaces(self) -> list[str]:
        """Names of interfaces of the machine itself that are this lab's."""
        return [
            path.name
            for path in Path("/sys/class/net").iterdir()
            if path.name.startswith(f"{self.prefix}-")
        ]

    def clear(self) -> None:
        """Delete all of them, and those interfaces."""
        for name in self.all():
            command(["ip", "netns", "delete", name])
        for name in self.interfaces():
            command(["ip", "link", "delete", "dev", name])


def command(argv: Sequence[str]) -> str:
    """Run a short command; what it says.

    :raises ClusterError: where it fails, with its own words
    """
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise ClusterError(
            f"{' '.join(argv)} ended with {done.returncode}: "
            f"{done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout
