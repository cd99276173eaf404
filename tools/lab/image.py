"""The guest image of this clone, in the lab's Glance."""

import os
import shlex
import subprocess
from collections.abc import Sequence

from tools.cluster.fleet import BIN
from tools.cluster.member import ClusterError
from tools.lab.environment import ROOT
from tools.lab.lab import Lab

__all__ = ["commands", "ensure"]

#: Seconds for each of the two; on a busy machine.
_TIMEOUT = 600


def commands() -> Sequence[str]:
    """What an operator types: to build it, and to upload it."""
    folder = shlex.quote(str(ROOT / ".cache" / "image"))
    return (
        f"servicevm-manage image build --output {folder}",
        f"servicevm-manage image upload --from {folder} "
        "--os-cloud lab-service",
    )


def ensure(lab: Lab) -> None:
    """Upload it, unless it is there.

    :raises ClusterError: with the words of what failed
    """
    for command in commands():
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [str(BIN / program), *arguments],
            env={**os.environ, "OS_CLIENT_CONFIG_FILE": str(lab.clouds)},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise ClusterError(
                f"{command} ended with {done.returncode}: "
                f"{done.stderr or done.stdout}"
            )
