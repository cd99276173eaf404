"""The main job: a real virtual machine, a real load balancer, traffic."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import Standalone

pytestmark = [pytest.mark.vm, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[3]
BACKEND = ROOT / "tools" / "demo" / "backend.py"


@contextlib.contextmanager
def backend(name: str) -> Iterator[int]:
    """A real HTTP server on a free loopback port."""
    process = subprocess.Popen(
        [sys.executable, str(BACKEND), name, "127.0.0.1", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def config(ports: dict[str, int]) -> str:
    return yaml.safe_dump(
        {
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
                    "members": [
                        {"name": name, "address": "127.0.0.1", "port": port}
                        for name, port in ports.items()
                    ],
                    "health_monitor": {"type": "http", "path": "/"},
                }
            ],
        }
    )


def get(port: int) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return json.loads(body)
    finally:
        connection.close()


def until(svm: Standalone, command: str, **wanted: str) -> dict:
    """Poll a show command until it says what is wanted, at most 90 s."""
    deadline = time.monotonic() + 90
    while True:
        seen = svm.show(command)
        if all(seen[key] == value for key, value in wanted.items()):
            return seen
        assert time.monotonic() < deadline, (wanted, seen, svm.log()[-3000:])


@pytest.fixture
def svm(standalone: Callable[..., Standalone], image_dir: Path) -> Standalone:
    one = standalone(f"[qemu]\nimage_dir = {image_dir}\n")
    one.ok(
        "device template create --infra-driver qemu "
        "--infra-option memory_mib=192 --mgmt-driver agent "
        "--interface role=ingress,network=user "
        "--service-type loadbalancer --slots 4 lb"
    )
    one.ok("device create --template lb --wait 120 lb1", timeout=180)
    return one


def serve(svm: Standalone, ports: dict[str, int], verb: str) -> int:
    """Create or set the load balancer; returns the published port."""
    path = svm.state_dir / "web.yaml"
    path.write_text(config(ports))
    if verb == "create":
        svm.ok(
            "service create --device lb1 --type loadbalancer "
            f"--config {path} --wait 60 web"
        )
    else:
        svm.ok(f"service set --config {path} --wait 60 web")
    service = until(svm, "service show web", operating_status="ONLINE")
    return int(service["endpoints"][0]["port"])


def test_traffic_flows_and_survives_what_may_happen(svm: Standalone) -> None:
    """One VM for several promises: a boot takes seconds.

    Traffic is shared by both servers; `kill -9` of the service disturbs
    neither VM nor traffic, and it finds both again; a refused
    configuration leaves the last good one serving; a reboot needs no new
    enrolment; a VM that dies is noticed; delete leaves nothing.
    """
    with backend("b1") as port1, backend("b2") as port2:
        port = serve(svm, {"b1": port1, "b2": port2}, "create")
        answers = [get(port) for _ in range(20)]
        assert {one["backend"] for one in answers} == {"b1", "b2"}
        assert all(one["forwarded_for"] for one in answers)

        pids = svm.device_pids()
        svm.kill()
        assert get(port)["backend"] in {"b1", "b2"}
        svm.start()
        assert svm.device_pids() == pids
        assert get(port)["backend"] in {"b1", "b2"}
        until(svm, "device show lb1", operating_status="ONLINE")

        path = svm.state_dir / "bad.yaml"
        bad = yaml.safe_load(config({"b1": port1}))
        bad["pools"][0]["members"][0]["name"] = "x\n  server evil"
        path.write_text(yaml.safe_dump(bad))
        done = svm.run(f"service set --config {path} --wait 60 web")
        assert done.code != 0
        assert "members" in done.err
        assert get(port)["backend"] in {"b1", "b2"}

        svm.ok("device reboot --wait 120 lb1", timeout=180)
        until(svm, "device show lb1", operating_status="ONLINE")
        until(svm, "service show web", operating_status="ONLINE")
        assert get(port)["backend"] in {"b1", "b2"}

        (pid,) = svm.device_pids()
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        until(svm, "device show lb1", operating_status="DEAD")
        noticed = time.monotonic() - killed
        assert "reboot" in svm.show("device show lb1")["status_reason"]
        assert noticed < 10, noticed

        svm.ok("device reboot --wait 120 lb1", timeout=180)
        until(svm, "service show web", operating_status="ONLINE")
        assert get(port)["backend"] in {"b1", "b2"}

    svm.ok("device delete --wait 60 lb1")
    assert svm.device_pids() == set()
    assert list((svm.state_dir / "devices").iterdir()) == []


def test_a_service_killed_while_the_vm_boots_goes_on_by_itself(
    standalone: Callable[..., Standalone], image_dir: Path
) -> None:
    one = standalone(f"[qemu]\nimage_dir = {image_dir}\n")
    one.ok(
        "device template create --infra-driver qemu "
        "--infra-option memory_mib=192 --mgmt-driver agent "
        "--interface role=ingress,network=user "
        "--service-type loadbalancer --slots 4 lb"
    )
    one.ok("device create --template lb lb1")
    deadline = time.monotonic() + 30
    while not one.device_pids():
        assert time.monotonic() < deadline
    one.kill()
    one.start()
    until(one, "device show lb1", provisioning_status="ACTIVE")
    one.ok("device delete --wait 60 lb1")
    assert one.device_pids() == set()
