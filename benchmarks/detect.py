"""Time until a loss is seen, and until a machine that died serves again.

``detect_agent``: from ``kill -9`` of a real agent to UNRESPONSIVE.
``detect_vm``: from ``kill -9`` of a virtual machine to DEAD, as the API
shows it. ``heal_reboot``: from the same moment to the first HTTP 200
through the machine that healing has started again, with a template that
waits one second (``after``) before it tries anything. Seconds.
"""

import argparse
import math
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import raw_machine
from benchmarks.first_byte import answers, backend, config
from benchmarks.standalone import PATIENCE, Api, standalone
from tests.functional.agent.backends import free_port
from tests.functional.cluster import agent

#: Every loss is a new one, and nobody is given time after the start.
_QUICK = {"after": 1, "cooldown": 1}
_CONFIG = """
[healing]
outage_grace = 0
[relay]
bind_port = {port}
"""
_LOOK = 0.01


def _until(so: Callable[[], object]) -> float:
    """Wait until something is so; when it was, in monotonic seconds.

    :raises RuntimeError: it never was
    """
    deadline = time.perf_counter() + PATIENCE
    while not so():
        if time.perf_counter() > deadline:
            raise RuntimeError("it never came to be")
        time.sleep(_LOOK)
    return time.perf_counter()


def _shown(api: Api, device_id: str) -> Any:
    return api.ok("GET", f"/devices/{device_id}")["device"]


def _is(api: Api, device_id: str, status: str) -> Callable[[], bool]:
    return lambda: bool(_shown(api, device_id)["operating_status"] == status)


def of_agent(api: Api, state_dir: Path, runs: int) -> list[float]:
    """Seconds from an agent's end until its device is UNRESPONSIVE."""
    template_id = api.make_template(
        **agent.TEMPLATE, name="agent", healing={"ladder": []}
    )
    device_id = api.make_device(template_id)
    inside = agent.DeviceAgent(state_dir, device_id)
    found = []
    try:
        for _ in range(runs):
            api.wait_online(device_id)
            began = time.perf_counter()
            inside.kill()
            lost = _is(api, device_id, "UNRESPONSIVE")
            found.append(_until(lost) - began)
            inside.start()
        api.wait_online(device_id)
    finally:
        inside.close()
    api.delete_device(device_id)
    return found


def of_machine(
    api: Api, member: int, runs: int
) -> tuple[list[float], list[float]]:
    """Seconds from a machine's end until it is DEAD, and until it serves.

    :param member: port of the server behind it
    """
    device_id = api.make_device(api.make_template(healing=_QUICK))
    asked = {
        "name": "web",
        "device_id": device_id,
        "service_type": "loadbalancer",
        "config": config(member),
    }
    made = api.ok("POST", "/services", {"service": asked})["service"]
    service = api.wait(
        f"/services/{made['id']}", "service", lambda one: one["endpoints"]
    )
    port = service["endpoints"][0]["port"]
    seen, healed = [], []
    for _ in range(runs):
        _until(lambda: answers(port))
        api.wait_online(device_id)
        _until(lambda: _shown(api, device_id)["healing"] is None)
        began = time.perf_counter()
        os.kill(api.pid_of(device_id), signal.SIGKILL)
        seen.append(_until(_is(api, device_id, "DEAD")) - began)
        healed.append(_until(lambda: answers(port)) - began)
    api.wait_online(device_id)
    api.delete_device(device_id)
    return seen, healed


def p95(found: Sequence[float]) -> float:
    """The value that 95 % of them do not exceed."""
    return sorted(found)[math.ceil(0.95 * len(found)) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    image = raw_machine.image_dir()
    with (
        tempfile.TemporaryDirectory(prefix="svm-bench-") as state,
        backend() as member,
        standalone(
            Path(state), image, _CONFIG.format(port=free_port())
        ) as api,
    ):
        silent = of_agent(api, Path(state), runs)
        dead, healed = of_machine(api, member, runs)
    print(f"detect_agent_p95 {p95(silent):.2f} s")
    print(f"detect_vm_p95 {p95(dead):.2f} s")
    print(f"heal_reboot {statistics.median(healed):.2f} s")


if __name__ == "__main__":
    main()
