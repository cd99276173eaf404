"""Time of a list of 20 devices in a terminal, process start to end.

``servicevm device list`` and, for comparison, ``openstack servicevm device
list``, against the service in memory of `servicevmclient.testing`. The floor
is the same request by requests alone, that of this floor an interpreter that
does nothing. Seconds of wall clock and of CPU, each the least of several
runs: what more there is belongs to other processes of the machine.
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
#: Asks for the list and prints a line for each device.
FLOOR = """
import sys
import requests
answer = requests.get(sys.argv[1] + "/v1/devices", auth=("admin", "secret"))
answer.raise_for_status()
for device in answer.json()["devices"]:
    print(device)
"""


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
    if done.returncode or done.stdout.count("\n") not in (0, ROWS, ROWS + 4):
        raise SystemExit(f"{command} failed: {done.stdout}{done.stderr}")
    return took, _cpu() - used


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print ``cli_list``, ``osc_list``, their ratio and the floors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
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
        commands = {
            "cli_list": [_program("servicevm"), "device", "list"],
            "osc_list": [_program("openstack"), "servicevm", "device", "list"],
            "cli_list_floor": [sys.executable, "-c", FLOOR, fake.url],
            "cli_start_floor": [sys.executable, "-c", "pass"],
        }
        times: dict[str, list[tuple[float, float]]] = {
            name: [] for name in commands
        }
        environ = {
            # Bytecode is kept, as it is where the product is installed.
            **{
                key: value
                for key, value in os.environ.items()
                if key[:3] != "OS_" and key != "PYTHONDONTWRITEBYTECODE"
            },
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
