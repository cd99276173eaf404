"""One servicevm of many processes: its files, its schema, its members."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tools.cluster.fleet import BIN, Fleet, Wiring
from tools.cluster.member import ClusterError, Member

__all__ = ["NAME", "Installation", "Say"]

#: Of the database.
NAME = "servicevm"

Say = Callable[[str], None]


class Installation:
    """:param fleet: what its processes are"""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.folder = fleet.folder
        self.members: list[Member] = list(fleet.members())

    def member(self, role: str, index: int = 0) -> Member:
        """One of our processes; the first of a role has the index 1."""
        for one in self.members:
            if (one.role, one.index) == (role, index):
                return one
        raise LookupError(f"{role} {index}")

    def prepare(self) -> None:
        """Make the folders; what is inside is closed."""
        for name in ("conf", "log", "run", "state", "relay"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)

    def start(self, say: Say = lambda line: None) -> None:
        """Start what does not run; wait until all of it works.

        :raises ClusterError: with the words of who failed
        """
        for one in self.members:
            one.begin()
        for one in self.members:
            began = time.monotonic()
            one.await_answer()
            say(f"{one.name} is up ({time.monotonic() - began:.1f} s)")

    def settle(self, wiring: Wiring, create: Callable[[str], None]) -> None:
        """Files, schema and certificates: all that is before a start.

        :param create: makes an empty database of a name
        :raises ClusterError: with the words of who failed
        """
        self.fleet.write(wiring)
        made = self.folder / "run" / "database"
        if not made.exists():
            create(NAME)
            made.touch()
        self.run("servicevm-manage", "db", "sync")
        for name in self.fleet.names("relay"):
            where: Path = self.fleet.relay_dir(name)
            if not (where / "key.pem").exists():
                self.run(
                    "servicevm-manage",
                    *("pki", "relay-certificate", name),
                    *("--output", str(where)),
                )

    def stop(self, say: Say = lambda line: None) -> None:
        """Stop every member, in order where that works."""
        for one in reversed(self.members):
            pid = one.pid
            if pid is None:
                continue
            say(f"stopping {one.name}")
            # All hear of it before the first one is waited for.
            one.resume()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for one in self.members:
            one.stop()

    def run(
        self, program: str, *arguments: str, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the service with the conductors' configuration.

        :raises ClusterError: where it fails, with its own words
        """
        done = subprocess.run(
            [
                str(BIN / program),
                "--config-file",
                str(self.fleet.path("manage")),
                *arguments,
            ],
            cwd=self.folder,
            # What a shell says of a cloud (OS_CLOUD) is not meant for it.
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith("OS_")
            },
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise ClusterError(
                f"{program} {' '.join(arguments)} ended with "
                f"{done.returncode}: {(done.stderr or done.stdout)[-3000:]}"
            )
        return done
