"""A load balancer over the demo's servers, and requests through it."""

import collections
import json
import time
from pathlib import Path
from typing import Any

import yaml

from tools.demo.network import TenantNetwork
from tools.demo.terminal import DemoError, Shell, say

__all__ = ["REQUESTS", "SERVICE", "send_requests", "write_config"]

REQUESTS = 200
#: Name of the load balancer.
SERVICE = "shop"

#: Seconds until the first health checks of the servers have ended.
_ONLINE = 60.0
_LOOK = 0.2


def write_config(path: Path, network: TenantNetwork) -> None:
    """The configuration that a user would write by hand."""
    members = [
        {"name": name, "address": address, "port": port}
        for name, address, port in network.members
    ]
    config = {
        "listeners": [
            {
                "name": "web",
                "protocol": "http",
                "port": 80,
                "default_pool": "servers",
                "x_forwarded_for": True,
            }
        ],
        "pools": [
            {
                "name": "servers",
                "algorithm": "round_robin",
                "members": members,
                "health_monitor": {"type": "http", "path": "/"},
            }
        ],
    }
    path.write_text(
        yaml.safe_dump(config, default_flow_style=None, sort_keys=False)
    )
    print(f"\n$ cat {path.name}\n{path.read_text()}", end="", flush=True)


def send_requests(shell: Shell, network: TenantNetwork, device: str) -> None:
    """Send the requests and count who answered.

    :param device: name of the device that it is on
    :raises DemoError: not all were answered by a server through the device
    """
    endpoint = _online(shell)["endpoints"][0]
    address, port = endpoint["address"], endpoint["port"]
    say(f"{REQUESTS} requests from the tenant's side to {address}:{port}")
    started = time.monotonic()
    done = network.request(address, port, REQUESTS)
    elapsed = time.monotonic() - started
    if done.returncode:
        raise DemoError(f"A request was not answered: {done.stderr.strip()}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != REQUESTS:
        raise DemoError(f"{len(answers)} of {REQUESTS} were answered.")
    if not all(answer["forwarded_for"] for answer in answers):
        raise DemoError("An answer did not come through the load balancer.")
    stats = shell.read(f"service stats show {SERVICE}")
    counted = _counted(stats)
    if counted < REQUESTS:
        raise DemoError(
            f"haproxy in the VM counted {counted} of {REQUESTS} requests."
        )
    share = collections.Counter(answer["backend"] for answer in answers)
    for name, count in sorted(share.items()):
        print(f"{name}: {count} requests ({count / REQUESTS:.0%})")
    print(
        f"{REQUESTS} of {REQUESTS} answered through {device} in "
        f"{elapsed:.1f} s; haproxy in the VM counted {counted}"
    )


def _counted(stats: object) -> int:
    """Requests that the listeners of ``service stats show`` counted."""
    if isinstance(stats, dict):
        stats = stats["listeners"]
        return sum(int(row["requests_total"]) for row in stats)
    if not isinstance(stats, list):
        raise DemoError("service stats show gave neither rows nor an object")
    return sum(
        int(row["Requests"]) for row in stats if row["Kind"] == "listener"
    )


def _online(shell: Shell) -> dict[str, Any]:
    """The load balancer, once its servers have been found healthy."""
    deadline = time.monotonic() + _ONLINE
    while True:
        service = shell.read(f"service show {SERVICE}")
        if not isinstance(service, dict):
            raise DemoError("service show did not give an object")
        status = service["operating_status"]
        if status == "ONLINE":
            return service
        if time.monotonic() > deadline:
            raise DemoError(f"The load balancer is {status}, not ONLINE.")
        time.sleep(_LOOK)
