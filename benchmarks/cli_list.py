"""Time of a list of 20 devices in a terminal, process start to end.

``servicevm device list`` and, for comparison, ``openstack servicevm device
list``, against the service in memory of `servicevmclient.testing`. Seconds
of wall clock and of CPU, each the least of several runs: what more there is
belongs to other processes of the machine.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from servicevmclient.testing import FakeServicevm

ROWS = 20


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed")
    return found


def _run(
    command: Sequence[str], environ: Mapping[str, str]
) -> tuple[float, float]:
    """Wall clock and CPU of one run."""
    used, began = _cpu(), time.perf_counter()
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60
    )
    took = time.perf_counter() - began
    if done.returncode or done.stdout.count("\n") != ROWS + 4:
        raise SystemExit(f"{command} failed: {done.stdout}{done.stderr}")
    return took, _cpu() - used


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print ``cli_list``, ``osc_list`` and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    commands = {
        "cli_list": [_program("servicevm"), "device", "list"],
        "osc_list": [_program("openstack"), "servicevm", "device", "list"],
    }
    times: dict[str, list[tuple[float, float]]] = {
        name: [] for name in commands
    }
    with (
        tempfile.TemporaryDirectory() as home,
        FakeServicevm(username="admin", password="secret") as fake,  # noqa: S106
    ):
        for number in range(ROWS):
            fake.store.add("devices", {"name": f"lb-{number}"})
        clouds = Path(home) / "clouds.yaml"
        auth = {
            "endpoint": fake.url,
            "username": "admin",
            "password": "secret",
        }
        cloud = {"auth_type": "http_basic", "auth": auth}
        clouds.write_text(yaml.safe_dump({"clouds": {"bench": cloud}}))
        environ = {
            **{k: v for k, v in os.environ.items() if k[:3] != "OS_"},
            "HOME": home,
            "OS_CLOUD": "bench",
            "OS_CLIENT_CONFIG_FILE": str(clouds),
        }
        # One more, and first: it fills the caches of files and bytecode.
        for turn in range(runs + 1):
            for name, command in commands.items():
                took = _run(command, environ)
                if turn:
                    times[name].append(took)
    least = {name: min(wall for wall, _ in times[name]) for name in times}
    for name, wall in least.items():
        print(f"{name} {wall:.3f} s")
        print(f"{name}_cpu {min(cpu for _, cpu in times[name]):.3f} s")
    ratio = least["cli_list"] / least["osc_list"]
    print(f"cli_to_osc_list {ratio:.2f} ratio")


if __name__ == "__main__":
    main()
